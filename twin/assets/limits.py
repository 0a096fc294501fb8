"""Bound what a stranger's mesh file may ask for, and read the small things that all formats share."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import numpy.typing as npt

from twin.errors import AssetError

BYTE_LIMIT = 512 << 20
COUNT_LIMIT = 5_000_000
"""Most vertices, and most triangles, that a mesh may have."""
PART_LIMIT = 256
EXTENT_LIMIT = 1e6
TEXTURE_LIMIT = 4096


def check_geometry(points: npt.NDArray[np.float64], faces: npt.NDArray[np.int64], *, where: str) -> None:
    """Refuse counts that are absurd, coordinates that are no numbers, and indices that lead nowhere.

    Raises:
        AssetError: with the place and the number.
    """
    if not len(points) or not len(faces):
        raise AssetError(
            f"the mesh has {len(points)} vertices and {len(faces)} triangles", where=where, expected="some of both"
        )
    if max(len(points), len(faces)) > COUNT_LIMIT:
        found = f"the mesh has {len(points)} vertices and {len(faces)} triangles"
        raise AssetError(found, where=where, expected=f"at most {COUNT_LIMIT} of both")
    bad = ~np.isfinite(points).all(axis=1)
    if bad.any():
        raise AssetError(
            f"vertex {int(bad.argmax())} is {points[bad.argmax()].tolist()}", where=where, expected="finite numbers"
        )
    if np.abs(points).max() > EXTENT_LIMIT:
        found = f"vertex {int(np.abs(points).max(axis=1).argmax())} is {np.abs(points).max():.3g} units from the origin"
        raise AssetError(found, where=where, expected=f"at most {EXTENT_LIMIT:g}")
    if faces.min() < 0 or faces.max() >= len(points):
        face = int(((faces < 0) | (faces >= len(points))).any(axis=1).argmax())
        found = f"triangle {face} refers to the vertices {faces[face].tolist()}"
        raise AssetError(found, where=where, expected=f"0 to {len(points) - 1}")


def to_linear(color: npt.ArrayLike) -> list[float]:
    """Decode sRGB in [0, 1] to linear (IEC 61966-2-1)."""
    c = np.clip(np.asarray(color, dtype=np.float64), 0.0, 1.0)
    return [round(float(v), 7) for v in np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)]


def inside(name: str, folder: Path, *, where: str) -> Path:
    """Resolve a reference below a folder.

    Raises:
        AssetError: where it is absolute or leads elsewhere.
    """
    plain = name.replace("\\", "/")
    if (
        plain.startswith("/")
        or re.match(r"[A-Za-z]:", plain)
        or not (folder / plain).resolve().is_relative_to(folder.resolve())
    ):
        raise AssetError(
            f"the reference '{name}' leaves the mesh's folder", where=where, hint="put the file beside the mesh"
        )
    return folder / plain


def first_line(error: BaseException) -> str:
    """Return what an error says in one bounded line."""
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
