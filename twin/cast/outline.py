"""Build one object's silhouette from the bands of pixels that were cast."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from twin.cast.buffers import Silhouette
from twin.cast.lens import Window

Mask = npt.NDArray[np.bool_]


class Outline:
    """Gather a silhouette band by band.

    Args:
        frame: The image.
    """

    def __init__(self, frame: Window) -> None:
        self._frame, self._all = frame, 0
        self._boxes: list[tuple[int, int, int, int]] = []
        self._parts: list[tuple[Window, Mask]] = []

    def add(self, window: Window, hit: Mask) -> None:
        """Take the hit pixels of a window, shape (rows, columns)."""
        box = tight(hit)
        if box is None:
            return
        self._all += int(np.count_nonzero(hit))
        self._boxes.append((box[0] + window.x0, box[1] + window.y0, box[2] + window.x0, box[3] + window.y0))
        inside = window.within(self._frame)
        if all(inside.shape):
            self._parts.append((inside, hit[inside.shifted(window).slices]))

    def silhouette(self) -> Silhouette:
        """Return what was gathered."""
        boxes = np.array(self._boxes or [(0, 0, 0, 0)])
        low, high = boxes[:, :2].min(axis=0).tolist(), boxes[:, 2:].max(axis=0).tolist()
        mask, origin = self._inside(Window(low[0], low[1], high[0], high[1]).within(self._frame))
        return Silhouette(self._all, int(np.count_nonzero(mask)), (*low, *high), mask, origin)

    def _inside(self, window: Window) -> tuple[Mask, tuple[int, int]]:
        mask = np.zeros(window.shape, dtype=bool)
        for part, hit in self._parts:
            common = part.within(window)
            mask[common.shifted(window).slices] |= hit[common.shifted(part).slices]
        box = tight(mask)
        if box is None:
            return np.zeros((0, 0), dtype=bool), (0, 0)
        return mask[box[1] : box[3], box[0] : box[2]].copy(), (window.x0 + box[0], window.y0 + box[1])


def tight(mask: Mask) -> tuple[int, int, int, int] | None:
    """Return the least half-open box ``(x0, y0, x1, y1)`` of a mask, or None where it is empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
