"""Grow a handle out of a wall: a tube along a curve, joined to two holes in a surface of revolution by fillets.

The handle lies in the xz plane, at +x. Hole, fillet and tube share their vertices, so cup and handle are one closed
surface.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from twin.assets.shapes.solid import Array, Patch, bezier, grid_patch, snapped

SIDE = 6
"""Cells along each side of a hole; an even number, so that a vertex lies in the middle."""
_RINGS, _FILLET_STEPS = 40, 5


@dataclass(frozen=True)
class Handle:
    """The measures of a handle [m].

    Args:
        low: Height at which the lower end meets the wall.
        high: Height at which the upper end meets the wall.
        reach: Distance from the wall to the outermost point.
        thickness: Of the tube, across the curve.
        breadth: Of the tube, along y.
        power: Exponent of the superellipse of the curve: 2 is round, 4 nearly square.
        lean: How much further the upper half stands out than the lower, as a fraction.
    """

    low: float
    high: float
    reach: float
    thickness: float
    breadth: float
    power: float
    lean: float

    @property
    def fillet(self) -> float:
        """Radius of the fillet at the wall."""
        return 0.45 * min(self.thickness, self.breadth)

    @property
    def half_height(self) -> float:
        """Half of a hole's height."""
        return self.thickness / 2 + self.fillet

    @property
    def half_width(self) -> float:
        """Half of a hole's width along y."""
        return self.breadth / 2 + self.fillet


def _loop() -> tuple[Array, Array]:
    """Return the (row, column) steps around a hole, from the middle of its top edge towards +y, and their angles."""
    half = SIDE // 2
    right = [(half, c) for c in range(half + 1)] + [(r, half) for r in range(half - 1, -half - 1, -1)]
    left = [(-half, c) for c in range(half - 1, -half - 1, -1)] + [(r, -half) for r in range(-half + 1, half + 1)]
    steps = np.array([*right, *left, *[(half, c) for c in range(-half + 1, 0)]])
    return steps, 2 * np.pi * np.arange(len(steps)) / len(steps)


def _oval(angles: Array) -> tuple[Array, Array]:
    """Return (along the normal, along y) of a rounded square's outline, in [-1, 1]."""
    power = 2 / 2.4
    up, side = np.cos(angles), np.sin(angles)
    return np.sign(up) * np.abs(up) ** power, np.sign(side) * np.abs(side) ** power


def open_holes(
    points: Array, handle: Handle, rows: tuple[int, int], columns: tuple[int, int], radius: Callable[[Array], Array]
) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Round two holes in a wall's grid of points, in place, and return which cells stay.

    Args:
        points: Grid of the wall, shape (R, C, 3).
        handle: What will be joined.
        rows: First rows of the lower and the upper hole.
        columns: First and last column of both.
        radius: Radius of the wall at a height.
    """
    keep = np.ones((points.shape[0] - 1, points.shape[1] - 1), dtype=bool)
    steps, angles = _loop()
    up, side = _oval(angles)
    for first, height, sign in ((rows[0], handle.low, -1), (rows[1], handle.high, 1)):
        keep[first : first + SIDE, columns[0] : columns[1]] = False
        z = height + sign * up * handle.half_height
        r = radius(z)
        theta = np.arcsin(handle.half_width / radius(np.array([height]))) * side
        row, column = first + SIDE // 2 + sign * steps[:, 0], (columns[0] + columns[1]) // 2 + steps[:, 1]
        points[row, column] = np.stack([r * np.cos(theta), r * np.sin(theta), z], axis=-1)
    return keep


def handle_patch(points: Array, handle: Handle, rows: tuple[int, int], columns: tuple[int, int],
                 radius: Callable[[Array], Array]) -> tuple[Patch, Array]:  # fmt: skip
    """Return the handle between the holes that :func:`open_holes` made, and its rings, shape (N, M, 3)."""
    steps, angles = _loop()
    middle = (columns[0] + columns[1]) // 2
    rims = [
        points[first + SIDE // 2 + sign * steps[:, 0], middle + steps[:, 1]]
        for first, sign in zip(rows, (-1, 1), strict=True)
    ]
    rings = _rings(handle, angles, radius)
    lower, upper = (
        _fillet(rim, ring, handle.low if end == 0 else handle.high, radius)
        for end, rim, ring in ((0, rims[0], rings[-1]), (1, rims[1], rings[0]))
    )
    tube = np.concatenate([upper[:-1], rings, lower[-2::-1]])
    closed = np.concatenate([tube, tube[:, :1]], axis=1)[::-1]
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(closed.mean(axis=1), axis=0), axis=1))])
    uv = np.empty((*closed.shape[:2], 2))
    uv[..., 0], uv[..., 1] = np.linspace(0, 1, closed.shape[1]), (length / length[-1])[:, None]
    return grid_patch("handle", closed, uv), snapped(rings)


def _curve(handle: Handle, radius: Callable[[Array], Array]) -> Array:
    """Return the centre line as (x, z) at equal distances, from the upper end to the lower: half a superellipse."""
    t = np.linspace(0.0, np.pi, 721)
    power, half = 2 / handle.power, (handle.high - handle.low) / 2
    up = np.sign(np.cos(t)) * np.abs(np.cos(t)) ** power
    start, end = (float(radius(np.array([z]))[0]) + handle.fillet for z in (handle.high, handle.low))
    blend = (1 + np.cos(t)) / 2
    reach = handle.reach - handle.fillet - handle.thickness / 2
    x = end + (start - end) * blend + reach * np.abs(np.sin(t)) ** power * (1 + handle.lean * np.cos(t) * np.sin(t))
    z = (handle.high + handle.low) / 2 + half * up
    length = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(z)))])
    even = np.linspace(0.0, length[-1], _RINGS + 1)
    return np.stack([np.interp(even, length, x), np.interp(even, length, z)], axis=-1)


def _rings(handle: Handle, angles: Array, radius: Callable[[Array], Array]) -> Array:
    """Return the tube's cross sections, shape (N, M, 3); the first and last are parallel to the yz plane."""
    line = _curve(handle, radius)
    tangent = np.gradient(line, axis=0)
    tangent[0], tangent[-1] = (1.0, 0.0), (-1.0, 0.0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    up, side = _oval(angles)
    rings = np.empty((len(line), len(angles), 3))
    rings[..., 0] = line[:, :1] - tangent[:, 1:] * up * handle.thickness / 2
    rings[..., 1] = side * handle.breadth / 2
    rings[..., 2] = line[:, 1:] + tangent[:, :1] * up * handle.thickness / 2
    return rings


def _fillet(rim: Array, ring: Array, height: float, radius: Callable[[Array], Array]) -> Array:
    """Return rows from a hole's rim to the first ring: along the wall at the rim, along the tube at the ring."""
    corner = ring.copy()
    corner[:, 0] = np.sqrt(radius(ring[:, 2]) ** 2 - ring[:, 1] ** 2)
    return bezier([rim, corner, ring], _FILLET_STEPS)
