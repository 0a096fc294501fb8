"""Load the catalogue's scanned objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from twin.assets.asset import Asset, Image, Part, Symmetries
from twin.assets.colliders import colliders
from twin.assets.images import limited
from twin.assets.made import Z_AXIS
from twin.assets.manifest import Entry
from twin.assets.meshes import oriented, parts, read_pieces
from twin.errors import AssetError

SIZE_TOLERANCE = 0.03


def scanned(entry: Entry, files: Mapping[str, Path], made: Path) -> Asset:
    """Load one object as its catalogue entry describes it.

    Raises:
        AssetError: where the mesh is broken, or its size is not the catalogue's within 3 %.
    """
    detail = entry.detail
    pieces = oriented(read_pieces(files[detail["mesh"]], made), detail["scale"], detail["up"])
    shapes = tuple(_finished(part, entry, made) for part in parts(pieces, smooth=True))
    asset = Asset(
        entry.name,
        detail["class"],
        shapes,
        colliders(shapes, detail["collider"], made, where=entry.name),
        {name: np.array(point, dtype=np.float32) for name, point in detail.get("keypoints", {}).items()},
        Symmetries(continuous=(Z_AXIS,) if detail.get("symmetry") == "axis" else ()),
        detail["density"],
        entry.licence,
        entry.credit,
    )
    _check_size(asset, detail["size"])
    return asset


def _finished(part: Part, entry: Entry, made: Path) -> Part:
    """Give a part the catalogue's roughness, which scans do not have, and a texture of bounded size."""
    inputs = {**part.surface.inputs, "roughness": entry.detail["roughness"]}
    color = inputs["diffuseColor"]
    if isinstance(color, Image):
        inputs["diffuseColor"] = limited(color, entry.detail["texture_limit"], made)
    return replace(part, surface=replace(part.surface, inputs=inputs, licence=entry.licence, credit=entry.credit))


def _check_size(asset: Asset, size: list[float]) -> None:
    found = np.ptp(asset.extent, axis=0)
    if np.abs(found / size - 1).max() > SIZE_TOLERANCE:
        raise AssetError(
            f"asset '{asset.name}' measures {found.round(4).tolist()} m",
            expected=f"{size} m within {SIZE_TOLERANCE:.0%}",
        )
