"""Read what a dataset folder says of itself: ``run.json`` and one manifest entry a finished shard."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twin.errors import ShardError
from twin.shard import MANIFEST_NAME, RUN_NAME, entry_name, shard_name, shard_number

ENTRY_BYTES = 1 << 20
"""Longest manifest entry that is read."""

RUN_BYTES = 1 << 26
"""Longest run.json that is read."""

RUN_FORMAT, RUN_VERSION = "twin.run", 1


@dataclass(frozen=True)
class Entry:
    """What the manifest says about a shard.

    Args:
        shard: Number of the shard.
        file: Its file name.
        bytes: Its size.
        sha256: Its hash.
        first: Its first frame.
        count: Number of its frames.
        seconds: Wall time by stage [s].
        redraws: Frames that were drawn again, by reason.
    """

    shard: int
    file: str
    bytes: int
    sha256: str
    first: int
    count: int
    seconds: Mapping[str, float] = field(default_factory=dict)
    redraws: Mapping[str, int] = field(default_factory=dict)


def read_run(folder: Path) -> dict[str, Any]:
    """Return what made a dataset.

    Raises:
        ShardError: where there is no run.json, or one that this version does not know.
    """
    path = folder / RUN_NAME
    try:
        data = _read_json(path, RUN_BYTES)
    except FileNotFoundError:
        raise ShardError("there is no dataset here", where=str(folder), expected=f"a folder with {RUN_NAME}") from None
    except ValueError as error:
        raise ShardError(f"this is no run record of twin ({error})", where=str(path)) from None
    found = data.get("format"), data.get("version")
    if found != (RUN_FORMAT, RUN_VERSION):
        expected = f"format {RUN_FORMAT!r}, version {RUN_VERSION}"
        hint = "a newer twin reads it" if found[0] == RUN_FORMAT else ""
        raise ShardError(
            f"this is format {found[0]!r}, version {found[1]!r}", where=str(path), expected=expected, hint=hint
        )
    return data


def shard_numbers(folder: Path) -> list[int]:
    """Return the numbers of the shards that have a manifest entry, ascending."""
    manifest = folder / MANIFEST_NAME
    found = (shard_number(path.name) for path in manifest.glob("shard-*.json"))
    return sorted(number for number in found if number is not None)


def read_entry(folder: Path, shard: int) -> Entry:
    """Read one entry.

    Raises:
        ShardError: where it is missing or is no entry of this shard.
    """
    path = folder / MANIFEST_NAME / entry_name(shard)
    try:
        entry = _parse(_read_json(path, ENTRY_BYTES))
    except FileNotFoundError:
        raise ShardError("the shard has no manifest entry", where=str(folder / shard_name(shard))) from None
    except (ValueError, TypeError) as error:
        raise ShardError(f"this is no manifest entry ({error})", where=str(path), hint=_REMAKE) from None
    if entry.shard != shard or entry.file != shard_name(shard):
        found = f"the entry speaks of shard {entry.shard} in {entry.file!r}"
        raise ShardError(found, where=str(path), expected=f"shard {shard} in {shard_name(shard)!r}", hint=_REMAKE)
    return entry


_REMAKE = "run 'twin generate' on the folder again: it makes this shard anew"


def size_fault(folder: Path, entry: Entry) -> str:
    """Say whether a shard's file is missing or of the wrong size; empty where it is not."""
    path = folder / entry.file
    if not path.is_file():
        return "the file is missing"
    size = path.stat().st_size
    return "" if size == entry.bytes else f"the file has {size} bytes, the manifest says {entry.bytes}"


def fault(folder: Path, entry: Entry) -> str:
    """Say what is wrong with a shard's file, by size and then by hash; empty where it is whole."""
    found = size_fault(folder, entry)
    if not found and file_sha256(folder / entry.file) != entry.sha256:
        return "the file's bytes have changed: its sha256 is not the manifest's"
    return found


def file_sha256(path: Path) -> str:
    """Hash a file in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read_json(path: Path, limit: int) -> dict[str, Any]:
    if path.stat().st_size > limit:
        raise ValueError(f"{path.stat().st_size} bytes, at most {limit} are read")
    try:
        data = json.loads(path.read_bytes())
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(data, dict):
        raise ValueError("not a JSON object")
    return data


def _parse(data: dict[str, Any]) -> Entry:
    entry = Entry(**data)
    for name in ("shard", "bytes", "first", "count"):
        if type(getattr(entry, name)) is not int or not 0 <= getattr(entry, name) < 1 << 63:
            raise ValueError(f"'{name}' is {getattr(entry, name)!r}")
    for name in ("file", "sha256"):
        if not isinstance(getattr(entry, name), str):
            raise ValueError(f"'{name}' is {getattr(entry, name)!r}")
    for name, numbers in (("seconds", entry.seconds), ("redraws", entry.redraws)):
        if not isinstance(numbers, dict) or not all(type(value) in (int, float) for value in numbers.values()):
            raise ValueError(f"'{name}' is no mapping to numbers")
    return entry
