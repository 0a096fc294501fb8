"""Name texture files by their content, so that equal images are stored once and names never depend on a machine."""

from __future__ import annotations

from twin.assets.asset import Image
from twin.frame import Json

FLAT_NORMAL = "flat_normal.png"
"""A 16-bit normal map that bends nothing: what a reader shows for a material without one."""


def texture_name(image: Image, scalar: bool = False) -> str:
    """Return the file name of an image below ``textures/``.

    An input that takes one number reads a grey image of its own, since MDL averages the channels of a colour image.
    """
    stem = image.sha256[:32]
    return f"{stem}_{image.channel}.png" if scalar else stem + image.file.suffix.lower()


def texture_asset(image: Image, scalar: bool = False) -> Json:
    """Return the asset value of an image, relative to the stage's assets folder."""
    return {"asset": f"textures/{texture_name(image, scalar)}"}
