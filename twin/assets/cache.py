"""Keep files in the user's cache folder, so that readers never see half a file."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from twin.errors import AssetError, TransientError


def cache_folder() -> Path:
    """Return ``$TWIN_CACHE``, or ``~/.cache/twin``."""
    return Path(os.environ.get("TWIN_CACHE") or Path.home() / ".cache" / "twin")


def file_sha256(file: Path) -> str:
    """Return the sha256 of a file's bytes."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def made(file: Path, make: Callable[[Path], None]) -> Path:
    """Return ``file``, made beside its place and renamed into it where it is not there yet.

    The name must say everything that decides the content: processes that race make the same file twice.
    """
    if file.exists():
        return file
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".", suffix=file.suffix, dir=file.parent)
        os.close(handle)
    except PermissionError as error:
        hint = "set TWIN_CACHE to a folder that can be written"
        raise AssetError(
            "the asset cache cannot be written", where=str(error.filename or file.parent), hint=hint
        ) from None
    except OSError as error:
        raise TransientError(f"the asset cache cannot be written: {error.strerror}", where=str(file.parent)) from None
    try:
        make(Path(name))
        Path(name).replace(file)
    finally:
        Path(name).unlink(missing_ok=True)
    return file
