"""Turn pixels into rays: general intrinsics, a distorted lens, and samples spread evenly over each pixel's area."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.conventions import pixel_directions
from twin.engines.mitsuba.device import Dr, count, dr, floats, mi, number
from twin.frame import CameraState


@dataclass(frozen=True)
class Lens:
    """One camera on the device.

    Args:
        width: Image width [px].
        step: Pixels from one node of the grid to the next, along u and v.
        columns: Nodes of a row of the grid.
        grid: Ideal coordinates (x, y) at z = 1 of the nodes; NaN where the lens shows nothing.
        pose: Twelve numbers of ``T_world_camera``, rows first.
    """

    width: Dr
    step: tuple[Dr, Dr]
    columns: Dr
    grid: Dr
    pose: tuple[Dr, ...]


def upload(camera: CameraState) -> Lens:
    """Bring a camera to the device.

    A lens is a grid of ideal coordinates, linear in between: one cell for a straight lens, where that is exact, else a
    cell a pixel, where it is exact within 1e-5 px.
    """
    cells = (camera.width, camera.height) if np.any(camera.distortion) else (1, 1)
    steps = (camera.width / cells[0], camera.height / cells[1])
    u, v = (np.arange(n + 1) * step for n, step in zip(cells, steps, strict=True))
    uv = np.stack(np.meshgrid(u, v), axis=-1)
    return Lens(
        width=count(camera.width),
        step=(number(steps[0]), number(steps[1])),
        columns=count(cells[0] + 1),
        grid=floats(pixel_directions(uv, camera.K, camera.distortion)[..., :2]),
        pose=tuple(number(value) for value in camera.T_world_camera[:3].ravel()),
    )


def rays(lens: Lens, pixel: Dr, uv: Dr) -> tuple[Dr, Dr, Dr]:
    """Return the origin, the direction, and whether the lens shows anything there.

    Args:
        lens: The camera.
        pixel: Pixel numbers, rows first.
        uv: Points of the unit square: where in the pixels.
    """
    row = pixel // lens.width
    column = pixel - row * lens.width
    ideal = _ideal(lens, (mi.Float(column) + uv.x) / lens.step[0], (mi.Float(row) + uv.y) / lens.step[1])
    p = lens.pose
    turned = [p[4 * k] * ideal.x + p[4 * k + 1] * ideal.y + p[4 * k + 2] for k in range(3)]
    shown = dr.isfinite(ideal.x) & dr.isfinite(ideal.y)
    direction = dr.select(shown, dr.normalize(mi.Vector3f(*turned)), mi.Vector3f(0.0, 0.0, 1.0))
    return mi.Point3f(p[3], p[7], p[11]) + dr.zeros(mi.Point3f, dr.width(pixel)), direction, shown


def _ideal(lens: Lens, x: Dr, y: Dr) -> Dr:
    column, row = mi.UInt32(x), mi.UInt32(y)
    fx, fy = x - mi.Float(column), y - mi.Float(row)
    start = row * lens.columns + column
    corners = [dr.gather(mi.Point2f, lens.grid, start + step) for step in (0, 1)]
    below = [dr.gather(mi.Point2f, lens.grid, start + lens.columns + step) for step in (0, 1)]
    return dr.lerp(dr.lerp(corners[0], corners[1], fx), dr.lerp(below[0], below[1], fx), fy)
