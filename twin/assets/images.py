"""Read, check and make image files; what is made is named and hashed by its recipe, so it is equal on every machine."""

from __future__ import annotations

import hashlib
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twin.assets.asset import Image
from twin.assets.cache import file_sha256, made
from twin.errors import AssetError, extra_missing

PIXEL_LIMIT = 8192 * 8192
BYTE_LIMIT = 256 << 20
_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".tga", ".webp", ".tif", ".tiff"}


def pillow() -> Any:
    """Import Pillow, or say which extra brings it."""
    try:
        import PIL.Image
    except ImportError:
        raise extra_missing("pillow", "render") from None
    return PIL.Image


def check_image(file: Path, *, where: str) -> tuple[int, int]:
    """Return (width, height) of an image file from its header.

    Raises:
        AssetError: where it is missing, no image, or absurdly large.
    """
    if not file.is_file():
        raise AssetError(f"the texture '{file.name}' is missing", where=where, hint="put it beside the mesh")
    if file.suffix.lower() not in _SUFFIXES:
        raise AssetError(f"the texture '{file.name}' is no image that can be read", where=where, expected="PNG or JPEG")
    if file.stat().st_size > BYTE_LIMIT:
        raise AssetError(
            f"the texture '{file.name}' has {file.stat().st_size} bytes", where=where, expected=f"at most {BYTE_LIMIT}"
        )
    module = pillow()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", module.DecompressionBombWarning)
            with module.open(file) as image:
                width, height = image.size
    except module.DecompressionBombError:
        expected = f"at most {PIXEL_LIMIT} pixels"
        raise AssetError(f"the texture '{file.name}' is a decompression bomb", where=where, expected=expected) from None
    except (OSError, SyntaxError, ValueError) as error:
        reason = str(error).split("\n")[0].replace(str(file), file.name)
        raise AssetError(f"the texture '{file.name}' cannot be read: {reason}", where=where) from None
    if width * height > PIXEL_LIMIT:
        raise AssetError(
            f"the texture '{file.name}' has {width}x{height} pixels",
            where=where,
            expected=f"at most {PIXEL_LIMIT} pixels",
        )
    return width, height


def read_pixels(file: Path) -> npt.NDArray[np.uint8]:
    """Read an image as uint8 (H, W, 3); alpha is dropped."""
    module = pillow()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", module.DecompressionBombWarning)
        with module.open(file) as image:
            return np.asarray(image.convert("RGB"), dtype=np.uint8)


def write_png(file: Path, pixels: npt.NDArray[np.uint8]) -> None:
    """Write uint8 pixels, shape (H, W) or (H, W, 3), as PNG."""
    pillow().fromarray(pixels).save(file, format="PNG", compress_level=4)


def file_image(file: Path, *, colorspace: str = "sRGB") -> Image:
    """Wrap an existing file."""
    return Image(file, _sha256(file, file.stat().st_mtime_ns), colorspace=colorspace)


@lru_cache(maxsize=512)
def _sha256(file: Path, mtime: int) -> str:
    return file_sha256(file)


def pixel_image(pixels: npt.NDArray[np.uint8], folder: Path, *, colorspace: str = "sRGB") -> Image:
    """Put made pixels into ``folder`` under the hash of the pixels; how a PNG compresses never shows."""
    digest = hashlib.sha256(repr(pixels.shape).encode() + np.ascontiguousarray(pixels).tobytes()).hexdigest()
    file = made(folder / f"{digest[:32]}.png", lambda path: write_png(path, pixels))
    return Image(file, digest, colorspace=colorspace)


def limited(image: Image, limit: int, folder: Path) -> Image:
    """Halve an image, by the rounded mean of four pixels, until no side is longer than ``limit`` [px]."""
    width, height = check_image(image.file, where=str(image.file))
    if max(width, height) <= limit:
        return image
    recipe = hashlib.sha256(f"limited 1 {limit} {image.sha256}".encode()).hexdigest()

    def make(path: Path) -> None:
        pixels = read_pixels(image.file)
        while max(pixels.shape[:2]) > limit:
            pixels = _halved(pixels)
        write_png(path, pixels)

    return Image(made(folder / f"{recipe[:32]}.png", make), recipe, colorspace=image.colorspace)


def _halved(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    even = pixels[: pixels.shape[0] // 2 * 2, : pixels.shape[1] // 2 * 2].astype(np.uint16)
    total = even[0::2, 0::2] + even[1::2, 0::2] + even[0::2, 1::2] + even[1::2, 1::2]
    return ((total + 2) // 4).astype(np.uint8)
