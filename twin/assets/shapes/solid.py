"""Build closed shapes from profiles and grids, and cut them into parts that share exact vertices and smooth normals.

Every coordinate lies on a grid of a sixteenth of a micrometre, so that shapes are equal on every machine, whatever the
last bit of its sine, and patches that meet share their vertices exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from twin.assets.asset import Float, Part, Surface

Array: TypeAlias = npt.NDArray[np.float64]
Faces: TypeAlias = npt.NDArray[np.int64]
Profile: TypeAlias = Sequence[tuple[float, float]]

_GRID = 2.0**24
"""Steps in a metre."""


def snapped(points: npt.ArrayLike, grid: float = _GRID) -> Array:
    """Round to the grid; what rounds to minus zero becomes zero."""
    return np.asarray(np.round(np.asarray(points, dtype=np.float64) * grid) / grid + 0.0)


@dataclass(frozen=True, eq=False)
class Patch:
    """A piece of surface in one zone.

    Args:
        zone: Names the part that it becomes.
        points: Vertices [m], shape (V, 3), on the grid.
        uv: Texture coordinates, shape (V, 2).
        faces: Vertex indices, shape (F, 3), counter-clockwise from outside.
    """

    zone: str
    points: Array
    uv: Array
    faces: Faces


def grid_patch(zone: str, points: Array, uv: Array, keep: npt.NDArray[np.bool_] | None = None) -> Patch:
    """Join a grid of vertices, shape (R, C, 3), by two triangles a cell; ``keep``, shape (R - 1, C - 1), leaves holes.

    Rows run along the profile and columns counter-clockwise seen from +z: up the outside of a solid of revolution the
    faces look outward.
    """
    rows, columns = points.shape[:2]
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    cells = np.stack([a, b, c, a, c, d], axis=-1)
    cells = cells.reshape(-1, 6) if keep is None else cells[keep]
    return Patch(zone, snapped(points).reshape(-1, 3), uv.reshape(-1, 2), cells.reshape(-1, 3))


def lathe(zone: str, profile: Profile, angles: Array) -> Patch:
    """Turn a profile of (radius, height) points [m] about z.

    The ``angles`` [rad] ascend over one full turn, both ends included.

    Texture u runs with the angle from 0 to 1, v with the length of the profile.
    """
    points, uv = revolved(profile, angles)
    return grid_patch(zone, points, uv)


def revolved(profile: Profile, angles: Array) -> tuple[Array, Array]:
    """Return the grid of a solid of revolution: points (R, C, 3) and uv (R, C, 2)."""
    rz = np.asarray(profile, dtype=np.float64)
    columns = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    columns[-1] = columns[0]
    points = np.empty((len(rz), len(angles), 3))
    points[..., :2], points[..., 2] = rz[:, None, :1] * columns, rz[:, None, 1]
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(rz, axis=0).T))])
    uv = np.empty((len(rz), len(angles), 2))
    uv[..., 0] = (angles - angles[0]) / (angles[-1] - angles[0])
    uv[..., 1] = (length / length[-1])[:, None]
    return points, uv


def turn(segments: int, start: float = 0.0) -> Array:
    """Return the angles [rad] of one even turn, both ends included."""
    return np.asarray(start + np.arange(segments + 1) * (2 * np.pi / segments), dtype=np.float64)


def arc(center: tuple[float, float], radius: float, start: float, stop: float, steps: int) -> list[tuple[float, float]]:
    """Return points of a circular arc in a profile, angles in degrees from +r towards +z, both ends included."""
    angles = np.radians(np.linspace(start, stop, steps + 1))
    return [(center[0] + radius * np.cos(t), center[1] + radius * np.sin(t)) for t in angles]


def bezier(points: Sequence[npt.ArrayLike], steps: int) -> Array:
    """Return steps + 1 points of the Bezier curve of three or four control points (of any equal shape)."""
    t = np.linspace(0.0, 1.0, steps + 1)
    weights = [(1 - t) ** 2, 2 * t * (1 - t), t**2]
    if len(points) == 4:
        weights = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3]
    curve: Array = np.tensordot(np.stack(weights), np.asarray(points, dtype=np.float64), axes=(0, 0))
    return curve


def parts_of(patches: Iterable[Patch], surfaces: Mapping[str, Surface]) -> tuple[Part, ...]:
    """Weld patches, give them smooth normals over all seams, and return one closed-shape part for each zone."""
    rows = [_without_slivers(patch) for patch in patches]
    points = np.concatenate([row.points for row in rows])
    offsets = np.cumsum([0, *(len(row.points) for row in rows)])
    faces = np.concatenate([row.faces + offset for row, offset in zip(rows, offsets, strict=False)])
    normals = smooth_normals(points, faces)
    parts = []
    for zone in dict.fromkeys(row.zone for row in rows):
        chosen = [number for number, row in enumerate(rows) if row.zone == zone]
        merged = np.concatenate([rows[n].faces + offsets[n] for n in chosen])
        uv = np.concatenate([row.uv for row in rows])
        parts.append(_part(zone, points, normals, uv, merged, surfaces[zone]))
    return tuple(parts)


def _part(zone: str, points: Array, normals: Array, uv: Array, faces: Faces, surface: Surface) -> Part:
    used, compact = np.unique(faces, return_inverse=True)
    return Part(
        name=zone,
        points=points[used].astype(np.float32),
        faces=compact.reshape(-1, 3).astype(np.uint32),
        normals=normals[used].astype(np.float32),
        uv=snapped(uv[used], 2.0**20).astype(np.float32),
        surface=surface,
        double_sided=False,
    )


def _without_slivers(patch: Patch) -> Patch:
    """Drop triangles of which two corners coincide, as at the poles of a lathe."""
    a, b, c = (patch.points[patch.faces[:, k]] for k in range(3))
    good = (a != b).any(axis=1) & (b != c).any(axis=1) & (c != a).any(axis=1)
    return Patch(patch.zone, patch.points, patch.uv, patch.faces[good])


def smooth_normals(points: Array, faces: Faces) -> Array:
    """Return vertex normals, shape (V, 3): face normals weighted by the corner's angle, summed over equal positions.

    Source: Thürmer and Wüthrich, "Computing Vertex Normals from Polygonal Facets", JGT 1998.
    """
    _, weld = np.unique(points, axis=0, return_inverse=True)
    weld = weld.reshape(-1)
    corners = points[faces]
    face_normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    face_normal /= np.maximum(np.linalg.norm(face_normal, axis=1, keepdims=True), 1e-300)
    total = np.zeros((weld.max() + 1, 3))
    for k in range(3):
        one, two = corners[:, (k + 1) % 3] - corners[:, k], corners[:, (k + 2) % 3] - corners[:, k]
        angle = np.arctan2(np.linalg.norm(np.cross(one, two), axis=1), (one * two).sum(axis=1))
        np.add.at(total, weld[faces[:, k]], face_normal * angle[:, None])
    total /= np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-300)
    return snapped(total[weld], 2.0**16)


def hull_points(points: npt.ArrayLike) -> Float:
    """Return the points of one convex collider: on the grid, each once, in a fixed order."""
    return np.unique(snapped(np.asarray(points, dtype=np.float64).reshape(-1, 3)), axis=0).astype(np.float32)
