"""List what a frame changes on its stage besides materials and lights: slots and cameras. Pure, without USD."""

from __future__ import annotations

import numpy as np

from twin.errors import SpecError
from twin.frame import FrameState, Json, SlotState
from twin.stage import paths
from twin.stage.block import Block, SlotPool
from twin.stage.lenses import camera_values
from twin.stage.looks import Opinions


def frame_edits(state: FrameState, block: Block) -> Opinions:
    """Return prim path -> attribute -> value for everything that a frame sets.

    Raises:
        SpecError: where the frame was drawn for another block.
    """
    if state.block != block.index:
        text = f"frame {state.frame} was drawn for block {state.block}, the stage holds block {block.index}"
        raise SpecError(text, hint="compile the frame's own block")
    found: Opinions = {}
    for slot, pool in zip(state.slots, block.slots, strict=True):
        found |= slot_edits(slot, pool)
    for name, camera in state.cameras.items():
        found[paths.camera_path(name)] = camera_values(camera)
    return found | {path: dict(attributes) for path, attributes in state.opinions.items()}


def slot_edits(slot: SlotState, pool: SlotPool) -> Opinions:
    """Return what shows, moves and collides in one slot; an empty slot stands invisible at the origin."""
    T = slot.T_world_object if slot.present else np.eye(4)
    member = pool.members[slot.member] if slot.present else pool.members[0]
    root: dict[str, Json] = {
        "xformOp:transform": np.asarray(T, dtype=np.float64).T.tolist(),
        "visibility": "inherited" if slot.present else "invisible",
        "physics:rigidBodyEnabled": slot.present,
        "physics:density": float(member.asset.density),
        "semantics:labels:class": [member.asset.label],
    }
    found: Opinions = {paths.slot_path(slot.name): root}
    for number, other in enumerate(pool.members):
        shown = slot.present and number == slot.member
        found[paths.member_path(slot.name, number)] = {"visibility": "inherited" if shown else "invisible"}
        for piece in range(len(other.source.colliders)):
            collider = f"{paths.asset_path(slot.name, number)}/colliders/piece_{piece}"
            found[collider] = {"physics:collisionEnabled": shown}
    return found


def nominal_slot(pool: SlotPool) -> SlotState:
    """Return a slot before any frame has filled it: its first member, at the origin."""
    return SlotState(pool.name, True, 0, np.eye(4))
