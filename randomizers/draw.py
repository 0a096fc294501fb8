"""Draw blocks and frames: pure functions of the scene, the seed and an index.

How a draw is named and held: :mod:`twin.randomizers.streams`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, nullcontext
from typing import TypeAlias

from twin.assets.library import Library
from twin.frame import FrameState
from twin.randomizers.places import Places
from twin.randomizers.plan import Plan, plan
from twin.randomizers.pool import Workshop, object_slots
from twin.randomizers.poses import Poser
from twin.randomizers.streams import BLOCK, Draw, Index, below, draws, plain
from twin.randomizers.values import Values, drawn_object, drawn_parts
from twin.spec.scene import Scene
from twin.spec.values import substitute
from twin.stage.block import Block
from twin.stage.geometry import Geometry
from twin.stage.opinions import frame_opinions

Stopwatch: TypeAlias = Callable[[str], AbstractContextManager[object]]
"""Opens a context whose time counts for a stage, such as :class:`twin.clock.Clock`."""


def untimed(stage: str) -> AbstractContextManager[object]:
    """Count nothing."""
    return nullcontext()


def draw_block(scene: Scene, seed: int, index: int, library: Library) -> Block:
    """Draw what one stage holds: the pools of assets, and the shape of the fixtures.

    Args:
        scene: The spec.
        seed: Seed of the run.
        index: ``frame // pool.every``.
        library: Where named assets come from.

    Raises:
        AssetError: where an asset is unknown, damaged or not fetched.
    """
    at, scoped = Index(seed, index), {path: draw for path, draw in draws(scene).items() if draw.period == BLOCK}
    own = _own(scene, scoped)
    values = {path: draw.value(at) for path, draw in own.items()}
    fixed: Scene = substitute(scene, values)
    workshop = Workshop(library)
    slots = [
        slot
        for name, thing in scene.objects.items()
        for slot in object_slots(name, thing, _of_object(scoped, name), scene.pool, at, workshop)
    ]
    recorded = {path: plain(value) for path, value in values.items()}
    return Block(index, seed, fixed, tuple(slots), fixed.world.fixtures, recorded)


def _own(scene: Scene, scoped: dict[str, Draw]) -> dict[str, Draw]:
    """Return the block's draws outside its objects, whose members draw for themselves."""
    return {path: draw for path, draw in scoped.items() if not below(path, "objects")}


def _of_object(scoped: dict[str, Draw], name: str) -> dict[str, Draw]:
    return {
        path: draw
        for path, draw in scoped.items()
        if any(below(path, f"objects.{name}.{field}") for field in ("asset", "scale", "density"))
    }


def draw_state(
    block: Block,
    geometry: Geometry,
    library: Library,
    frame: int,
    attempt: int,
    *,
    given: FrameState | None = None,
    redraw: Collection[str] = (),
    clock: Stopwatch = untimed,
) -> FrameState:
    """Draw one frame of a block.

    Args:
        block: The block that the frame belongs to.
        geometry: Its stage as plain arrays: where things can stand.
        library: Where materials and environment maps come from.
        frame: Index of the frame in the run.
        attempt: Number of redraws that requirements caused; it keys the draws that are not held.
        given: A stored frame whose values and poses are taken instead of drawn; its own redraws count as attempts.
        redraw: Value paths, or prefixes of them, that are drawn all the same.
        clock: Takes the time of ``settle``.

    Raises:
        DrawError: where objects find no rest.
        SpecError: where names or periods do not fit together.
    """
    prepared = plan(block)
    attempt += given.attempt if given is not None else 0
    values = Values(Index(block.seed, block.index, frame, attempt), given, redraw)
    values.note(block.values)
    scene = drawn_parts(block.scene, prepared, values)
    shown = _shown(block, prepared, values)
    looks = {
        slot.name: drawn_object(
            slot.object, block.scene.objects[slot.object], slot, slot.name in shown, prepared, values
        )
        for slot in block.slots
    }
    poser = Poser(scene, block, geometry, prepared, values, shown)
    with clock("settle"):
        poser.place()
    places = Places(scene, block, geometry, prepared, shown, poser.T_world_object)
    return FrameState(
        frame=frame,
        seed=block.seed,
        block=block.index,
        attempt=attempt,
        slots=poser.states(),
        cameras={name: places.camera(name) for name in scene.cameras},
        opinions=frame_opinions(scene, block, library, looks),
        values=dict(sorted(values.recorded.items())),
        redraws=poser.redraws,
    )


def _shown(block: Block, prepared: Plan, values: Values) -> dict[str, int]:
    """Draw which slots are present, and which member each shows; record what the member is."""
    shown = {}
    for name, slots in prepared.slots.items():
        count = prepared.counts[name]
        present = values.draw(count) if isinstance(count, Draw) else count
        for slot in slots[:present]:
            shown[slot.name] = values.member(slot, prepared.periods[name])
            values.note(slot.members[shown[slot.name]].values)
    return {slot.name: shown[slot.name] for slot in block.slots if slot.name in shown}
