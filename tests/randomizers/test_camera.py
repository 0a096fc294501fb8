"""Camera poses against what they promise, and where names lead."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from tests.randomizers.scenes import TABLETOP, Studio, changed, scene
from twin.conventions import Array, inverse, project, rotation_rpy, transform
from twin.errors import DrawError, SpecError
from twin.frame import CameraState, FrameState

BASE = changed(
    TABLETOP,
    objects__brick=None,
    objects__can__asset={"kind": "cylinder", "radius": 0.03, "height": 0.1},
    placement__drop={
        "kind": "fixed",
        "objects": ["can"],
        "position": [0.2, -0.1, 0.7],
        "rotation": ["0 rad", "0 rad", "1 rad"],
    },
)
CENTER = np.array([0.2, -0.1, 0.75])


def camera(pose: Mapping[str, object], frame: int = 0, **paths: object) -> CameraState:
    return (
        Studio(changed(BASE, cameras={"front": {"fov": "60 deg", "pose": pose}}, **paths)).state(frame).cameras["front"]
    )


def angles(state: CameraState, target: Array = CENTER) -> tuple[float, float, float]:
    x, y, z = state.T_world_camera[:3, 3] - target
    distance = float(np.linalg.norm([x, y, z]))
    return distance, float(np.arctan2(y, x) % (2 * np.pi)), float(np.arcsin(z / distance))


ORBIT = {
    "kind": "orbit",
    "target": "can",
    "distance": {"uniform": [0.5, 1.5]},
    "elevation": {"uniform": ["10 deg", "80 deg"]},
    "roll": {"uniform": ["-20 deg", "20 deg"]},
}


def test_orbit_keeps_its_ranges_and_its_target_in_the_middle() -> None:
    studio = Studio(changed(BASE, cameras={"front": {"fov": "60 deg", "pose": ORBIT}}))
    states = [studio.state(frame).cameras["front"] for frame in range(400)]
    distance, azimuth, elevation = np.array([angles(state) for state in states]).T
    assert 0.5 <= distance.min() < 0.52
    assert 1.48 < distance.max() <= 1.5
    assert np.radians(10) - 1e-12 <= elevation.min() < np.radians(12)
    assert np.radians(78) < elevation.max() <= np.radians(80) + 1e-12
    assert np.abs(np.exp(1j * azimuth).mean()) < 0.12, "a full circle, evenly"
    for state in states:
        uv = project(inverse(state.T_world_camera)[:3] @ [*CENTER, 1], state.K, state.distortion)
        assert np.allclose(uv, [320, 240], atol=1e-9)
        assert np.allclose(state.T_world_camera[:3, :3] @ state.T_world_camera[:3, :3].T, np.eye(3), atol=1e-12)
        assert np.linalg.det(state.T_world_camera[:3, :3]) == pytest.approx(1)


def test_orbit_roll_turns_the_picture() -> None:
    still = {"kind": "orbit", "target": "can", "distance": 1, "azimuth": "0 deg", "elevation": "0 deg"}
    level, rolled = (camera({**still, "roll": roll}).T_world_camera for roll in ("0 deg", "30 deg"))
    assert np.allclose(level[:3, 0], [0, 1, 0], atol=1e-12)
    assert np.allclose(level[:3, 2], [-1, 0, 0], atol=1e-12)
    assert np.allclose(rolled, level @ transform(rotation_rpy(0, 0, np.radians(30)), [0, 0, 0]))


def test_orbit_offset_moves_the_middle() -> None:
    state = camera({"kind": "orbit", "target": [0.1, 0.2, 0.3], "distance": 2, "offset": [0, 0, 0.5]})
    assert angles(state, np.array([0.1, 0.2, 0.8]))[0] == pytest.approx(2)


def test_fixed_pose_by_rotation_and_by_target() -> None:
    turned = camera({"kind": "fixed", "position": [1, 2, 3], "rotation": ["-90 deg", "0 deg", "0 deg"]}).T_world_camera
    assert np.allclose(turned[:3, 2], [0, 1, 0])
    assert np.allclose(turned[:3, 1], [0, 0, -1])
    looking = camera({"kind": "fixed", "position": [0.2, -2, 0.75], "look_at": "can"}).T_world_camera
    assert np.allclose(looking[:3, :3], turned[:3, :3], atol=1e-6)


def test_fixed_pose_wants_one_direction() -> None:
    for pose in ({}, {"look_at": "can", "rotation": ["0 deg", "0 deg", "0 deg"]}):
        with pytest.raises(SpecError, match="exactly one of 'look_at' and 'rotation'"):
            camera({"kind": "fixed", "position": [0, 0, 1], **pose})


def test_a_camera_cannot_stand_in_what_it_looks_at() -> None:
    with pytest.raises(DrawError, match="stands in the point that it looks at"):
        camera({"kind": "fixed", "position": [0, 0, 1], "look_at": [0, 0, 1]})
    with pytest.raises(DrawError) as caught:
        camera({"kind": "orbit", "target": [0, 0, 0], "distance": 1e-12})
    assert str(caught.value) == (
        "a camera pose 'orbit' stands in the point that it looks at, or infinitely far from it "
        "(there is no direction to look in over a distance of 1e-12 m)\n  try: give it a greater 'distance'"
    )


def rig(**poses: Mapping[str, object]) -> FrameState:
    return Studio(changed(BASE, cameras={name: {"fov": "60 deg", "pose": pose} for name, pose in poses.items()})).state(
        0
    )


def test_mounts_follow_cameras_and_objects_whatever_their_order() -> None:
    state = rig(
        right={"kind": "mount", "on": "left", "position": [0.06, 0, 0]},
        left={"kind": "orbit", "target": "can", "distance": 1},
        inside={"kind": "mount", "on": "can", "position": [0, 0, 0.2], "rotation": ["10 deg", "0 deg", "0 deg"]},
    )
    left, right, inside = (state.cameras[name].T_world_camera for name in ("left", "right", "inside"))
    assert np.allclose(right, left @ transform(np.eye(3), [0.06, 0, 0]))
    T_world_can = state.slots[0].T_world_object
    assert np.allclose(inside, T_world_can @ transform(rotation_rpy(np.radians(10), 0, 0), [0, 0, 0.2]))


def test_a_mount_is_on_an_object_or_a_camera() -> None:
    with pytest.raises(SpecError) as caught:
        rig(a={"kind": "mount", "on": "table"})
    assert str(caught.value) == "no object or camera is named 'table'\n  expected: one of: a, can"


def test_an_absent_target_is_looked_for_where_it_would_be() -> None:
    pose = {"kind": "fixed", "position": [0, -2, 2], "look_at": "can"}
    scattered = {"kind": "scatter", "objects": ["can"], "on": "table"}
    state = camera(pose, objects__can__count=0, placement__drop=scattered)
    uv = project(inverse(state.T_world_camera)[:3] @ [0, 0, 0.7, 1], state.K, state.distortion)
    assert np.allclose(uv, [320, 240], atol=1e-3)
    state = camera(pose, objects__can__count=0)
    uv = project(inverse(state.T_world_camera)[:3] @ [0.2, -0.1, 0.7, 1], state.K, state.distortion)
    assert np.allclose(uv, [320, 240], atol=1e-9)


def test_intrinsics_distortion_and_exposure_reach_the_state() -> None:
    lens = {"fx": 500, "fy": {"uniform": [510, 520]}, "cx": 300, "cy": 250}
    data = changed(
        BASE,
        cameras={
            "front": {
                "intrinsics": lens,
                "distortion": {"k1": {"uniform": [-0.1, 0]}, "p2": 0.01, "k6": 0.02},
                "exposure": {"uniform": [-1, 1]},
                "resolution": [320, 200],
                "pose": {"kind": "orbit", "target": "can", "distance": 1},
            }
        },
    )
    state = Studio(data).state(2)
    front, values = state.cameras["front"], state.values
    assert front.K.tolist() == [[500, 0, 300], [0, values["cameras.front.intrinsics.fy"], 250], [0, 0, 1]]
    assert front.distortion.tolist() == [values["cameras.front.distortion.k1"], 0, 0, 0.01, 0, 0, 0, 0.02]
    assert front.exposure == values["cameras.front.exposure"]
    assert (front.width, front.height) == (320, 200)


def test_a_horizontal_field_of_view_is_the_width_of_the_image() -> None:
    state = camera({"kind": "orbit", "target": "can", "distance": 1})
    assert np.degrees(2 * np.arctan(320 / state.K[0, 0])) == pytest.approx(60)
    assert state.K[0, 0] == state.K[1, 1]
    assert state.K[:2, 2].tolist() == [320, 240]


def test_names_that_lead_nowhere_are_refused() -> None:
    with pytest.raises(SpecError, match=r"did you mean 'can'\?"):
        scene(changed(BASE, cameras__front__pose={"kind": "orbit", "target": "cann", "distance": 1}))
