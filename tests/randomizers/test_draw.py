"""The promise of draws: a frame is a pure function of scene, seed and index, and neighbours never notice each other."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.randomizers.scenes import TABLETOP, Studio, changed
from twin.frame import FrameState

STILL = changed(TABLETOP, placement__drop__settle=0, placement__drop__upright=True)
"""A scene that draws much and settles nothing."""


def test_same_bytes_after_fifty_others_in_reverse_order_and_in_another_process() -> None:
    fresh = {frame: Studio(TABLETOP).state(frame).to_json() for frame in (3, 21, 50)}
    worker = Studio(TABLETOP)
    others = {frame: worker.state(frame).to_json() for frame in reversed(range(51))}
    assert {frame: others[frame] for frame in fresh} == fresh
    code = "from tests.randomizers.scenes import *\nprint(Studio(TABLETOP).state(21).to_json(), end='')"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout == fresh[21]


def test_states_survive_json() -> None:
    text = Studio(TABLETOP).state(4).to_json()
    assert FrameState.from_json(text).to_json() == text


def test_values_are_recorded_for_present_slots_in_si_units() -> None:
    studio = Studio(STILL)
    for frame in range(8):
        state = studio.state(frame)
        bricks = [slot for slot in state.slots if slot.name.startswith("brick") and slot.present]
        assert state.values["objects.brick.count"] == len(bricks)
        roughness = [path for path in state.values if path.startswith("objects.brick.material.roughness")]
        assert len(roughness) == len(bricks)
        assert 0.87 < state.values["cameras.front.fov"] < 1.23
        assert state.values["objects.can.asset.height"] == pytest.approx(can_height(studio, state), rel=1e-6)


def can_height(studio: Studio, state: FrameState) -> float:
    block = studio.block(state.block)[0]
    number = [slot.name for slot in block.slots].index("can")
    return float(block.slots[number].members[state.slots[number].member].asset.extent[1, 2])


NEIGHBOURS: tuple[dict[str, Any], ...] = (
    {"lights__lamp": None},
    {"lights__extra": {"kind": "distant", "intensity": {"uniform": [1, 2]}}},
    {"cameras__wrist": None},
    {"cameras__extra": {"fov": "40 deg", "pose": {"kind": "orbit", "target": "table", "distance": 2}}},
    {"objects__plate": {"asset": {"kind": "box"}}, "placement__drop__objects": ["plate", "can", "brick"]},
    {"world__floor": {"kind": "floor", "height": {"uniform": [-0.1, 0]}}},
    {"placement__drop__margin": {"uniform": [0.01, 0.02]}},
    {"objects__brick__count": {"integers": [0, 7]}},
)


@settings(max_examples=25, deadline=None)
@given(st.sets(st.sampled_from(range(len(NEIGHBOURS)))), st.integers(0, 39), st.randoms(use_true_random=False))
def test_neighbours_are_indifferent(chosen: set[int], frame: int, random: Any) -> None:
    edits: dict[str, Any] = {}
    for number in sorted(chosen):
        edits |= NEIGHBOURS[number]
    data = shuffled(changed(STILL, **edits), random)
    before, after = Studio(STILL).state(frame).values, Studio(data).state(frame).values
    touched = tuple(path.replace("__", ".") for path in edits)
    common = {path for path in before if not path.startswith(touched)} & set(after)
    assert {path: after[path] for path in common} == {path: before[path] for path in common}
    kept = {path for path in before if not path.startswith((*touched, "objects.brick"))}
    assert kept <= set(after)


def shuffled(data: Mapping[str, Any], random: Any) -> dict[str, Any]:
    """Reorder every mapping of a spec."""
    items = list(data.items())
    random.shuffle(items)
    return {key: shuffled(value, random) if isinstance(value, Mapping) else value for key, value in items}


def test_seeds_and_frames_give_other_values() -> None:
    a, b, c = Studio(STILL).state(0), Studio(STILL).state(1), Studio(STILL, seed=8).state(0)
    assert a.values["lights.sky.rotation"] != b.values["lights.sky.rotation"] != c.values["lights.sky.rotation"]


def test_every_holds_a_value() -> None:
    studio = Studio(STILL)
    lamp = [studio.state(frame).values["lights.lamp.intensity"] for frame in range(9)]
    assert lamp[0] == lamp[1] == lamp[2] != lamp[3] == lamp[4] == lamp[5] != lamp[6]


def test_a_held_placement_holds_poses_count_and_members_but_not_looks() -> None:
    studio = Studio(changed(TABLETOP, placement__drop__every=5))
    states = [studio.state(frame) for frame in range(10)]
    for group in (states[:5], states[5:]):
        slots = [FrameState.to_json(state).split('"slots":')[1].split('"time"')[0] for state in group]
        assert len(set(slots)) == 1
        assert len({state.values["objects.brick.count"] for state in group}) == 1
        assert len({state.values["objects.brick.material.roughness"] for state in group}) == 5
        assert len({state.values["cameras.front.fov"] for state in group}) == 5
    assert states[4].slots[4].T_world_object[0, 3] != states[5].slots[4].T_world_object[0, 3]


def test_a_group_is_made_alone_with_the_same_bits() -> None:
    data = changed(TABLETOP, placement__drop__every=5)
    assert Studio(data).state(13).to_json() == [Studio(data).state(frame) for frame in (11, 12, 13)][-1].to_json()


def test_an_attempt_draws_again_what_is_not_held() -> None:
    studio = Studio(changed(TABLETOP, placement__drop__every=5))
    first, again = studio.state(3), studio.state(3, attempt=1)
    assert again.attempt == 1
    assert again.values["cameras.front.fov"] != first.values["cameras.front.fov"]
    assert again.values["lights.lamp.intensity"] == first.values["lights.lamp.intensity"]
    assert [slot.T_world_object.tobytes() for slot in again.slots] == [
        slot.T_world_object.tobytes() for slot in first.slots
    ]
    loose = Studio(TABLETOP)
    assert loose.state(3).slots[4].T_world_object[0, 3] != loose.state(3, attempt=1).slots[4].T_world_object[0, 3]


def test_a_shared_value_is_one_draw() -> None:
    shared = {"uniform": [0.1, 0.9], "stream": "let.wear"}
    data = changed(STILL, objects__brick__material__roughness=shared, objects__can__material={"metallic": shared})
    for frame in range(6):
        values = Studio(data).state(frame).values
        drawn = {v for path, v in values.items() if "roughness" in path or "metallic" in path}
        assert len(drawn) == 1


def test_a_given_state_is_reproduced_exactly() -> None:
    for frame, attempt in ((2, 0), (9, 3)):
        stored = Studio(TABLETOP).state(frame, attempt).to_json()
        again = Studio(TABLETOP, seed=7).state(frame, given=FrameState.from_json(stored))
        assert again.to_json() == stored


def test_a_given_state_keeps_its_values_under_another_seed() -> None:
    data = changed(STILL, objects__can__asset__height=0.1, objects__brick__asset={"kind": "box"})
    stored = Studio(data).state(2)
    again = Studio(data, seed=99).state(2, given=stored)
    assert again.values == stored.values
    absent = tuple(f"/World/objects/{slot.name.replace('.', '_')}/" for slot in stored.slots if not slot.present)
    assert absent
    seen = {path: value for path, value in stored.opinions.items() if not path.startswith(absent)}
    assert {path: again.opinions[path] for path in seen} == seen


@pytest.mark.parametrize("redraw", ["lights", "lights.lamp", "cameras.front.pose", "objects.brick.material"])
def test_redrawing_changes_only_the_named_values(redraw: str) -> None:
    stored = Studio(TABLETOP).state(2)
    again = Studio(TABLETOP, seed=8).state(2, given=stored, redraw=[redraw])
    scoped = ("objects.brick.asset", "objects.can.asset")  # of the block, which belongs to the other seed
    for path, value in stored.values.items():
        if not path.startswith(scoped):
            assert (again.values[path] != value) is path.startswith(redraw), path
    assert [s.T_world_object.tobytes() for s in again.slots] == [s.T_world_object.tobytes() for s in stored.slots]


@pytest.mark.parametrize("redraw", ["placement", "placement.drop.region", "objects.can", "objects.brick.count"])
def test_redrawing_what_decides_poses_places_again(redraw: str) -> None:
    stored = Studio(TABLETOP).state(2)
    again = Studio(TABLETOP, seed=8).state(2, given=stored, redraw=[redraw])
    assert [s.T_world_object.tobytes() for s in again.slots] != [s.T_world_object.tobytes() for s in stored.slots]
    assert again.values["lights.sky.rotation"] == stored.values["lights.sky.rotation"]


def test_a_redraw_with_the_same_seed_gives_the_fresh_frame() -> None:
    stored = Studio(TABLETOP).state(2)
    again = Studio(TABLETOP).state(2, given=stored, redraw=["lights", "placement", "objects", "cameras"])
    assert again.to_json() == stored.to_json()


def test_importing_the_kinds_imports_no_engine() -> None:
    code = (
        "import sys, twin.randomizers.draw, twin.randomizers.require\n"
        "import twin.randomizers.placement, twin.randomizers.camera\n"
        "print([m for m in ('mujoco', 'pxr', 'mitsuba', 'trimesh', 'scipy', 'coacd') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
