"""Draw the single values of one frame, or take them from a stored frame."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from twin.frame import FrameState, Json
from twin.randomizers.plan import Plan
from twin.randomizers.streams import Draw, Index, below, plain, stream_name, unplain
from twin.spec.scene import Object, Scene
from twin.spec.values import substitute
from twin.stage.block import SlotPool


class Values:
    """Everything that one frame draws, by path.

    Args:
        index: What the draws are indexed by.
        given: A stored frame whose values are taken instead of drawn.
        redraw: Value paths, or prefixes of them, that are drawn all the same.

    Attributes:
        recorded: What was drawn or taken so far, as JSON.
    """

    def __init__(self, index: Index, given: FrameState | None, redraw: Collection[str]) -> None:
        self.index, self.given, self.redraw = index, given, tuple(redraw)
        self.recorded: dict[str, Json] = {}

    def redrawn(self, path: str, stream: str | None = None) -> bool:
        """Say whether a value is drawn anew: always where no frame is given."""
        names = [path] if stream is None else [path, stream]
        return self.given is None or any(below(name, prefix) for name in names for prefix in self.redraw)

    def draw(self, draw: Draw, slot: int = 0, *, record: bool = True) -> Any:
        """Return a value of a slot, and record it under its path."""
        path = stream_name(draw.path, slot)
        stored = {} if self.given is None else self.given.values
        if path in stored and not self.redrawn(draw.path, draw.distribution.stream):
            value = unplain(stored[path])
        else:
            value = draw.value(self.index, slot)
        if record:
            self.recorded[path] = plain(value)
        return value

    def member(self, slot: SlotPool, period: int) -> int:
        """Choose the member that a slot shows."""
        path = f"objects.{slot.object}.member"
        stored = None if self.given is None else next((s for s in self.given.slots if s.name == slot.name), None)
        if stored is not None and stored.member < len(slot.members) and not self.redrawn(path):
            return stored.member
        if len(slot.members) == 1:
            return 0
        return self.index.bits(stream_name(path, slot.number), period).below(len(slot.members))

    def note(self, values: Mapping[str, Json]) -> None:
        """Record values that were drawn before, for the block."""
        self.recorded.update(values)


def drawn_parts(scene: Scene, plan: Plan, values: Values) -> Scene:
    """Draw what the scene has once, leaving its objects as they are."""
    parts = {}
    for part, draws in plan.parts.items():
        found = {path: values.draw(draw) for path, draw in draws.items()}
        parts[part] = substitute(getattr(scene, part), found, part)
    return scene.model_copy(update=parts)


def drawn_object(name: str, thing: Object, slot: SlotPool, present: bool, plan: Plan, values: Values) -> Object:
    """Draw what each slot of an object has for itself; an absent slot draws too, but leaves no record."""
    found = {draw.path: values.draw(draw, slot.number, record=present) for draw in plan.looks[name]}
    return substitute(thing, found, f"objects.{name}") if found else thing
