"""Draw start poses that do not collide."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twin.conventions import Array, rotation_axis, rotation_wxyz, transform
from twin.randomizers.placement.surface import Surface
from twin.seeds import Bits

CANDIDATES = 48
"""Places tried for one object before it is put on top of what is there."""


@dataclass(frozen=True, eq=False)
class Footprint:
    """The room that an object takes in a pose: an upright cylinder around it.

    Args:
        center: Middle of its bounding rectangle [m], shape (2,).
        radius: Of the cylinder [m].
        low: Least z [m].
        high: Greatest z [m].
    """

    center: Array
    radius: float
    low: float
    high: float

    @staticmethod
    def of(points: Array) -> Footprint:
        """Measure points in world coordinates, shape (N, 3)."""
        low, high = points.min(axis=0), points.max(axis=0)
        center = (low + high)[:2] / 2
        return Footprint(
            center, float(np.linalg.norm(points[:, :2] - center, axis=1).max()), float(low[2]), float(high[2])
        )

    def moved(self, shift: Array) -> Footprint:
        """Return it moved by a vector [m], shape (3,)."""
        return Footprint(self.center + shift[:2], self.radius, self.low + shift[2], self.high + shift[2])

    def meets(self, center: Array, radius: float) -> bool:
        """Say whether it overlaps another cylinder, seen from above."""
        return math.dist(self.center, center) < self.radius + radius


@dataclass(frozen=True, eq=False)
class Area:
    """Where the centres of start poses may be.

    Args:
        surface: What they stand on.
        margin: Distance of footprints from its edge [m].
        size: Size along x and y of the part that is used [m], or None for all of it.
    """

    surface: Surface
    margin: float
    size: tuple[float, float] | None

    def draw(self, radius: float, bits: Bits) -> Array:
        """Draw a point, shape (2,), that keeps its distance from the edge where the surface is large enough."""
        low, high, inset = *self._corners(radius), min(self.margin + radius, self._widest)
        for _ in range(CANDIDATES):
            point = low + (high - low) * [bits.uniform(), bits.uniform()]
            if self.surface.inside(point) >= inset - 1e-9:
                return np.asarray(point)
        return np.asarray(self.surface.center[:2])

    @property
    def _widest(self) -> float:
        return self.surface.inside(self.surface.center[:2])

    def _corners(self, radius: float) -> tuple[Array, Array]:
        inset = min(self.margin + radius, float((self.surface.high - self.surface.low).min()) / 2)
        low, high = self.surface.low + inset, self.surface.high - inset
        if self.size is None:
            return low, high
        middle, half = self.surface.center[:2], np.array(self.size) / 2
        return np.clip(middle - half, low, high), np.clip(middle + half, low, high)


def start_pose(
    points: Array, area: Area, taken: Sequence[Footprint], bits: Bits, *, upright: bool, gap: float
) -> tuple[Array, Footprint]:
    """Draw a rotation, then a free place; where there is none, stand above what is lowest in the way.

    Args:
        points: Vertices of the object [m], shape (N, 3), in its own frame.
        area: Where it may be.
        taken: What is there already.
        bits: Where chance comes from.
        upright: Whether it may turn about the vertical axis only.
        gap: Free height below it [m].

    Returns:
        ``T_world_object`` and the room that it takes.
    """
    rotation = rotation_axis([0, 0, 1], math.tau * bits.uniform()) if upright else rotation_uniform(bits)
    own = Footprint.of(points @ rotation.T)
    best, floor = np.zeros(2), math.inf
    for _ in range(CANDIDATES):
        center = area.draw(own.radius, bits)
        under = max((t.high for t in taken if t.meets(center, own.radius)), default=area.surface.height)
        if under < floor:
            best, floor = center, under
        if floor <= area.surface.height:
            break
    shift = np.append(best - own.center, max(floor, area.surface.height) + gap - own.low)
    return transform(rotation, shift), own.moved(shift)


def rotation_uniform(bits: Bits) -> Array:
    """Draw an evenly distributed rotation (Shoemake, "Uniform Random Rotations", Graphics Gems III, 1992)."""
    share, a, b = bits.uniform(), math.tau * bits.uniform(), math.tau * bits.uniform()
    first, second = math.sqrt(1 - share), math.sqrt(share)
    return rotation_wxyz((second * math.cos(b), first * math.sin(a), first * math.cos(a), second * math.sin(b)))
