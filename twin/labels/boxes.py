"""Label boxes: around what is visible of an object, and around the whole of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from twin.cast.buffers import Silhouette

Boxes = npt.NDArray[np.float32]


def visible_boxes(instance: npt.NDArray[np.uint16], slots: int) -> Boxes:
    """Return the least half-open box ``[x0, y0, x1, y1)`` of each slot's visible pixels, shape (S, 4).

    Zeros where nothing is visible.
    """
    height, width = instance.shape
    y, x = np.nonzero(instance)
    owner = instance[y, x] - 1
    low, high = np.full((slots, 2), max(height, width)), np.zeros((slots, 2), dtype=np.int64)
    for axis, at in enumerate((x, y)):
        np.minimum.at(low[:, axis], owner, at)
        np.maximum.at(high[:, axis], owner, at + 1)
    boxes = np.concatenate([low, high], axis=1).astype(np.float32)
    boxes[high[:, 0] == 0] = 0
    return boxes


def full_boxes(silhouettes: Sequence[Silhouette | None]) -> Boxes:
    """Return the box of each slot's whole silhouette, shape (S, 4), in the frame or not; zeros without one."""
    boxes = [(0, 0, 0, 0) if silhouette is None else silhouette.box for silhouette in silhouettes]
    return np.array(boxes, dtype=np.float32).reshape(-1, 4)
