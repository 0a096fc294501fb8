"""Make bottles, with exact keypoints on their axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from twin.assets import finishes
from twin.assets.asset import Asset, Surface, Symmetries
from twin.assets.labels import printed
from twin.assets.made import Z_AXIS, MadeAsset, made_asset
from twin.assets.shapes.bottle import BottleShape
from twin.assets.shapes.solid import parts_of
from twin.seeds import Bits
from twin.spec.scene import Color
from twin.spec.units import Density, PositiveLength, Unit
from twin.spec.values import Random, drawn

if TYPE_CHECKING:
    from twin.assets.library import Library


BottleFinish = Literal["plastic", "glass", "metal", "ceramic"]
Sticker = Literal["none", "bands", "printed"]


class Bottle(MadeAsset):
    """A bottle, a solid of revolution about z; a printed label faces -y."""

    kind: Literal["bottle"]
    height: Random[PositiveLength] = Field(default=0.21, description="Height with the cap [m].")
    radius: Random[PositiveLength] = Field(default=0.034, description="Radius of the body [m].")
    shoulder_height: Random[PositiveLength] = Field(default=0.045, description="Height of the shoulder's curve [m].")
    shoulder: Random[Unit] = Field(default=0.5, description="Where the shoulder bends: 0 slopes early, 1 stays wide.")
    neck_radius: Random[PositiveLength] = Field(default=0.0125, description="Radius of the neck [m].")
    neck_height: Random[PositiveLength] = Field(default=0.03, description="Height of neck and cap [m].")
    cap_height: Random[PositiveLength] = Field(default=0.02, description="Height of the cap [m].")
    edge: Random[PositiveLength] = Field(default=0.005, description="Radius of the rounded foot [m].")
    wall: Random[PositiveLength] = Field(default=0.0022, description="Wall thickness, seen in glass [m].")
    finish: Random[BottleFinish] = Field(default="plastic", description="What the body is made of.")
    color: Random[Color] | None = Field(default=None, description="Body colour, linear RGB; drawn where left out.")
    cap_color: Random[Color] | None = Field(default=None, description="Cap colour, linear RGB; drawn where left out.")
    sticker: Random[Sticker] = Field(
        default="bands", description="Label; a printed one breaks the symmetry about the axis."
    )
    density: Random[Density] = Field(default=900.0, description="Density of bottle and content together [kg/m3].")

    @property
    def label_name(self) -> str:
        """Semantic class of what is built."""
        return "bottle"

    def build(self, library: Library, bits: Bits) -> Asset:
        """Build the bottle on its foot."""
        shape = self.shape()
        sticker: Sticker = drawn(self.sticker)
        parts = parts_of(shape.patches(sticker != "none"), self._surfaces(shape, sticker, bits, library))
        return made_asset(
            "bottle",
            parts,
            shape.colliders(),
            keypoints=shape.keypoints(),
            symmetries=Symmetries(continuous=() if sticker == "printed" else (Z_AXIS,)),
            density=drawn(self.density),
        )

    def shape(self) -> BottleShape:
        """Return the measures.

        Raises:
            AssetError: where they do not fit each other.
        """
        finish: BottleFinish = drawn(self.finish)
        shape = BottleShape(
            height=drawn(self.height),
            radius=drawn(self.radius),
            shoulder_height=drawn(self.shoulder_height),
            shoulder=drawn(self.shoulder),
            neck_radius=drawn(self.neck_radius),
            neck_height=drawn(self.neck_height),
            cap_height=drawn(self.cap_height),
            edge=drawn(self.edge),
            wall=drawn(self.wall),
            hollow=finish == "glass",
        )
        shape.check()
        return shape

    def _surfaces(self, shape: BottleShape, sticker: str, bits: Bits, library: Library) -> dict[str, Surface]:
        """Return a surface for each zone."""
        finish: BottleFinish = drawn(self.finish)
        color = finishes.finish_color(finish, bits) if self.color is None else drawn(self.color)
        cap = finishes.pick(finishes.PLASTICS, bits) if self.cap_color is None else drawn(self.cap_color)
        zones = {"body": finishes.surface("body", finish, color), "cap": finishes.surface("cap", "plastic", cap)}
        if sticker != "none":
            image = printed(bits, library.made, shape.label_aspect, plain=sticker == "bands")
            zones["label"] = finishes.surface("label", "paper", image)
            zones["label_back"] = finishes.surface("label_back", "paper", finishes.WHITE)
        return zones
