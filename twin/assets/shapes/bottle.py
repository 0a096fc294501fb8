"""Shape a bottle: a solid of revolution with foot, body, shoulder, neck, cap and label."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from twin.assets.asset import Float
from twin.assets.made import unfit
from twin.assets.shapes.solid import Patch, Profile, arc, bezier, hull_points, lathe, revolved, snapped, turn

_SEGMENTS = 96
CAP_WALL, _LABEL = 0.0016, 0.00015
"""How far the cap stands out from the neck, and the label from the body [m]."""


@dataclass(frozen=True)
class BottleShape:
    """The measures of a bottle [m]; see :class:`twin.assets.bottle.Bottle` for what they mean."""

    height: float
    radius: float
    shoulder_height: float
    shoulder: float
    neck_radius: float
    neck_height: float
    cap_height: float
    edge: float
    wall: float
    hollow: bool

    def check(self) -> None:
        """Refuse measures that do not fit each other.

        Raises:
            AssetError: naming the field, its value, and what would fit.
        """
        bounds = {
            "edge": (0.0005, 0.5 * self.radius),
            "height": (self.neck_height + self.shoulder_height + 4 * self.edge, 10.0),
            "neck_radius": (0.002, self.radius - CAP_WALL),
            "neck_height": (3 * CAP_WALL, self.height),
            "cap_height": (2 * CAP_WALL, self.neck_height),
            "wall": (0.0002, min(0.25 * self.radius, 0.5 * self.neck_radius, self.edge)),
        }
        for name, (least, most) in bounds.items():
            unfit("bottle", name, getattr(self, name), least, most)

    @property
    def shoulder_z(self) -> float:
        """Height at which the straight body ends."""
        return self.height - self.neck_height - self.shoulder_height

    @property
    def neck_z(self) -> float:
        """Height at which the neck begins."""
        return self.height - self.neck_height

    @property
    def label_span(self) -> tuple[float, float]:
        """Lower and upper height of the label."""
        room = self.shoulder_z - self.edge
        return self.edge + 0.16 * room, self.edge + 0.86 * room

    @property
    def label_aspect(self) -> float:
        """Width of the unrolled label over its height."""
        low, high = self.label_span
        return 2 * np.pi * self.radius / (high - low)

    def patches(self, labelled: bool) -> list[Patch]:
        """Return the closed shapes of body and cap, and of the label in the zones ``label`` and ``label_back``."""
        angles = turn(_SEGMENTS, np.pi / 2)
        zones = [("body", self._body()), ("cap", self._cap()), *(self._label() if labelled else ())]
        return [lathe(zone, profile, angles) for zone, profile in zones]

    def _outline(self, inset: float = 0.0) -> Profile:
        """Return the wall from the foot to the lip, ``inset`` inside the surface."""
        r, n, edge = self.radius - inset, self.neck_radius - inset, max(self.edge - inset, 0.0002)
        foot = arc((r - edge, edge + inset), edge, -90.0, 0.0, 7)
        heights = np.linspace(edge + inset, self.shoulder_z, 12)[1:]
        low, high, bend = self.shoulder_z, self.neck_z, 0.3 + 0.5 * self.shoulder
        control = [(r, low), (r, low + bend * (high - low)), (n, high - 0.55 * (high - low)), (n, high)]
        curve = [(float(x), float(z)) for x, z in bezier(control, 20)[1:]]
        lip = self.height - CAP_WALL - 0.001
        return [*foot, *((r, float(z)) for z in heights), *curve, (n, (high + lip) / 2), (n, lip)]

    def _body(self) -> Profile:
        """Return the body's closed profile, with a raised base; filled unless it is hollow."""
        outer, base, rise = self._outline(), self.radius - self.edge, 0.25 * self.edge
        under = [(0.0, rise), (0.7 * base, rise), (0.85 * base, 0.0)]
        if not self.hollow:
            return [*under, *outer, (0.0, outer[-1][1])]
        floor = rise + self.wall
        inner = [(x, max(z, floor)) for x, z in reversed(self._outline(self.wall))]
        return [*under, *outer, *inner, (0.0, floor)]

    def _cap(self) -> Profile:
        """Return the cap's closed profile, with a rounded top edge and the groove of its seal."""
        r, top, low = self.neck_radius + CAP_WALL, self.height, self.height - self.cap_height
        inner, ceiling, groove = self.neck_radius + 0.0002, top - CAP_WALL, low + 0.22 * self.cap_height
        bevel, dent = min(0.0014, 0.2 * self.cap_height, 0.3 * r), min(0.0004, 0.1 * self.cap_height)
        side = [(r, low + dent / 2), (r, groove - dent), (r - 0.0005, groove), (r, groove + dent)]
        lid = arc((r - bevel, top - bevel), bevel, 0.0, 90.0, 6)
        return [(0.0, ceiling), (inner, ceiling), (inner, low), (r - 0.0003, low), *side, *lid, (0.0, top)]

    def _label(self) -> list[tuple[str, Profile]]:
        """Return the profiles of the label's printed face and of its hidden back."""
        low, high = self.label_span
        r, back = self.radius + _LABEL, self.radius + _LABEL / 3
        heights = [float(z) for z in snapped(np.linspace(low, high, 12))]
        face = [(r, z) for z in heights]
        return [("label", face), ("label_back", [face[-1], *((back, z) for z in reversed(heights)), face[0]])]

    def keypoints(self) -> dict[str, Float]:
        """Return the keypoints, all on the axis; the top is on the surface."""
        heights = {"base_centre": 0.0, "shoulder": self.shoulder_z, "neck_base": self.neck_z, "top": self.height}
        return {name: snapped([0.0, 0.0, z]).astype(np.float32) for name, z in heights.items()}

    def colliders(self) -> list[Float]:
        """Return convex pieces: the body, three slices of the shoulder, and the neck with its cap."""
        outline = [point for point in self._outline() if point[1] <= self.neck_z]
        body = [point for point in outline if point[1] <= self.shoulder_z]
        curve = [point for point in outline if point[1] >= self.shoulder_z]
        cuts = np.linspace(0, len(curve) - 1, 4).round().astype(int).tolist()
        slices = [body, *(curve[a : b + 1] for a, b in pairwise(cuts))]
        low, r = self.height - self.cap_height, self.neck_radius
        slices += [[(r, self.neck_z), (r, low)]] if low > self.neck_z else []
        slices.append([(r + CAP_WALL, low), (r + CAP_WALL, self.height)])
        return [hull_points(revolved(_thinned(profile), turn(24))[0]) for profile in slices]


def _thinned(profile: Profile) -> Profile:
    """Keep at most eight points of a profile; its ends stay."""
    keep = np.unique(np.linspace(0, len(profile) - 1, min(8, len(profile))).round().astype(int))
    return [profile[k] for k in keep]
