"""Lay pictures out as one contact sheet PNG: the thing designers look at most."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from twin.report.overlay import Pixels
from twin.writers.atomic import replacing

GAP, CAPTION, BACKGROUND, INK = 8, 20, (18, 18, 20), (205, 205, 210)
WIDTH_MOST = 2400


def write_sheet(pictures: Sequence[tuple[str, Pixels]], path: Path) -> Path:
    """Write pictures with captions as one PNG, about as wide as high; returns the path.

    Args:
        pictures: (caption, uint8 (H, W, 3)) pairs; each is fitted into a cell of the first one's shape.
        path: PNG file; replaced only once the new one is complete.
    """
    columns = max(1, round(math.sqrt(len(pictures))))
    height, width = pictures[0][1].shape[:2]
    shrink = min(1.0, (WIDTH_MOST / columns - GAP) / width)
    cell = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    rows = math.ceil(len(pictures) / columns)
    size = (columns * (cell[0] + GAP) + GAP, rows * (cell[1] + CAPTION + GAP) + GAP)
    sheet = Image.new("RGB", size, BACKGROUND)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for number, (caption, picture) in enumerate(pictures):
        row, column = divmod(number, columns)
        x, y = GAP + column * (cell[0] + GAP), GAP + row * (cell[1] + CAPTION + GAP)
        fitted = ImageOps.contain(Image.fromarray(np.ascontiguousarray(picture)), cell, Image.Resampling.LANCZOS)
        sheet.paste(fitted, (x + (cell[0] - fitted.width) // 2, y + (cell[1] - fitted.height) // 2))
        draw.text((x + 2, y + cell[1] + 2), caption, fill=INK, font=font)
    return write_png(np.asarray(sheet), path)


def write_png(picture: Pixels, path: Path) -> Path:
    """Write one picture as PNG, atomically; returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        Image.fromarray(picture).save(temporary, format="PNG")
    return path
