"""Make a triangle mesh as good USD has it: no point twice, no empty or repeated face, repeated values stored once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twin.stage.polygons import Floats, Ints, Values, face_normals, paired, same_rows


@dataclass(frozen=True, eq=False)
class Tidy:
    """A mesh whose points are unique; normals and uv sit on corners where a point has several.

    Args:
        points: Unique points that faces use, in the order of their first use in ``points`` before, shape (V, 3).
        faces: Point indices, shape (F, 3).
        normals: Normals, ``uniform`` where the mesh is shaded flat.
        uv: Texture coordinates, or None.
    """

    points: Floats
    faces: Ints
    normals: Values
    uv: Values | None


def tidied(points: Floats, faces: npt.NDArray[np.uint32], normals: Floats | None, uv: Floats | None) -> Tidy:
    """Weld a mesh by position; its triangles keep their order, corners and look."""
    corners = faces.astype(np.int64)
    welded = same_rows(points)[corners]
    kept = _whole(points, welded)
    corners, welded = corners[kept], welded[kept]
    flat = ~_folded(welded)
    corners, welded = corners[flat], welded[flat]
    used = np.zeros(len(points), dtype=bool)
    used[welded] = True
    welded = (np.cumsum(used) - 1)[welded]
    unique = points[used]
    shading = _wedges(normals, corners, welded)
    if shading is None:
        shading = _indexed(face_normals(unique, welded).astype(np.float32), "uniform")
    return Tidy(unique, welded, shading, _wedges(uv, corners, welded))


def _folded(faces: Ints) -> npt.NDArray[np.bool_]:
    """Tell the faces that lie back to back on a fold: two on the same points, at an edge that others share.

    Scans leave such slivers. A leaf whose two sides are modelled apart shares its edges with no other face, and stays.
    """
    ends = np.sort(np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1).reshape(-1, 2), axis=1)
    crowded = _repeats(paired(ends[:, 0], ends[:, 1])) > 2
    least, second, third = np.sort(faces, axis=1).T
    double = _repeats(paired(paired(least, second), third)) == 2
    return np.asarray(double & crowded.reshape(-1, 3).any(axis=1))


def _repeats(keys: Ints) -> Ints:
    """Return how often each key is there."""
    _, place, count = np.unique(keys, return_inverse=True, return_counts=True)
    return np.asarray(count[place])


def flat_shaded(points: Floats, faces: npt.NDArray[np.uint32]) -> Tidy:
    """Shade a mesh flat whose points are unique and used, such as a hull; slivers without an area go."""
    corners = faces.astype(np.int64)
    if not _whole(points, corners).all():
        return tidied(points, faces, None, None)
    return Tidy(points, corners, _indexed(face_normals(points, corners).astype(np.float32), "uniform"), None)


def _whole(points: Floats, faces: Ints) -> npt.NDArray[np.bool_]:
    """Tell the faces that have an area and are not there already."""
    a, b, c = (points[faces[:, corner]] for corner in range(3))
    sound = np.any(np.cross(b - a, c - a) != 0, axis=1)
    turn = (np.argmin(faces, axis=1)[:, None] + np.arange(3)) % 3
    least, second, third = np.take_along_axis(faces, turn, axis=1).T
    _, first = np.unique(paired(paired(least, second), third), return_index=True)
    new = np.zeros(len(faces), dtype=bool)
    new[first] = True
    return np.asarray(sound & new)


def _wedges(values: Floats | None, corners: Ints, points: Ints) -> Values | None:
    """Say values of the old points on the new points, or on corners where a new point has several."""
    if values is None:
        return None
    row = same_rows(values)[corners]
    at = np.zeros(int(points.max(initial=-1)) + 1, dtype=np.int64)
    at[points] = row
    if np.array_equal(at[points], row):
        return _indexed(values[at], "vertex")
    return _indexed(values[row.ravel()], "faceVarying")


def _indexed(rows: Floats, interpolation: str) -> Values:
    """Store repeated rows once."""
    first, place = np.unique(same_rows(rows), return_inverse=True)
    return Values(rows, interpolation) if len(first) == len(rows) else Values(rows[first], interpolation, place)
