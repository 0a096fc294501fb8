"""Scatter objects over a surface and let them come to rest."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from twin.conventions import Array
from twin.errors import DrawError, listed
from twin.physics.settle import Body, Residual, SettleResult, settle
from twin.randomizers.placement.base import Placed, PlacementKind, Situation
from twin.randomizers.placement.ground import ground
from twin.randomizers.placement.start import CANDIDATES, Area, Footprint, start_pose
from twin.randomizers.placement.surface import Surface, surface
from twin.spec.scene import Name
from twin.spec.units import Duration, Length, PositiveLength
from twin.spec.values import Random, drawn

ROUNDS = 12
"""Times that what does not rest is drawn again, before the placement gives up."""

GAP = 0.005
"""Free height below a start pose that is to settle [m]."""

SLACK = 0.005
"""A centre may end this far below the surface [m] before it counts as fallen."""

Fall = Annotated[Duration, Field(le=30)]

REMEDIES = """
    1. lower 'count', or raise the size of the surface or 'region'
    2. raise 'settle', so that what rolls has time to stop
    3. set 'upright: true', or raise 'margin', so that less rolls or falls off
    4. look at the colliders of what moves: 'twin build --frame N' has them as guides"""


class ScatterPlacement(PlacementKind):
    """Drops objects on a fixture at random and lets physics bring them to rest.

    Start poses do not collide. What still moves after ``settle``, sank in by more than 2 mm or fell off is drawn again.
    """

    kind: Literal["scatter"]
    on: Name = Field(description="Fixture whose upper surface they land on.")
    region: tuple[Random[PositiveLength], Random[PositiveLength]] | None = Field(
        default=None, description="Size along x and y of the part of the surface that is used, around its middle."
    )
    margin: Random[Length] = Field(default=0.02, description="Distance of start poses from the surface's edge.")
    upright: bool = Field(default=False, description="Start as the assets stand, turned about the vertical axis only.")
    settle: Random[Fall] = Field(default=2.0, description="Simulated time; 0 s leaves them standing where they start.")

    def place(self, situation: Situation) -> Placed:
        """Draw start poses, settle, and draw again what does not rest.

        Raises:
            DrawError: where something found no rest in :data:`ROUNDS` rounds, or no free place where nothing settles.
            SpecError: where the fixture has no surface.
        """
        target = surface(self.on, situation.block.fixtures, situation.geometry)
        poses: dict[str, Array] = {}
        tries: Counter[str] = Counter()
        redraws: Counter[str] = Counter()
        for _ in range(ROUNDS):
            poses = self._started(situation, target, poses, tries)
            if not poses or drawn(self.settle) == 0:
                return Placed(poses)
            result = self._settled(situation, target, poses)
            faults = {name: residual.fault for name, residual in result.residuals.items() if residual.fault}
            if not faults:
                return Placed(result.T_world_object, dict(redraws))
            poses = {name: T for name, T in result.T_world_object.items() if name not in faults}
            tries.update(faults.keys())
            redraws.update(faults.values())
        raise self._restless(situation, result.residuals, redraws)

    def focus(self, surfaces: Callable[[str], Surface]) -> Array:
        """Return the middle of the surface."""
        return surfaces(self.on).center

    def _started(
        self, situation: Situation, target: Surface, poses: Mapping[str, Array], tries: Mapping[str, int]
    ) -> dict[str, Array]:
        """Add a start pose for every item that has none."""
        area = Area(target, drawn(self.margin), self.region and (drawn(self.region[0]), drawn(self.region[1])))
        settled = [(item, poses[item.slot]) for item in situation.items if item.slot in poses]
        taken = [Footprint.of(item.points @ T[:3, :3].T + T[:3, 3]) for item, T in (*situation.obstacles, *settled)]
        started, gap = dict(poses), GAP if drawn(self.settle) > 0 else 0.0
        for item in situation.items:
            if item.slot not in started:
                number = tries[item.slot]
                bits = situation.bits(f"start.{item.slot}" + (f"~{number}" if number else ""))
                T, footprint = start_pose(item.points, area, taken, bits, upright=self.upright, gap=gap)
                if not gap and footprint.low > target.height + 1e-6:
                    raise self._full(situation, item.slot)
                started[item.slot] = T
                taken.append(footprint)
        return started

    def _settled(self, situation: Situation, target: Surface, poses: Mapping[str, Array]) -> SettleResult:
        bodies = [Body(item.slot, item.asset.colliders, item.asset.density) for item in situation.items]
        held = [
            Body(item.slot, item.asset.colliders, item.asset.density, fixed=True) for item, _ in situation.obstacles
        ]
        starts = {**poses, **{item.slot: T for item, T in situation.obstacles}}
        bounds = np.array([[*target.low, target.height - SLACK], [*target.high, math.inf]])
        reach = np.array([[*(target.low - 0.5), target.height - 0.5], [*(target.high + 0.5), math.inf]])
        return settle(bodies + held, ground(situation, reach), starts, drawn(self.settle), bounds=bounds)

    def _restless(
        self, situation: Situation, residuals: Mapping[str, Residual], redraws: Mapping[str, int]
    ) -> DrawError:
        left = {name: residual for name, residual in residuals.items() if residual.fault}
        counts = ", ".join(f"{count} {reason}" for reason, count in sorted(redraws.items()))
        return DrawError(
            f"{len(left)} of {len(residuals)} objects found no rest on '{self.on}' in {ROUNDS} rounds: "
            + listed(f"{name} {residual}" for name, residual in left.items()),
            where=situation.where,
            expected=f"all at rest after {drawn(self.settle):g} s; drawn again so far: {counts}",
            hint=REMEDIES,
        )

    def _full(self, situation: Situation, slot: str) -> DrawError:
        return DrawError(
            f"no free place for '{slot}' on '{self.on}' among {len(situation.items)} objects in {CANDIDATES} tries",
            where=situation.where,
            expected="room for each object beside the others, since 'settle' is 0 s",
            hint="settle for 2 s so that they may lie on each other, lower 'count', or use a larger surface or region",
        )
