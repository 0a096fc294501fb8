"""Turn the world's meshes into static convex pieces for physics.

Each connected component of a mesh becomes its convex hull (a box stays exact). A hull would fill a room or a tray, so
a component of few triangles that is hollow becomes one thin prism a triangle instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from twin.conventions import Array
from twin.errors import extra_missing
from twin.physics.collider import REACH_MAX, THICKNESS_MIN, Piece, piece
from twin.stage.geometry import Mesh

SHEET_DEPTH = 0.02
"""A static sheet or triangle is this thick [m], below its visible side."""

PRISM_LIMIT = 600
"""A hollow component with more triangles than this becomes its hull all the same."""

HOLLOW_DEPTH = 0.005
"""A component is hollow where a vertex lies deeper than this inside its hull [m]."""

HULL_VERTICES = 4096
"""Hulls are made of at most this many extreme vertices."""

Faces = npt.NDArray[np.int64]


def static_pieces(meshes: Sequence[Mesh]) -> tuple[Piece, ...]:
    """Return convex pieces in world coordinates that together stand for some static meshes."""
    return tuple(found for mesh in meshes for found in _mesh_pieces(mesh))


def _mesh_pieces(mesh: Mesh) -> Iterator[Piece]:
    points, faces = welded(mesh)
    for group in components(faces, len(points)):
        yield from _component_pieces(points, group)


def welded(mesh: Mesh) -> tuple[Array, Faces]:
    """Join vertices at equal positions; drop triangles that are not finite or have no area."""
    points, inverse = np.unique(np.asarray(mesh.points, dtype=np.float64), axis=0, return_inverse=True)
    faces = inverse.reshape(-1)[mesh.faces.astype(np.int64)]
    corners = points[faces]
    sane = np.isfinite(corners).all(axis=(1, 2)) & (
        np.abs(np.nan_to_num(corners)).max(axis=(1, 2), initial=0) < REACH_MAX
    )
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    return points, faces[sane & (area > 1e-12)]


def components(faces: Faces, vertex_count: int) -> list[Faces]:
    """Split triangles into connected components, in the order of their least vertex."""
    if not len(faces):
        return []
    try:
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components
    except ImportError:
        raise extra_missing("scipy", "render") from None
    rows, columns = faces[:, [0, 1]].ravel(), faces[:, [1, 2]].ravel()
    graph = coo_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(vertex_count, vertex_count))
    owner = connected_components(graph, directed=False)[1][faces[:, 0]]
    order = np.argsort(owner, kind="stable")
    cuts = np.flatnonzero(np.diff(owner[order])) + 1
    return [faces[rows] for rows in np.split(order, cuts)]


def _component_pieces(points: Array, faces: Faces) -> Iterator[Piece]:
    vertices = points[np.unique(faces)]
    exact = piece(vertices)
    inward = _signed_volume(points, faces) < -1e-9
    if _is_sheet(vertices):
        yield Piece(_extruded(vertices, _normal(points, faces)))
    elif exact.box is not None and not inward:
        yield exact
    elif len(faces) <= PRISM_LIMIT and (inward or _hollow_depth(vertices) > HOLLOW_DEPTH):
        yield from _prisms(points[faces])
    else:
        yield Piece(_hull(vertices)[0])


def _signed_volume(points: Array, faces: Faces) -> float:
    a, b, c = (points[faces[:, corner]] - points[faces[0, 0]] for corner in range(3))
    return float((a * np.cross(b, c)).sum() / 6)


def _is_sheet(vertices: Array) -> bool:
    centred = vertices - vertices.mean(axis=0)
    normal = np.linalg.eigh(centred.T @ centred)[1][:, 0]
    return float(np.ptp(centred @ normal)) < 1e-4


def _normal(points: Array, faces: Faces) -> Array:
    """Return the mean unit normal of the visible side; a level sheet's is always up."""
    a, b, c = (points[faces[:, corner]] for corner in range(3))
    total = np.cross(b - a, c - a).sum(axis=0)
    length = np.linalg.norm(total)
    normal: Array = total / length if length > 0 else np.array([0.0, 0.0, 1.0])
    return -normal if normal[2] < -0.9 and len(faces) > 1 else normal


def _extruded(vertices: Array, normal: Array, depth: float = SHEET_DEPTH) -> Array:
    return np.concatenate([vertices, vertices - depth * normal])


def _prisms(corners: Array) -> Iterator[Piece]:
    """Give each triangle, shape (F, 3, 3), the depth of the wall behind it."""
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    for triangle, normal in zip(corners, normals, strict=True):
        depth = max(min(SHEET_DEPTH, _first_hit(corners, triangle.mean(axis=0), -normal)), THICKNESS_MIN)
        yield Piece(_extruded(triangle, normal, depth))


def _first_hit(corners: Array, origin: Array, direction: Array) -> float:
    """Return the distance [m] to the first triangle that a ray meets after its origin, or infinity.

    Source: Moeller and Trumbore, "Fast, Minimum Storage Ray/Triangle Intersection", 1997.
    """
    a, edge1, edge2 = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    p = np.cross(direction, edge2)
    with np.errstate(all="ignore"):  # a ray along a triangle divides by zero, and misses it
        scale = 1 / (edge1 * p).sum(axis=1)
        u = ((origin - a) * p).sum(axis=1) * scale
        q = np.cross(origin - a, edge1)
        v, t = (q @ direction) * scale, (q * edge2).sum(axis=1) * scale
        hits = t[np.isfinite(t) & (u >= 0) & (v >= 0) & (u + v <= 1) & (t > 1e-6)]
    return float(hits.min()) if len(hits) else float("inf")


def _hull(vertices: Array) -> tuple[Array, Array]:
    """Return the hull's vertices and its outward plane equations, shape (M, 4)."""
    from scipy.spatial import ConvexHull

    hull = ConvexHull(vertices)
    kept = vertices[np.sort(hull.vertices)]
    return (kept if len(kept) <= HULL_VERTICES else kept[:: -(-len(kept) // HULL_VERTICES)]), hull.equations


def _hollow_depth(vertices: Array) -> float:
    """Return how deep [m] the innermost vertex lies inside the hull."""
    planes = _hull(vertices)[1]
    return float(-(vertices @ planes[:, :3].T + planes[:, 3]).max(axis=1).min())
