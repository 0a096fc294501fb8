"""Hash an existing stage with everything that it refers to."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pxr import UsdUtils

from twin.stage.guard import allowed_roots, check_file, check_layers


def stage_sha256(path: Path) -> str:
    """Return the hash of a stage, of its layers and of the files that these name, whatever their folder.

    Raises:
        AssetError: where one of them is missing, leaves the folder of the stage, or is no USD.
    """
    roots = allowed_roots(path)
    check_layers(path, roots)
    layers, assets, missing = UsdUtils.ComputeAllDependencies(str(path.resolve()))
    for name in missing:
        check_file(name, roots, where=str(path))
    files = {Path(layer.realPath) for layer in layers} | {Path(asset) for asset in assets}
    hashes = sorted(_sha256(check_file(str(file), roots, where=str(path))) for file in files)
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
