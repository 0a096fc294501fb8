"""Hold all images of materials in one array of packed texels, and look them up."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from twin.engines.mitsuba import image as images
from twin.engines.mitsuba.device import Dr, dr, mi, words
from twin.stage.geometry import Texture

Texels: TypeAlias = npt.NDArray[np.uint32]
Key: TypeAlias = tuple[Path, str, str]

SIDE_MAX = 2048
"""Larger textures are averaged down to this many texels a side."""

TEXELS_MAX = 1 << 27
"""The array is built anew from a frame's own images once it has grown beyond this (512 MiB)."""

ROOT, PLAIN = 1, 0
_LEVELS = 1023


class Atlas:
    """Images of materials, packed one behind the other in the order in which frames came to need them.

    Where an image lies does not show in what is looked up, so the order leaves no trace in a frame.
    """

    def __init__(self) -> None:
        self._places: dict[Key, tuple[int, int, int, int]] = {}
        self._texels: list[Texels] = []
        self._size = 0
        self._fresh = True
        self.clear()

    def clear(self) -> None:
        """Forget every image but the white one that constants read."""
        self._places, self._texels, self._size = {}, [], 0
        self._put((Path(), "", ""), np.ones((1, 1, 3), dtype=np.float32), PLAIN)

    def need(self, textures: list[Texture]) -> None:
        """Read the images that are not held yet."""
        if self._size > TEXELS_MAX:
            self.clear()
        for texture in textures:
            key = _key(texture)
            if key not in self._places:
                self._put(key, *_load(texture))

    def place(self, texture: Texture | None) -> tuple[int, int, int, int]:
        """Return (first texel, width, height, encoding) of a texture's image; of the white one without a texture."""
        return self._places[(Path(), "", "") if texture is None else _key(texture)]

    @property
    def texels(self) -> Dr:
        """The packed texels on the device."""
        if self._fresh:
            self._array, self._fresh = words(np.concatenate(self._texels)), False
        return self._array

    def _put(self, key: Key, image: images.Image, encoding: int) -> None:
        height, width = image.shape[:2]
        self._places[key] = (self._size, width, height, encoding)
        self._texels.append(_packed(image, encoding))
        self._size += width * height
        self._fresh = True


def _key(texture: Texture) -> Key:
    return texture.file, texture.colorspace, texture.channel


def _load(texture: Texture) -> tuple[images.Image, int]:
    """Read an image as its linear channels, and how it is best packed: colours by their square roots."""
    image = images.read(texture.file)
    if texture.colorspace == "sRGB":
        image[..., :3] = images.linear(image[..., :3])
    bands = [0, 1, 2] if texture.channel == "rgb" else ["rgba".index(texture.channel)] * 3
    encoding = ROOT if texture.colorspace == "sRGB" else PLAIN
    return images.shrunk(image[..., bands], SIDE_MAX, SIDE_MAX), encoding


def _packed(image: images.Image, encoding: int) -> Texels:
    """Pack three channels of ten bits each."""
    value = np.clip(image, 0, 1)
    levels = np.rint((np.sqrt(value) if encoding == ROOT else value) * _LEVELS).astype(np.uint32)
    return np.asarray(levels[..., 0] | levels[..., 1] << 10 | levels[..., 2] << 20).ravel()


def look_up(texels: Dr, place: Dr, uv: Dr, active: Dr) -> Dr:
    """Interpolate an image between its texel centres, repeating; (0, 0) is the lower left corner of the image.

    Args:
        texels: The packed texels.
        place: First texel, width, height and encoding.
        uv: Texture coordinates.
        active: Where a value is wanted.
    """
    width, height = mi.Float(place[1]), mi.Float(place[2])
    x, y = (uv.x - dr.floor(uv.x)) * width - 0.5, (1.0 - (uv.y - dr.floor(uv.y))) * height - 0.5
    x0, y0 = dr.floor(x), dr.floor(y)
    fx, fy = x - x0, y - y0
    columns = [mi.UInt32(_wrapped(x0 + step, width)) for step in (0.0, 1.0)]
    rows = [place[0] + mi.UInt32(_wrapped(y0 + step, height)) * place[1] for step in (0.0, 1.0)]
    rooted = place[3] == ROOT
    top, bottom = (
        dr.lerp(_texel(texels, row + columns[0], rooted, active), _texel(texels, row + columns[1], rooted, active), fx)
        for row in rows
    )
    return dr.lerp(top, bottom, fy)


def _wrapped(value: Dr, size: Dr) -> Dr:
    return dr.select(value < 0.0, value + size, dr.select(value >= size, value - size, value))


def _texel(texels: Dr, index: Dr, rooted: Dr, active: Dr) -> Dr:
    packed = dr.gather(mi.UInt32, texels, index, active)
    value = mi.Color3f(*(mi.Float((packed >> shift) & _LEVELS) for shift in (0, 10, 20))) * (1.0 / _LEVELS)
    return dr.select(rooted, value * value, value)
