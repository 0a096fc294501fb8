"""Mesh the solids that fixtures are made of: bevelled boxes and level sheets with uv in metres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twin.conventions import Array

ARC_STEPS = 4
"""Steps in half a rounded edge."""


@dataclass(frozen=True, eq=False)
class Solid:
    """Triangles with normals and uv.

    Args:
        points: Vertices [m], shape (V, 3), float32.
        faces: Vertex indices, shape (F, 3), counter-clockwise from outside.
        normals: Unit vertex normals, shape (V, 3).
        uv: Texture coordinates [m], shape (V, 2).
    """

    points: npt.NDArray[np.float32]
    faces: npt.NDArray[np.uint32]
    normals: npt.NDArray[np.float32]
    uv: npt.NDArray[np.float32]


def joined(solids: Sequence[Solid]) -> Solid:
    """Put several solids into one mesh."""
    starts = np.cumsum([0] + [len(solid.points) for solid in solids[:-1]])
    return Solid(
        np.concatenate([solid.points for solid in solids]),
        np.concatenate([solid.faces + np.uint32(start) for solid, start in zip(solids, starts, strict=True)]),
        np.concatenate([solid.normals for solid in solids]),
        np.concatenate([solid.uv for solid in solids]),
    )


def sheet(size: Sequence[float]) -> Solid:
    """Return a level rectangle around the origin that faces up, as two triangles."""
    corners = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]) * [size[0] / 2, size[1] / 2, 0]
    points = corners.astype(np.float32)
    up = np.tile(np.array([0, 0, 1], dtype=np.float32), (4, 1))
    return Solid(points, np.array([[0, 1, 2], [0, 2, 3]], dtype=np.uint32), up, points[:, :2].copy())


def bevelled_box(size: Sequence[float], radius: float, centre: Sequence[float] = (0.0, 0.0, 0.0)) -> Solid:
    """Return a box with rounded edges; the radius is cut to half of the shortest side.

    Each side is a grid whose outer rows lie on the rounding: a point of the sharp box is pulled towards the inner box
    until it is ``radius`` away from it. Neighbouring sides meet in equal points with equal normals.
    """
    half = np.asarray(size, dtype=np.float64) / 2
    radius = min(radius, float(half.min()))
    sides = [_side(half, radius, axis, sign) for axis in range(3) for sign in (1, -1)]
    box = joined(sides)
    return Solid((box.points + np.asarray(centre)).astype(np.float32), box.faces, box.normals, box.uv)


def _side(half: Array, radius: float, axis: int, sign: int) -> Solid:
    inner = half - radius
    u_axis, v_axis = (axis + 1) % 3, (axis + 2) % 3
    u, v = _stations(half[u_axis], inner[u_axis]), _stations(half[v_axis], inner[v_axis])
    grid = np.empty((len(v), len(u), 3))
    grid[..., axis], grid[..., u_axis], grid[..., v_axis] = sign * half[axis], u, v[:, None]
    sharp: Array = grid.reshape(-1, 3)
    core = np.clip(sharp, -inner, inner)
    offset = sharp - core
    length = np.linalg.norm(offset, axis=1, keepdims=True)
    flat = np.zeros(3)
    flat[axis] = sign
    normals = np.divide(offset, length, out=np.tile(flat, (len(offset), 1)), where=length > 0)
    points = core + normals * radius
    uv = _uv(sharp, axis, sign)
    return Solid(points.astype(np.float32), _grid_faces(len(v), len(u), sign), normals.astype(np.float32), uv)


def _stations(half: float, inner: float) -> Array:
    """Return where the grid lines of one direction cross: even angles on the rounding, one flat span between."""
    if half == inner:
        return np.array([-half, half])
    arc = inner + (half - inner) * np.tan(np.linspace(0, np.pi / 4, ARC_STEPS + 1))
    arc[-1] = half
    return np.concatenate([-arc[::-1], arc]) if inner > 0 else np.concatenate([-arc[:0:-1], arc])


def _grid_faces(rows: int, columns: int, sign: int) -> npt.NDArray[np.uint32]:
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    faces = np.stack([np.stack([a, b, c], -1), np.stack([a, c, d], -1)], axis=2).reshape(-1, 3)
    return (faces if sign > 0 else faces[:, ::-1]).astype(np.uint32)


def _uv(points: Array, axis: int, sign: int) -> npt.NDArray[np.float32]:
    """Project along the side's axis, so that v points up on walls and the image is not mirrored from outside."""
    x, y, z = points.T
    u, v = ((sign * y, z), (-sign * x, z), (sign * x, y))[axis]
    return np.stack([u, v], axis=1).astype(np.float32)
