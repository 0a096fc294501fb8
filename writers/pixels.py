"""Encode images, and hash what cannot be stored."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import simplejpeg

JPEG_QUALITY = 95
"""High, without chroma subsampling: what a trainer sees is within the renderer's own noise."""


def jpeg(image: npt.NDArray[np.uint8]) -> bytes:
    """Encode an sRGB image, uint8 (H, W, 3), as JPEG of quality 95, 4:4:4."""
    data: bytes = simplejpeg.encode_jpeg(
        np.ascontiguousarray(image), quality=JPEG_QUALITY, colorspace="RGB", colorsubsampling="444", fastdct=False
    )
    return data


def linear_sha256(linear: npt.NDArray[np.float32]) -> str:
    """Hash scene-linear pixels, float32 (H, W, 3), rows first and little-endian."""
    return hashlib.sha256(np.ascontiguousarray(linear, dtype="<f4").tobytes()).hexdigest()
