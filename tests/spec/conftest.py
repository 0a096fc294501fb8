import copy
from collections.abc import Iterator
from pathlib import Path

import pytest

from twin import registry
from twin.spec.kinds import Kind, close_kinds
from twin.spec.values import Distribution


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, so that messages name files without their folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TWIN_ASSET_ROOTS", raising=False)
    return tmp_path


@pytest.fixture
def own_kinds() -> Iterator[None]:
    """Forget the kinds that a test registers."""
    registry.assemble()
    families = {family: copy.copy(family.kinds) for family in Kind.__subclasses__()}
    distributions = copy.copy(Distribution.kinds)
    yield
    for family, kinds in families.items():
        family.kinds.clear()
        family.kinds.update(kinds)
    Distribution.kinds.clear()
    Distribution.kinds.update(distributions)
    close_kinds()
