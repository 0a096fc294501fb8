"""Settings that all tests share."""

from hypothesis import settings

# The same examples in every run: a red run is then always a change of the code.
settings.register_profile("twin", derandomize=True, database=None, deadline=None)
settings.load_profile("twin")
