"""Mesh USD's analytic shapes. NumPy only.

Shapes of revolution are made around +z and turned to their axis; their normals are exact. Every shape has uv in [0, 1].
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twin.conventions import Array
from twin.stage.solids import Solid, joined

AROUND = 64
"""Segments around a round shape; a circle of radius r is off by at most r / 800."""

AXES = {"X": ((0, 0, 1), (1, 0, 0), (0, 1, 0)), "Y": ((0, 1, 0), (0, 0, 1), (1, 0, 0)), "Z": np.eye(3)}
"""Rotation that turns +z to the axis, as rows that give x, y and z."""


def cube(size: float) -> Solid:
    """Return a cube around the origin."""
    faces = []
    for axis in range(3):
        for sign in (1.0, -1.0):
            u, v = ((axis + 1) % 3, (axis + 2) % 3) if sign > 0 else ((axis + 2) % 3, (axis + 1) % 3)
            corners = np.zeros((4, 3))
            corners[:, axis] = sign
            corners[:, u], corners[:, v] = (-1, 1, 1, -1), (-1, -1, 1, 1)
            faces.append(_patch(corners * size / 2, np.eye(3)[axis] * sign))
    return joined(faces)


def plane(width: float, length: float, axis: str) -> Solid:
    """Return a rectangle around the origin that faces along the axis."""
    corners = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]) * [width / 2, length / 2, 0]
    return _turned(_patch(corners, np.array([0.0, 0.0, 1.0])), axis)


def sphere(radius: float) -> Solid:
    """Return a sphere around the origin."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, AROUND // 2 + 1)
    profile = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    profile[[0, -1], 0] = 0.0
    return _revolved([(profile * radius, profile)])


def cylinder(bottom: float, top: float, height: float, axis: str) -> Solid:
    """Return a cylinder or a truncated cone around the origin, closed by disks."""
    half = height / 2
    slope = np.array([height, bottom - top]) / np.hypot(height, bottom - top)
    side = (np.array([[bottom, -half], [top, half]]), np.tile(slope, (2, 1)))
    caps = [(np.array([[0.0, -half], [bottom, -half]]), np.tile([0.0, -1.0], (2, 1)))] if bottom > 0 else []
    caps += [(np.array([[top, half], [0.0, half]]), np.tile([0.0, 1.0], (2, 1)))] if top > 0 else []
    return _turned(_revolved([side, *caps]), axis)


def capsule(bottom: float, top: float, height: float, axis: str) -> Solid:
    """Return a cylinder between two half spheres, which stand beyond ``height``."""
    angle = np.linspace(0, np.pi / 2, AROUND // 4 + 1)
    up = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    up[-1, 0] = 0.0
    down = (up * [1, -1])[::-1]
    profile = np.concatenate([down * bottom - [0, height / 2], up * top + [0, height / 2]])
    return _turned(_revolved([(profile, np.concatenate([down, up]))]), axis)


def _patch(corners: Array, normal: Array) -> Solid:
    uv = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=np.float32)
    faces = np.array([[0, 1, 2], [0, 2, 3]], dtype=np.uint32)
    return Solid(corners.astype(np.float32), faces, np.tile(normal, (4, 1)).astype(np.float32), uv)


def _revolved(profiles: Sequence[tuple[Array, Array]]) -> Solid:
    """Turn profiles (radius, z), from low to high on the outside, with their normals around z."""
    angle = np.linspace(0, 2 * np.pi, AROUND + 1)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    circle[-1] = circle[0]
    return joined([_band(points, normals, circle) for points, normals in profiles])


def _band(profile: Array, profile_normals: Array, circle: Array) -> Solid:
    def around(rows: Array) -> Array:
        ring = rows[:, None, :1] * circle[None]
        return np.concatenate([ring, np.broadcast_to(rows[:, None, 1:], (*ring.shape[:2], 1))], axis=2).reshape(-1, 3)

    rings, columns = len(profile), len(circle)
    index = np.arange(rings * columns).reshape(rings, columns)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    lower, upper = profile[:-1, 0] > 0, profile[1:, 0] > 0
    faces = np.concatenate(
        [np.stack([a, b, c], -1)[lower].reshape(-1, 3), np.stack([a, c, d], -1)[upper].reshape(-1, 3)]
    )
    u, v = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rings))
    uv = np.stack([u.ravel(), v.ravel()], axis=1).astype(np.float32)
    points, normals = around(profile).astype(np.float32), around(profile_normals).astype(np.float32)
    return Solid(points, faces.astype(np.uint32), normals, uv)


def _turned(solid: Solid, axis: str) -> Solid:
    R = np.asarray(AXES[axis], dtype=np.float32)
    return Solid(solid.points @ R.T, solid.faces, solid.normals @ R.T, solid.uv)
