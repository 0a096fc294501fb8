"""The hardest scene passes what the others pass: an independent caster, the labels' own laws, extension, one frame."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import twin
from tests.frames import ROOT, small
from twin import conventions
from twin.api import Twin
from twin.engines.blank import BlankRenderer
from twin.frame import Frame
from twin.shard import LABELS

SCENE = ROOT / "scenes" / "torture.yaml"
FRAMES = (0, 13)


@pytest.fixture(scope="module")
def scene() -> Iterator[Twin]:
    labels = ", ".join(label for label in LABELS if label != "rgb")
    sets = [*small(twin.load(SCENE).loaded.scene, engine=False), f"labels=[{labels}]"]
    with twin.load(SCENE, sets=sets) as loaded:
        yield loaded


@pytest.fixture(scope="module")
def frames(scene: Twin) -> list[Frame]:
    return [scene.frame(index) for index in FRAMES]


def slot_names(frame: Frame) -> list[str]:
    return [slot.name for slot in frame.state.slots]


@pytest.mark.slow
def test_an_independent_caster_sees_the_same(scene: Twin, frames: list[Frame]) -> None:
    """A NumPy caster that shares nothing with Embree, over all 1.1 million triangles; it knows no cutouts."""
    differing = total = 0
    for frame in frames:
        stage = scene.studio.block(frame.state.block).stage
        judge = BlankRenderer()
        judge.open(stage, scene.studio.cameras, ("depth", "instance"))
        lattice = slot_names(frame).index("lattice") + 1
        for name, raw in judge.render(frame.state).raw.items():
            counted = raw["instance"] != lattice
            same = raw["instance"] == frame[f"{name}/instance"]
            both = same & counted & np.isfinite(raw["depth"])
            assert np.array_equal(np.isfinite(raw["depth"][counted]), np.isfinite(frame[f"{name}/depth"][counted]))
            assert np.abs(raw["depth"][both] - frame[f"{name}/depth"][both]).max() < 1e-4
            differing, total = differing + int((~same & counted).sum()), total + int(counted.sum())
    assert differing <= total / 10_000


def test_the_lattice_is_cut_out_and_what_is_behind_shows(frames: list[Frame]) -> None:
    row = slot_names(frames[0]).index("lattice")
    for frame in frames:
        x0, y0, x1, y1 = frame["front/box2d_full"][row].astype(int)
        window = frame["front/instance"][y0:y1, x0:x1]
        share = (window == row + 1).mean()
        assert 0.3 < share < 0.85, share
        assert len(np.unique(window)) > 2


def test_labels_keep_their_laws(scene: Twin, frames: list[Frame]) -> None:
    for frame in frames:
        for camera in scene.studio.cameras:
            instance, box = frame[f"{camera}/instance"], frame[f"{camera}/box2d_visible"]
            visible, inside, seen = frame[f"{camera}/visibility"].T
            for row, slot in enumerate(frame.state.slots):
                ys, xs = np.nonzero(instance == row + 1)
                tight = [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1] if len(xs) else [0, 0, 0, 0]
                assert box[row].tolist() == tight
                assert 0 <= visible[row] <= inside[row] <= 1
                assert visible[row] == pytest.approx(inside[row] * seen[row], abs=1e-6)
                assert slot.present or not (len(xs) or visible[row] or inside[row])


def test_there_are_empty_slots_a_rod_and_a_beam_across_the_near_plane(frames: list[Frame]) -> None:
    names = slot_names(frames[0])
    counts = {sum(slot.present for slot in frame.state.slots if slot.name.startswith("crumb")) for frame in frames}
    assert len(counts) > 1 and min(counts) < 3
    rod, beam = names.index("rod"), names.index("beam")
    assert all((frame["front/instance"] == rod + 1).sum() > 0 for frame in frames)
    for frame in frames:
        corners = np.array([[x, y, z] for x in (-0.02, 0.02) for y in (-1.5, 1.5) for z in (0, 0.04)])
        depth = conventions.apply(frame["front/T_camera_object"][beam], corners)[:, 2]
        assert depth.min() < 0 < depth.max()
        assert (frame["front/instance"] == beam + 1).any()


def test_a_rig_moves_as_one(frames: list[Frame]) -> None:
    rigs = [
        np.linalg.inv(f.state.cameras["front"].T_world_camera) @ f.state.cameras["right"].T_world_camera for f in frames
    ]
    assert not np.allclose(
        frames[0].state.cameras["front"].T_world_camera, frames[1].state.cameras["front"].T_world_camera
    )
    for rig in rigs[1:]:
        np.testing.assert_allclose(rig, rigs[0], atol=1e-12)


@pytest.mark.slow
def test_it_extends_to_the_bytes_of_one_run(scene: Twin, tmp_path: Path) -> None:
    sets = [
        *small(scene.loaded.scene, engine=False),
        "engine={kind: blank}",
        "labels=[depth, instance, boxes, visibility]",
    ]
    for frames in (3, 6):
        twin.generate(SCENE, frames=frames, out=tmp_path / "grown", shard_size=2, sets=sets)
    twin.generate(SCENE, frames=6, out=tmp_path / "whole", shard_size=2, sets=sets)
    for shard in sorted((tmp_path / "whole").glob("*.h5")):
        assert shard.read_bytes() == (tmp_path / "grown" / shard.name).read_bytes()
