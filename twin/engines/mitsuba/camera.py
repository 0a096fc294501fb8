"""Turn pixels into rays: general intrinsics, a distorted lens, and a pixel filter that draws instead of smearing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twin.conventions import pixel_directions
from twin.engines.mitsuba.device import Dr, count, dr, floats, mi, number
from twin.frame import CameraState

_MARGIN = 1
_FILTER_STEPS = 256
FILTER_WIDTH = 1.5
"""Width of the pixel filter [px]: Blackman and Harris' window, as wide as in Blender's Cycles."""


@dataclass(frozen=True)
class Lens:
    """One camera on the device.

    Args:
        width: Image width [px].
        step: Pixels from one node of the grid to the next, along u and v.
        columns: Nodes of a row of the grid.
        grid: Ideal coordinates (x, y) at z = 1 of the nodes; NaN where the lens shows nothing.
        pose: Twelve numbers of ``T_world_camera``, rows first.
        filter: Inverse of the filter's cumulative distribution [px].
    """

    width: Dr
    step: tuple[Dr, Dr]
    columns: Dr
    grid: Dr
    pose: tuple[Dr, ...]
    filter: Dr


def upload(camera: CameraState) -> Lens:
    """Bring a camera to the device.

    A lens is a grid of ideal coordinates, linear in between: one cell for a straight lens, where that is exact, else a
    cell a pixel, where it is exact within 1e-5 px.
    """
    cells = (camera.width + 2 * _MARGIN, camera.height + 2 * _MARGIN) if np.any(camera.distortion) else (1, 1)
    steps = ((camera.width + 2 * _MARGIN) / cells[0], (camera.height + 2 * _MARGIN) / cells[1])
    u, v = (np.arange(n + 1) * step - _MARGIN for n, step in zip(cells, steps, strict=True))
    uv = np.stack(np.meshgrid(u, v), axis=-1)
    return Lens(
        width=count(camera.width),
        step=(number(steps[0]), number(steps[1])),
        columns=count(cells[0] + 1),
        grid=floats(pixel_directions(uv, camera.K, camera.distortion)[..., :2]),
        pose=tuple(number(value) for value in camera.T_world_camera[:3].ravel()),
        filter=floats(filter_table()),
    )


def filter_table() -> npt.NDArray[np.float64]:
    """Tabulate offsets from the pixel's centre [px] whose density is the filter, by equal steps of chance.

    Source: Ernst, Stamminger and Greiner, "Filter Importance Sampling", RT 2006.
    """
    t = np.linspace(0, 1, 4097)
    angle = 2 * np.pi * t
    window = 0.35875 - 0.48829 * np.cos(angle) + 0.14128 * np.cos(2 * angle) - 0.01168 * np.cos(3 * angle)
    total = np.concatenate([[0.0], np.cumsum((window[1:] + window[:-1]) / 2)])
    return np.asarray((np.interp(np.linspace(0, total[-1], _FILTER_STEPS + 1), total, t) - 0.5) * FILTER_WIDTH)


def rays(lens: Lens, pixel: Dr, uv: Dr) -> tuple[Dr, Dr, Dr]:
    """Return the origin, the direction, and whether the lens shows anything there.

    Args:
        lens: The camera.
        pixel: Pixel numbers, rows first.
        uv: Points of the unit square, which the filter turns into offsets from the pixels' centres.
    """
    row = pixel // lens.width
    x = mi.Float(pixel - row * lens.width) + 0.5 + _offset(lens, uv.x)
    y = mi.Float(row) + 0.5 + _offset(lens, uv.y)
    ideal = _ideal(lens, (x + _MARGIN) / lens.step[0], (y + _MARGIN) / lens.step[1])
    p = lens.pose
    turned = [p[4 * k] * ideal.x + p[4 * k + 1] * ideal.y + p[4 * k + 2] for k in range(3)]
    shown = dr.isfinite(ideal.x) & dr.isfinite(ideal.y)
    direction = dr.select(shown, dr.normalize(mi.Vector3f(*turned)), mi.Vector3f(0.0, 0.0, 1.0))
    return mi.Point3f(p[3], p[7], p[11]) + dr.zeros(mi.Point3f, dr.width(pixel)), direction, shown


def _offset(lens: Lens, chance: Dr) -> Dr:
    at = chance * _FILTER_STEPS
    cell = dr.minimum(mi.UInt32(at), _FILTER_STEPS - 1)
    low, high = (dr.gather(mi.Float, lens.filter, cell + step) for step in (0, 1))
    return dr.lerp(low, high, at - mi.Float(cell))


def _ideal(lens: Lens, x: Dr, y: Dr) -> Dr:
    column, row = mi.UInt32(dr.maximum(x, 0.0)), mi.UInt32(dr.maximum(y, 0.0))
    fx, fy = x - mi.Float(column), y - mi.Float(row)
    start = row * lens.columns + column
    corners = [dr.gather(mi.Point2f, lens.grid, start + step) for step in (0, 1)]
    below = [dr.gather(mi.Point2f, lens.grid, start + lens.columns + step) for step in (0, 1)]
    return dr.lerp(dr.lerp(corners[0], corners[1], fx), dr.lerp(below[0], below[1], fx), fy)
