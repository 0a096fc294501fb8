"""Placements: surfaces, scattering that comes to rest, exact poses, and what is said when there is no room."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.randomizers.scenes import LIBRARY, TABLETOP, Studio, changed, geometry, scene
from twin.conventions import Array, apply, rotation_rpy
from twin.errors import DrawError, SpecError
from twin.frame import FrameState
from twin.physics.settle import Residual, SettleResult, settle
from twin.randomizers.draw import draw_block
from twin.randomizers.placement import scatter
from twin.randomizers.placement.start import Area, Footprint, rotation_uniform, start_pose
from twin.randomizers.placement.surface import Surface, surface
from twin.randomizers.streams import Index
from twin.seeds import Bits
from twin.stage.geometry import Geometry, Mesh

SQUARE = np.array([[-0.5, -0.4], [0.5, -0.4], [0.5, 0.4], [-0.5, 0.4]])


def points(studio: Studio, state: FrameState) -> dict[str, Array]:
    """Return the world vertices of each present slot."""
    pools = {slot.name: slot for slot in studio.block(state.block)[0].slots}
    return {
        slot.name: apply(slot.T_world_object, np.concatenate(pools[slot.name].members[slot.member].asset.colliders))
        for slot in state.slots
        if slot.present
    }


def test_what_is_scattered_rests_on_the_table() -> None:
    studio = Studio(changed(TABLETOP, objects__brick__count=6))
    for frame in range(4):
        state = studio.state(frame)
        found = points(studio, state)
        assert len(found) == 7
        assert min(cloud[:, 2].min() for cloud in found.values()) == pytest.approx(0.7, abs=1e-3)
        for cloud in found.values():
            assert cloud[:, 2].min() > 0.7 - 0.002
            assert np.abs(cloud.mean(axis=0)[:2]).max() < 0.6


def test_absent_slots_have_no_pose() -> None:
    state = Studio(changed(TABLETOP, objects__brick__count={"integers": [1, 9]})).state(3)
    absent = [slot for slot in state.slots if not slot.present]
    assert absent
    assert all(np.isnan(slot.T_world_object).all() and slot.member == 0 for slot in absent)


def test_upright_things_that_do_not_settle_stand_apart_on_the_surface() -> None:
    studio = Studio(
        changed(TABLETOP, objects__brick__count=8, placement__drop__settle=0, placement__drop__upright=True)
    )
    state = studio.state(1)
    found = points(studio, state)
    for cloud in found.values():
        assert cloud[:, 2].min() == pytest.approx(0.7, abs=1e-6)
        assert np.abs(cloud[:, 0]).max() < 0.6 - 0.02 + 1e-6
        assert np.abs(cloud[:, 1]).max() < 0.4 - 0.02 + 1e-6
    prints = [Footprint.of(cloud) for cloud in found.values()]
    for number, one in enumerate(prints):
        assert not any(one.meets(other.center, other.radius) for other in prints[:number])
    assert all(slot.T_world_object[2, 2] == 1 for slot in state.slots if slot.present)


def test_region_limits_where_things_start() -> None:
    narrow = changed(TABLETOP, placement__drop__settle=0, placement__drop__region=[0.3, 0.5], objects__brick__count=1)
    studio = Studio(narrow)
    centers = np.array(
        [Footprint.of(cloud).center for f in range(20) for cloud in points(studio, studio.state(f)).values()]
    )
    assert np.abs(centers[:, 0]).max() <= 0.15
    assert np.abs(centers[:, 1]).max() <= 0.25
    assert np.abs(centers[:, 0]).max() > 0.1


def test_a_full_table_without_settling_says_what_to_do() -> None:
    data = changed(TABLETOP, objects__brick__count=60, placement__drop__settle=0, world__table__size=[0.4, 0.3])
    with pytest.raises(DrawError) as caught:
        Studio(data).state(0)
    slot = caught.value.found.split("'")[1]
    assert str(caught.value) == (
        f"placement.drop, frame 0: no free place for '{slot}' on 'table' among 61 objects in 48 tries\n"
        "  expected: room for each object beside the others, since 'settle' is 0 s\n"
        "  try: settle for 2 s so that they may lie on each other, lower 'count', or use a larger surface or region"
    )


def test_the_same_table_is_full_of_things_that_lie_on_each_other_once_they_settle() -> None:
    data = changed(TABLETOP, objects__brick__count=40, placement__drop__settle=3, world__table__size=[0.6, 0.5])
    studio = Studio(data)
    state = studio.state(0)
    assert max(cloud[:, 2].min() for cloud in points(studio, state).values()) > 0.71
    assert set(state.redraws.get("drop", {})) <= {"moving", "sank", "fell"}


def test_what_falls_off_is_drawn_again_and_counted() -> None:
    data = changed(
        TABLETOP,
        objects__brick={"asset": {"kind": "sphere", "radius": 0.04}, "count": 6},
        world__table__size=[0.35, 0.35],
    )
    studio = Studio(data)
    states = [studio.state(frame) for frame in range(6)]
    assert sum(state.redraws.get("drop", {}).get("fell", 0) for state in states) > 0
    for state in states:
        for cloud in points(studio, state).values():
            assert cloud[:, 2].min() > 0.7 - 0.002


def test_when_nothing_finds_rest_the_message_has_numbers_and_remedies(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = []

    def restless(bodies: Any, statics: Any, T_start: Any, duration: float, *, bounds: Array) -> SettleResult:
        rounds.append(T_start)
        return settle(bodies, statics, T_start, 0.02, bounds=bounds)

    monkeypatch.setattr(scatter, "settle", restless)
    with pytest.raises(DrawError) as caught:
        Studio(changed(TABLETOP, objects__brick__count=1)).state(4)
    assert len(rounds) == scatter.ROUNDS
    assert len({start["can"].tobytes() for start in rounds}) == scatter.ROUNDS
    assert re.sub(r"0\.\d\d\d", "0.2", str(caught.value)) == (
        "placement.drop, frame 4: 2 of 2 objects found no rest on 'table' in 12 rounds: "
        "brick still moves at 0.2 m/s, can still moves at 0.2 m/s\n"
        "  expected: all at rest after 1.5 s; drawn again so far: 24 moving\n"
        f"  try: {scatter.REMEDIES}"
    )


def test_each_redraw_has_a_stream_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    faults = iter([["brick", "can"], ["can"], []])
    streams: list[str] = []

    def judged(*arguments: Any, bounds: Array) -> SettleResult:
        result, restless = settle(*arguments, bounds=bounds), next(faults)
        moving = {name: Residual(1.0 if name in restless else 0.0, 0.0, False) for name in result.residuals}
        return SettleResult(result.T_world_object, moving, result.seconds)

    def bits(index: Index, stream: str, period: int) -> Bits:
        streams.append(stream)
        return Bits(index.seed, index.frame // (period or 1), stream)

    studio = Studio(changed(TABLETOP, objects__brick__count=1))
    studio.block(0)
    monkeypatch.setattr(scatter, "settle", judged)
    monkeypatch.setattr(Index, "bits", bits)
    state = studio.state(0)
    starts = [stream.removeprefix("placement.drop.start.") for stream in streams if ".start." in stream]
    assert starts == ["brick", "can", "brick~1", "can~1", "can~2"]
    assert state.redraws == {"drop": {"moving": 3}}


def test_fixed_poses_are_exact() -> None:
    data = changed(TABLETOP, objects__brick__count=1, placement__drop__objects=["can"], placement__exact=FIXED)
    state = Studio(data).state(5)
    brick = state.slots[0].T_world_object
    assert np.array_equal(brick[:3, 3], [0.1, -0.2, 0.9])
    assert np.allclose(brick[:3, :3], rotation_rpy(0.1, 0.2, 0.3), atol=1e-15)


FIXED = {
    "kind": "fixed",
    "objects": ["brick"],
    "position": [0.1, -0.2, 0.9],
    "rotation": ["0.1 rad", "0.2 rad", "0.3 rad"],
}


def test_fixed_things_are_obstacles_for_what_is_scattered() -> None:
    wall = {"asset": {"kind": "box", "size": [0.9, 0.6, 0.2]}}
    data = changed(
        TABLETOP,
        objects__brick=wall,
        placement__drop__objects=["can"],
        placement__block={"kind": "fixed", "objects": ["brick"], "position": [0, 0, 0.7]},
        world__table__size=[0.9, 0.6],
    )
    studio = Studio(data)
    for frame in range(3):
        state = studio.state(frame)
        assert points(studio, state)["can"][:, 2].min() == pytest.approx(0.9, abs=1e-3)
        assert np.array_equal(state.slots[0].T_world_object[:3, 3], [0, 0, 0.7])


def test_several_of_an_object_cannot_stand_at_one_pose() -> None:
    data = changed(TABLETOP, objects__brick__count=2, placement__drop__objects=["can"], placement__exact=FIXED)
    with pytest.raises(SpecError, match="2 of 'brick' would stand at the same pose") as caught:
        Studio(data).state(0)
    assert caught.value.where == "placement.exact, frame 0"


def test_a_fixed_placement_takes_one_object() -> None:
    data = changed(TABLETOP, placement__drop={**FIXED, "objects": ["brick", "can"]})
    with pytest.raises(SpecError, match="a fixed placement puts one object at one pose, not 2"):
        scene(data)


def test_periods_that_do_not_divide_each_other_are_refused() -> None:
    data = changed(
        TABLETOP,
        placement__drop={"kind": "scatter", "objects": ["brick"], "on": "table", "every": 5},
        placement__pour={"kind": "scatter", "objects": ["can"], "on": "table", "every": 4},
    )
    with pytest.raises(SpecError) as caught:
        Studio(data).state(0)
    assert str(caught.value) == (
        "placement.pour.every: the placement 'pour' holds its poses for 4 frames, 'drop' for 5\n"
        "  expected: periods that divide each other, since they are obstacles to each other\n"
        "  try: set both to 5"
    )


def test_a_held_scatter_is_not_disturbed_by_one_that_is_drawn_each_frame() -> None:
    data = changed(
        TABLETOP,
        placement__drop={"kind": "scatter", "objects": ["can"], "on": "table"},
        placement__hold={"kind": "scatter", "objects": ["brick"], "on": "table", "every": 4},
    )
    studio = Studio(data)
    states = [studio.state(frame) for frame in range(4)]
    assert len({tuple(slot.T_world_object.tobytes() for slot in state.slots[:4]) for state in states}) == 1
    assert len({state.slots[4].T_world_object.tobytes() for state in states}) == 4


def test_upper_surface_of_a_turned_table() -> None:
    block = draw_block(scene(changed(TABLETOP, world__table__yaw="30 deg")), 0, 0, LIBRARY)
    top = surface("table", block.fixtures, geometry(block))
    assert top.height == pytest.approx(0.7, abs=1e-6)
    assert top.inside(np.zeros(2)) == pytest.approx(0.4, abs=0.01)
    assert top.inside(top.high - 0.01) < 0, "the corner of the bounding box is off the table"


def test_upper_surface_is_the_highest_large_level() -> None:
    def level(height: float, half: float) -> Mesh:
        corners = np.array([[-half, -half, height], [half, -half, height], [half, half, height], [-half, half, height]])
        faces = np.array([[0, 1, 2], [0, 2, 3]], np.uint32)
        return Mesh(f"/World/fixtures/table/asset/{height}", corners.astype(np.float32), faces, None, None, "")

    block = draw_block(scene(TABLETOP), 0, 0, LIBRARY)
    shelf = Geometry(Path("/nonexistent"), (level(0.2, 0.5), level(0.8, 0.5), level(1.0, 0.1)), (), {}, {}, {})
    assert surface("table", block.fixtures, shelf).height == pytest.approx(0.8)


def test_a_fixture_without_an_upper_side_is_named() -> None:
    block = draw_block(scene(TABLETOP), 0, 0, LIBRARY)
    bare = Geometry(Path("/nonexistent"), (), (), {}, {}, {})
    with pytest.raises(SpecError, match="the fixture 'table' has no surface that faces up"):
        surface("table", block.fixtures, bare)
    with pytest.raises(SpecError, match="there is no fixture 'tabel'") as caught:
        surface("tabel", block.fixtures, bare)
    assert caught.value.hint == "did you mean 'table'?"


def test_start_poses_do_not_collide_even_when_they_pile_up() -> None:
    area = Area(Surface(0.7, SQUARE * 0.3), 0.01, None)
    cloud = np.random.default_rng(0).uniform(-0.05, 0.05, (40, 3))
    taken: list[Footprint] = []
    for number in range(30):
        T, footprint = start_pose(cloud, area, taken, Bits(0, 0, f"x{number}"), upright=False, gap=0.005)
        measured = Footprint.of(apply(T, cloud))
        assert np.allclose(
            [*measured.center, measured.low, measured.high], [*footprint.center, footprint.low, footprint.high]
        )
        assert footprint.low >= 0.705 - 1e-9
        for other in taken:
            assert not other.meets(footprint.center, footprint.radius) or footprint.low >= other.high
        taken.append(footprint)


def test_rotations_are_even() -> None:
    turned = np.array([rotation_uniform(Bits(1, number, "r")) for number in range(4000)])
    assert np.allclose(turned @ turned.transpose(0, 2, 1), np.eye(3), atol=1e-12)
    assert np.abs(turned.mean(axis=0)).max() < 0.04
    assert np.allclose((turned**2).mean(axis=0), 1 / 3, atol=0.03)
    angles = np.arccos((np.trace(turned, axis1=1, axis2=2) - 1) / 2)
    assert angles.mean() == pytest.approx(np.pi / 2 + 2 / np.pi, abs=0.03)
