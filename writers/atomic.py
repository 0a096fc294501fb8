"""Put files in place whole or not at all.

A file is written under a name of its own that ends in ``.part``, synced, renamed over its name, and its folder is
synced: whoever finds the name finds the whole file, whatever crashed before.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from twin.errors import TransientError

PART = ".part"
"""Suffix of a file that is being written."""

_TRANSIENT = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file grew over the limit for one file",
    errno.EIO: "the disk failed",
}


def part(path: Path) -> Path:
    """Return the name that a file has while the one holder of its lock writes it."""
    return path.with_name(path.name + PART)


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn a full or failing disk into a TransientError that names ``path``."""
    try:
        yield
    except OSError as error:
        reason = _TRANSIENT.get(error.errno or 0)
        if reason is None:
            raise
        hint = "free some space and run the same command again: what is finished is kept"
        raise TransientError(reason, where=str(path), hint=hint) from error


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a name to write to; it takes its place afterwards, or is removed after any exception.

    No other process or thread has that name: of those that write the same file, the last one wins.

    Raises:
        TransientError: where the disk is full.
    """
    temporary = part(path.with_name(f"{path.name}.{uuid4().hex}"))
    try:
        with disk_errors(path):
            yield temporary
            commit(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def sweep(path: Path) -> None:
    """Remove what killed processes left of :func:`replacing` a file; nobody else may be writing it now."""
    for left in path.parent.glob(f"{path.name}.*{PART}"):
        left.unlink(missing_ok=True)


def commit(temporary: Path, path: Path) -> None:
    """Sync a written file, rename it over ``path`` and sync the folder."""
    sync(temporary)
    temporary.replace(path)
    sync(path.parent)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a whole file."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write a whole text file, utf-8."""
    write_bytes(path, text.encode())


def sync(path: Path) -> None:
    """Wait until a file's or a folder's data is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
