"""Compute the labels that were asked for, under the names that they have in a shard."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from twin.cast.buffers import Truth
from twin.frame import FrameState
from twin.labels import images
from twin.labels.boxes import full_boxes, visible_boxes
from twin.labels.keypoints import keypoints
from twin.labels.pose import pose
from twin.labels.visibility import visibility
from twin.stage.geometry import Slot

Array = npt.NDArray[Any]

FROM_SILHOUETTES = frozenset({"boxes", "visibility"})
"""Labels that need the whole outlines of objects, which a cast makes only when asked."""


@dataclass(frozen=True)
class View:
    """What a label is computed from: one camera of one frame.

    Args:
        state: The frame's state.
        camera: Name of the camera.
        truth: What the camera sees.
        slots: The stage's slots.
        keypoint_count: Most keypoints of any asset of the run.
    """

    state: FrameState
    camera: str
    truth: Truth
    slots: Sequence[Slot]
    keypoint_count: int


def compute(
    state: FrameState, camera: str, truth: Truth, slots: Sequence[Slot], labels: Collection[str], keypoint_count: int
) -> dict[str, Array]:
    """Return one camera's arrays by dataset name, as :data:`twin.shard.LABELS` lists them; ``rgb`` is not from here."""
    view = View(state, camera, truth, slots, keypoint_count)
    arrays: dict[str, Array] = {}
    for label, compute_label in LABEL_ARRAYS.items():
        if label in labels:
            arrays |= compute_label(view)
    return arrays


def _boxes(view: View) -> dict[str, Array]:
    visible = visible_boxes(view.truth.instance, len(view.state.slots))
    return {"box2d_visible": visible, "box2d_full": full_boxes(view.truth.silhouettes)}


def _keypoints(view: View) -> dict[str, Array]:
    uv, xyz, state = keypoints(view.state, view.camera, view.truth, view.slots, view.keypoint_count)
    return {"keypoints/uv": uv, "keypoints/xyz_camera": xyz, "keypoints/state": state}


LABEL_ARRAYS: Mapping[str, Callable[[View], Mapping[str, Array]]] = {
    "depth": lambda view: {"depth": images.depth(view.truth)},
    "instance": lambda view: {"instance": images.instance(view.truth)},
    "semantic": lambda view: {"semantic": images.semantic(view.truth)},
    "normals": lambda view: {"normals": images.normals(view.truth)},
    "pose": lambda view: {"T_camera_object": pose(view.state, view.camera)},
    "boxes": _boxes,
    "visibility": lambda view: {"visibility": visibility(view.truth.instance, view.truth.silhouettes)},
    "keypoints": _keypoints,
}
"""Label name -> what computes its arrays; every label of the spec but ``rgb``."""
