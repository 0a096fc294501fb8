"""Look textures up at points of a mesh."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twin.errors import AssetError, extra_missing
from twin.stage.geometry import Mesh, Texture

Array = npt.NDArray[np.float64]
Floats = npt.NDArray[np.floating[Any]]

_BANDS = {"rgb": (0, 1, 2), "r": (0,), "g": (1,), "b": (2,), "a": (3,)}
_KEPT = 8


@dataclass(frozen=True, eq=False)
class Raster:
    """Some bands of an image as its file has them.

    Args:
        texels: Shape (H, W, C), uint8 or uint16.
        encoded: Whether they are sRGB.
    """

    texels: npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
    encoded: bool

    def at(self, row: npt.NDArray[np.int64], column: npt.NDArray[np.int64]) -> Array:
        """Return linear values in [0, 1], shape (N, C)."""
        value = self.texels[row, column] / np.float64(np.iinfo(self.texels.dtype).max)
        return _decode(value) if self.encoded else value


class Textures:
    """Look textures up, and keep the last few images."""

    def __init__(self) -> None:
        self._rasters: OrderedDict[tuple[Path, str, str], Raster] = OrderedDict()

    def sample(self, texture: Texture, uv: Array) -> Array:
        """Return ``sample * scale + bias`` at texture coordinates, shape (N, 2) -> (N, 3) for ``rgb``, else (N, 1)."""
        bands = list(_BANDS[texture.channel])
        scale, bias = np.array(texture.scale)[bands], np.array(texture.bias)[bands]
        return np.asarray(bilinear(self._raster(texture, bands), uv * texture.uv_scale) * scale + bias)

    def _raster(self, texture: Texture, bands: list[int]) -> Raster:
        key = (texture.file, texture.channel, texture.colorspace)
        raster = self._rasters.pop(key, None) or read_bands(texture.file, bands, texture.colorspace)
        self._rasters[key] = raster
        if len(self._rasters) > _KEPT:
            self._rasters.popitem(last=False)
        return raster


def interpolate(values: npt.NDArray[np.float32], mesh: Mesh, face: npt.NDArray[np.int64], weights: Floats) -> Array:
    """Return vertex values, shape (V, C), at points of faces, shape (N, C).

    Args:
        values: One row a vertex.
        mesh: The mesh.
        face: Face of each point, shape (N,).
        weights: Weights of the second and third vertex, shape (2, N).
    """
    corners = values[mesh.faces[face]].astype(np.float64)
    u, v = np.asarray(weights, dtype=np.float64)[..., None]
    return np.asarray((1 - u - v) * corners[:, 0] + u * corners[:, 1] + v * corners[:, 2])


def interpolate_uv(mesh: Mesh, face: npt.NDArray[np.int64], weights: Floats) -> Array:
    """Return texture coordinates, shape (N, 2); zeros where the mesh has none, as USD falls back."""
    return np.zeros((len(face), 2)) if mesh.uv is None else interpolate(mesh.uv, mesh, face, weights)


def bilinear(raster: Raster, uv: Array) -> Array:
    """Look an image up between its texel centres, shape (N, 2) -> (N, C); it repeats, and v points up."""
    height, width = raster.texels.shape[:2]
    x, y = uv[:, 0] * width - 0.5, (1 - uv[:, 1]) * height - 0.5
    x0, y0 = np.floor(x), np.floor(y)
    fx, fy = (x - x0)[:, None], (y - y0)[:, None]
    left, right = (np.int64(x0 + step) % width for step in (0, 1))
    top, bottom = (np.int64(y0 + step) % height for step in (0, 1))
    upper = raster.at(top, left) * (1 - fx) + raster.at(top, right) * fx
    lower = raster.at(bottom, left) * (1 - fx) + raster.at(bottom, right) * fx
    return np.asarray(upper * (1 - fy) + lower * fy)


def read_bands(file: Path, bands: list[int], colorspace: str) -> Raster:
    """Read bands of an image: 0 red, 1 green, 2 blue, 3 alpha; an image without alpha is opaque.

    Raises:
        AssetError: where the file is no image that can be read.
    """
    try:
        from PIL import Image
    except ImportError:
        raise extra_missing("pillow", "render") from None
    try:
        with Image.open(file) as image:
            pixels = np.asarray(image if image.mode.startswith("I") else image.convert("RGBA"))
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise AssetError(f"this texture cannot be read: {error}", where=str(file)) from None
    if pixels.ndim == 2:  # 16 bits of grey
        grey = pixels.astype(np.uint16)
        pixels = np.stack([grey, grey, grey, np.full_like(grey, 65535)], axis=-1)
    return Raster(np.ascontiguousarray(pixels[..., bands]), colorspace == "sRGB" and max(bands) < 3)


def _decode(value: Array) -> Array:
    """Decode sRGB (IEC 61966-2-1)."""
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
