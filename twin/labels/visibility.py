"""Label how much of each object is seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from twin.cast.buffers import Silhouette


def visibility(instance: npt.NDArray[np.uint16], silhouettes: Sequence[Silhouette | None]) -> npt.NDArray[np.float32]:
    """Return (visible, in_frame, visible_in_frame) of each slot, shape (S, 3); zeros where there is nothing to see.

    ``visible`` is visible pixels over all pixels of the whole object, in the frame or not (BOP's ``visib_fract``),
    ``in_frame`` is pixels in the frame over all, ``visible_in_frame`` is visible over those in the frame.
    """
    seen = np.bincount(instance.ravel(), minlength=len(silhouettes) + 1)[1:]
    pixels = [(s.all, s.in_frame) if s else (0, 0) for s in silhouettes]
    whole, inside = np.array(pixels, dtype=np.int64).reshape(-1, 2).T
    return np.stack([_share(seen, whole), _share(inside, whole), _share(seen, inside)], axis=-1).astype(np.float32)


def _share(part: npt.NDArray[np.int64], whole: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    return np.where(whole > 0, part / np.maximum(whole, 1), 0.0)
