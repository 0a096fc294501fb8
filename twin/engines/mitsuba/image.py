"""Read image files and resample them, in NumPy."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from twin.engines.mitsuba.device import mi
from twin.errors import EngineError

Image: TypeAlias = npt.NDArray[np.float32]

PIXELS_MAX = 1 << 28
"""No image file with more pixels is opened."""


def read(file: Path) -> Image:
    """Read an image as its file holds it: integers as fractions of the greatest, shape (H, W, 4), alpha last.

    Raises:
        EngineError: where the file is missing, damaged, too large or of a format that Mitsuba does not read.
    """
    try:
        bitmap = mi.Bitmap(str(file))
    except Exception as error:
        reason = str(error).splitlines()[0].split("] ", 1)[-1]
        raise EngineError(
            f"this image cannot be read: {reason}", where=str(file), expected="PNG, JPEG, EXR or HDR"
        ) from None
    if bitmap.width() * bitmap.height() > PIXELS_MAX:
        raise EngineError(f"this image has {bitmap.width()}x{bitmap.height()} pixels", where=str(file))
    data = np.asarray(bitmap)
    scale = np.iinfo(data.dtype).max if data.dtype.kind == "u" else 1.0
    return _four_channels((data / np.float32(scale)).astype(np.float32).reshape(*data.shape[:2], -1))


def _four_channels(image: Image) -> Image:
    count = image.shape[2]
    colour = np.repeat(image[..., :1], 3, axis=-1) if count < 3 else image[..., :3]
    alpha = image[..., -1:] if count in (2, 4) else np.ones_like(image[..., :1])
    return np.concatenate([colour, alpha], axis=-1)


def linear(image: Image) -> Image:
    """Decode sRGB (IEC 61966-2-1)."""
    return np.where(image <= 0.04045, image / 12.92, ((np.maximum(image, 0) + 0.055) / 1.055) ** 2.4).astype(np.float32)


def shrunk(image: Image, width: int, height: int) -> Image:
    """Average an image over the areas of fewer pixels, so that its mean stays; a side that is short enough stays."""
    return _shrunk_rows(_shrunk_rows(image, height).swapaxes(0, 1), width).swapaxes(0, 1)


def _shrunk_rows(image: Image, count: int) -> Image:
    rows = image.shape[0]
    if rows <= count:
        return image
    total = np.concatenate([np.zeros((1, *image.shape[1:])), np.cumsum(image, axis=0, dtype=np.float64)])
    edges = np.linspace(0, rows, count + 1)
    low = np.minimum(edges.astype(int), rows - 1)
    part = (edges - low)[:, None, None]
    until = total[low] * (1 - part) + total[low + 1] * part
    return np.asarray(np.diff(until, axis=0) * (count / rows), dtype=np.float32)
