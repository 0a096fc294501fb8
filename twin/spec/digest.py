"""Name a scene by its content: equal digests draw equal frames."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from twin.spec.load import LoadedScene
from twin.spec.references import FAMILIES, Library

_ALONE = frozenset((".png", ".jpg", ".jpeg", ".hdr", ".exr", ".usd", ".usda", ".usdc", ".usdz"))
"""Suffixes of files that are hashed by themselves: images and stages."""


def digest(loaded: LoadedScene, library: Library, stage_sha256: str = "") -> str:
    """Return the sha256 of the resolved scene and of every file, library asset and plugin that it refers to.

    Folders do not count, only contents: a scene that moves keeps its digest. The order of names does count: it numbers
    the slots, arranges the cameras and says which object is an obstacle to which. Fields are in their model's order.

    Args:
        loaded: The scene.
        library: Knows the hashes of assets.
        stage_sha256: Hash of the world's existing stage with all that it refers to, where there is one.
    """
    data = loaded.scene.model_dump(mode="json")
    used = set(texts(data))
    pins = {name: library.sha256(family, name) for family in FAMILIES for name in library.names(family) if name in used}
    plugins = sorted(file_sha256(path) for path in loaded.plugins)
    content = {"scene": _pinned(data, library), "assets": pins, "plugins": plugins, "stage": stage_sha256}
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def texts(data: Any) -> Iterator[str]:
    """Yield every text in plain data, keys left out."""
    if isinstance(data, str):
        yield data
    for item in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from texts(item)


def _pinned(data: Any, library: Library) -> Any:
    """Return plain data in which each file name is the hash of the file and of what it refers to."""
    if isinstance(data, dict):
        return {key: _pinned(item, library) for key, item in data.items()}
    if isinstance(data, list):
        return [_pinned(item, library) for item in data]
    return f"sha256:{_file_hash(data, library)}" if isinstance(data, str) and _is_file(data) else data


def _is_file(text: str) -> bool:
    return text.startswith("/") and Path(text).is_file()


def _file_hash(name: str, library: Library) -> str:
    """Return the hash of a file; the library knows what else a mesh refers to."""
    return file_sha256(Path(name)) if Path(name).suffix.lower() in _ALONE else library.sha256("object", name)
