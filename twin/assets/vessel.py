"""Cut round vessels (bowls, plates, cups) into convex staves, so that things can lie in them.

A general decomposition fills half of a bowl with slabs. A vessel needs only its section: the heights of its upper and
lower side over the radius, measured by vertical rays, simplified to a few rings, each cut into sectors.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from twin.assets.asset import Float
from twin.assets.solid import hull_points
from twin.errors import AssetError

Array = npt.NDArray[np.float64]
_SECTORS, _RINGS, _SAMPLES, _RAYS = 16, 6, 64, 12
_TOLERANCE = 0.008
"""Largest error of the simplified section, as a fraction of the radius."""


def staves(points: Array, faces: npt.NDArray[np.int64], *, where: str) -> tuple[Float, ...]:
    """Return the convex pieces of a vessel that stands upright around the z axis.

    Raises:
        AssetError: where it has no bottom.
    """
    radii, low, high = _section(points, faces, where)
    knots = _knots(radii, low, high)
    pieces = []
    for a, b in zip(knots[:-1], knots[1:], strict=True):
        ring = [(radii[k], low[k], high[k]) for k in (a, b)]
        flat = a == 0 and high[b] - high[a] < _TOLERANCE * radii[-1]
        pieces += [_disc(*ring[1])] if flat else [_stave(ring, sector) for sector in range(_SECTORS)]
    return tuple(pieces)


def _section(points: Array, faces: npt.NDArray[np.int64], where: str) -> tuple[Array, Array, Array]:
    """Return radii, and the median lowest and highest hit [m] over a circle of vertical rays at each."""
    rim = float(np.hypot(points[:, 0], points[:, 1]).max())
    angles = 2 * np.pi * (np.arange(_RAYS) + 0.37) / _RAYS
    radii, low, high = [], [], []
    for radius in np.linspace(0.002, 0.998, _SAMPLES) * rim:
        spans = [span for angle in angles if (span := _column(points, faces, radius * np.cos(angle), radius * np.sin(angle)))]
        if 2 * len(spans) >= _RAYS:
            bottom, top = np.median(spans, axis=0)
            radii.append(radius), low.append(bottom), high.append(top)
    if len(radii) < _SAMPLES // 2:
        raise AssetError("the mesh is no round vessel: most vertical rays miss it", where=where)
    radii[0] = 0.0
    return np.array(radii), np.array(low), np.array(high)


def _column(points: Array, faces: npt.NDArray[np.int64], x: float, y: float) -> tuple[float, float] | None:
    """Return the lowest and the highest point of a mesh on a vertical line, None where it misses."""
    a, b, c = (points[faces[:, k]] for k in range(3))
    det = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
    safe = np.where(np.abs(det) > 1e-18, det, np.nan)
    v = ((x - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (y - a[:, 1])) / safe
    w = ((b[:, 0] - a[:, 0]) * (y - a[:, 1]) - (x - a[:, 0]) * (b[:, 1] - a[:, 1])) / safe
    hit = (v >= 0) & (w >= 0) & (v + w <= 1)
    if not hit.any():
        return None
    z = (a[:, 2] + v * (b[:, 2] - a[:, 2]) + w * (c[:, 2] - a[:, 2]))[hit]
    return float(z.min()), float(z.max())


def _knots(radii: Array, low: Array, high: Array) -> list[int]:
    """Choose the samples between which straight lines fit both sides: the worst is added until all are good."""
    knots = [0, len(radii) - 1]
    while len(knots) <= _RINGS:
        error = np.maximum(*(np.abs(side - np.interp(radii, radii[knots], side[knots])) for side in (low, high)))
        if error.max() < _TOLERANCE * radii[-1]:
            break
        knots = sorted({*knots, int(error.argmax())})
    return knots


def _disc(radius: float, low: float, high: float) -> Float:
    angles = 2 * np.pi * np.arange(_SECTORS) / _SECTORS
    circle = np.stack([radius * np.cos(angles), radius * np.sin(angles)], axis=-1)
    return hull_points([[x, y, z] for x, y in circle for z in (low, high)])


def _stave(ring: list[tuple[float, float, float]], sector: int) -> Float:
    """Return one sector of a ring; its outer side has a corner in the middle, so that it follows the circle better."""
    step = 2 * np.pi / _SECTORS
    corners = [(ring[0], sector), (ring[0], sector + 1), (ring[1], sector), (ring[1], sector + 0.5), (ring[1], sector + 1)]
    return hull_points([[r * np.cos(k * step), r * np.sin(k * step), z] for (r, low, high), k in corners for z in (low, high)])
