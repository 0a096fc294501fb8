"""Labels: their layout, their definitions, and what must hold between them in any frame."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cast.made import Array, Ball, Box, Mask, Shape, camera, stage, state
from twin import conventions
from twin.cast.buffers import Silhouette, Truth
from twin.cast.scene import CastScene
from twin.frame import FrameState
from twin.labels.boxes import full_boxes, visible_boxes
from twin.labels.compute import FROM_SILHOUETTES, LABEL_ARRAYS, compute
from twin.labels.pose import pose
from twin.labels.visibility import visibility
from twin.shard import LABELS, columns

POOLS: list[list[Shape]] = [
    [Ball(0.06, subdivisions=2, keypoints=((0.0, 0.0, 0.06),)), Box((0.03, 0.05, 0.08))],
    [Box((0.002, 0.002, 0.2)), Box((0.3, 0.01, 0.05))],
    [Ball(0.02, (0.1, 0.0, 0.0), subdivisions=3)],
    [Box((0.04, 0.04, 0.04), keypoints=((0.04, 0.04, 0.04), (0.0, 0.0, 0.0)))],
]
GEOMETRY = stage(Box((0.4, 0.4, 0.02), (0, 0, -0.1), label="table").meshes("/table"), POOLS)
SCENE = CastScene(GEOMETRY)
WITHOUT_WORLD = CastScene(replace(GEOMETRY, world=()))
NAMES = [name for name in LABELS if name != "rgb"]
KEYPOINTS = 3


def frame(seed: int) -> FrameState:
    """Draw a frame: empty slots, objects that cut each other, leave the frame or stand around the camera."""
    random = np.random.default_rng(seed)
    slots: list[tuple[int, Array] | None] = []
    for pool in POOLS:
        R = conventions.rotation_rpy(*random.uniform(-3, 3, 3))
        T = conventions.transform(R, random.normal(0, 0.15, 3))
        slots.append((int(random.integers(len(pool))), T) if random.random() < 0.8 else None)
    eye = conventions.look_at(random.normal([0.0, 0.0, 0.2], 0.25), random.uniform(-0.3, 0.3, 3))
    K = conventions.intrinsics(*random.uniform(40, 160, 2), *random.uniform(10, 90, 2))
    bend = random.normal(0, [0.2, 0.05, 0.01, 0.01, 0, 0, 0, 0]) * (random.random() < 0.5)
    return state(slots, {"eye": camera(eye, K, (96, 72), bend)})


def labels_of(frame_state: FrameState) -> tuple[Truth, dict[str, Array]]:
    truth = SCENE.cast(frame_state)["eye"]
    return truth, compute(frame_state, "eye", truth, GEOMETRY.slots, NAMES, KEYPOINTS)


def amodal(silhouette: Silhouette, shape: tuple[int, ...]) -> Mask:
    image = np.zeros(shape, dtype=bool)
    rows, columns_ = silhouette.mask.shape
    image[silhouette.origin[1] :, silhouette.origin[0] :][:rows, :columns_] = silhouette.mask
    return image


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**9))
def test_labels_of_any_frame_agree_with_each_other(seed: int) -> None:
    frame_state = frame(seed)
    truth, labels = labels_of(frame_state)
    instance = labels["instance"]
    for row, (slot, silhouette) in enumerate(zip(frame_state.slots, truth.silhouettes, strict=True)):
        seen = instance == row + 1
        visible, in_frame, visible_in_frame = labels["visibility"][row].astype(float)
        assert (silhouette is None) == (not slot.present)
        if silhouette is None:
            assert not seen.any()
            assert not labels["visibility"][row].any()
            assert not labels["box2d_full"][row].any()
            assert not labels["keypoints/state"][row].any()
            continue
        whole = amodal(silhouette, instance.shape)
        assert not (seen & ~whole).any()
        assert whole.sum() == silhouette.in_frame <= silhouette.all
        assert 0 <= visible <= in_frame <= 1
        assert 0 <= visible_in_frame <= 1
        assert visible == pytest.approx(in_frame * visible_in_frame, abs=1e-6)
        assert visible * silhouette.all == pytest.approx(seen.sum(), rel=1e-5)
        assert_tight(seen, labels["box2d_visible"][row])
        full = labels["box2d_full"][row]
        if whole.any():
            y, x = np.nonzero(whole)
            assert full[0] <= x.min() and full[1] <= y.min() and full[2] > x.max() and full[3] > y.max()
    assert instance.max() <= len(frame_state.slots)
    assert (np.isinf(labels["depth"]) == (truth.mesh == -1)).all()
    assert (labels["depth"] > 0).all()
    assert not labels["semantic"][truth.mesh == -1].any()


def assert_tight(mask: Mask, box: Array) -> None:
    if not mask.any():
        assert not box.any()
        return
    x0, y0, x1, y1 = box.astype(int)
    assert mask[y0:y1, x0:x1].sum() == mask.sum()
    assert mask[y0].any() and mask[y1 - 1].any() and mask[:, x0].any() and mask[:, x1 - 1].any()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**9))
def test_an_object_alone_is_seen_as_its_whole_silhouette(seed: int) -> None:
    frame_state = frame(seed)
    truth = SCENE.cast(frame_state)["eye"]
    for row, silhouette in enumerate(truth.silhouettes):
        if silhouette is not None:
            slots = tuple(s if i == row else replace(s, present=False) for i, s in enumerate(frame_state.slots))
            alone = WITHOUT_WORLD.cast(replace(frame_state, slots=slots))["eye"]
            assert np.array_equal(alone.instance == row + 1, amodal(silhouette, alone.instance.shape))


def test_every_label_but_rgb_is_computed() -> None:
    assert set(LABEL_ARRAYS) == set(LABELS) - {"rgb"}
    assert set(LABELS) > FROM_SILHOUETTES


def test_arrays_are_laid_out_as_a_shard_wants_them() -> None:
    _, labels = labels_of(frame(1))
    layout = columns(NAMES, {"eye": (96, 72)}, len(POOLS), KEYPOINTS)
    for name, array in labels.items():
        column = layout[f"cameras/eye/{name}"]
        assert (array.dtype, array.shape) == (np.dtype(column.dtype), column.shape)
    wanted = {field.name for label in NAMES for field in LABELS[label]}
    assert set(labels) == wanted


@pytest.mark.parametrize("name", NAMES)
def test_only_what_was_asked_for_is_computed(name: str) -> None:
    frame_state = frame(2)
    truth = SCENE.cast(frame_state, silhouettes=name in FROM_SILHOUETTES)["eye"]
    labels = compute(frame_state, "eye", truth, GEOMETRY.slots, [name], KEYPOINTS)
    assert set(labels) == {field.name for field in LABELS[name]}
    everything = labels_of(frame_state)[1]
    for key, array in labels.items():
        assert np.array_equal(array, everything[key], equal_nan=array.dtype.kind == "f")


def test_a_scene_without_objects_has_labels_of_no_rows() -> None:
    geometry = stage([], [])
    frame_state = state([], {"eye": frame(1).cameras["eye"]})
    truth = CastScene(geometry).cast(frame_state)["eye"]
    labels = compute(frame_state, "eye", truth, geometry.slots, NAMES, 0)
    assert labels["T_camera_object"].shape == (0, 4, 4)
    assert labels["box2d_visible"].shape == labels["box2d_full"].shape == (0, 4)
    assert labels["visibility"].shape == (0, 3)
    assert labels["keypoints/uv"].shape == (0, 0, 2)


def test_poses_map_object_points_into_the_camera() -> None:
    frame_state = frame(3)
    poses = pose(frame_state, "eye")
    T_world_camera = frame_state.cameras["eye"].T_world_camera
    for slot, T_camera_object in zip(frame_state.slots, poses, strict=True):
        if slot.present:
            assert np.allclose(T_world_camera @ T_camera_object, slot.T_world_object, atol=1e-12)
            assert np.linalg.det(T_camera_object[:3, :3]) == pytest.approx(1)
        else:
            assert np.isnan(T_camera_object).all()
    assert any(not slot.present for slot in frame_state.slots) or all(np.isfinite(poses).ravel())


def test_visible_boxes_are_half_open() -> None:
    instance = np.zeros((20, 30), dtype=np.uint16)
    instance[3, 4] = 2
    instance[5:7, 10:25] = 1
    assert visible_boxes(instance, 3).tolist() == [[10, 5, 25, 7], [4, 3, 5, 4], [0, 0, 0, 0]]


def test_full_boxes_may_leave_the_frame() -> None:
    silhouette = Silhouette(9, 1, (-12, -3, 45, 8), np.ones((1, 1), dtype=bool), (0, 0))
    assert full_boxes([None, silhouette]).tolist() == [[0, 0, 0, 0], [-12, -3, 45, 8]]


def test_the_visibility_triple() -> None:
    """200 pixels in all, 150 in the frame, 30 seen; and one outside the frame altogether."""
    instance = np.zeros((20, 30), dtype=np.uint16)
    instance[:3, :10] = 1
    seen = Silhouette(200, 150, (0, 0, 1, 1), np.ones((1, 1), dtype=bool), (0, 0))
    outside = Silhouette(50, 0, (40, 0, 50, 5), np.zeros((0, 0), dtype=bool), (0, 0))
    assert visibility(instance, [seen, outside, None]) == pytest.approx(
        np.array([[0.15, 0.75, 0.2], [0, 0, 0], [0, 0, 0]]), abs=1e-6
    )


def test_normals_are_halved_to_sixteen_bits() -> None:
    truth, labels = labels_of(frame(4))
    assert labels["normals"].dtype == np.float16
    assert np.abs(labels["normals"] - truth.normals).max() < 1e-3
