"""Cast one camera of one frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from twin import conventions
from twin.cast.buffers import Silhouette, Truth
from twin.cast.canvas import Canvas
from twin.cast.cutout import Cutouts
from twin.cast.lens import Lens
from twin.cast.outline import Outline
from twin.cast.posed import Posed
from twin.cast.solid import Hits
from twin.frame import CameraState
from twin.stage.geometry import Material

Array = npt.NDArray[np.float64]

_BAND = 1 << 20
"""Most rays in flight at once: bounds the memory of large rasters."""


class Shot:
    """One camera, the things in front of it, and how their surfaces let rays pass.

    Args:
        camera: The camera's state.
        lens: Its lens.
        things: The world first, then the present objects in slot order.
        materials: The frame's materials by path.
        cutouts: Reads the holes of materials.
    """

    def __init__(
        self,
        camera: CameraState,
        lens: Lens,
        things: Sequence[Posed],
        materials: Mapping[str, Material],
        cutouts: Cutouts,
    ) -> None:
        self._camera, self._lens, self._things = camera, lens, things
        self._materials, self._cutouts = materials, cutouts

    def truth(self, slots: int, silhouettes: bool) -> Truth:
        """Cast everything; ``slots`` is the number of slots, empty or not."""
        canvas = Canvas(self._lens.frame)
        outlines: dict[int, Silhouette] = {}
        for thing in self._things:
            outline = self._draw(thing, canvas, padded=silhouettes and thing.instance > 0)
            if silhouettes:
                outlines[thing.instance] = outline
        keypoints = self._keypoint_depths()
        numbers = range(1, slots + 1)
        return canvas.truth(tuple(map(outlines.get, numbers)), tuple(map(keypoints.get, numbers)))

    def _draw(self, thing: Posed, canvas: Canvas, padded: bool) -> Silhouette:
        """Cast one thing alone, wherever it can show, and give its pixels to the canvas."""
        outline = Outline(self._lens.frame)
        window = self._lens.window(conventions.apply(self._T_camera_solid(thing), thing.solid.hull))
        window = window if padded else window.within(self._lens.frame)
        for band in window.bands(_BAND):
            hits = self._cast(thing, *self._lens.directions(band).reshape(-1, 2).T)
            outline.add(band, np.isfinite(hits.depth).reshape(band.shape))
            canvas.add(thing, band, hits)
        return outline.silhouette()

    def _keypoint_depths(self) -> dict[int, Array]:
        """Return the first hit's depth on the ray exactly through each keypoint, by instance; NaN outside the frame."""
        owners = [thing for thing in self._things if thing.instance]
        points = [conventions.apply(self._T_camera_solid(thing), thing.keypoints) for thing in owners]
        every = np.concatenate([*points, np.empty((0, 3))])
        uv = conventions.project(every, self._camera.K, self._camera.distortion)
        shown = np.flatnonzero(((uv >= 0) & (uv < (self._camera.width, self._camera.height))).all(axis=1))
        depth = np.full(len(every), np.nan)
        depth[shown] = np.inf
        x, y = (every[shown, :2] / every[shown, 2:]).T
        for thing in self._things:
            depth[shown] = np.minimum(depth[shown], self._cast(thing, x, y).depth)
        ends = np.cumsum([len(own) for own in points])
        return {thing.instance: own for thing, own in zip(owners, np.split(depth, ends), strict=False)}

    def _cast(self, thing: Posed, x: Array, y: Array) -> Hits:
        blind = np.isnan(x)
        if not blind.any():
            return self._cutouts.trace(thing, self._materials, self._T_solid_camera(thing), x, y)
        seen = np.flatnonzero(~blind)
        hits = Hits.none(len(x))
        return hits.replaced(seen, self._cast(thing, x[seen], y[seen]))

    def _T_solid_camera(self, thing: Posed) -> Array:
        return conventions.inverse(thing.T_world_solid) @ self._camera.T_world_camera

    def _T_camera_solid(self, thing: Posed) -> Array:
        return conventions.inverse(self._camera.T_world_camera) @ thing.T_world_solid
