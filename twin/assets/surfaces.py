"""Make surfaces from what the catalogue holds: photographs of materials, and measured parameters.

A photograph gives the colour only. Its roughness and normal maps are *derived*: roughness varies with the local
contrast of the luminance, and the luminance stands for height, scaled to the relief that the catalogue gives. They are
made in whole numbers on first use, so they are equal on every machine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twin.assets.asset import Image, Surface
from twin.assets.cache import made
from twin.assets.images import read_pixels, write_png
from twin.assets.manifest import Entry
from twin.errors import AssetError

Int = npt.NDArray[np.int64]
_BLUR = 8
"""Radius of the box blur that tells detail from shading [px]."""


def textured(entry: Entry, albedo: Image, folder: Path) -> Surface:
    """Make a surface from a photograph; its derived maps go to ``folder``."""
    detail = entry.detail
    inputs: dict[str, Any] = {
        "diffuseColor": albedo,
        "roughness": _roughness_map(albedo, detail["roughness"], detail["roughness_span"], folder),
        "metallic": 0.0,
        "ior": 1.5,
    }
    if detail["relief"] > 0:
        inputs["normal"] = _normal_map(albedo, detail["relief"], detail["texture_size"], folder)
    return Surface(entry.name, inputs, detail["texture_size"], entry.licence, entry.credit)


def _roughness_map(albedo: Image, base: float, span: float, folder: Path) -> Image:
    """Derive roughness: dark grain and joints are rougher than what is polished around them."""

    def pixels(height: Int) -> npt.NDArray[np.uint8]:
        detail = np.clip(_detail(height), -64, 64)
        value = round(base * 255 * 64) - detail * round(span * 255)
        return np.asarray(np.clip(value // 64, 5, 255), dtype=np.uint8)

    image = _derived(albedo, f"roughness 1 {base!r} {span!r}", pixels, folder)
    return Image(image.file, image.sha256, colorspace="raw", channel="r")


def _normal_map(albedo: Image, relief: float, size: float, folder: Path) -> Image:
    """Derive a tangent-space normal map: slopes by Sobel's operator, over ``relief`` [m] from black to white."""

    def pixels(height: Int) -> npt.NDArray[np.uint8]:
        right, up = _sobel(height)
        slope = relief / 255 / (size / height.shape[1]) / 8
        normal = np.stack([-right * slope, -up * slope, np.ones(height.shape)], axis=-1)
        normal /= np.sqrt((normal * normal).sum(axis=-1, keepdims=True))
        return np.asarray(np.floor(normal * 127.5 + 128), dtype=np.uint8).clip(0, 255)

    image = _derived(albedo, f"normal 1 {relief!r} {size!r}", pixels, folder)
    return Image(image.file, image.sha256, "raw", "rgb", (2.0, 2.0, 2.0, 1.0), (-1.0, -1.0, -1.0, 0.0))


def _derived(albedo: Image, recipe: str, pixels: Callable[[Int], npt.NDArray[np.uint8]], folder: Path) -> Image:
    digest = hashlib.sha256(f"{recipe} {albedo.sha256}".encode()).hexdigest()
    file = folder / f"{digest[:32]}.png"
    return Image(made(file, lambda path: write_png(path, pixels(_luminance(albedo.file)))), digest, colorspace="raw")


def _luminance(file: Path) -> Int:
    """Return luma of the encoded values, shape (H, W), in [0, 255] (weights of Rec. 709 in 1/256)."""
    rgb = read_pixels(file).astype(np.int64)
    return np.asarray((rgb[..., 0] * 54 + rgb[..., 1] * 183 + rgb[..., 2] * 19) // 256)


def _detail(height: Int) -> Int:
    """Subtract a box blur that wraps around, as the texture does."""
    blurred = height
    for axis in (0, 1):
        shifts = [np.roll(blurred, shift, axis) for shift in range(-_BLUR, _BLUR + 1)]
        blurred = np.sum(shifts, axis=0) // (2 * _BLUR + 1)
    return height - blurred


def _sobel(height: Int) -> tuple[Int, Int]:
    """Return eight times the slopes to the image's right and top, in grey levels a pixel."""
    x = np.roll(height, -1, 1) - np.roll(height, 1, 1)
    y = np.roll(height, 1, 0) - np.roll(height, -1, 0)
    return np.roll(x, 1, 0) + 2 * x + np.roll(x, -1, 0), np.roll(y, 1, 1) + 2 * y + np.roll(y, -1, 1)


def measured(entry: Entry, file: Path) -> Surface:
    """Make a surface from measured parameters; a transmissive material is glass, with its own index of refraction."""
    rows = {row["name"]: row for row in json.loads(file.read_text())}
    row = rows.get(entry.detail["measured"])
    if row is None:
        raise AssetError(f"the measured materials hold no '{entry.detail['measured']}'", where=entry.name)
    inputs: dict[str, Any] = {
        "diffuseColor": _linear(row),
        "roughness": float(row.get("roughness") or 0.0),
        "metallic": float(row.get("metalness") or 0.0),
        "ior": max(1.0, float(row.get("ior") or 1.5)),
    }
    if row.get("transmission"):
        inputs["opacity"] = 1.0 - float(row["transmission"])
    return Surface(entry.name, inputs, None, entry.licence, entry.credit)


def _linear(row: dict[str, Any]) -> tuple[float, float, float]:
    """Return the linear Rec. 709 colour, kept inside the gamut."""
    color = next(item["color"] for item in row["color"] if item["colorSpace"] == "srgb-linear")
    r, g, b = (min(1.0, max(0.0, float(value))) for value in color)
    return r, g, b
