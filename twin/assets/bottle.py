"""Make bottles: a blown or moulded body, a neck, a cap and a label, with exact keypoints on the axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from twin.assets import finishes
from twin.assets.asset import Asset, Float, Surface, Symmetries
from twin.assets.labels import printed
from twin.assets.made import MadeAsset, made_asset, unfit
from twin.assets.primitives import Z_AXIS
from twin.assets.solid import Profile, arc, bezier, hull_points, lathe, parts_of, revolved, snapped, turn
from twin.errors import AssetError
from twin.seeds import Bits
from twin.spec.scene import Color
from twin.spec.units import Density, PositiveLength, Unit
from twin.spec.values import Random

if TYPE_CHECKING:
    from twin.assets.library import Library

_SEGMENTS = 96
_CAP_WALL, _LABEL = 0.0016, 0.00015
"""How far the cap stands out from the neck, and the label from the body [m]."""


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
    finish: Random[Literal["plastic", "glass", "metal", "ceramic"]] = Field(default="plastic", description="Of the body.")
    color: Random[Color] | None = Field(default=None, description="Body colour, linear RGB; drawn where left out.")
    cap_color: Random[Color] | None = Field(default=None, description="Cap colour, linear RGB; drawn where left out.")
    sticker: Random[Literal["none", "bands", "printed"]] = Field(
        default="bands", description="Label; a printed one breaks the symmetry about the axis."
    )
    density: Random[Density] = Field(default=900.0, description="Density of bottle and content together [kg/m3].")

    @property
    def label_name(self) -> str:
        """Semantic class of what is built."""
        return "bottle"

    def build(self, library: Library, bits: Bits) -> Asset:
        """Build the bottle on its foot."""
        self._check()
        angles = turn(_SEGMENTS, np.pi / 2)
        surfaces = self._surfaces(bits, library)
        patches = [lathe("body", self._body(), angles), lathe("cap", self._cap(), angles)]
        if self.sticker != "none":
            patches += [lathe(zone, profile, angles, v=v) for zone, profile, v in self._label()]
        parts = parts_of(patches, surfaces)
        symmetries = Symmetries(continuous=() if self.sticker == "printed" else (Z_AXIS,))
        return made_asset(
            "bottle", parts, self._colliders(), keypoints=self._keypoints(), symmetries=symmetries, density=self.density
        )

    @property
    def _shoulder_z(self) -> float:
        """Height at which the straight body ends [m]."""
        return self.height - self.neck_height - self.shoulder_height

    @property
    def _neck_z(self) -> float:
        """Height at which the neck begins [m]."""
        return self.height - self.neck_height

    def _check(self) -> None:
        """Refuse measures that do not fit each other."""
        if self._shoulder_z < 4 * self.edge:
            least = (self.neck_height + self.shoulder_height + 4 * self.edge) * 100
            raise AssetError(unfit("bottle", "height", self.height, f"at least {least:.4g} cm for its foot, shoulder and neck"))
        if self.neck_radius + _CAP_WALL > self.radius:
            most = (self.radius - _CAP_WALL) * 100
            raise AssetError(unfit("bottle", "neck_radius", self.neck_radius, f"at most {most:.4g} cm for its radius"))
        if self.cap_height > self.neck_height:
            most = self.neck_height * 100
            raise AssetError(unfit("bottle", "cap_height", self.cap_height, f"at most its neck_height of {most:.4g} cm"))
        if max(2 * self.edge, 4 * self.wall) > self.radius or 2 * self.wall > self.neck_radius:
            found = f"edge of {self.edge * 100:.4g} cm and wall of {self.wall * 100:.4g} cm"
            raise AssetError(f"a bottle with {found} does not fit its radii", expected="thinner ones, or a wider bottle and neck")

    def _outline(self, inset: float = 0.0) -> Profile:
        """Return the wall from the foot to the lip, ``inset`` inside the surface."""
        r, n, edge = self.radius - inset, self.neck_radius - inset, max(self.edge - inset, 0.0005)
        foot = arc((r - edge, edge + inset), edge, -90.0, 0.0, 7)
        heights = np.linspace(edge + inset, self._shoulder_z, 12)[1:]
        low, high, bend = self._shoulder_z, self._neck_z, 0.3 + 0.5 * self.shoulder
        control = [(r, low), (r, low + bend * (high - low)), (n, high - 0.55 * (high - low)), (n, high)]
        curve = [(float(x), float(z)) for x, z in bezier(control, 20)[1:]]
        lip = self.height - _CAP_WALL - 0.001
        return [*foot, *((r, float(z)) for z in heights), *curve, (n, (high + lip) / 2), (n, lip)]

    def _body(self) -> Profile:
        """Return the body's closed profile: hollow where it is glass, else filled."""
        outer = self._outline()
        inner_foot = self.radius - self.edge
        under = [(0.0, 0.25 * self.edge), (0.7 * inner_foot, 0.25 * self.edge), (0.85 * inner_foot, 0.0)]
        if self.finish != "glass":
            return [*under, *outer, (0.0, outer[-1][1])]
        inner = self._outline(self.wall)
        floor = max(inner[0][1], 0.25 * self.edge + self.wall)
        inside = [(x, max(z, floor)) for x, z in reversed(inner)]
        return [*under, *outer, *inside, (0.0, floor)]

    def _cap(self) -> Profile:
        """Return the cap's closed profile, with a rounded top edge and the groove of its seal."""
        r, top, low = self.neck_radius + _CAP_WALL, self.height, self.height - self.cap_height
        inner, ceiling, groove = self.neck_radius + 0.0002, self.height - _CAP_WALL, low + 0.22 * self.cap_height
        bevel = min(0.0014, 0.2 * self.cap_height, 0.3 * r)
        side = [(r, low + 0.0003), (r, groove - 0.0004), (r - 0.0005, groove), (r, groove + 0.0004)]
        lid = arc((r - bevel, top - bevel), bevel, 0.0, 90.0, 6)
        return [(0.0, ceiling), (inner, ceiling), (inner, low), (r - 0.0003, low), *side, *lid, (0.0, top)]

    def _label_span(self) -> tuple[float, float]:
        low, high = self.edge, self._shoulder_z
        return low + 0.16 * (high - low), low + 0.86 * (high - low)

    def _label(self) -> list[tuple[str, Profile, tuple[float, float]]]:
        """Return the profiles of the label's zones: the printed face and the hidden back."""
        low, high = self._label_span()
        r, back = self.radius + _LABEL, self.radius + _LABEL / 3
        heights = [float(z) for z in snapped(np.linspace(low, high, 12))]
        face = [(r, z) for z in heights]
        return [("label", face, (0.0, 1.0)), ("label_back", [face[-1], *((back, z) for z in reversed(heights)), face[0]], (0.0, 1.0))]

    def _keypoints(self) -> dict[str, Float]:
        """Return the keypoints, all on the axis; the top is on the surface."""
        heights = {"base_centre": 0.0, "shoulder": self._shoulder_z, "neck_base": self._neck_z, "top": self.height}
        return {name: snapped([0.0, 0.0, z]).astype(np.float32) for name, z in heights.items()}

    def _colliders(self) -> list[Float]:
        """Return convex pieces: the body up to the shoulder, the shoulder in three slices, and the neck with its cap."""
        outline = [point for point in self._outline() if point[1] <= self._neck_z]
        body = [point for point in outline if point[1] <= self._shoulder_z]
        curve = [point for point in outline if point[1] >= self._shoulder_z]
        cuts = np.linspace(0, len(curve) - 1, 4).round().astype(int)
        slices = [body, *(curve[a : b + 1] for a, b in zip(cuts[:-1], cuts[1:], strict=True))]
        low, r = self.height - self.cap_height, self.neck_radius
        slices += [[(r, self._neck_z), (r, low)]] if low > self._neck_z else []
        slices.append([(r + _CAP_WALL, low), (r + _CAP_WALL, self.height)])
        return [hull_points(revolved(_thinned(profile), turn(24))[0]) for profile in slices]

    def _surfaces(self, bits: Bits, library: Library) -> dict[str, Surface]:
        """Return a surface for each zone."""
        color = self.color or finishes.finish_color(self.finish, bits)
        cap = self.cap_color or finishes.pick(finishes.PLASTICS, bits)
        paper = finishes.surface("label_back", "paper", finishes.WHITE)
        zones = {"body": finishes.surface("body", self.finish, color), "cap": finishes.surface("cap", "plastic", cap)}
        if self.sticker != "none":
            low, high = self._label_span()
            image = printed(bits, library.made, 2 * np.pi * self.radius / (high - low), plain=self.sticker == "bands")
            zones |= {"label": finishes.surface("label", "paper", image), "label_back": paper}
        return zones


def _thinned(profile: Profile) -> Profile:
    """Keep at most eight points of a profile; its ends stay."""
    keep = np.unique(np.linspace(0, len(profile) - 1, min(8, len(profile))).round().astype(int))
    return [profile[k] for k in keep]
