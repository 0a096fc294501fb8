"""Make mugs, with exact keypoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from twin.assets import finishes
from twin.assets.asset import Asset, Surface
from twin.assets.made import MadeAsset, made_asset
from twin.assets.shapes.mug import MugShape, Span
from twin.assets.shapes.solid import parts_of
from twin.seeds import Bits
from twin.spec.scene import Color
from twin.spec.units import Density, PositiveLength
from twin.spec.values import Random, drawn

if TYPE_CHECKING:
    from twin.assets.library import Library

Pattern = Literal["any", "plain", "two_tone", "dipped", "banded", "speckled"]
Curve = Literal["round", "square", "ear"]
_PATTERNS = ("plain", "two_tone", "dipped", "banded", "speckled")
_UNDECORATED = ("glass", "metal")


class Mug(MadeAsset):
    """A mug with a handle at +x; the keypoints of its rim are named as seen by somebody at -y."""

    kind: Literal["mug"]
    height: Random[PositiveLength] = Field(default=0.095, description="Height [m].")
    radius: Random[PositiveLength] = Field(default=0.041, description="Outer radius at the rim [m].")
    taper: Random[Annotated[float, Field(ge=0.6, le=1.3)]] = Field(
        default=0.92, description="Outer radius at the foot as a fraction of that at the rim."
    )
    belly: Random[Annotated[float, Field(ge=-0.15, le=0.3)]] = Field(
        default=0.03, description="How far the wall bulges, as a fraction of the radius."
    )
    wall: Random[PositiveLength] = Field(default=0.004, description="Wall thickness [m].")
    handle_width: Random[PositiveLength] = Field(default=0.032, description="How far the handle stands out [m].")
    handle_height: Random[PositiveLength] | None = Field(
        default=None, description="Outer height of the handle [m]; two thirds of the mug's where left out."
    )
    handle_thickness: Random[PositiveLength] = Field(default=0.0085, description="Thickness of the handle [m].")
    handle_breadth: Random[PositiveLength] = Field(default=0.0125, description="Breadth of the handle [m].")
    handle_shape: Random[Curve] = Field(default="round", description="Curve of the handle.")
    finish: Random[finishes.Finish] = Field(default="ceramic", description="What it is made of.")
    pattern: Random[Pattern] = Field(default="any", description="Decoration; any draws one; glass and metal have none.")
    color: Random[Color] | None = Field(default=None, description="Main colour, linear RGB; drawn where left out.")
    density: Random[Density] | None = Field(default=None, description="Density [kg/m3]; that of the finish by default.")

    @property
    def label_name(self) -> str:
        """Semantic class of what is built."""
        return "mug"

    def build(self, library: Library, bits: Bits) -> Asset:
        """Build the mug on its foot, handle towards +x."""
        shape = self.shape()
        finish: finishes.Finish = drawn(self.finish)
        pattern: Pattern = drawn(self.pattern)
        if pattern == "any":
            pattern = finishes.pick(_PATTERNS, bits)
        bands = [] if finish in _UNDECORATED else _bands(pattern, shape.height)
        patches, rings = shape.patches(bands)
        parts = parts_of(patches, self._surfaces(finish, pattern, bits, library))
        density = finishes.DENSITIES[finish] if self.density is None else drawn(self.density)
        return made_asset("mug", parts, shape.colliders(rings), keypoints=shape.keypoints(rings), density=density)

    def shape(self) -> MugShape:
        """Return the measures.

        Raises:
            AssetError: where they do not fit each other.
        """
        height = drawn(self.height)
        curve: Curve = drawn(self.handle_shape)
        shape = MugShape(
            height=height,
            radius=drawn(self.radius),
            taper=drawn(self.taper),
            belly=drawn(self.belly),
            wall=drawn(self.wall),
            handle_width=drawn(self.handle_width),
            handle_height=0.66 * height if self.handle_height is None else drawn(self.handle_height),
            handle_thickness=drawn(self.handle_thickness),
            handle_breadth=drawn(self.handle_breadth),
            handle_shape=curve,
        )
        shape.check()
        return shape

    def _surfaces(self, finish: finishes.Finish, pattern: str, bits: Bits, library: Library) -> dict[str, Surface]:
        """Return a surface for each zone."""
        color = finishes.finish_color(finish, bits) if self.color is None else drawn(self.color)
        zones = {
            zone: finishes.surface(zone, finish, color) for zone in ("outside", "band", "inside", "handle", "foot")
        }
        fired = finish in ("ceramic", "stoneware")
        if fired:
            zones["foot"] = finishes.surface("foot", "clay", finishes.CLAY)
        if finish in _UNDECORATED:
            return zones
        other = finishes.WHITE if sum(color) < 1.8 else finishes.pick(finishes.GLAZES[2:], bits)
        if pattern == "two_tone":
            zones["inside"] = finishes.surface("inside", finish, other)
        if pattern == "banded" or (pattern == "dipped" and not fired):
            zones["band"] = finishes.surface("band", finish, other)
        elif pattern == "dipped":
            zones["band"] = finishes.surface("band", "clay", finishes.CLAY)
        if pattern == "speckled":
            image = finishes.speckled(color, bits, library.made)
            zones |= {zone: finishes.surface(zone, finish, image) for zone in ("outside", "inside", "handle")}
        return zones


def _bands(pattern: str, height: float) -> list[Span]:
    """Return the ranges of height [m] that a pattern sets off."""
    spans: dict[str, list[Span]] = {"dipped": [(0.0, 0.36)], "banded": [(0.10, 0.125), (0.15, 0.19)]}
    return [(low * height, high * height) for low, high in spans.get(pattern, [])]
