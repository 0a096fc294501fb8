"""Keep the nearest hit of every pixel."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from twin.cast.buffers import Silhouette, Truth
from twin.cast.lens import Window
from twin.cast.posed import Posed
from twin.cast.solid import Hits

Depths = npt.NDArray[np.float64]


class Canvas:
    """The image of one camera while its objects are cast one after the other; of equal depths the first one stays.

    Args:
        frame: The image.
    """

    def __init__(self, frame: Window) -> None:
        self._frame, shape = frame, frame.shape
        self._depth = np.full(shape, np.inf)
        self._instance = np.zeros(shape, dtype=np.uint16)
        self._semantic = np.zeros(shape, dtype=np.uint16)
        self._mesh = np.full(shape, -1, dtype=np.int32)
        self._triangle = np.full(shape, -1, dtype=np.int32)
        self._barycentric = np.zeros((*shape, 2), dtype=np.float32)
        self._normals = np.zeros((*shape, 3), dtype=np.float32)

    def add(self, thing: Posed, window: Window, hits: Hits) -> None:
        """Take an object's hits at a window's pixels, rows first."""
        inside = window.within(self._frame)
        rows, columns = inside.slices
        pick = np.arange(len(hits.face)).reshape(window.shape)[inside.shifted(window).slices]
        near = hits.depth[pick] < self._depth[rows, columns]
        if not near.any():
            return
        hit = pick[near]
        mesh = thing.solid.mesh_of(hits.face[hit])
        for image, values in (
            (self._depth, hits.depth[hit]),
            (self._instance, thing.instance),
            (self._semantic, thing.classes[mesh]),
            (self._mesh, thing.row + mesh),
            (self._triangle, hits.face[hit] - thing.solid.first[mesh]),
            (self._barycentric, hits.barycentric[:, hit].T),
            (self._normals, hits.normals[:, hit].T),
        ):
            image[rows, columns][near] = values

    def truth(self, silhouettes: tuple[Silhouette | None, ...], keypoint_depth: tuple[Depths | None, ...]) -> Truth:
        """Return what was gathered, with what is known of each slot."""
        return Truth(
            instance=self._instance,
            semantic=self._semantic,
            depth=self._depth.astype(np.float32),
            normals=self._normals,
            mesh=self._mesh,
            triangle=self._triangle,
            barycentric=self._barycentric,
            silhouettes=silhouettes,
            keypoint_depth=keypoint_depth,
        )
