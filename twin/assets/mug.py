"""Make mugs: a thrown body, a rounded rim, a foot and a handle, one closed surface with exact keypoints."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from twin.assets import finishes
from twin.assets.asset import Asset, Float, Surface
from twin.assets.handle import SIDE, Handle, handle_patch, open_holes
from twin.assets.made import MadeAsset, made_asset, unfit
from twin.assets.solid import Array, Patch, Profile, arc, grid_patch, hull_points, parts_of, revolved, snapped
from twin.errors import AssetError
from twin.seeds import Bits
from twin.spec.scene import Color
from twin.spec.units import Density, PositiveLength
from twin.spec.values import Random

if TYPE_CHECKING:
    from twin.assets.library import Library

_QUARTER = 24
"""Columns in a quarter turn."""
_POWERS = {"round": (2.15, 0.0), "square": (3.4, 0.0), "ear": (2.15, 0.45)}
_PATTERNS = ("plain", "two_tone", "dipped", "banded", "speckled")
Pattern = Literal["any", "plain", "two_tone", "dipped", "banded", "speckled"]


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
    handle_shape: Random[Literal["round", "square", "ear"]] = Field(default="round", description="Curve of the handle.")
    finish: Random[finishes.Finish] = Field(default="ceramic", description="What it is made of.")
    pattern: Random[Pattern] = Field(default="any", description="Decoration; any draws one that suits the finish.")
    color: Random[Color] | None = Field(default=None, description="Main colour, linear RGB; drawn where left out.")
    density: Random[Density] | None = Field(default=None, description="Density [kg/m3]; that of the finish by default.")

    @property
    def label_name(self) -> str:
        """Semantic class of what is built."""
        return "mug"

    def build(self, library: Library, bits: Bits) -> Asset:
        """Build the mug on its foot, handle towards +x."""
        handle = self._handle()
        pattern = finishes.pick(_PATTERNS, bits) if self.pattern == "any" else self.pattern
        surfaces = self._surfaces(pattern, bits, library)
        patches, rings = self._patches(handle, pattern, set(surfaces))
        parts = parts_of(patches, surfaces)
        density = self.density or finishes.DENSITIES[self.finish]
        return made_asset("mug", parts, self._colliders(rings), keypoints=self._keypoints(rings), density=density)

    def _outer(self, z: Array) -> Array:
        """Return the outer radius at heights [m]."""
        s = np.clip(z / self.height, 0.0, 1.0)
        return np.asarray(self.radius * (self.taper + (1 - self.taper) * s + self.belly * np.sin(np.pi * s)))

    def _handle(self) -> Handle:
        """Fit the handle between foot and rim."""
        power, lean = _POWERS[self.handle_shape]
        fillet = 0.45 * min(self.handle_thickness, self.handle_breadth)
        height = self.handle_height or 0.66 * self.height
        room = self.height - 2 * self._edge - self.wall - 2 * fillet
        if self.wall > 0.25 * self.radius * min(self.taper, 1.0):
            raise AssetError(unfit("mug", "wall", self.wall, f"at most a quarter of the radius at foot and rim, {self.radius * 100:.4g} cm"))
        if self.handle_breadth + 2 * fillet > 1.2 * self.radius * min(1.0, self.taper):
            raise AssetError(unfit("mug", "handle_breadth", self.handle_breadth, f"well below its radius of {self.radius * 100:.4g} cm"))
        if height > room or height < 2.6 * self.handle_thickness + 2 * fillet:
            least = (2.6 * self.handle_thickness + 2 * fillet) * 100
            raise AssetError(unfit("mug", "handle_height", height, f"{least:.4g} to {room * 100:.4g} cm for its height"))
        if self.handle_width < self.handle_thickness + 2 * fillet:
            least = (self.handle_thickness + 2 * fillet) * 100
            raise AssetError(unfit("mug", "handle_width", self.handle_width, f"at least {least:.4g} cm for its thickness"))
        half, middle = (height - self.handle_thickness) / 2, self.height * 0.5
        middle = min(max(middle, self._edge + fillet + height / 2), self.height - self._edge - self.wall - fillet - height / 2)
        return Handle(middle - half, middle + half, self.handle_width, self.handle_thickness, self.handle_breadth, power, lean)

    @property
    def _edge(self) -> float:
        """Height of the rounded foot and of the floor's underside [m]."""
        return float(snapped(min(0.05 * self.height, 0.12 * self.radius)))

    @property
    def _top(self) -> float:
        """Height at which the wall turns into the rim [m]."""
        return float(snapped(self.height - self.wall / 2))

    def _angles(self, handle: Handle) -> tuple[Array, tuple[int, int]]:
        """Return column angles that hold the hole's sides and the four quarters, and the hole's columns."""
        half = float(np.arcsin(handle.half_width / self._outer(np.array([handle.low, handle.high])).min()))
        quarter, full, cells = np.pi / 2, 2 * np.pi, _QUARTER
        # The seam is at the back, away from the holes.
        stops = [quarter, 2 * quarter, 3 * quarter, full - half, full + half, full + quarter]
        counts = [cells, cells, cells, SIDE, cells]
        spans = [np.linspace(a, b, n, endpoint=False) for a, b, n in zip(stops[:-1], stops[1:], counts, strict=True)]
        return np.concatenate([*spans, stops[-1:]]), (3 * cells, 3 * cells + SIDE)

    def _wall_heights(self, handle: Handle, marks: list[float]) -> tuple[Array, tuple[int, int]]:
        """Return row heights of the outer wall that hold both holes and the pattern's marks, and the holes' first rows."""
        low, high = self._edge, self._top
        holes = [(z - handle.half_height, z + handle.half_height) for z in (handle.low, handle.high)]
        inside = [np.linspace(a, b, SIDE + 1) for a, b in holes]
        free = [mark for mark in marks if low < mark < high and all(not a <= mark <= b for a, b in holes)]
        gaps = [(low, holes[0][0]), (holes[0][1], holes[1][0]), (holes[1][1], high)]
        rows = np.concatenate([*inside, *(np.linspace(a, b, 2 + round((b - a) / 0.004)) for a, b in gaps), free])
        rows = np.unique(snapped(rows))
        first = [int(np.argmin(np.abs(rows - span[0]))) for span in inside]
        return rows, (first[0], first[1])

    def _patches(self, handle: Handle, pattern: str, zones: set[str]) -> tuple[list[Patch], Array]:
        """Return the patches of the whole surface, and the handle's rings."""
        angles, columns = self._angles(handle)
        marks = self._marks(pattern)
        heights, rows = self._wall_heights(handle, [mark for span in marks for mark in span])
        wall: Profile = [(float(r), float(z)) for r, z in zip(self._outer(heights), heights, strict=True)]
        points, uv = revolved(wall, angles)
        points = snapped(points)
        keep = open_holes(points, handle, rows, columns, self._outer)
        points = snapped(points)
        patches = []
        middles = (heights[:-1] + heights[1:]) / 2
        inside = np.array([any(a < z < b for a, b in marks) for z in middles])
        for zone, chosen in (("outside", ~inside), ("band", inside)):
            if (keep & chosen[:, None]).any():
                patches.append(grid_patch(zone if zone in zones else "outside", points, uv, keep & chosen[:, None]))
        for zone, profile in (("foot", self._foot()), ("inside", self._inside())):
            patches.append(grid_patch(zone, *revolved(profile, angles)))
        tube, rings = handle_patch(points, handle, rows, columns, self._outer)
        return [*patches, tube], rings

    def _marks(self, pattern: str) -> list[tuple[float, float]]:
        """Return the height ranges [m] of the wall that the pattern sets off."""
        h = self.height
        return {"dipped": [(0.0, 0.36 * h)], "banded": [(0.10 * h, 0.125 * h), (0.15 * h, 0.19 * h)]}.get(pattern, [])

    def _foot(self) -> Profile:
        """Return the underside from the centre to the wall: a recess, a foot ring, a rounded edge."""
        edge, base = self._edge, float(self._outer(np.array([self._edge]))[0])
        ring, recess = 0.78 * (base - edge), 0.3 * edge
        outline = [(0.0, recess), (0.5 * ring, recess), (ring - recess, recess), (ring, 0.0), (base - edge, 0.0)]
        return outline + arc((base - edge, edge), edge, -90.0, 0.0, 6)[1:]

    def _inside(self) -> Profile:
        """Return rim, inner wall and floor, from the outer wall's top to the centre."""
        half, top, floor = self.wall / 2, self._top, self._floor
        rim = arc((float(self._outer(np.array([top]))[0]) - half, top), half, 0.0, 180.0, 10)
        fillet = min(0.35 * self.radius, 0.25 * self.height)
        heights = np.linspace(top, floor + fillet, 22)[1:]
        wall = [(float(r), float(z)) for r, z in zip(self._outer(heights) - self.wall, heights, strict=True)]
        foot_radius = wall[-1][0]
        curve = arc((foot_radius - fillet, floor + fillet), fillet, 0.0, -90.0, 8)[1:]
        return [*rim, *wall, *curve, (0.5 * (foot_radius - fillet), floor), (0.0, floor)]

    @property
    def _floor(self) -> float:
        """Height of the inner floor [m]."""
        return self._edge + 0.7 * self.wall

    def _keypoints(self, rings: Array) -> dict[str, Float]:
        """Return the keypoints; those of rim, handle and floor are vertices of the surface."""
        spine = rings[:, 0]
        rim = float(self._outer(np.array([self._top]))[0]) - self.wall / 2
        points = {
            "base_centre": (0.0, 0.0, 0.0),
            "floor_centre": (0.0, 0.0, self._floor),
            "opening_centre": (0.0, 0.0, self.height),
            "rim_right": (rim, 0.0, self.height),
            "rim_back": (0.0, rim, self.height),
            "rim_left": (-rim, 0.0, self.height),
            "rim_front": (0.0, -rim, self.height),
            "handle_top": spine[spine[:, 2].argmax()],
            "handle_centre": spine[spine[:, 0].argmax()],
            "handle_bottom": spine[spine[:, 2].argmin()],
        }
        return {name: snapped(point).astype(np.float32) for name, point in points.items()}

    def _colliders(self, rings: Array) -> list[Float]:
        """Return convex pieces: the floor, sixteen staves of the wall, and the handle in eight."""
        floor, top = self._floor, self.height
        angles = np.linspace(0.0, 2 * np.pi, 17)
        base, _ = revolved([(float(self._outer(np.array([z]))[0]), z) for z in (0.0, floor)], angles)
        pieces = [hull_points(base)]
        heights = np.linspace(floor, top, 4)
        outer: Callable[[float], Profile] = lambda inset: [(float(r) - inset, float(z)) for r, z in zip(self._outer(heights), heights, strict=True)]  # noqa: E731
        for start, stop in zip(angles[:-1], angles[1:], strict=True):
            stave = [revolved(outer(inset), np.array([start, stop, start + 2 * np.pi]))[0][:, :2] for inset in (0.0, self.wall)]
            pieces.append(hull_points(np.stack(stave)))
        step = (len(rings) - 1) // 8
        return pieces + [hull_points(rings[k : k + step + 1 : step]) for k in range(0, len(rings) - 1, step)]

    def _surfaces(self, pattern: str, bits: Bits, library: Library) -> dict[str, Surface]:
        """Return a surface for each zone."""
        color = self.color or finishes.finish_color(self.finish, bits)
        main = finishes.surface("outside", self.finish, color)
        zones = {zone: finishes.surface(zone, self.finish, color) for zone in ("inside", "handle")}
        zones = {"outside": main, **zones, "foot": self._foot_surface(color)}
        other = finishes.WHITE if sum(color) < 1.8 else finishes.pick(finishes.GLAZES[2:], bits)
        if self.finish in ("glass", "metal"):
            return zones
        if pattern == "two_tone":
            zones["inside"] = finishes.surface("inside", self.finish, other)
        if pattern in ("dipped", "banded"):
            bare = pattern == "dipped" and self.finish in ("ceramic", "stoneware")
            zones["band"] = finishes.surface("band", "clay" if bare else self.finish, finishes.CLAY if bare else other)
        if pattern == "speckled":
            image = finishes.speckled(color, bits, library.made)
            zones |= {zone: finishes.surface(zone, self.finish, image) for zone in ("outside", "inside")}
        return zones

    def _foot_surface(self, color: finishes.Rgb) -> Surface:
        clay = self.finish in ("ceramic", "stoneware")
        return finishes.surface("foot", "clay" if clay else self.finish, finishes.CLAY if clay else color)
