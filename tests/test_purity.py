"""A frame is a pure function of (scene, seed, index): the same bytes alone, later, backwards, elsewhere."""

from pathlib import Path

import numpy as np
import pytest

import twin
from tests.frames import ROOT, frame_hash, hashes_elsewhere, small
from twin.assets.library import Library

SCENES = sorted((ROOT / "scenes").glob("*.yaml"))
FRAMES = np.random.default_rng(7).choice(60, size=4, replace=False).tolist()


def overrides(path: Path) -> list[str]:
    if path.stem == "tabletop" and Library().missing():
        pytest.skip("the core pack is not fetched: twin assets fetch core")
    return small(twin.load(path).loaded.scene)


@pytest.mark.slow
@pytest.mark.parametrize("path", SCENES, ids=lambda path: path.stem)
def test_frames_have_the_same_bytes_however_they_are_made(path: Path) -> None:
    sets = overrides(path)
    with twin.load(path, sets=sets) as scene:
        here = {str(index): frame_hash(scene.frame(index)) for index in FRAMES}
    alone = hashes_elsewhere(path, FRAMES[2:3], sets=sets)
    assert alone.items() <= here.items(), "alone in another process"
    backwards_on_one_core = hashes_elsewhere(path, FRAMES[::-1], cores=1, sets=sets)
    assert backwards_on_one_core == here, "in reverse order on one core"


@pytest.mark.slow
@pytest.mark.parametrize("path", SCENES, ids=lambda path: path.stem)
def test_a_frame_does_not_depend_on_fifty_frames_before_it(path: Path) -> None:
    sets = overrides(path)
    fresh = hashes_elsewhere(path, FRAMES[:1], sets=sets)
    assert hashes_elsewhere(path, FRAMES[:1], before=50, sets=sets) == fresh


def test_seeds_and_frames_differ() -> None:
    path = ROOT / "scenes" / "first.yaml"
    sets = [*small(twin.load(path).loaded.scene, engine=False), "engine={kind: blank}"]
    with twin.load(path, sets=sets) as zero, twin.load(path, sets=sets, seed=1) as one:
        hashes = [frame_hash(zero.frame(0)), frame_hash(zero.frame(1)), frame_hash(one.frame(0))]
    assert len(set(hashes)) == 3


def test_rendering_stored_states_gives_the_same_frames(tmp_path: Path) -> None:
    path = ROOT / "scenes" / "first.yaml"
    sets = [*small(twin.load(path).loaded.scene, engine=False), "engine={kind: blank}"]
    twin.generate(path, frames=3, out=tmp_path / "a", sets=sets)
    twin.generate(source=tmp_path / "a", out=tmp_path / "b")
    one, two = twin.open_dataset(tmp_path / "a"), twin.open_dataset(tmp_path / "b")
    for index in range(3):
        first, second = one.frame(index), two.frame(index)
        assert set(first) == set(second)
        for name in first:
            np.testing.assert_array_equal(first[name], second[name], err_msg=name)


def test_stored_states_render_at_another_size_and_with_a_value_drawn_anew(tmp_path: Path) -> None:
    path = ROOT / "scenes" / "first.yaml"
    sets = [*small(twin.load(path).loaded.scene, engine=False), "engine={kind: blank}"]
    twin.generate(path, frames=2, out=tmp_path / "a", sets=sets)
    changes = ["cameras.front.resolution=[240, 180]", "lights.sky.intensity={uniform: [5, 6]}"]
    twin.generate(source=tmp_path / "a", out=tmp_path / "b", sets=changes)
    one, two = twin.open_dataset(tmp_path / "a"), twin.open_dataset(tmp_path / "b")
    for index in range(2):
        first, second = one.state(index), two.state(index)
        assert second["slots"] == first["slots"]
        changed = {name for name in first["values"] if first["values"][name] != second["values"][name]}
        assert changed == {"lights.sky.intensity"}
        assert two.frame(index)["cameras/front/depth"].shape == (180, 240)
        np.testing.assert_allclose(
            two.frame(index)["cameras/front/K"][:2] / 2, one.frame(index)["cameras/front/K"][:2], rtol=1e-12
        )


def test_stored_states_of_a_scene_with_files_render_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its objects are not in alphabetical order, its world and its meshes are files."""
    path = ROOT / "scenes" / "lab.yaml"
    sets = [*small(twin.load(path).loaded.scene, engine=False), "labels=[depth, instance, pose, keypoints]"]
    twin.generate(path, frames=2, out=tmp_path / "a", sets=sets)
    monkeypatch.chdir(tmp_path)
    twin.generate(source="a", out="b")
    one, two = twin.open_dataset("a"), twin.open_dataset("b")
    for index in range(2):
        first, second = one.frame(index), two.frame(index)
        for name in first:
            np.testing.assert_array_equal(first[name], second[name], err_msg=name)
