"""Look textures up at points of a mesh."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from twin.errors import AssetError, extra_missing
from twin.stage.geometry import Mesh, Texture

Array = npt.NDArray[np.float64]
Raster = npt.NDArray[np.float32]

_BANDS = {"rgb": (0, 1, 2), "r": (0,), "g": (1,), "b": (2,), "a": (3,)}


class Textures:
    """Read images once and look them up."""

    def __init__(self) -> None:
        self._rasters: dict[tuple[Path, str, str], Raster] = {}

    def sample(self, texture: Texture, uv: Array) -> Array:
        """Return ``sample * scale + bias`` at texture coordinates, shape (N, 2) -> (N, 3) for ``rgb``, else (N, 1)."""
        bands = list(_BANDS[texture.channel])
        key = (texture.file, texture.channel, texture.colorspace)
        if key not in self._rasters:
            self._rasters[key] = read_bands(texture.file, bands, texture.colorspace)
        scale, bias = np.array(texture.scale)[bands], np.array(texture.bias)[bands]
        return np.asarray(bilinear(self._rasters[key], uv * texture.uv_scale) * scale + bias)


def interpolate(values: npt.NDArray[np.float32], mesh: Mesh, face: npt.NDArray[np.int64], weights: Array) -> Array:
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


def interpolate_uv(mesh: Mesh, face: npt.NDArray[np.int64], weights: Array) -> Array:
    """Return texture coordinates, shape (N, 2); zeros where the mesh has none, as USD falls back."""
    return np.zeros((len(face), 2)) if mesh.uv is None else interpolate(mesh.uv, mesh, face, weights)


def bilinear(raster: Raster, uv: Array) -> Array:
    """Look an image, shape (H, W, C), up between its texel centres; it repeats, and v points up."""
    height, width = raster.shape[:2]
    x, y = uv[:, 0] * width - 0.5, (1 - uv[:, 1]) * height - 0.5
    x0, y0 = np.floor(x), np.floor(y)
    fx, fy = (x - x0)[:, None], (y - y0)[:, None]
    left, right = (np.int64(x0 + step) % width for step in (0, 1))
    top, bottom = (np.int64(y0 + step) % height for step in (0, 1))
    upper = raster[top, left] * (1 - fx) + raster[top, right] * fx
    lower = raster[bottom, left] * (1 - fx) + raster[bottom, right] * fx
    return np.asarray(upper * (1 - fy) + lower * fy)


def read_bands(file: Path, bands: list[int], colorspace: str) -> Raster:
    """Read bands of an image (red, green, blue, alpha), linear, shape (H, W, C); without alpha it is opaque.

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
        grey = pixels[..., None] / 65535.0
        pixels = np.concatenate([grey, grey, grey, np.ones_like(grey)], axis=-1)
    else:
        pixels = pixels / 255.0
    colour = pixels[..., :3]
    linear = np.concatenate([_decode(colour) if colorspace == "sRGB" else colour, pixels[..., 3:]], axis=-1)
    return linear[..., bands].astype(np.float32)


def _decode(value: Array) -> Array:
    """Decode sRGB (IEC 61966-2-1)."""
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
