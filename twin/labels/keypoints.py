"""Label keypoints: where each is in the image and in space, and whether it is seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from twin.cast.buffers import Truth
from twin.conventions import KEYPOINT_OCCLUSION_TOLERANCE, apply, project
from twin.frame import CameraState, FrameState
from twin.labels.pose import pose
from twin.stage.geometry import Slot

Array = npt.NDArray[np.float64]

ABSENT, OCCLUDED, VISIBLE = 0, 1, 2
"""States: not in the frame; in the frame but behind something, its own object too; seen."""


def keypoints(
    state: FrameState, camera: str, truth: Truth, slots: Sequence[Slot], count: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
    """Return uv [px] (S, K, 2), xyz_camera [m] (S, K, 3) and state (S, K) of each slot's keypoints.

    uv is NaN behind the camera and where the lens cannot see; it is given outside the frame too, with state 0. Rows
    beyond a member's keypoints, and empty slots, are NaN with state 0.
    """
    shape = (len(state.slots), count)
    uv, xyz = np.full((*shape, 2), np.nan), np.full((*shape, 3), np.nan)
    states = np.zeros(shape, dtype=np.uint8)
    view = state.cameras[camera]
    for row, (slot, T_camera_object) in enumerate(zip(state.slots, pose(state, camera), strict=True)):
        if slot.present:
            points = _points(slots[row], slot.member)
            own = slice(len(points))
            xyz[row, own] = apply(T_camera_object, points)
            uv[row, own] = project(xyz[row, own], view.K, view.distortion)
            states[row, own] = keypoint_states(view, uv[row, own], xyz[row, own], truth.keypoint_depth[row])
    return uv.astype(np.float32), xyz.astype(np.float32), states


def keypoint_states(camera: CameraState, uv: Array, xyz: Array, first_hit: Array | None) -> npt.NDArray[np.uint8]:
    """Tell which keypoints are seen, shape (K,).

    Args:
        camera: The camera.
        uv: Their pixels, shape (K, 2); NaN where they have none.
        xyz: Their places in the camera frame [m], shape (K, 3).
        first_hit: Planar depth of the first hit on the ray through each (``Truth.keypoint_depth``), shape (K,).
    """
    inside = ((uv >= 0) & (uv < (camera.width, camera.height))).all(axis=-1)
    if first_hit is None:
        raise ValueError("the cast of a present slot has keypoint depths")
    z = np.where(inside, xyz[:, 2], 1.0)
    gap = (z - np.where(inside, first_hit, z)) / z * np.linalg.norm(xyz, axis=-1)
    return np.where(inside, np.where(gap > KEYPOINT_OCCLUSION_TOLERANCE, OCCLUDED, VISIBLE), ABSENT).astype(np.uint8)


def _points(slot: Slot, member: int) -> Array:
    return np.array(list(slot.members[member].keypoints.values()), dtype=np.float64).reshape(-1, 3)
