"""Find everything that an existing stage refers to, and hash it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from pxr import Sdf, UsdUtils

from twin.spec.digest import file_sha256
from twin.stage.guard import allowed_roots, check_file, check_layers


def stage_sha256(path: Path) -> str:
    """Return the hash of a stage, of its layers and of the files that these name, each with its place.

    Raises:
        AssetError: where one of them is missing, leaves the folder of the stage, or is no USD.
    """
    return listing_sha256(dependencies(path))


def dependencies(path: Path) -> dict[str, str]:
    """Return the sha256 of a stage and of each file that it refers to, by path relative to the stage's folder.

    The path is the one that the stage means: a link keeps its own name. MDL modules that are not there are left out,
    since they come with the renderer.

    Raises:
        AssetError: where a file is missing, leaves the folder of the stage, or is no USD.
    """
    path = path.absolute()
    roots = allowed_roots(path)
    check_layers(path, roots)
    hashes = {}
    for name in _named(path):
        file = check_file(name, roots, where=str(path))
        hashes[os.path.relpath(name.split("[", 1)[0], path.parent)] = file_sha256(file)
    return dict(sorted(hashes.items()))


def listing_sha256(hashes: dict[str, str]) -> str:
    """Return the hash of a list of files: of their names and contents."""
    return hashlib.sha256("\n".join(f"{name} {sha256}" for name, sha256 in hashes.items()).encode()).hexdigest()


def _named(path: Path) -> list[str]:
    """Return the absolute paths of all layers and files that a stage names, found or not, without USD's warnings."""
    quiet = UsdUtils.CoalescingDiagnosticDelegate()
    layers, assets, missing = UsdUtils.ComputeAllDependencies(Sdf.AssetPath(str(path)))
    quiet.TakeUncoalescedDiagnostics()
    return [*(layer.realPath for layer in layers), *assets, *(name for name in missing if not name.endswith(".mdl"))]
