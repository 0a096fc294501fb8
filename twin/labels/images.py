"""Label images: depth, instance ids, class ids, normals."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twin.cast.buffers import Truth


def depth(truth: Truth) -> npt.NDArray[np.float32]:
    """Return planar depth [m], shape (H, W), +inf where nothing was hit."""
    return truth.depth


def instance(truth: Truth) -> npt.NDArray[np.uint16]:
    """Return slot + 1, shape (H, W), 0 where no object is."""
    return truth.instance


def semantic(truth: Truth) -> npt.NDArray[np.uint16]:
    """Return class ids, shape (H, W), 0 where there is none."""
    return truth.semantic


def normals(truth: Truth) -> npt.NDArray[np.floating[Any]]:
    """Return unit normals in the camera frame, float16 (H, W, 3); zeros where nothing was hit."""
    return truth.normals.astype(np.float16)
