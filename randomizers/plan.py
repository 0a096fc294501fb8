"""Work out once a block what every one of its frames draws."""

from __future__ import annotations

import itertools
import weakref
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from math import inf

from twin.errors import SpecError
from twin.randomizers.placement.base import Item, Placed, PlacementKind
from twin.randomizers.streams import BLOCK, Draw, below, draws
from twin.spec.scene import Placement, Scene
from twin.spec.values import drawn
from twin.stage.block import Block, SlotPool

PARTS = ("world", "lights", "placement", "cameras")
"""Parts of a scene whose values a frame draws once; those of objects are drawn for each slot."""

_GROUPS_KEPT = 8


@dataclass(frozen=True, eq=False)
class Plan:
    """The draws of a block's frames, and what may be remembered between them: pure functions' values only.

    Args:
        parts: Random values by path, for each part of the scene that has any.
        counts: How many of each object are present: a number or a draw.
        looks: What is drawn for each slot of an object, besides its count.
        periods: For how many frames the members of each object's slots are held.
        order: Names of the placements, in the order in which they are made.
        home: The placement of each object.
        slots: The slots of each object.
        items: Slot and member -> what it shows.
        groups: The last placements that were made, by all that they depend on.
    """

    parts: Mapping[str, Mapping[str, Draw]]
    counts: Mapping[str, Draw | int]
    looks: Mapping[str, tuple[Draw, ...]]
    periods: Mapping[str, int]
    order: tuple[str, ...]
    home: Mapping[str, str]
    slots: Mapping[str, tuple[SlotPool, ...]]
    items: Mapping[tuple[str, int], Item]
    groups: OrderedDict[Hashable, Placed] = field(default_factory=OrderedDict)

    def remember(self, key: Hashable, placed: Placed) -> None:
        """Keep a placement for the next frames of its group."""
        self.groups[key] = placed
        if len(self.groups) > _GROUPS_KEPT * max(1, len(self.order)):
            self.groups.popitem(last=False)


_plans: weakref.WeakKeyDictionary[Block, Plan] = weakref.WeakKeyDictionary()


def plan(block: Block) -> Plan:
    """Return the plan of a block.

    Raises:
        SpecError: where placements hold their poses for periods that do not divide each other.
    """
    if block not in _plans:
        _plans[block] = _planned(block)
    return _plans[block]


def _planned(block: Block) -> Plan:
    scene, found = block.scene, draws(block.scene)
    home = {thing: name for name, placement in scene.placement.items() for thing in placement.objects}
    return Plan(
        parts={part: chosen for part in PARTS if (chosen := _below(found, part))},
        counts={
            name: found.get(f"objects.{name}.count") or drawn(thing.count) for name, thing in scene.objects.items()
        },
        looks={name: _looks(found, name) for name in scene.objects},
        periods={name: scene.placement[home[name]].every for name in scene.objects},
        order=order(scene, found),
        home=home,
        slots={name: tuple(slot for slot in block.slots if slot.object == name) for name in scene.objects},
        items={
            (slot.name, number): Item(slot.name, slot.object, member.asset)
            for slot in block.slots
            for number, member in enumerate(slot.members)
        },
    )


def _below(found: Mapping[str, Draw], prefix: str) -> dict[str, Draw]:
    return {path: draw for path, draw in found.items() if below(path, prefix)}


def _looks(found: Mapping[str, Draw], name: str) -> tuple[Draw, ...]:
    """Return an object's draws for each slot; shared block-scoped streams are still drawn for each frame."""
    scoped = (f"objects.{name}.asset", f"objects.{name}.scale", f"objects.{name}.density", f"objects.{name}.count")
    mine = _below(found, f"objects.{name}").values()
    return tuple(draw for draw in mine if not any(below(draw.path, prefix) for prefix in scoped))


def order(scene: Scene, found: Mapping[str, Draw]) -> tuple[str, ...]:
    """Order placements so that what is held long is made first, and exact ones before the others.

    Raises:
        SpecError: where one is held for a period that does not divide the period of one before it.
    """
    periods = {name: hold_period(scene, found, name) for name in scene.placement}
    ranked = sorted(scene.placement, key=lambda name: (-periods[name], not _exact(scene.placement[name])))
    finite = [name for name in ranked if periods[name] < inf]
    for longer, shorter in itertools.pairwise(finite):
        if periods[longer] % periods[shorter]:
            raise SpecError(
                f"the placement '{shorter}' holds its poses for {scene.placement[shorter].every} frames, "
                f"'{longer}' for {scene.placement[longer].every}",
                where=f"placement.{shorter}.every",
                expected="periods that divide each other, since they are obstacles to each other",
                hint=f"set both to {scene.placement[longer].every}",
            )
    return tuple(ranked)


def hold_period(scene: Scene, found: Mapping[str, Draw], name: str) -> float:
    """Return for how many frames a placement's poses stay as they are: for ever where nothing in them is random."""
    placement = scene.placement[name]
    own = [path for path, draw in found.items() if below(path, f"placement.{name}") and draw.period != BLOCK]
    shapes = [
        f"objects.{thing}.{value}" for thing in placement.objects for value in ("asset", "scale", "density", "count")
    ]
    varied = own + [path for path in found if any(below(path, shape) for shape in shapes)]
    return placement.every if varied or not _exact(placement) else inf


def _exact(placement: Placement) -> bool:
    return isinstance(placement, PlacementKind) and placement.exact
