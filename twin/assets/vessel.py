"""Cut round vessels (bowls, plates, cups) into convex staves, so that things can lie in them.

A general decomposition fills half of a bowl with slabs. A vessel needs only its section: the heights of its upper and
lower side over the radius, measured by vertical rays, simplified to a few rings, each cut into sectors.
"""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from twin.assets.asset import Float
from twin.assets.shapes.solid import hull_points
from twin.errors import AssetError

Array = npt.NDArray[np.float64]
_SECTORS, _RINGS, _SAMPLES, _RAYS = 12, 5, 64, 12
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
    for a, b in itertools.pairwise(knots):
        ring = [(radii[k], low[k], high[k]) for k in (a, b)]
        flat = a == 0 and high[b] - high[a] < _TOLERANCE * radii[-1]
        pieces += [_disc(*ring[1])] if flat else [_stave(ring, sector) for sector in range(_SECTORS)]
    return tuple(pieces)


def _section(points: Array, faces: npt.NDArray[np.int64], where: str) -> tuple[Array, Array, Array]:
    """Return radii, and the median lowest and highest hit [m] over a circle of vertical rays at each."""
    rim = float(np.hypot(points[:, 0], points[:, 1]).max())
    samples = np.linspace(0.002, 0.998, _SAMPLES) * rim
    spans = np.stack([_cut(points, faces, 2 * np.pi * (k + 0.37) / _RAYS, samples) for k in range(_RAYS)])
    good = 2 * np.isfinite(spans[..., 0]).sum(axis=0) >= _RAYS
    if good.sum() < _SAMPLES // 2:
        raise AssetError("the mesh is no round vessel: most vertical rays miss it", where=where)
    low, high = np.nanmedian(spans[:, good], axis=0).T
    radii = samples[good]
    radii[0] = 0.0
    return radii, low, high


def _cut(points: Array, faces: npt.NDArray[np.int64], angle: float, radii: Array) -> Array:
    """Return the lowest and highest point of a mesh on vertical lines at ``radii`` in one direction, shape (N, 2).

    Lines that miss give NaN.
    """
    along = points[:, 0] * np.cos(angle) + points[:, 1] * np.sin(angle)
    across = points[:, 1] * np.cos(angle) - points[:, 0] * np.sin(angle)
    side = across[faces]
    near = faces[(side.min(axis=1) <= 0) & (side.max(axis=1) >= 0)]
    (ax, bx, cx), (ay, by, cy), (az, bz, cz) = along[near].T, across[near].T, points[near, 2].T
    det = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
    det = np.where(np.abs(det) > 1e-18, det, np.nan)
    v = ((radii[:, None] - ax) * (cy - ay) + (cx - ax) * ay) / det
    w = (-(bx - ax) * ay - (radii[:, None] - ax) * (by - ay)) / det
    z = np.where((v >= 0) & (w >= 0) & (v + w <= 1), az + v * (bz - az) + w * (cz - az), np.nan)
    missed = np.asarray(np.isnan(z).all(axis=1))
    z[missed] = 0.0
    return np.where(missed[:, None], np.nan, np.stack([np.nanmin(z, axis=1), np.nanmax(z, axis=1)], axis=-1))


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
    corners = [
        (ring[0], sector),
        (ring[0], sector + 1),
        (ring[1], sector),
        (ring[1], sector + 0.5),
        (ring[1], sector + 1),
    ]
    return hull_points(
        [[r * np.cos(k * step), r * np.sin(k * step), z] for (r, low, high), k in corners for z in (low, high)]
    )
