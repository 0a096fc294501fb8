"""Label poses: where each object is, seen from the camera."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from twin.conventions import inverse
from twin.frame import FrameState


def pose(state: FrameState, camera: str) -> npt.NDArray[np.float64]:
    """Return ``T_camera_object`` of each slot, shape (S, 4, 4); NaN where the slot is empty."""
    T_camera_world = inverse(state.cameras[camera].T_world_camera)
    absent = np.full((4, 4), np.nan)
    poses = [T_camera_world @ slot.T_world_object if slot.present else absent for slot in state.slots]
    return np.array(poses).reshape(-1, 4, 4)
