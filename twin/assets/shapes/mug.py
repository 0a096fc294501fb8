"""Shape a mug: a thrown body, a rounded rim, a foot and a handle, one closed surface.

The outer wall is a grid whose rows and columns run along the sides of the handle's two holes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from twin.assets.asset import Float
from twin.assets.made import unfit
from twin.assets.shapes.handle import SIDE, Handle, handle_patch, open_holes
from twin.assets.shapes.solid import Array, Patch, Profile, arc, grid_patch, hull_points, revolved, snapped

_QUARTER, _STAVES, _HANDLE_PIECES = 24, 12, 8
_CURVES = {"round": (2.15, 0.0), "square": (3.4, 0.0), "ear": (2.15, 0.45)}
"""Exponent and lean of a handle's curve by its name."""

Span = tuple[float, float]


@dataclass(frozen=True)
class MugShape:
    """The measures of a mug [m]; see :class:`twin.assets.mug.Mug` for what they mean."""

    height: float
    radius: float
    taper: float
    belly: float
    wall: float
    handle_width: float
    handle_height: float
    handle_thickness: float
    handle_breadth: float
    handle_shape: str

    def check(self) -> None:
        """Refuse measures that do not fit each other.

        Raises:
            AssetError: naming the field, its value, and what would fit.
        """
        narrow, fillet = self.radius * min(1.0, self.taper), self._fillet
        thick, room = self.handle_thickness, self.height - 2 * self.edge - self.wall - 2 * fillet
        bounds = {
            "wall": (0.0005, 0.25 * narrow),
            "handle_breadth": (0.002, 1.1 * narrow - 2 * fillet),
            "handle_thickness": (0.002, 0.5 * narrow),
            "handle_height": (2.6 * thick + 2 * fillet, room),
            "handle_width": (thick + 2 * fillet, 4 * self.radius),
        }
        for name, (least, most) in bounds.items():
            unfit("mug", name, getattr(self, name), least, most)

    @property
    def edge(self) -> float:
        """Radius of the rounded foot, at which the wall begins."""
        return float(snapped(min(0.05 * self.height, 0.12 * self.radius)))

    @property
    def floor(self) -> float:
        """Height of the inner floor."""
        return float(snapped(self.edge + 0.7 * self.wall))

    @property
    def _top(self) -> float:
        """Height at which the wall turns into the rim."""
        return float(snapped(self.height - self.wall / 2))

    @property
    def _fillet(self) -> float:
        return 0.45 * min(self.handle_thickness, self.handle_breadth)

    def outer(self, z: Array) -> Array:
        """Return the outer radius at heights."""
        s = np.clip(z / self.height, 0.0, 1.0)
        return np.asarray(self.radius * (self.taper + (1 - self.taper) * s + self.belly * np.sin(np.pi * s)))

    def handle(self) -> Handle:
        """Place the handle as near to half the height as foot and rim allow."""
        power, lean = _CURVES[self.handle_shape]
        margin = self._fillet + self.handle_height / 2
        middle = float(np.clip(self.height / 2, self.edge + margin, self.height - self.edge - self.wall - margin))
        half = (self.handle_height - self.handle_thickness) / 2
        return Handle(
            middle - half, middle + half, self.handle_width, self.handle_thickness, self.handle_breadth, power, lean
        )

    def patches(self, bands: Sequence[Span]) -> tuple[list[Patch], Array]:
        """Return the surface in the zones outside, band, foot, inside and handle, and the handle's rings (N, M, 3).

        Args:
            bands: Ranges of height that are the zone ``band``.
        """
        handle = self.handle()
        angles, columns = self._angles(handle)
        heights, rows = self._heights(handle, [mark for span in bands for mark in span])
        points, uv = revolved(self._profile(heights), angles)
        points = snapped(points)
        keep = open_holes(points, handle, rows, columns, self.outer)
        middles = (heights[:-1] + heights[1:]) / 2
        banded = np.array([any(low < z < high for low, high in bands) for z in middles])[:, None]
        zones = [("outside", keep & ~banded), ("band", keep & banded)]
        walls = [grid_patch(zone, points, uv, cells) for zone, cells in zones if cells.any()]
        rest = [
            grid_patch("foot", *revolved(self._foot(), angles)),
            grid_patch("inside", *revolved(self._inside(), angles)),
        ]
        tube, rings = handle_patch(points, handle, rows, columns, self.outer)
        return [*walls, *rest, tube], rings

    def _profile(self, heights: Array, inset: float = 0.0) -> Profile:
        return [(float(r) - inset, float(z)) for r, z in zip(self.outer(heights), heights, strict=True)]

    def _angles(self, handle: Handle) -> tuple[Array, tuple[int, int]]:
        """Return column angles that hold the holes' sides and the four quarters, and the holes' columns."""
        half = float(np.arcsin(handle.half_width / self.outer(np.array([handle.low, handle.high])).min()))
        quarter, full = np.pi / 2, 2 * np.pi
        # The seam is at the back, away from the holes.
        stops = [quarter, 2 * quarter, 3 * quarter, full - half, full + half, full + quarter]
        counts = [_QUARTER, _QUARTER, _QUARTER, SIDE, _QUARTER]
        spans = [np.linspace(a, b, n, endpoint=False) for (a, b), n in zip(pairwise(stops), counts, strict=True)]
        return np.concatenate([*spans, stops[-1:]]), (3 * _QUARTER, 3 * _QUARTER + SIDE)

    def _heights(self, handle: Handle, marks: list[float]) -> tuple[Array, tuple[int, int]]:
        """Return row heights of the wall that hold both holes and the marks outside them, and the holes' first rows."""
        low, high = self.edge, self._top
        holes = [(z - handle.half_height, z + handle.half_height) for z in (handle.low, handle.high)]
        inside = [np.linspace(a, b, SIDE + 1) for a, b in holes]
        free = [mark for mark in marks if low < mark < high and all(not a <= mark <= b for a, b in holes)]
        gaps = [(low, holes[0][0]), (holes[0][1], holes[1][0]), (holes[1][1], high)]
        rows = np.unique(snapped([*np.ravel(inside), *(z for a, b in gaps for z in _steps(a, b)), *free]))
        first = [int(np.argmin(np.abs(rows - span[0]))) for span in inside]
        return rows, (first[0], first[1])

    def _foot(self) -> Profile:
        """Return the underside from the centre to the wall: a recess, a foot ring, a rounded edge."""
        edge, base = self.edge, float(self.outer(np.array([self.edge]))[0])
        ring, recess = 0.78 * (base - edge), 0.3 * edge
        outline = [(0.0, recess), (0.5 * ring, recess), (ring - recess, recess), (ring, 0.0), (base - edge, 0.0)]
        return outline + arc((base - edge, edge), edge, -90.0, 0.0, 6)[1:]

    def _inside(self) -> Profile:
        """Return rim, inner wall and floor, from the outer wall's top to the centre."""
        half, top, floor = self.wall / 2, self._top, self.floor
        rim = arc((float(self.outer(np.array([top]))[0]) - half, top), half, 0.0, 180.0, 10)
        fillet = min(0.35 * self.radius * min(1.0, self.taper), 0.25 * self.height)
        wall = self._profile(np.linspace(top, floor + fillet, 22)[1:], self.wall)
        end = wall[-1][0] - fillet
        curve = arc((end, floor + fillet), fillet, 0.0, -90.0, 8)[1:]
        return [*rim, *wall, *curve, (0.5 * end, floor), (0.0, floor)]

    def keypoints(self, rings: Array) -> dict[str, Float]:
        """Return the keypoints; those of rim, handle and floor are vertices of the surface."""
        spine = rings[:, 0]
        rim = float(self.outer(np.array([self._top]))[0]) - self.wall / 2
        points = {
            "base_centre": (0.0, 0.0, 0.0),
            "floor_centre": (0.0, 0.0, self.floor),
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

    def colliders(self, rings: Array) -> list[Float]:
        """Return convex pieces: the floor, the staves of the wall, and the handle in short tubes."""
        angles = np.linspace(0.0, 2 * np.pi, _STAVES + 1)
        base, _ = revolved(self._profile(np.array([0.0, self.floor])), angles)
        # A bulging wall is cut into slabs, so that the chord inside stays within 1.5 mm.
        slabs = max(1, int(np.ceil(np.sqrt(abs(self.belly) * self.radius / 0.0015))))
        heights = np.linspace(self.floor, self.height, 2 * slabs + 1)
        sides = np.stack([revolved(self._profile(heights, inset), angles)[0] for inset in (0.0, self.wall)])
        cells = [(row, k) for row in range(0, 2 * slabs, 2) for k in range(_STAVES)]
        staves = [hull_points(sides[:, row : row + 3, k : k + 2]) for row, k in cells]
        step = (len(rings) - 1) // _HANDLE_PIECES
        tubes = [hull_points(rings[k : k + step + 1 : step]) for k in range(0, len(rings) - 1, step)]
        return [hull_points(base), *staves, *tubes]


def _steps(low: float, high: float) -> Array:
    """Return heights every 4 mm or so, both ends included."""
    return np.linspace(low, high, 2 + round((high - low) / 0.004))
