"""Find the upper surface of a fixture, on which things can stand."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from twin.conventions import Array
from twin.errors import SpecError, listed, nearest
from twin.spec.scene import Fixture
from twin.stage.fixtures import Prim
from twin.stage.geometry import Geometry, Mesh
from twin.stage.paths import existing_path, fixture_path

_LEVEL = 0.01  # heights within this [m] are one level
_STEEPEST = 0.7  # least upward part of a normal


@dataclass(frozen=True, eq=False)
class Surface:
    """A level area, seen from above.

    Args:
        height: World z [m].
        outline: Corners of its convex outline [m], shape (N, 2), counter-clockwise.
    """

    height: float
    outline: Array

    @property
    def low(self) -> Array:
        """Least x and y [m]."""
        return np.asarray(self.outline.min(axis=0))

    @property
    def high(self) -> Array:
        """Greatest x and y [m]."""
        return np.asarray(self.outline.max(axis=0))

    @property
    def center(self) -> Array:
        """Middle of the bounding rectangle, on the surface [m], shape (3,)."""
        return np.append((self.low + self.high) / 2, self.height)

    def inside(self, xy: Array) -> float:
        """Return how far a point lies inside the outline [m]; negative outside."""
        edges = np.roll(self.outline, -1, axis=0) - self.outline
        offsets = xy - self.outline
        return float(
            ((edges[:, 0] * offsets[:, 1] - edges[:, 1] * offsets[:, 0]) / np.linalg.norm(edges, axis=1)).min()
        )


def fixture_meshes(name: str, fixtures: Mapping[str, Fixture], geometry: Geometry) -> tuple[Mesh, ...]:
    """Return the world's meshes that belong to a fixture."""
    fixture = fixtures[name]
    path, label = fixture.target if isinstance(fixture, Prim) else (None, None)
    if label is not None:
        return tuple(mesh for mesh in geometry.world if mesh.label == label)
    root = fixture_path(name) if path is None else existing_path(path)
    return tuple(mesh for mesh in geometry.world if mesh.path == root or mesh.path.startswith((f"{root}/", f"{root}:")))


_surfaces: weakref.WeakKeyDictionary[Geometry, dict[str, Surface]] = weakref.WeakKeyDictionary()


def surface(name: str, fixtures: Mapping[str, Fixture], geometry: Geometry) -> Surface:
    """Return the highest level of a fixture that has at least half the area of its largest one.

    Raises:
        SpecError: where there is no such fixture, or nothing of it faces up.
    """
    known = _surfaces.setdefault(geometry, {})
    if name not in known:
        known[name] = _found(name, fixtures, geometry)
    return known[name]


def _found(name: str, fixtures: Mapping[str, Fixture], geometry: Geometry) -> Surface:
    if name not in fixtures:
        hint = nearest(name, fixtures)
        raise SpecError(f"there is no fixture '{name}'", expected=f"one of: {listed(fixtures)}", hint=hint)
    corners = [np.asarray(mesh.points, np.float64)[mesh.faces] for mesh in fixture_meshes(name, fixtures, geometry)]
    found = _level(np.concatenate(corners)) if corners else None
    if found is None:
        raise SpecError(
            f"the fixture '{name}' has no surface that faces up",
            expected="a mesh with level triangles",
            hint="name another fixture in 'on', or bind a prim that has a top",
        )
    return found


def _level(corners: Array) -> Surface | None:
    """Choose among upward triangles, shape (F, 3, 3), by their area at each height."""
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(cross, axis=1) / 2
    upward = (area > 0) & (cross[:, 2] > 2 * area * _STEEPEST)
    if not upward.any():
        return None
    corners, area = corners[upward], area[upward]
    heights = corners[:, :, 2].max(axis=1)
    levels = np.round(heights / _LEVEL).astype(int)
    at, index = np.unique(levels, return_inverse=True)
    areas = np.bincount(index, area)
    chosen = at[areas >= areas.max() / 2].max()
    near = np.abs(levels - chosen) <= 1
    height = float(heights[levels == chosen].max())
    return Surface(height, _outline(corners[near].reshape(-1, 3)[:, :2]))


def _outline(xy: Array) -> Array:
    """Return the convex hull of points in the plane, counter-clockwise (Andrew's monotone chain)."""
    points = np.unique(xy, axis=0)
    chains = []
    for ordered in (points, points[::-1]):
        chain: list[Array] = []
        for point in ordered:
            while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= 0:
                chain.pop()
            chain.append(point)
        chains.append(chain[:-1])
    return np.array(chains[0] + chains[1])


def _turn(a: Array, b: Array, c: Array) -> float:
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))
