"""The pipeline as a whole: what a frame holds, what is skipped, and how requirements are met."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

import twin
from tests.frames import ROOT
from twin import api
from twin.shard import LABELS

BALL = {
    "twin": 1,
    "classes": {"ball": 1, "wall": 2},
    "world": {
        "floor": {"kind": "floor", "size": [2, 2]},
        "wall": {"kind": "box", "size": [1, 0.05, 0.5], "position": [0, 0.3, 0], "label": "wall"},
    },
    "lights": {"sky": {"kind": "dome", "intensity": {"uniform": [0.5, 1]}}},
    "objects": {"ball": {"asset": {"kind": "sphere", "radius": 0.1}, "label": "ball"}},
    "placement": {"rest": {"kind": "fixed", "objects": ["ball"], "position": [0, 0, {"uniform": [0, 0.3]}]}},
    "cameras": {
        "front": {
            "resolution": [64, 48],
            "fov": "60 deg",
            "pose": {"kind": "orbit", "target": "ball", "distance": 0.8, "elevation": "20 deg"},
        }
    },
    "engine": {"kind": "blank"},
}


def test_a_frame_holds_exactly_the_labels_that_were_asked_for() -> None:
    with api.loads(BALL) as scene:
        names = set(scene.frame(0).camera("front"))
    assert names == {field.name for fields in LABELS.values() for field in fields}
    with api.loads({**BALL, "labels": ["depth", "boxes"]}) as scene:
        frame = scene.frame(0)
    assert set(frame.camera("front")) == {"depth", "box2d_visible", "box2d_full"}
    assert not frame.linear


def test_labels_alone_start_no_engine() -> None:
    with api.loads({**BALL, "labels": ["depth"], "engine": {"kind": "mitsuba"}}) as scene:
        scene.frame(0)
        assert scene.studio._engine is None


def test_labels_do_not_depend_on_the_engine_or_on_what_else_is_asked_for() -> None:
    with api.loads(BALL) as full, api.loads({**BALL, "labels": ["depth", "instance"]}) as lean:
        for index in range(3):
            one, two = full.frame(index), lean.frame(index)
            np.testing.assert_array_equal(one["front/depth"], two["front/depth"])
            np.testing.assert_array_equal(one["front/instance"], two["front/instance"])


def test_requirements_hold_in_every_frame_and_redraw_only_what_they_must() -> None:
    hidden = {**BALL, "labels": ["depth", "visibility"]}
    needed = {**hidden, "require": {"seen": {"visible": "ball", "camera": "front", "min": 0.8}}}
    with api.loads(hidden) as free, api.loads(needed) as held:
        attempts = []
        for index in range(12):
            frame = held.frame(index)
            assert frame["front/visibility"][0, 0] >= 0.8
            attempts.append(frame.state.attempt)
            if frame.state.attempt == 0:
                assert frame.state.to_json() == free.frame(index).state.to_json()
        assert 0 in attempts and max(attempts) > 0


def test_a_requirement_that_all_held_draws_decide_is_not_tried_in_vain() -> None:
    fixed = {"kind": "fixed", "position": [0, 2, 0.2], "look_at": [0, 3, 0.2]}
    blind = {**BALL, "cameras": {"front": {**BALL["cameras"]["front"], "pose": fixed}}}  # type: ignore[index]
    blind["placement"] = {"rest": {"kind": "fixed", "objects": ["ball"], "position": [0, 0, 0], "every": 4}}
    with (
        api.loads({**blind, "require": {"seen": {"visible": "ball", "camera": "front"}}}) as scene,
        pytest.raises(twin.DrawError, match="missed in 1 of 1 attempts"),
    ):
        scene.frame(0)


@pytest.mark.parametrize("name", ["first", "lab"])
def test_keypoints_have_the_order_that_the_shard_names(name: str, tmp_path: Path) -> None:
    with twin.load(ROOT / "scenes" / f"{name}.yaml", sets=["engine={kind: blank}"]) as scene:
        out = scene.render_frame(0, tmp_path / "frame.h5")[0]
        slots = scene.studio.block(0).stage.geometry.slots
        state = scene.studio.state(0)
    with h5py.File(out) as shard:
        for number, slot in enumerate(state.slots):
            if slot.present:
                names = json.loads(shard["assets/keypoints"][shard["objects/asset"][0, number]])
                assert names == list(slots[number].members[slot.member].keypoints)
                assert np.isfinite(
                    shard[f"cameras/{next(iter(state.cameras))}/keypoints/xyz_camera"][0, number, : len(names)]
                ).all()


def test_blocks_change_the_assets_and_view_groups_hold_the_poses() -> None:
    pooled = json.loads(json.dumps(BALL))
    pooled["objects"]["ball"]["asset"]["radius"] = {"uniform": [0.05, 0.12]}
    pooled["placement"]["rest"]["every"] = 2
    pooled["pool"] = {"size": 2, "every": 4}
    with api.loads({**pooled, "labels": ["depth", "pose"]}) as scene:
        frames = [scene.frame(index) for index in range(8)]
        radii = {(f.state.block, f.state.slots[0].member): f.state.values["objects.ball.asset.radius"] for f in frames}
    assert [f.state.block for f in frames] == [0] * 4 + [1] * 4
    assert len(set(radii.values())) == len(radii) > 2
    for even, odd in zip(frames[::2], frames[1::2], strict=True):
        assert even.state.slots[0].member == odd.state.slots[0].member


def test_visibility_that_only_requirements_need_is_not_delivered() -> None:
    needed = {"visible": "ball", "camera": "front", "min": 0.1}
    with api.loads({**BALL, "labels": ["depth", "pose"], "require": {"seen": needed}}) as scene:
        assert set(scene.frame(0).camera("front")) == {"depth", "T_camera_object"}
