"""Define the kinds of fixture: table, floor, box, and prim, which binds a part of an existing stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, StringConstraints, model_validator

from twin import conventions
from twin.assets.asset import Asset, Part, Surface
from twin.spec.scene import Array, Fixture, Name
from twin.spec.units import Angle, Length, PositiveLength
from twin.spec.values import BlockScoped, Random, drawn
from twin.stage.solids import Solid, bevelled_box, joined, sheet

PLAIN = Surface("plain", {"diffuseColor": (0.5, 0.5, 0.5), "roughness": 0.6, "metallic": 0.0}, texture_size=1.0)
"""How a fixture looks that has no material: matt grey."""

_Size = Annotated[Random[PositiveLength], BlockScoped()]
_Place = Annotated[Random[Length], BlockScoped()]
_Turn = Annotated[Random[Angle], BlockScoped()]
PrimPath = Annotated[str, StringConstraints(pattern=r"^(/[A-Za-z_][A-Za-z0-9_]*)+$", max_length=512)]


class BuiltFixture(Fixture):
    """Base of the fixtures that twin builds; its methods work on drawn values."""

    def solids(self) -> Sequence[tuple[str, Solid]]:
        """Return the visible meshes by part name, in the fixture's frame."""
        raise NotImplementedError

    def colliders(self) -> tuple[Array, ...]:
        """Return convex pieces, vertices [m] of shape (N, 3) each, in the fixture's frame."""
        raise NotImplementedError

    def pose(self) -> Array:
        """Return ``T_world_fixture``, shape (4, 4)."""
        raise NotImplementedError

    def asset(self, name: str) -> Asset:
        """Return the fixture as an asset with one plain surface."""
        parts = tuple(
            Part(part, solid.points, solid.faces, solid.normals, solid.uv, PLAIN, double_sided=False)
            for part, solid in self.solids()
        )
        pieces = tuple(piece.astype(np.float32) for piece in self.colliders())
        return Asset(name, self.label or "", parts, pieces)


def _corners(size: Sequence[float], centre: Sequence[float]) -> Array:
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    return np.asarray(signs * np.asarray(size) / 2 + np.asarray(centre))


def _standing(position: Sequence[float], yaw: float) -> Array:
    return conventions.transform(conventions.rotation_axis([0, 0, 1], yaw), position)


class Table(BuiltFixture):
    """A table top with rounded edges, on four legs or on none; its origin is on the floor below its centre."""

    kind: Literal["table"]
    size: tuple[_Size, _Size] = Field(default=(1.6, 0.9), description="Length along x and y of the top.")
    height: _Size = Field(default=0.75, description="Height of the top's upper side.")
    thickness: _Size = Field(default=0.03, description="Thickness of the top.")
    edge: _Size = Field(default=0.004, description="Radius of the rounded edges.")
    legs: Annotated[Random[PositiveLength] | None, BlockScoped()] = Field(
        default=0.06, description="Width of the four legs; null leaves them out."
    )
    position: tuple[_Place, _Place] = Field(default=(0.0, 0.0), description="Where its centre stands on the floor.")
    yaw: _Turn = Field(default=0.0, description="Turn about the vertical axis.")

    def _boxes(self) -> list[tuple[tuple[float, float, float], tuple[float, float, float]]]:
        """Return size and centre of the top and of each leg."""
        x, y, top, thickness = (drawn(value) for value in (*self.size, self.height, self.thickness))
        boxes = [((x, y, thickness), (0.0, 0.0, top - thickness / 2))]
        if self.legs is not None and top > thickness:
            wide = min(drawn(self.legs), x / 2, y / 2)
            inset = min(0.02, x / 2 - wide, y / 2 - wide)
            dx, dy, tall = x / 2 - inset - wide / 2, y / 2 - inset - wide / 2, top - thickness
            boxes += [((wide, wide, tall), (sx * dx, sy * dy, tall / 2)) for sx in (-1, 1) for sy in (-1, 1)]
        return boxes

    def solids(self) -> Sequence[tuple[str, Solid]]:
        """Return the top, and the legs as one mesh."""
        solids = [bevelled_box(size, drawn(self.edge), centre) for size, centre in self._boxes()]
        return [("top", solids[0])] + ([("legs", joined(solids[1:]))] if len(solids) > 1 else [])

    def colliders(self) -> tuple[Array, ...]:
        """Return one box for the top and one for each leg."""
        return tuple(_corners(size, centre) for size, centre in self._boxes())

    def pose(self) -> Array:
        """Stand on the floor."""
        return _standing((drawn(self.position[0]), drawn(self.position[1]), 0.0), drawn(self.yaw))


class Floor(BuiltFixture):
    """A level rectangle."""

    kind: Literal["floor"]
    size: tuple[_Size, _Size] = Field(default=(10.0, 10.0), description="Length along x and y.")
    height: _Place = Field(default=0.0, description="Height of the floor.")
    position: tuple[_Place, _Place] = Field(default=(0.0, 0.0), description="Where its centre lies.")
    yaw: _Turn = Field(default=0.0, description="Turn about the vertical axis.")

    def solids(self) -> Sequence[tuple[str, Solid]]:
        """Return two triangles."""
        return [("sheet", sheet([drawn(value) for value in self.size]))]

    def colliders(self) -> tuple[Array, ...]:
        """Return a slab of 10 cm below the surface."""
        return (_corners((drawn(self.size[0]), drawn(self.size[1]), 0.1), (0.0, 0.0, -0.05)),)

    def pose(self) -> Array:
        """Lie at the height."""
        return _standing((drawn(self.position[0]), drawn(self.position[1]), drawn(self.height)), drawn(self.yaw))


class Box(BuiltFixture):
    """A box with rounded edges, such as a wall, a shelf or a pedestal; its origin is the centre of its base."""

    kind: Literal["box"]
    size: tuple[_Size, _Size, _Size] = Field(description="Length along x, y and z.")
    position: tuple[_Place, _Place, _Place] = Field(default=(0.0, 0.0, 0.0), description="Centre of its base.")
    yaw: _Turn = Field(default=0.0, description="Turn about the vertical axis.")
    edge: _Size = Field(default=0.002, description="Radius of the rounded edges.")

    def _size(self) -> tuple[float, float, float]:
        return drawn(self.size[0]), drawn(self.size[1]), drawn(self.size[2])

    def solids(self) -> Sequence[tuple[str, Solid]]:
        """Return one bevelled box."""
        size = self._size()
        return [("box", bevelled_box(size, drawn(self.edge), (0.0, 0.0, size[2] / 2)))]

    def colliders(self) -> tuple[Array, ...]:
        """Return the sharp box."""
        size = self._size()
        return (_corners(size, (0.0, 0.0, size[2] / 2)),)

    def pose(self) -> Array:
        """Stand at the position."""
        return _standing([drawn(value) for value in self.position], drawn(self.yaw))


class Prim(Fixture):
    """A prim of the existing stage ``world.usd``, named by its path there or by its semantic label.

    A ``label`` beside ``prim`` is given to the prim; alone, it is what the prim is found by.
    """

    kind: Literal["prim"]
    prim: PrimPath | None = Field(default=None, description="Path of the prim in its own stage.")

    @model_validator(mode="after")
    def _named(self) -> Prim:
        if self.prim is None and self.label is None:
            raise ValueError("a prim fixture needs 'prim', its path, or 'label', its semantic class")
        return self

    @property
    def target(self) -> tuple[PrimPath | None, Name | None]:
        """The path, or else the label, that the prim is found by."""
        return (self.prim, None) if self.prim is not None else (None, self.label)
