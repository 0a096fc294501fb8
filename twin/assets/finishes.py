"""Give made objects believable surfaces: glazes, plastics, glass and metals, with colours that products have."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from twin.assets.asset import Image, Surface
from twin.assets.images import pixel_image
from twin.seeds import Bits

Rgb: TypeAlias = tuple[float, float, float]
Finish = Literal["ceramic", "stoneware", "enamel", "plastic", "glass", "metal"]

GLAZES: tuple[Rgb, ...] = (
    (0.82, 0.80, 0.76), (0.72, 0.66, 0.54), (0.025, 0.05, 0.13), (0.04, 0.16, 0.20), (0.10, 0.22, 0.14),
    (0.45, 0.06, 0.04), (0.62, 0.34, 0.05), (0.30, 0.38, 0.42), (0.03, 0.03, 0.034), (0.50, 0.25, 0.20),
)  # fmt: skip
"""Base colours of glazes, linear RGB."""

PLASTICS: tuple[Rgb, ...] = (
    (0.85, 0.85, 0.84), (0.02, 0.14, 0.42), (0.55, 0.03, 0.03), (0.70, 0.45, 0.03), (0.05, 0.30, 0.12),
    (0.035, 0.035, 0.04), (0.60, 0.62, 0.60), (0.45, 0.12, 0.30), (0.10, 0.40, 0.45), (0.78, 0.72, 0.60),
)  # fmt: skip
"""Base colours of moulded plastics, linear RGB."""

GLASSES: tuple[Rgb, ...] = ((0.97, 0.99, 0.98), (0.35, 0.62, 0.30), (0.60, 0.28, 0.06), (0.55, 0.75, 0.85))
METALS: tuple[Rgb, ...] = ((0.67, 0.64, 0.60), (0.91, 0.92, 0.92), (0.53, 0.51, 0.49))
CLAY: Rgb = (0.52, 0.42, 0.33)
WHITE: Rgb = (0.82, 0.81, 0.78)
_PALETTES: dict[str, tuple[Rgb, ...]] = {
    "ceramic": GLAZES, "stoneware": GLAZES, "enamel": PLASTICS, "plastic": PLASTICS, "glass": GLASSES, "metal": METALS,
}  # fmt: skip
_INPUTS: dict[str, dict[str, float]] = {
    "ceramic": {"roughness": 0.12, "metallic": 0.0, "ior": 1.52},
    "stoneware": {"roughness": 0.42, "metallic": 0.0, "ior": 1.5},
    "enamel": {"roughness": 0.18, "metallic": 0.0, "ior": 1.6},
    "plastic": {"roughness": 0.32, "metallic": 0.0, "ior": 1.49},
    "glass": {"roughness": 0.02, "metallic": 0.0, "ior": 1.5, "opacity": 0.0},
    "metal": {"roughness": 0.25, "metallic": 1.0, "ior": 1.5},
    "paper": {"roughness": 0.55, "metallic": 0.0, "ior": 1.5},
    "clay": {"roughness": 0.85, "metallic": 0.0, "ior": 1.5},
}
DENSITIES = {
    "ceramic": 2400.0,
    "stoneware": 2300.0,
    "enamel": 5000.0,
    "plastic": 1100.0,
    "glass": 2500.0,
    "metal": 7800.0,
}


def pick(options: Sequence[Any], bits: Bits) -> Any:
    """Choose one of several options."""
    return options[bits.below(len(options))]


def finish_color(finish: str, bits: Bits) -> Rgb:
    """Choose a colour that the finish comes in."""
    color: Rgb = pick(_PALETTES[finish], bits)
    return color


def surface(name: str, finish: str, color: Rgb | Image) -> Surface:
    """Return the surface of a finish in a colour or with a printed image."""
    inputs: dict[str, Any] = {"diffuseColor": color, **_INPUTS[finish]}
    return Surface(name, inputs)


def srgb(color: Rgb) -> npt.NDArray[np.float64]:
    """Encode linear RGB as sRGB in [0, 255] (IEC 61966-2-1)."""
    c = np.asarray(color, dtype=np.float64)
    return np.where(c <= 0.0031308, 12.92 * c, 1.055 * np.maximum(c, 1e-12) ** (1 / 2.4) - 0.055) * 255


def speckled(color: Rgb, bits: Bits, folder: Path, *, size: int = 512) -> Image:
    """Make the image of a stoneware glaze: iron specks of several sizes in a slightly cloudy colour."""
    noise = _noise(size, bits)
    cloud = _cloud(noise, 24)
    shade = np.where(_spots(size, 1400, bits), 0.5, 1.0) * np.where(_spots(size, 260, bits, radius=3), 0.3, 1.0)
    pixels = srgb(color) * (0.96 + 0.08 * cloud[..., None]) * shade[..., None]
    return pixel_image(np.clip(np.round(pixels), 0, 255).astype(np.uint8), folder)


def _noise(size: int, bits: Bits) -> npt.NDArray[np.float64]:
    """Return white noise, shape (size, size), in [0, 1), from one word of chance."""
    words = np.random.Philox(key=np.array([bits.word(), 0], dtype=np.uint64)).random_raw(size * size)
    return np.asarray((words >> np.uint64(11)).astype(np.float64) * 2.0**-53).reshape(size, size)


def _cloud(noise: npt.NDArray[np.float64], cells: int) -> npt.NDArray[np.float64]:
    """Return smooth noise that wraps around, from a coarse corner of the white one."""
    size = len(noise)
    position = np.arange(size) * (cells / size)
    low, part = position.astype(int), position % 1.0
    part = part * part * (3 - 2 * part)
    coarse, high = noise[:cells, :cells], (low + 1) % cells
    rows = coarse[low] * (1 - part)[:, None] + coarse[high] * part[:, None]
    return np.asarray(rows[:, low] * (1 - part) + rows[:, high] * part)


def _spots(size: int, count: int, bits: Bits, radius: int = 1) -> npt.NDArray[np.bool_]:
    """Return a mask of round spots that wraps around, each up to ``radius`` pixels wide to every side."""
    mask = np.zeros((size, size), dtype=bool)
    for _ in range(count):
        row, column, reach = bits.below(size), bits.below(size), 1 + bits.below(radius * radius + 1)
        for dy in range(-radius, radius + 1):
            for dx in range(-radius, radius + 1):
                if dx * dx + dy * dy < reach:
                    mask[(row + dy) % size, (column + dx) % size] = True
    return mask
