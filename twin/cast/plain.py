"""Cast rays with NumPy alone: slower than Mitsuba, independent of it, the same everywhere.

A ray from the origin along d is inside a triangle where the three determinants |d a b|, |d b c|, |d c a| have one
sign; they are also the barycentric weights. Edges that triangles share give the same numbers, so there are no cracks.
Candidates are found by blocks of pixels, whatever the lens.

Source: Segura and Feito, "Algorithms to test ray-triangle intersection", WSCG 2001.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

_BLOCK = 8
_TRIANGLES = 512
_CANDIDATES = 1 << 14


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest triangle of every pixel.

    Args:
        depth: Planar z [m], shape (H, W), +inf where nothing was hit.
        triangle: Row of the triangle, shape (H, W), -1 where nothing was hit.
        weights: Barycentric weights of its second and third corner, shape (2, H, W).
    """

    depth: Array
    triangle: Index
    weights: Array


def nearest(corners: Array, directions: Array) -> Nearest:
    """Find what each pixel sees.

    Args:
        corners: Triangles in the camera frame [m], shape (T, 3, 3).
        directions: Ideal coordinates (x, y) at z = 1 of each pixel, shape (H, W, 2); NaN where it sees nothing.
    """
    height, width = directions.shape[:2]
    blocks, pixels = _blocks(directions)
    depth, triangle = np.full(height * width, np.inf), np.full(height * width, -1)
    weights = np.zeros((2, height * width))
    for rows, block in _candidates(corners, blocks):
        t, u, v = _intersect(corners[rows], blocks[block])
        pair, ray = np.nonzero(np.isfinite(t))
        at, hit = pixels[block[pair], ray], (pair, ray)
        order = np.lexsort((rows[pair], t[hit], at))
        first = order[np.flatnonzero(np.diff(at[order], prepend=-1))]
        closer = first[t[hit][first] < depth[at[first]]]
        target = at[closer]
        depth[target], triangle[target] = t[hit][closer], rows[pair[closer]]
        weights[:, target] = u[hit][closer], v[hit][closer]
    shape = (height, width)
    return Nearest(depth.reshape(shape), triangle.reshape(shape), weights.reshape(2, *shape))


def _blocks(directions: Array) -> tuple[Array, Index]:
    """Cut an image into blocks: directions (B, rays, 2), NaN beyond its edge, and pixel numbers (B, rays)."""
    height, width = directions.shape[:2]
    down, across = -(-height // _BLOCK), -(-width // _BLOCK)
    padded = np.full((down * _BLOCK, across * _BLOCK, 3), np.nan)
    padded[:height, :width, :2] = directions
    padded[:height, :width, 2] = np.arange(height * width).reshape(height, width)
    blocks = padded.reshape(down, _BLOCK, across, _BLOCK, 3).swapaxes(1, 2).reshape(-1, _BLOCK * _BLOCK, 3)
    seen = np.isfinite(blocks[..., 0])
    blocks = blocks[seen.any(axis=1)]
    return blocks[..., :2], np.nan_to_num(blocks[..., 2], nan=-1).astype(np.int64)


def _candidates(corners: Array, blocks: Array) -> Iterator[tuple[Index, Index]]:
    """Yield (triangles, blocks) that may meet, in portions; neighbours in a mesh mostly meet the same blocks."""
    low, high = _bounds(corners)
    least, most = np.nanmin(blocks, axis=1), np.nanmax(blocks, axis=1)
    for start in range(0, len(corners), _TRIANGLES):
        part = slice(start, start + _TRIANGLES)
        near = ((low[part].min(axis=0) <= most) & (high[part].max(axis=0) >= least)).all(axis=-1).nonzero()[0]
        meet = ((low[part, None] <= most[near]) & (high[part, None] >= least[near])).all(axis=-1)
        triangle, place = np.nonzero(meet)
        block = near[place]
        for first in range(0, len(triangle), _CANDIDATES):
            some = slice(first, first + _CANDIDATES)
            yield triangle[some] + start, block[some]


def _bounds(corners: Array) -> tuple[Array, Array]:
    """Bound each triangle's ideal coordinates, shape (T, 2); everything where it reaches behind the camera."""
    z = corners[..., 2]
    ahead = z.min(axis=1) > 1e-9
    ideal = corners[..., :2] / np.where(z > 1e-9, z, 1.0)[..., None]
    low = np.where(ahead[:, None], ideal.min(axis=1), -np.inf)
    high = np.where(ahead[:, None], ideal.max(axis=1), np.inf)
    low[z.max(axis=1) <= 0] = np.inf
    return low, high


def _intersect(corners: Array, directions: Array) -> tuple[Array, Array, Array]:
    """Intersect triangles (N, 3, 3) with rays (N, R, 2): depth (+inf where missed) and weights, shape (N, R)."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    edges = [np.cross(b, c), np.cross(c, a), np.cross(a, b)]
    x, y = directions[..., 0], directions[..., 1]
    w0, w1, w2 = (e[:, :1] * x + e[:, 1:2] * y + e[:, 2:] for e in edges)
    total = w0 + w1 + w2
    inside = ((w0 >= 0) & (w1 >= 0) & (w2 >= 0)) | ((w0 <= 0) & (w1 <= 0) & (w2 <= 0))
    total = np.where(inside & (total != 0), total, np.nan)
    t = np.einsum("ni,ni->n", a, edges[0])[:, None] / total
    return np.where(t > 0, t, np.inf), w1 / total, w2 / total
