"""Turn convex pieces into shapes that a physics engine accepts: exact boxes, or hulls with some thickness.

A flat or needle-like piece has no volume, so no mass and no inside: it is thickened to :data:`THICKNESS_MIN`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from twin.conventions import Array
from twin.errors import AssetError

THICKNESS_MIN = 0.001
"""Pieces thinner than this [m] are thickened to it."""

REACH_MAX = 1e4
"""A collider that reaches farther than this from its origin [m] is refused."""

VERTEX_LIMIT = 20_000
"""A piece with more vertices is refused; a hull needs hundreds."""

Points = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Piece:
    """A convex shape in its owner's frame.

    Args:
        points: Vertices [m], shape (N, 3), float64.
        box: Centre and half sizes [m], shape (2, 3), where the piece is an axis-aligned box; else None.
    """

    points: Array
    box: Array | None = None

    @cached_property
    def key(self) -> str:
        """Content hash: equal pieces have equal keys in every process."""
        return hashlib.sha256(self.points.tobytes()).hexdigest()


def prepare(pieces: Sequence[Points], where: str) -> tuple[Piece, ...]:
    """Check and thicken the convex pieces of one object.

    Raises:
        AssetError: where there is no piece, or one is empty, not finite, too far away or too large.
    """
    if not pieces:
        raise AssetError(
            "the object has no collider, so it cannot be settled", where=where, hint="place it with 'fixed'"
        )
    return tuple(piece(thickened(checked(points, f"{where}, collider {n}"))) for n, points in enumerate(pieces))


def checked(points: Points, where: str) -> Array:
    """Return unique vertices as float64, shape (N, 3), in a fixed order.

    Raises:
        AssetError: where they are empty, not finite, too far away or too many.
    """
    points = np.asarray(points, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 3 or not len(points):
        raise AssetError(f"collider has shape {points.shape}", where=where, expected="(N, 3) with N > 0")
    if len(points) > VERTEX_LIMIT:
        raise AssetError(
            f"collider has {len(points)} vertices", where=where, expected=f"at most {VERTEX_LIMIT}: a convex hull"
        )
    if not np.isfinite(points).all() or np.abs(points).max() > REACH_MAX:
        raise AssetError("collider has NaN, infinite or absurdly far vertices", where=where, hint="repair the mesh")
    return np.unique(points, axis=0)


def thickened(points: Array, least: float = THICKNESS_MIN) -> Array:
    """Give a flat, needle-like or point-like piece an extent of at least ``least`` [m] along every principal axis."""
    axes = np.linalg.svd(points - points.mean(axis=0), full_matrices=True)[2] if len(points) < 3 else _axes(points)
    for axis in axes[::-1]:
        along = points @ axis
        missing = least - (along.max() - along.min())
        if missing > 0:
            points = np.concatenate([points - axis * missing / 2, points + axis * missing / 2])
    return points


def _axes(points: Array) -> Array:
    """Return the principal axes as rows, longest first."""
    centred = points - points.mean(axis=0)
    return np.linalg.eigh(centred.T @ centred)[1].T[::-1]


def piece(points: Array) -> Piece:
    """Recognise an axis-aligned box, which collides exactly and fast."""
    low, high = points.min(axis=0), points.max(axis=0)
    tolerance = 1e-6 * max(1.0, float(np.abs(points).max()))
    corners = (np.abs(points - low) < tolerance) | (np.abs(points - high) < tolerance)
    signs = np.unique(points > (low + high) / 2, axis=0)
    if corners.all() and len(signs) == 8:
        return Piece(points, np.stack([(low + high) / 2, (high - low) / 2]))
    return Piece(points)
