"""Mesh convex pieces, so that colliders can be seen and every physics engine agrees on them."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.errors import extra_missing

THIN = 0.001
"""A piece without volume becomes at least this thick [m]."""


def hull(points: Any) -> tuple[Any, Any]:
    """Return the vertices and outward triangles of a convex piece; of a flat one, those of a thin box around it."""
    try:
        from scipy.spatial import ConvexHull, QhullError
    except ImportError:
        raise extra_missing("scipy", "render") from None
    points = np.asarray(points, dtype=np.float64)
    try:
        shape = ConvexHull(points)
    except (QhullError, ValueError):
        shape = ConvexHull(_thin_box(points))
    kept = np.sort(shape.vertices)
    a, b, c = (shape.points[shape.simplices[:, corner]] for corner in range(3))
    inward = np.einsum("ij,ij->i", np.cross(b - a, c - a), shape.equations[:, :3]) < 0
    faces = np.where(inward[:, None], shape.simplices[:, ::-1], shape.simplices)
    return shape.points[kept].astype(np.float32), np.searchsorted(kept, faces).astype(np.uint32)


def _thin_box(points: Any) -> Any:
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    half = np.maximum(np.ptp(points, axis=0) / 2, THIN / 2)
    return middle + half * np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
