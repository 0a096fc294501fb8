"""Make exact primitives: boxes, spheres and cylinders, for analytic tests and for clutter."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from twin.assets.asset import Asset, Part, Surface, Symmetries
from twin.assets.made import Z_AXIS, MadeAsset, made_asset
from twin.assets.shapes.solid import grid_patch, hull_points, lathe, parts_of, revolved, turn
from twin.conventions import transform
from twin.seeds import Bits
from twin.spec.scene import Color
from twin.spec.units import Density, PositiveLength, Unit
from twin.spec.values import Random

if TYPE_CHECKING:
    from twin.assets.library import Library

_CORNERS = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
"""Corners (bits x y z) of the six faces -x +x -y +y -z +z, counter-clockwise from outside."""


class Primitive(MadeAsset):
    """What every primitive has."""

    color: Random[Color] = Field(default=(0.5, 0.5, 0.5), description="Base colour, linear RGB in [0, 1].")
    roughness: Random[Unit] = Field(default=0.5, description="0 is a mirror, 1 is chalk.")
    density: Random[Density] = Field(default=500.0, description="Density [kg/m3].")

    @property
    def label_name(self) -> str:
        """Semantic class of what is built."""
        return str(self.kind)  # type: ignore[attr-defined]

    def surface(self) -> Surface:
        """Return the one surface of a primitive."""
        inputs: dict[str, Any] = {"diffuseColor": self.color, "roughness": self.roughness, "metallic": 0.0, "ior": 1.5}
        return Surface("body", inputs)


class Box(Primitive):
    """A box with sharp edges: twelve triangles."""

    kind: Literal["box"]
    size: tuple[Random[PositiveLength], Random[PositiveLength], Random[PositiveLength]] = Field(
        default=(0.1, 0.1, 0.1), description="Size along x, y and z [m]."
    )

    def build(self, library: Library, bits: Bits) -> Asset:
        """Build the box on its base."""
        x, y, z = self.size
        corners = np.array([[i >> 2 & 1, i >> 1 & 1, i & 1] for i in range(8)], dtype=np.float64)
        corners = (corners - [0.5, 0.5, 0.0]) * [x, y, z]
        points = corners[np.array(_CORNERS)].reshape(-1, 3)
        uv = np.tile([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]], (6, 1))
        faces = (np.array([[0, 1, 2], [0, 2, 3]]) + 4 * np.arange(6)[:, None, None]).reshape(-1, 3)
        part = Part(
            "body", points.astype(np.float32), faces.astype(np.uint32), None, uv.astype(np.float32), self.surface(),
            double_sided=False,
        )  # fmt: skip
        centre = np.array([0.0, 0.0, z / 2], dtype=np.float32)
        return made_asset(
            "box", (part,), [corners.astype(np.float32)], keypoints={"centre": centre},
            symmetries=Symmetries(discrete=box_turns((x, y, z))), density=self.density,
        )  # fmt: skip


def box_turns(size: tuple[float, float, float]) -> tuple[npt.NDArray[np.float64], ...]:
    """Return the rotations about its centre, other than none, that map a box onto itself: 3 of a brick, 23 of a cube."""
    turns = []
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1.0, -1.0), repeat=3):
            R = np.eye(3)[list(order)] * np.array(signs)[:, None]
            if np.linalg.det(R) > 0 and np.array_equal(np.abs(R) @ size, size) and not np.array_equal(R, np.eye(3)):
                centre = np.array([0.0, 0.0, size[2] / 2])
                turns.append(transform(R, centre - R @ centre))
    return tuple(turns)


class Sphere(Primitive):
    """A sphere that stands on its lowest point."""

    kind: Literal["sphere"]
    radius: Random[PositiveLength] = Field(default=0.05, description="Radius [m].")
    segments: Random[Annotated[int, Field(ge=8, le=1002)]] = Field(
        default=64, description="Meridians; the sphere has about segments squared triangles."
    )

    def build(self, library: Library, bits: Bits) -> Asset:
        """Build the sphere; its vertices lie on the exact sphere."""
        latitudes = np.linspace(-np.pi / 2, np.pi / 2, self.segments // 2 + 1)
        radii = np.maximum(np.cos(latitudes), 0.0) * self.radius
        radii[0] = radii[-1] = 0.0
        profile = list(zip(radii.tolist(), (self.radius * (1 + np.sin(latitudes))).tolist(), strict=True))
        parts = parts_of([lathe("body", profile, turn(self.segments))], {"body": self.surface()})
        centre = np.array([0.0, 0.0, self.radius], dtype=np.float32)
        axes = tuple((axis, (0.0, 0.0, self.radius)) for axis in ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0)))
        return made_asset(
            "sphere", parts, [_ball(self.radius)], keypoints={"centre": centre}, symmetries=Symmetries(continuous=axes),
            density=self.density,
        )  # fmt: skip


class Cylinder(Primitive):
    """An upright cylinder with sharp edges; thin and long it is a rod."""

    kind: Literal["cylinder"]
    radius: Random[PositiveLength] = Field(default=0.03, description="Radius [m].")
    height: Random[PositiveLength] = Field(default=0.1, description="Height [m].")
    segments: Random[Annotated[int, Field(ge=3, le=1024)]] = Field(default=64, description="Sides.")

    def build(self, library: Library, bits: Bits) -> Asset:
        """Build the cylinder on its base; its vertices lie on the exact cylinder."""
        r, h, angles = self.radius, self.height, turn(self.segments)
        surface, rings = self.surface(), [[(0.0, 0.0), (r, 0.0)], [(r, 0.0), (r, h)], [(r, h), (0.0, h)]]
        # Each face is smoothed by itself, so that the edges stay sharp.
        zones = ("bottom", "side", "top")
        parts = [
            parts_of([lathe(zone, ring, angles)], {zone: surface})[0] for zone, ring in zip(zones, rings, strict=True)
        ]
        points, _ = revolved([(r, 0.0), (r, h)], turn(min(self.segments, 32)))
        keypoints = {"base_centre": np.zeros(3, np.float32), "top_centre": np.array([0, 0, h], np.float32)}
        flip = transform(np.diag([1.0, -1.0, -1.0]), [0.0, 0.0, h])
        return made_asset(
            "cylinder", tuple(parts), [hull_points(points)], keypoints=keypoints,
            symmetries=Symmetries(discrete=(flip,), continuous=(Z_AXIS,)), density=self.density,
        )  # fmt: skip


def _ball(radius: float) -> Any:
    """Return a bounded number of points on a sphere, as its collider."""
    latitudes = np.linspace(-np.pi / 2, np.pi / 2, 9)
    profile = [(radius * max(0.0, float(np.cos(t))), radius * (1 + float(np.sin(t)))) for t in latitudes]
    return hull_points(grid_patch("ball", *revolved(profile, turn(16))).points)
