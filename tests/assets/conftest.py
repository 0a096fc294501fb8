from __future__ import annotations

from pathlib import Path

import pytest

from twin.assets.library import Library
from twin.registry import assemble


@pytest.fixture(autouse=True, scope="session")
def kinds() -> None:
    assemble()


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """A library with an empty cache: everything that is made lands in the test's own folder."""
    return Library(tmp_path / "cache")


@pytest.fixture(scope="session")
def core() -> Library:
    """The fetched core pack."""
    library = Library()
    if "core" in library.missing():
        pytest.skip("the core pack is not fetched; run: twin assets fetch core")
    return library
