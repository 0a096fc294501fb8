"""Draw a frame's labels over its pixels: mask outlines, boxes, keypoints."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from twin.errors import SpecError
from twin.frame import Array

Pixels = npt.NDArray[np.uint8]


def slot_color(slot: int) -> tuple[int, int, int]:
    """Return a bright colour for a slot; neighbours differ by the golden angle in hue."""
    r, g, b = colorsys.hsv_to_rgb((slot * 0.618034) % 1.0, 0.75, 1.0)
    return round(255 * r), round(255 * g), round(255 * b)


PICTURES = ("rgb", "instance", "depth")
"""Labels that can be shown as a picture, the best first."""


def backdrop(arrays: Mapping[str, Array]) -> Pixels:
    """Return a camera's picture, uint8 (H, W, 3): its RGB, else its ids or depth in false colours.

    Args:
        arrays: One camera's arrays by label name, as :meth:`twin.frame.Frame.camera` gives them.
    """
    if "rgb" in arrays:
        return np.array(arrays["rgb"], dtype=np.uint8)
    if "instance" in arrays:
        colors = [slot_color(slot) for slot in range(int(arrays["instance"].max()))]
        return np.array([(24, 24, 28), *colors], dtype=np.uint8)[arrays["instance"]]
    if "depth" in arrays:
        finite = np.where(np.isfinite(arrays["depth"]), arrays["depth"], 0)
        grey = 255 - 225 * finite / max(float(finite.max()), 1e-6)
        return np.repeat(np.where(finite > 0, grey, 0).astype(np.uint8)[..., None], 3, axis=-1)
    raise SpecError("these labels make no picture", where="labels", expected=f"one of {', '.join(PICTURES)}")


def draw_overlay(arrays: Mapping[str, Array]) -> Pixels:
    """Return a camera's picture with the outlines of its labels drawn over it, uint8 (H, W, 3)."""
    image = backdrop(arrays)
    if "instance" in arrays:
        image = _outline(image, arrays["instance"])
    canvas = Image.fromarray(image)
    draw = ImageDraw.Draw(canvas)
    for slot, (x0, y0, x1, y1) in enumerate(arrays.get("box2d_visible", ())):
        if x1 > x0:
            draw.rectangle((x0, y0, x1 - 1, y1 - 1), outline=slot_color(slot))
    if "keypoints/uv" in arrays:
        _draw_keypoints(draw, arrays["keypoints/uv"], arrays["keypoints/state"])
    return np.asarray(canvas)


def _outline(image: Pixels, instance: Array) -> Pixels:
    """Paint the pixels of each mask that touch another id."""
    padded = np.pad(instance, 1, mode="edge")
    around = (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:])
    edge = np.any([side != instance for side in around], axis=0) & (instance > 0)
    painted = image.copy()
    for slot in np.unique(instance[edge]):
        painted[edge & (instance == slot)] = slot_color(int(slot) - 1)
    return painted


def _draw_keypoints(draw: ImageDraw.ImageDraw, uv: Array, state: Array) -> None:
    """Draw visible keypoints as discs and occluded ones as rings."""
    for slot in range(len(uv)):
        for (u, v), seen in zip(uv[slot], state[slot], strict=True):
            if seen:
                fill = slot_color(slot) if seen == 2 else None
                draw.ellipse((u - 3, v - 3, u + 3, v + 3), fill=fill, outline=(255, 255, 255))
