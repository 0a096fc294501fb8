"""Keypoints against shapes by formula."""

from __future__ import annotations

import numpy as np
import pytest

from tests.cast.made import Array, Ball, Box, Shape, camera, stage, state
from twin import conventions
from twin.cast.scene import CastScene
from twin.conventions import KEYPOINT_OCCLUSION_TOLERANCE
from twin.frame import FrameState
from twin.labels.compute import compute

CORNERS = tuple((x, y, z) for x in (-0.06, 0.06) for y in (-0.05, 0.05) for z in (-0.03, 0.03))
POLES = ((0.05, 0.0, 0.0), (-0.05, 0.0, 0.0), (0.0, 0.05, 0.0), (0.0, 0.0, 0.05), (0.0, 0.0, 0.0), (0.0, 0.0, 0.04))
SHAPES: tuple[Shape, ...] = (
    Box((0.06, 0.05, 0.03), keypoints=CORNERS),
    Ball(0.05, keypoints=POLES),
    Box((0.01, 0.2, 0.1)),
)
TABLE = Box((0.3, 0.3, 0.02), (0.0, 0.0, -0.1), label="table")
LENSES = {"straight": [0.0] * 8, "bent": [-0.3, 0.1, 0.002, -0.003, 0, 0, 0, 0], "folding": [-1.2, 0, 0, 0, 0, 0, 0, 0]}
COUNT = 9


def frame(seed: int, distortion: list[float]) -> FrameState:
    random = np.random.default_rng(seed)
    slots: list[tuple[int, Array] | None] = [
        (0, conventions.transform(conventions.rotation_rpy(*random.uniform(-3, 3, 3)), random.uniform(-0.15, 0.15, 3)))
        for _ in SHAPES
    ]
    slots[seed % 3] = slots[seed % 3] if seed % 4 else None
    eye = conventions.look_at(random.normal([0.0, 0.0, 0.2], 0.3), random.uniform(-0.2, 0.2, 3))
    return state(slots, {"eye": camera(eye, conventions.intrinsics(120, 125, 70, 50), (160, 120), distortion)})


def first_hit(frame_state: FrameState, points: Array) -> Array:
    """Return the planar depth of the first hit on the rays exactly through camera-frame points."""
    view = frame_state.cameras["eye"]
    shapes: list[tuple[Shape, Array]] = [(TABLE, np.eye(4))]
    shapes += [(shape, s.T_world_object) for shape, s in zip(SHAPES, frame_state.slots, strict=True) if s.present]
    depth = np.full(len(points), np.inf)
    for shape, T_world_shape in shapes:
        T = np.asarray(np.linalg.inv(T_world_shape) @ view.T_world_camera, dtype=np.float64)
        rays = points / points[:, 2:]
        depth = np.minimum(depth, shape.depth(T[:3, 3], rays @ T[:3, :3].T))
    return depth


@pytest.fixture(scope="module")
def scene() -> CastScene:
    return CastScene(stage(TABLE.meshes("/table"), [[shape] for shape in SHAPES]))


@pytest.mark.parametrize("name", LENSES)
def test_states_are_those_of_the_formula(scene: CastScene, name: str) -> None:
    geometry = stage([], [[shape] for shape in SHAPES])
    counts, doubtful = np.zeros(3, dtype=int), 0
    for seed in range(60):
        frame_state = frame(seed, LENSES[name])
        truth = scene.cast(frame_state, silhouettes=False)["eye"]
        labels = compute(frame_state, "eye", truth, geometry.slots, ["keypoints"], COUNT)
        for row, slot in enumerate(frame_state.slots):
            number = len(SHAPES[row].keypoints) if slot.present else 0
            xyz = labels["keypoints/xyz_camera"][row].astype(np.float64)
            states, uv = labels["keypoints/state"][row], labels["keypoints/uv"][row]
            assert np.isnan(xyz[number:]).all()
            assert not states[number:].any()
            view = frame_state.cameras["eye"]
            expected_uv = conventions.project(xyz[:number], view.K, view.distortion)
            assert np.allclose(uv[:number], expected_uv, rtol=1e-5, atol=1e-2, equal_nan=True)
            inside = ((expected_uv >= 0) & (expected_uv < (view.width, view.height))).all(axis=1)
            seen = xyz[:number][inside]
            gap = (seen[:, 2] - first_hit(frame_state, seen)) / seen[:, 2] * np.linalg.norm(seen, axis=1)
            sure = np.abs(gap - KEYPOINT_OCCLUSION_TOLERANCE) > 2e-5
            expected = np.where(gap > KEYPOINT_OCCLUSION_TOLERANCE, 1, 2)
            assert (states[:number][inside][sure] == expected[sure]).all()
            assert not states[:number][~inside].any()
            counts += np.bincount(states[:number], minlength=3)
            doubtful += int(np.count_nonzero(~sure))
    assert counts.min() > 50
    assert doubtful < 10


def test_a_keypoint_inside_its_own_object_is_occluded_from_5_mm_on(scene: CastScene) -> None:
    view = camera(
        conventions.look_at([0.0, 0.0, 0.6], [0.0, 0.0, 0.0]), conventions.intrinsics(120, 120, 80, 60), (160, 120)
    )
    for depth, expected in ((0.0049, 2), (0.0051, 1)):
        geometry = stage([], [[Box((0.1, 0.1, 0.1), keypoints=((0.0, 0.0, 0.1 - depth),))]])
        frame_state = state([(0, np.eye(4))], {"eye": view})
        truth = CastScene(geometry).cast(frame_state)["eye"]
        assert compute(frame_state, "eye", truth, geometry.slots, ["keypoints"], 1)["keypoints/state"][0, 0] == expected


def test_the_tolerance_is_along_the_ray_not_along_the_axis() -> None:
    """Seen 60 degrees off the axis, 4 mm of depth are 8 mm on the ray."""
    wide = camera(np.eye(4), conventions.intrinsics(40, 40, 80, 60), (160, 120))
    wall = Box((5.0, 5.0, 0.01), (0.0, 0.0, 1.0 - 0.004 + 0.01))
    target = Box((0.001, 0.001, 0.0001), keypoints=((0.0, 0.0, 0.0),))
    geometry = stage(wall.meshes("/wall"), [[target]])
    for x, expected in ((0.0, 2), (np.tan(np.radians(60)), 1)):
        frame_state = state([(0, conventions.transform(np.eye(3), [x, 0.0, 1.0]))], {"eye": wide})
        truth = CastScene(geometry).cast(frame_state)["eye"]
        labels = compute(frame_state, "eye", truth, geometry.slots, ["keypoints"], 1)
        assert labels["keypoints/state"][0, 0] == expected
