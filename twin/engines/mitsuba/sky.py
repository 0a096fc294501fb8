"""Light the scene from all around by an image, drawing directions in proportion to its brightness.

The image is latitude and longitude as UsdLux's dome has it: the top row is the local +y, the centre column the local
+z, the left half the local +x. Directions are drawn from a grid of its brightness, interpolated as the image itself is:
a node is drawn by its weight, then a point of the tent around it. The grid has one size, whatever the image's, so no
size is ever compiled into a kernel.

Source: "UsdLuxDomeLight", OpenUSD; Pharr, Jakob and Humphreys, "Physically Based Rendering", 4th ed., 12.5 and A.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from twin.engines.mitsuba import image as images
from twin.engines.mitsuba.device import Dr, count, dr, floats, mi, number, words

Floats: TypeAlias = npt.NDArray[np.float64]

WIDTH_MAX = 4096
"""Wider images are averaged down to this width."""

COLUMNS, ROWS = 1024, 512
"""Nodes of the grid, powers of two; as many as a 1k image has texels."""

_EXPONENT_BIAS, _MANTISSA = 24, 511
_TOP = _MANTISSA * 2.0**7  # what every channel can hold exactly
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


@dataclass(frozen=True, eq=False)
class Panorama:
    """An image of the sky on the device, ready for any rotation and colour.

    Args:
        texels: Packed texels (nine bits a channel under a shared exponent of five).
        width: Columns of the image.
        height: Rows of the image.
        scale: What a packed value is multiplied by.
        rows: Chance that the drawn node lies above each row of the grid, and 1.
        columns: Chance that it lies left of each column, row by row, and 1.
        density: Density at each node over the unit square of the image.
        mean: Mean radiance over all directions, three numbers.
    """

    texels: Dr
    width: int
    height: int
    scale: float
    rows: Dr
    columns: Dr
    density: Dr
    mean: Floats


@dataclass(frozen=True)
class Sky:
    """A panorama as one frame has it.

    Args:
        image: The panorama.
        width: Columns of the image.
        height: Rows of the image.
        gain: Radiance of a packed value of 1, by channel.
        turn: Rotation from the dome's frame to the world, nine numbers, rows first.
    """

    image: Panorama
    width: Dr
    height: Dr
    gain: Dr
    turn: tuple[Dr, ...]


def read(file: Path) -> Panorama:
    """Read an image of the sky.

    Raises:
        EngineError: where it cannot be read.
    """
    image = images.read(file)[..., :3]
    if file.suffix.lower() in (".png", ".jpg", ".jpeg"):
        image = images.linear(image)
    image = np.maximum(np.nan_to_num(image, nan=0.0, posinf=0.0, neginf=0.0), 0.0)
    return panorama(images.shrunk(image, WIDTH_MAX, WIDTH_MAX // 2))


def panorama(image: images.Image) -> Panorama:
    """Prepare linear radiance, shape (H, W, 3), top row at the pole."""
    height, width = image.shape[:2]
    scale = float(image.max()) / _TOP or 1.0
    grid = _fitted(image)
    sine = np.sin((np.arange(ROWS) + 0.5) * (np.pi / ROWS))[:, None]
    weight = np.maximum(grid @ _LUMINANCE, 1e-9) * sine
    weight /= weight.sum()
    rows, columns = np.cumsum(weight.sum(axis=1)), np.cumsum(weight, axis=1)
    columns /= columns[:, -1:]
    return Panorama(
        texels=words(_packed(image / scale)),
        width=width,
        height=height,
        scale=scale,
        rows=floats(np.concatenate([[0.0], rows[:-1], [1.0]])),
        columns=floats(np.concatenate([np.zeros((ROWS, 1)), columns[:, :-1], np.ones((ROWS, 1))], axis=1)),
        density=floats(weight * (ROWS * COLUMNS)),
        mean=(grid * sine[..., None]).sum(axis=(0, 1)) / (sine.sum() * COLUMNS),
    )


def _fitted(image: images.Image) -> Floats:
    """Average an image down to the grid, or interpolate it up to it."""
    small = images.shrunk(image, COLUMNS, ROWS).astype(np.float64)
    height, width = small.shape[:2]
    if (height, width) == (ROWS, COLUMNS):
        return small
    y = np.clip((np.arange(ROWS) + 0.5) * (height / ROWS) - 0.5, 0, height - 1)
    x = (np.arange(COLUMNS) + 0.5) * (width / COLUMNS) - 0.5
    top, left = np.floor(y).astype(int), np.floor(x).astype(int)
    fy, fx = (y - top)[:, None, None], (x - left)[None, :, None]
    tall = small[top] * (1 - fy) + small[np.minimum(top + 1, height - 1)] * fy
    return np.asarray(tall[:, left % width] * (1 - fx) + tall[:, (left + 1) % width] * fx)


def _packed(image: images.Image) -> npt.NDArray[np.uint32]:
    """Pack three channels under one exponent (as OpenGL's RGB9_E5)."""
    top = np.clip(image.max(axis=-1), 1e-7, _TOP)
    exponent = np.clip(np.floor(np.log2(top)) + 1 + 15, 0, 31)
    step = np.exp2(exponent - _EXPONENT_BIAS)
    over = np.rint(top / step) > _MANTISSA
    exponent, step = np.where(over, exponent + 1, exponent), np.where(over, step * 2, step)
    level = np.clip(np.rint(image / step[..., None]), 0, _MANTISSA).astype(np.uint32)
    packed = level[..., 0] | level[..., 1] << 9 | level[..., 2] << 18 | exponent.astype(np.uint32) << 27
    return np.asarray(packed).ravel()


def hung(source: Panorama, colour: npt.ArrayLike, rotation: Floats) -> Sky:
    """Hang a panorama around a frame.

    Args:
        source: The panorama.
        colour: What its radiance is multiplied by, three numbers.
        rotation: From the dome's frame to the world, shape (3, 3).
    """
    gain = mi.Color3f(*(number(source.scale * float(channel)) for channel in np.asarray(colour)))
    turn = tuple(number(value) for value in rotation.ravel())
    return Sky(source, count(source.width), count(source.height), gain, turn)


def radiance(sky: Sky, direction: Dr, active: Dr) -> tuple[Dr, Dr]:
    """Return what comes from a world direction, and the density [1/sr] with which ``sample`` draws it."""
    local = _turned(sky.turn, direction, back=True)
    y = dr.clip(local.y, -1.0, 1.0)
    uv = mi.Point2f(_column_of(local), dr.acos(y) * dr.inv_pi)
    places, fx, fy = _corners(uv, mi.Float(sky.width), mi.Float(sky.height))
    texels = [_texel(sky, place, active) for place in places]
    places, gx, gy = _corners(uv, mi.Float(COLUMNS), mi.Float(ROWS))
    nodes = [dr.gather(mi.Float, sky.image.density, place, active) for place in places]
    squeeze = 2.0 * dr.pi * dr.pi * dr.maximum(dr.safe_sqrt(1.0 - dr.square(y)), 1e-6)
    return _mixed(texels, fx, fy) * sky.gain, _mixed(nodes, gx, gy) / squeeze


def sample(sky: Sky, uv: Dr, active: Dr) -> Dr:
    """Draw a world direction."""
    row = _bisected(sky.image.rows, 0, uv.y, ROWS, active)
    column = _bisected(sky.image.columns, row * (COLUMNS + 1), uv.x, COLUMNS, active)
    fraction_v = _fraction(sky.image.rows, row, uv.y, active)
    fraction_u = _fraction(sky.image.columns, row * (COLUMNS + 1) + column, uv.x, active)
    v = (mi.Float(row) + 0.5 + _tent(fraction_v)) * (1.0 / ROWS)
    v = dr.select(v < 0.0, -v, dr.select(v > 1.0, 2.0 - v, v))
    longitude = (0.5 - (mi.Float(column) + 0.5 + _tent(fraction_u)) * (1.0 / COLUMNS)) * dr.two_pi
    sine, cosine = dr.sincos(longitude)
    radius, y = dr.sincos(v * dr.pi)
    return _turned(sky.turn, mi.Vector3f(radius * sine, y, radius * cosine), back=False)


def _tent(chance: Dr) -> Dr:
    """Draw from (-1, 1) with a density that falls from the middle to both ends."""
    rising = chance < 0.5
    side = dr.safe_sqrt(2.0 * dr.select(rising, chance, 1.0 - chance))
    return dr.select(rising, side - 1.0, 1.0 - side)


def _column_of(local: Dr) -> Dr:
    u = 0.5 - dr.atan2(local.x, local.z) * dr.inv_two_pi
    return u - dr.floor(u)


def _turned(turn: tuple[Dr, ...], v: Dr, back: bool) -> Dr:
    a = [turn[3 * c + r] if back else turn[3 * r + c] for r in range(3) for c in range(3)]
    return mi.Vector3f(*(a[3 * r] * v.x + a[3 * r + 1] * v.y + a[3 * r + 2] * v.z for r in range(3)))


def _corners(uv: Dr, width: Dr, height: Dr) -> tuple[list[Dr], Dr, Dr]:
    """Return the four texels around a point and how far it is between them; around the horizon, not over the poles."""
    x, y = uv.x * width - 0.5, dr.clip(uv.y * height - 0.5, 0.0, height - 1.0)
    x = dr.select(x < 0.0, x + width, x)
    columns, rows = mi.UInt32(width), mi.UInt32(height)
    left, top = dr.minimum(mi.UInt32(x), columns - 1), dr.minimum(mi.UInt32(y), rows - 1)
    right = dr.select(left + 1 >= columns, 0, left + 1)
    bottom = dr.minimum(top + 1, rows - 1)
    places = [row * columns + column for row in (top, bottom) for column in (left, right)]
    return places, x - mi.Float(left), y - mi.Float(top)


def _mixed(corners: list[Dr], fx: Dr, fy: Dr) -> Dr:
    return dr.lerp(dr.lerp(corners[0], corners[1], fx), dr.lerp(corners[2], corners[3], fx), fy)


def _texel(sky: Sky, place: Dr, active: Dr) -> Dr:
    packed = dr.gather(mi.UInt32, sky.image.texels, place, active)
    step = dr.reinterpret_array(mi.Float, ((packed >> 27) + (127 - _EXPONENT_BIAS)) << 23)
    return mi.Color3f(*(mi.Float((packed >> shift) & _MANTISSA) for shift in (0, 9, 18))) * step


def _bisected(table: Dr, start: Dr, value: Dr, size: int, active: Dr) -> Dr:
    """Find the cell of a cumulative table, of a power of two of cells, that holds a value."""
    low = mi.UInt32(0)
    step = size // 2
    while step:
        middle = low + step
        low = dr.select(dr.gather(mi.Float, table, start + middle, active) <= value, middle, low)
        step //= 2
    return low


def _fraction(table: Dr, cell: Dr, value: Dr, active: Dr) -> Dr:
    low, high = (dr.gather(mi.Float, table, cell + step, active) for step in (0, 1))
    return dr.clip((value - low) / dr.maximum(high - low, 1e-12), 0.0, 0.999999)
