"""Know which pixels a lens can show a thing at, and which way each of them looks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from twin.conventions import distort, in_field, lens_limit, pixel_centers, pixel_directions

Array = npt.NDArray[np.float64]

_TILE = 64
_FAR = 1e6
_EDGE_SAMPLES = 129


@dataclass(frozen=True)
class Window:
    """A half-open rectangle of pixels in frame coordinates, which may reach outside the frame."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns; zeros where the window is empty."""
        return max(self.y1 - self.y0, 0), max(self.x1 - self.x0, 0)

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns as slices of an image; only for windows inside it."""
        return slice(self.y0, self.y1), slice(self.x0, self.x1)

    def within(self, other: Window) -> Window:
        """Return the common part."""
        x0, y0 = max(self.x0, other.x0), max(self.y0, other.y0)
        return Window(x0, y0, max(min(self.x1, other.x1), x0), max(min(self.y1, other.y1), y0))

    def shifted(self, origin: Window) -> Window:
        """Return the same pixels counted from another window's top-left pixel."""
        return Window(self.x0 - origin.x0, self.y0 - origin.y0, self.x1 - origin.x0, self.y1 - origin.y0)

    def bands(self, pixels: int) -> list[Window]:
        """Cut into bands of whole rows with at most ``pixels`` each, where a row is not longer."""
        width = self.x1 - self.x0
        rows = max(pixels // max(width, 1), 1)
        starts = range(self.y0, self.y1, rows) if width > 0 else ()
        return [Window(self.x0, y, self.x1, min(y + rows, self.y1)) for y in starts]


class Lens:
    """One raster seen through one lens.

    Args:
        width: Image width [px].
        height: Image height [px].
        K: Intrinsics [px], shape (3, 3).
        distortion: Coefficients in the order of ``conventions.DISTORTION_NAMES``, shape (8,).
    """

    def __init__(self, width: int, height: int, K: npt.ArrayLike, distortion: npt.ArrayLike) -> None:
        self._K, self._distortion = np.asarray(K, dtype=np.float64), np.asarray(distortion, dtype=np.float64)
        margin = max(width, height)
        self.frame = Window(0, 0, width, height)
        self.raster = Window(-margin, -margin, width + margin, height + margin)
        self._straight = not np.any(self._distortion)
        self._tiles: dict[tuple[int, int], Array] = {}

    def directions(self, window: Window) -> Array:
        """Return ideal coordinates (x, y) at z = 1 of the window's pixel centres, shape (rows, columns, 2).

        NaN where the lens shows nothing.
        """
        if self._straight:
            return self._look(window)
        out = np.empty((*window.shape, 2))
        for row in range(window.y0 // _TILE, -(-window.y1 // _TILE)):
            for column in range(window.x0 // _TILE, -(-window.x1 // _TILE)):
                tile = Window(column * _TILE, row * _TILE, (column + 1) * _TILE, (row + 1) * _TILE)
                part = window.within(tile)
                out[part.shifted(window).slices] = self._tile(tile)[part.shifted(tile).slices]
        return out

    def window(self, points: Array) -> Window:
        """Bound where the convex hull of camera-frame points, shape (N, 3), can show, on the padded raster."""
        bounds = _ideal_bounds(points)
        if bounds is None:
            return Window(0, 0, 0, 0)
        if self._folds(*bounds):
            return self.raster
        uv = self._outline(*bounds)
        low, high = np.floor(uv.min(axis=0) - 1.5), np.ceil(uv.max(axis=0) + 1.5)
        limit = 4.0 * (self.raster.x1 + self.raster.y1)
        x0, y0, x1, y1 = np.clip(np.concatenate([low, high]), -limit, limit).astype(int).tolist()
        return Window(x0, y0, x1, y1).within(self.raster)

    def _tile(self, tile: Window) -> Array:
        key = (tile.x0, tile.y0)
        if key not in self._tiles:
            self._tiles[key] = self._look(tile)
        return self._tiles[key]

    def _look(self, window: Window) -> Array:
        height, width = window.shape
        uv = pixel_centers(width, height) + np.array([window.x0, window.y0])
        return pixel_directions(uv, self._K, self._distortion)[..., :2]

    def _folds(self, low: Array, high: Array) -> bool:
        """Tell whether tangential terms so strong that no real lens has them fold the image of a rectangle."""
        if not np.any(self._distortion[2:4]):
            return False
        field = 0.9 * min(lens_limit(self._distortion), self._reach)
        axes = np.linspace(np.clip(low, -field, field), np.clip(high, -field, field), 33)
        grid = np.stack(np.meshgrid(*axes.T), axis=-1).reshape(-1, 2)
        grid = grid[np.linalg.norm(grid, axis=-1) < field]
        return not in_field(grid, self._distortion).all()

    def _outline(self, low: Array, high: Array) -> Array:
        """Project a rectangle of the ideal plane: points whose bounds hold its whole image, shape (N, 2) [px].

        Within its field a lens is one-to-one, so the edge of the rectangle's image is the image of its edge, which is
        sampled; what reaches beyond the field is drawn back radially to the field's edge.
        """
        if self._straight:
            corners = np.array([(x, y) for x in (low[0], high[0]) for y in (low[1], high[1])])
            return corners @ self._K[:2, :2].T + self._K[:2, 2]
        field = min(lens_limit(self._distortion), self._reach)
        edge = _rectangle(np.maximum(low, -field), np.minimum(high, field))
        radius = np.linalg.norm(edge, axis=-1, keepdims=True)
        uv = distort(edge * np.minimum(1.0, field / np.maximum(radius, 1e-300)), self._distortion)
        uv = uv @ self._K[:2, :2].T + self._K[:2, 2]
        gap = np.abs(np.diff(uv, axis=0)).max(initial=0.0)
        return np.concatenate([uv - gap, uv + gap])

    @cached_property
    def _reach(self) -> float:
        """Bound the ideal radius at which the padded raster ends, by doubling."""
        corners = np.array([(x, y) for x in (self.raster.x0, self.raster.x1) for y in (self.raster.y0, self.raster.y1)])
        ends = pixel_directions(corners, self._K, np.zeros(8))[:, :2]
        goal, reach = 1.5 * np.linalg.norm(ends, axis=-1).max(), 1.0
        ring = np.stack([np.cos(angles := np.linspace(0, 2 * np.pi, 33)), np.sin(angles)], axis=-1)
        while reach < _FAR and np.linalg.norm(distort(ring * reach, self._distortion), axis=-1).min() < goal:
            reach *= 2
        return reach


def _rectangle(low: Array, high: Array) -> Array:
    """Sample the closed edge of a rectangle, shape (N, 2)."""
    t = np.linspace(0, 1, _EDGE_SAMPLES)[:, None]
    corners = np.array([low, (high[0], low[1]), high, (low[0], high[1]), low])
    return np.concatenate([a + t * (b - a) for a, b in pairwise(corners)])


def _ideal_bounds(points: Array) -> tuple[Array, Array] | None:
    """Bound x / z and y / z over the part of a convex hull in front of the camera; None where nothing is.

    Where the hull crosses z = 0 its image runs to infinity in the directions of the crossing: x / z and y / z are
    quasilinear, so their extremes lie at the hull's corners, at infinity for those cut off at z = 0.
    """
    ahead = points[:, 2] > 1e-9
    front, back = points[ahead], points[~ahead]
    if not len(front):
        return None
    ideal = front[:, :2] / front[:, 2:]
    low, high = ideal.min(axis=0), ideal.max(axis=0)
    if len(back):
        share = front[:, None, 2:] / (front[:, None, 2:] - back[None, :, 2:])
        cut = (front[:, None, :2] + share * (back[None, :, :2] - front[:, None, :2])).reshape(-1, 2)
        low, high = np.where(cut.min(axis=0) < 0, -_FAR, low), np.where(cut.max(axis=0) > 0, _FAR, high)
    return np.clip(low, -_FAR, _FAR), np.clip(high, -_FAR, _FAR)
