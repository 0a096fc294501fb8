"""Make the placements of one frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from twin.conventions import Array
from twin.errors import SpecError
from twin.frame import SlotState
from twin.randomizers.placement.base import Item, Placed, PlacementKind, Situation
from twin.randomizers.plan import Plan
from twin.randomizers.streams import below
from twin.randomizers.values import Values
from twin.seeds import Bits
from twin.spec.scene import Placement, Scene
from twin.stage.block import Block
from twin.stage.geometry import Geometry

SHAPED_BY = ("asset", "scale", "mirror", "density", "count", "member")
"""Values of an object that decide how it comes to rest."""


@dataclass(frozen=True, eq=False)
class Poser:
    """Places the present slots of one frame.

    Args:
        scene: The drawn scene.
        block: The block, for its fixtures.
        geometry: The block's stage as plain arrays.
        plan: The order of the placements, and those that were made before.
        values: The frame's draws, which say what is taken from a stored frame.
        shown: Present slots with the member that each shows, in slot order.

    Attributes:
        T_world_object: Pose by slot name, shape (4, 4), of the placements made so far.
        redraws: Placement name -> reason -> poses that were drawn again for it.
    """

    scene: Scene
    block: Block
    geometry: Geometry
    plan: Plan
    values: Values
    shown: Mapping[str, int]
    T_world_object: dict[str, Array] = field(default_factory=dict)
    redraws: dict[str, Mapping[str, int]] = field(default_factory=dict)

    def place(self) -> None:
        """Make every placement; each sees what those before it put down."""
        stood: list[tuple[Item, Array]] = []
        present = [self.plan.items[slot, member] for slot, member in self.shown.items()]
        for name in self.plan.order:
            items = tuple(item for item in present if self.plan.home[item.object] == name)
            placed = self._stored(name, items) or self._made(name, items, stood)
            stood += [(item, placed.T_world_object[item.slot]) for item in items]
            self.T_world_object.update(placed.T_world_object)
            if placed.redraws:
                self.redraws[name] = placed.redraws

    def states(self) -> tuple[SlotState, ...]:
        """Return the state of every slot, in slot order."""
        absent, shown, poses = np.full((4, 4), np.nan), self.shown, self.T_world_object
        names = [slot.name for slot in self.block.slots]
        return tuple(SlotState(name, name in shown, shown.get(name, 0), poses.get(name, absent)) for name in names)

    def _stored(self, name: str, items: Sequence[Item]) -> Placed | None:
        """Take the poses of a stored frame, unless something that decides them is drawn anew."""
        given = self.values.given
        if given is None or _decided_by(name, self.scene.placement[name], self.values.redraw):
            return None
        stored = {slot.name: slot.T_world_object for slot in given.slots if slot.present}
        if not all(item.slot in stored for item in items):
            return None
        return Placed({item.slot: stored[item.slot] for item in items}, given.redraws.get(name, {}))

    def _made(self, name: str, items: tuple[Item, ...], stood: Sequence[tuple[Item, Array]]) -> Placed:
        """Make a placement, or remember it where everything that it depends on is as it was."""
        placement, index = self.scene.placement[name], self.values.index
        if not isinstance(placement, PlacementKind):
            kind = getattr(placement, "kind", "?")
            raise SpecError(f"the placement kind '{kind}' has no code that draws it", where=f"placement.{name}")

        def bits(stream: str) -> Bits:
            return index.bits(f"placement.{name}.{stream}", placement.every)

        attempt = index.attempt if placement.every == 1 else 0
        members = tuple((item.slot, self.shown[item.slot]) for item in (*items, *(item for item, _ in stood)))
        around = b"".join(np.ascontiguousarray(T).tobytes() for _, T in stood)
        key = (name, placement.model_dump_json(), index.frame // placement.every, attempt, members, around)
        if key not in self.plan.groups:
            situation = Situation(name, items, tuple(stood), self.block, self.geometry, bits, index.frame)
            self.plan.remember(key, placement.place(situation))
        return self.plan.groups[key]


def _decided_by(name: str, placement: Placement, redraw: Sequence[str]) -> bool:
    """Say whether any of the redrawn paths decides the poses of a placement."""
    shapes = [f"objects.{thing}.{value}" for thing in placement.objects for value in SHAPED_BY]
    return any(
        below(prefix, path) or below(path, prefix) for path in (f"placement.{name}", *shapes) for prefix in redraw
    )
