"""Make exact primitives: boxes, spheres and cylinders, for analytic tests and for clutter."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from twin.assets.asset import Asset, Part, Surface, Symmetries
from twin.assets.made import Z_AXIS, MadeAsset, made_asset
from twin.assets.shapes.solid import Profile, hull_points, lathe, parts_of, revolved, turn
from twin.conventions import transform
from twin.seeds import Bits
from twin.spec.scene import Color
from twin.spec.units import Density, PositiveLength, Unit
from twin.spec.values import Random, drawn

if TYPE_CHECKING:
    from twin.assets.library import Library

_X, _Z = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)
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
        color, roughness = drawn(self.color), drawn(self.roughness)
        return Surface("body", {"diffuseColor": color, "roughness": roughness, "metallic": 0.0, "ior": 1.5})


class Box(Primitive):
    """A box with sharp edges: twelve triangles."""

    kind: Literal["box"]
    size: tuple[Random[PositiveLength], Random[PositiveLength], Random[PositiveLength]] = Field(
        default=(0.1, 0.1, 0.1), description="Size along x, y and z [m]."
    )

    def build(self, library: Library, bits: Bits) -> Asset:
        """Build the box on its base."""
        x, y, z = (drawn(side) for side in self.size)
        corners = np.array([[i >> 2 & 1, i >> 1 & 1, i & 1] for i in range(8)], dtype=np.float64)
        corners = (corners - [0.5, 0.5, 0.0]) * [x, y, z]
        points = corners[np.array(_CORNERS)].reshape(-1, 3).astype(np.float32)
        uv = np.tile(np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=np.float32), (6, 1))
        faces = (np.array([[0, 1, 2], [0, 2, 3]]) + 4 * np.arange(6)[:, None, None]).reshape(-1, 3).astype(np.uint32)
        return made_asset(
            "box",
            (Part("body", points, faces, None, uv, self.surface(), double_sided=False),),
            [corners.astype(np.float32)],
            keypoints={"centre": np.array([0.0, 0.0, z / 2], dtype=np.float32)},
            symmetries=Symmetries(discrete=box_turns((x, y, z))),
            density=drawn(self.density),
        )


def box_turns(size: tuple[float, float, float]) -> tuple[npt.NDArray[np.float64], ...]:
    """Return the rotations about its centre that map a box onto itself: 3 of a brick, 23 of a cube."""
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
        radius, segments = drawn(self.radius), drawn(self.segments)
        shell = lathe("body", _meridian(radius, segments // 2), turn(segments))
        return made_asset(
            "sphere",
            parts_of([shell], {"body": self.surface()}),
            [hull_points(revolved(_meridian(radius, 8), turn(16))[0])],
            keypoints={"centre": np.array([0.0, 0.0, radius], dtype=np.float32)},
            symmetries=Symmetries(continuous=((_X, (0.0, 0.0, radius)), (_Z, (0.0, 0.0, radius)))),
            density=drawn(self.density),
        )


def _meridian(radius: float, steps: int) -> Profile:
    """Return the half circle from the lowest point to the highest."""
    inner = np.linspace(-np.pi / 2, np.pi / 2, steps + 1)[1:-1]
    points = [(radius * float(np.cos(t)), radius * (1 + float(np.sin(t)))) for t in inner]
    return [(0.0, 0.0), *points, (0.0, 2 * radius)]


class Cylinder(Primitive):
    """An upright cylinder with sharp edges; thin and long it is a rod."""

    kind: Literal["cylinder"]
    radius: Random[PositiveLength] = Field(default=0.03, description="Radius [m].")
    height: Random[PositiveLength] = Field(default=0.1, description="Height [m].")
    segments: Random[Annotated[int, Field(ge=3, le=1024)]] = Field(default=64, description="Sides.")

    def build(self, library: Library, bits: Bits) -> Asset:
        """Build the cylinder on its base; its vertices lie on the exact cylinder."""
        r, h, segments = drawn(self.radius), drawn(self.height), drawn(self.segments)
        rings: dict[str, Profile] = {
            "bottom": [(0.0, 0.0), (r, 0.0)],
            "side": [(r, 0.0), (r, h)],
            "top": [(r, h), (0.0, h)],
        }
        # Each face is smoothed by itself, so that the edges stay sharp.
        parts = [parts_of([lathe(zone, ring, turn(segments))], {zone: self.surface()}) for zone, ring in rings.items()]
        ends = {"base_centre": 0.0, "top_centre": h}
        return made_asset(
            "cylinder",
            tuple(part for (part,) in parts),
            [hull_points(revolved(rings["side"], turn(min(segments, 32)))[0])],
            keypoints={name: np.array([0.0, 0.0, z], dtype=np.float32) for name, z in ends.items()},
            symmetries=Symmetries((transform(np.diag([1.0, -1.0, -1.0]), [0.0, 0.0, h]),), (Z_AXIS,)),
            density=drawn(self.density),
        )
