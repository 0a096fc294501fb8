"""Compute labels: pure functions of a frame state and of what ray casting found; NumPy only."""
