"""Print labels for bottles: coloured fields, stripes, and lines that read as text from a distance.

No letters are set, so no brand and no font is shown.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from twin.assets.asset import Image
from twin.assets.finishes import PLASTICS, Rgb, pick, srgb
from twin.assets.images import pixel_image
from twin.seeds import Bits

Pixels = npt.NDArray[np.uint8]
_HEIGHT = 512
_PAPERS: tuple[Rgb, ...] = ((0.86, 0.85, 0.82), (0.80, 0.74, 0.60), (0.70, 0.72, 0.74))
_INKS: tuple[Rgb, ...] = (*PLASTICS[1:6], (0.02, 0.02, 0.022), (0.30, 0.16, 0.06))


def printed(bits: Bits, folder: Path, aspect: float, *, plain: bool) -> Image:
    """Make the image of a label that wraps around a bottle.

    Args:
        bits: Chance of the print.
        folder: Where the image is kept.
        aspect: Width of the unrolled label over its height.
        plain: Whether it is the same all around: bands only.
    """
    width = int(np.clip(round(_HEIGHT * aspect), 64, 4096))
    page = np.empty((_HEIGHT, width, 3), dtype=np.uint8)
    page[:] = _ink(pick(_PAPERS, bits))
    _bands(page, bits)
    if not plain:
        front = width // 2
        _front(page, front, bits)
        _small_print(page, front + int(0.30 * width), bits)
        _small_print(page, front - int(0.30 * width), bits)
        _barcode(page, width // 16, bits)
    return pixel_image(page, folder)


def _ink(color: Rgb) -> Pixels:
    return np.asarray(np.clip(np.round(srgb(color)), 0, 255), dtype=np.uint8)


def _bands(page: Pixels, bits: Bits) -> None:
    """Print a wide field and thin lines at the top, the bottom, or both."""
    field, line = _ink(pick(_INKS, bits)), _ink(pick(_INKS, bits))
    height, style = len(page), bits.below(4)
    depth = int(height * (0.16 + 0.3 * bits.uniform()))
    if style != 1:
        page[:depth] = field
        page[depth + 8 : depth + 14] = line
    if style != 0:
        page[-depth // 2 :] = field
        page[-depth // 2 - 14 : -depth // 2 - 8] = line
    if style == 3:
        page[height // 2 - 30 : height // 2 + 30] = line


def _front(page: Pixels, centre: int, bits: Bits) -> None:
    """Print an emblem, a title and two lines of text in the middle."""
    ink, height = _ink(pick(_INKS, bits)), len(page)
    radius = int(height * (0.10 + 0.06 * bits.uniform()))
    rows, columns = np.mgrid[: page.shape[0], : page.shape[1]]
    distance = np.hypot(rows - 0.33 * height, columns - centre)
    page[distance < radius] = ink
    page[(distance < 0.8 * radius) & (distance > 0.7 * radius)] = 235
    page[(np.abs(rows - 0.33 * height) + np.abs(columns - centre)) < 0.45 * radius] = 235
    _words(page, centre, int(0.55 * height), 44, int(0.44 * height), ink, bits)
    for row in (0.66, 0.71):
        _words(page, centre, int(row * height), 15, int(0.36 * height), ink, bits)


def _small_print(page: Pixels, centre: int, bits: Bits) -> None:
    """Print a column of fine text."""
    ink, height = _ink(_INKS[-2]), len(page)
    for row in range(int(0.30 * height), int(0.78 * height), 15):
        _words(page, centre, row, 7, int(0.30 * height * (0.6 + 0.4 * bits.uniform())), ink, bits)


def _words(page: Pixels, centre: int, row: int, size: int, width: int, ink: Pixels, bits: Bits) -> None:
    """Print strokes that stand like letters in words."""
    column, end = centre - width // 2, centre + width // 2
    stroke = max(2, size // 5)
    while column < end:
        for _ in range(2 + bits.below(7)):
            shape, right = bits.below(4), min(column + int(0.55 * size), end)
            if shape != 1:
                page[row : row + size, column : column + stroke] = ink
            if shape != 2:
                page[row : row + stroke, column:right] = ink
            if shape != 3:
                page[row + size - stroke : row + size, column:right] = ink
            if shape in (0, 3):
                page[row : row + size, right - stroke : right] = ink
            column += int(0.75 * size)
            if column >= end:
                break
        column += int(0.5 * size)


def _barcode(page: Pixels, start: int, bits: Bits) -> None:
    """Print black bars on a white field."""
    height = len(page)
    top, bottom, column = int(0.40 * height), int(0.62 * height), start
    page[top - 8 : bottom + 8, start - 8 : start + 118] = 245
    while column < start + 108:
        wide = 1 + bits.below(4)
        page[top:bottom, column : column + wide] = 20
        column += wide + 1 + bits.below(4)
