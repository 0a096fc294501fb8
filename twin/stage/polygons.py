"""Turn polygons with values on points, faces or corners into welded triangles. NumPy only, no loop over faces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Values:
    """A primvar: rows, and which of them each element has.

    Args:
        rows: Values, shape (N, D).
        interpolation: ``constant``, ``uniform``, ``vertex`` (``varying`` is the same) or ``faceVarying``.
        indices: Row of each element, or None where element i has row i.
    """

    rows: Floats
    interpolation: str
    indices: Ints | None = None

    @property
    def smooth(self) -> bool:
        """Whether each point has one value."""
        return self.interpolation in ("vertex", "varying", "constant")

    def elements(self) -> int:
        """Return for how many elements there is a value."""
        return len(self.rows) if self.indices is None else len(self.indices)

    def pick(self, elements: Ints) -> Ints:
        """Return the row of each element."""
        return elements if self.indices is None else self.indices[elements]


@dataclass(frozen=True, eq=False)
class Corners:
    """Triangles by their corners.

    Args:
        corner: Position in ``faceVertexIndices``, shape (T, 3).
        face: Polygon that each triangle is part of, shape (T,).
        point: Point of each corner, shape (T, 3).
    """

    corner: Ints
    face: Ints
    point: Ints

    def of_faces(self, chosen: npt.NDArray[np.bool_]) -> Corners:
        """Return the triangles of the chosen polygons."""
        kept = chosen[self.face]
        return Corners(self.corner[kept], self.face[kept], self.point[kept])


def triangles(counts: Ints, indices: Ints, holes: Ints, flip: bool) -> Corners:
    """Cut polygons into fans; polygons of fewer than three points and holes vanish."""
    starts = np.cumsum(counts) - counts
    fans = np.maximum(counts - 2, 0)
    fans[holes] = 0
    face = np.repeat(np.arange(len(counts)), fans)
    step = np.arange(len(face)) - np.repeat(np.cumsum(fans) - fans, fans)
    corner = np.stack([starts[face], starts[face] + step + 1, starts[face] + step + 2], axis=1)
    if flip:
        corner = corner[:, ::-1]
    return Corners(corner, face, indices[corner])


def welded(points: Floats, corners: Corners, values: list[Values | None]) -> tuple[Floats, Ints, list[Floats | None]]:
    """Return points, faces and per-point values: a point is split only where its values differ.

    Where every value is smooth the points stay as they are; else they are ordered by point, then by value.
    """
    if all(item is None or item.smooth for item in values):
        return points, corners.point, [None if item is None else _per_point(item, len(points)) for item in values]
    key = corners.point.ravel()
    rows: list[Ints | None] = []
    for item in values:
        row = None if item is None else _rows(item)[item.pick(_elements(item, corners))].ravel()
        rows.append(row)
        key = key if row is None else paired(key, row)
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    found = [
        None if item is None or row is None else item.rows[row[first]] for item, row in zip(values, rows, strict=True)
    ]
    return points[corners.point.ravel()[first]], inverse.reshape(-1, 3), found


def compact(points: Floats, faces: Ints, values: list[Floats | None]) -> tuple[Floats, Ints, list[Floats | None]]:
    """Drop the points that no face uses."""
    used = np.zeros(len(points), dtype=bool)
    used[faces.ravel()] = True
    if used.all():
        return points, faces, values
    place = np.cumsum(used) - 1
    return points[used], place[faces], [None if item is None else item[used] for item in values]


def same_rows(rows: Floats) -> Ints:
    """Return for each row the position of the first row that is equal to it."""
    bits = np.ascontiguousarray(rows + np.float32(0)).view(np.uint32).astype(np.int64)
    key = bits[:, 0]
    for column in range(1, bits.shape[1]):
        key = paired(key, bits[:, column])
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    return first[inverse].astype(np.int64)


def face_normals(points: Any, faces: Ints) -> Any:
    """Return the unit normals of triangles, shape (F, 3); +z where a triangle has no area."""
    return _unit(_crossed(points, faces))


def vertex_normals(points: Any, faces: Ints) -> Any:
    """Return unit normals, each the mean of its faces' weighted by area; +z where there is none."""
    weighted = _crossed(points, faces)
    total = np.stack(
        [np.bincount(faces.ravel(), np.repeat(weighted[:, axis], 3), len(points)) for axis in range(3)], axis=1
    )
    return _unit(total)


def is_flat(normals: Values, points: Floats, corners: Corners) -> bool:
    """Say whether normals are those of the triangles themselves."""
    if normals.interpolation != "uniform":
        return False
    given = normals.rows[normals.pick(corners.face)]
    own = face_normals(points, corners.point)
    return bool(np.all(np.einsum("ij,ij->i", given, own) > 1 - 1e-5))


def _crossed(points: Any, faces: Ints) -> Any:
    a, b, c = (points[faces[:, corner]] for corner in range(3))
    return np.cross((b - a).astype(np.float64), (c - a).astype(np.float64))


def _unit(vectors: Any) -> Any:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    up = np.tile([0.0, 0.0, 1.0], (len(vectors), 1))
    return np.divide(vectors, length, out=up, where=length > 0)


def _rows(item: Values) -> Ints:
    """Number rows so that equal ones are one; a primvar with indices says itself which are."""
    return same_rows(item.rows) if item.indices is None else np.arange(len(item.rows))


def _elements(item: Values, corners: Corners) -> Ints:
    if item.interpolation == "faceVarying":
        return corners.corner
    if item.interpolation == "uniform":
        return np.repeat(corners.face[:, None], 3, axis=1)
    return np.zeros_like(corners.point) if item.interpolation == "constant" else corners.point


def _per_point(item: Values, count: int) -> Floats:
    elements = np.zeros(count, dtype=np.int64) if item.interpolation == "constant" else np.arange(count)
    return item.rows if item.indices is None and item.interpolation != "constant" else item.rows[item.pick(elements)]


def paired(a: Ints, b: Ints) -> Ints:
    """Number the pairs (a, b) so that their order is the pairs' order."""
    if b.max(initial=0) < 1 << 32 and a.max(initial=0) < 1 << 31:
        return (a << 32) | b
    return (np.unique(a, return_inverse=True)[1].astype(np.int64) << 32) | b
