"""Develop scene-linear radiance into an 8-bit image: exposure, tone curve, sRGB.

The tone curve is Khronos PBR Neutral: it takes off what a dielectric's gloss adds (4 %), keeps colours as they are up
to 0.76 and rolls highlights off towards white without turning their hue. Grey stays grey, black stays 0, and 18 % grey
at 0 EV becomes 0.14 linear, which is 105 of 255.

Sources: "Khronos PBR Neutral Tone Mapper", specification of 2024; IEC 61966-2-1 (sRGB).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

GLOSS = 0.04
"""Reflectance of a dielectric straight on, which the curve takes off."""

SHOULDER = 0.8 - GLOSS
"""Peak above which highlights are compressed."""

_DESATURATION = 0.15

Image = npt.NDArray[np.float32]


def develop(linear: npt.ArrayLike, exposure_ev: float) -> npt.NDArray[np.uint8]:
    """Return the picture that a camera would store, uint8, shape (H, W, 3).

    Args:
        linear: Scene-linear radiance, Rec. 709 primaries, shape (H, W, 3); what is not a number counts as black.
        exposure_ev: Exposure [EV]: the radiance is multiplied by 2 to this power.
    """
    radiance = np.nan_to_num(np.asarray(linear, dtype=np.float32), nan=0.0, posinf=1e30, neginf=0.0)
    exposed = np.clip(radiance * np.float32(2.0**exposure_ev), 0.0, np.float32(1e30))
    return np.asarray(np.rint(encode(tone(exposed)) * 255.0), dtype=np.uint8)


def tone(colour: Image) -> Image:
    """Map non-negative linear colours, shape (..., 3), into [0, 1] by the tone curve."""
    least = colour.min(axis=-1, keepdims=True)
    base = colour - np.where(least < 2 * GLOSS, least - least * least / (4 * GLOSS), np.float32(GLOSS))
    peak = base.max(axis=-1, keepdims=True)
    room = np.float32(1.0 - SHOULDER)
    rolled = np.where(peak < SHOULDER, peak, 1.0 - room * room / (np.maximum(peak, SHOULDER) + room - SHOULDER))
    scaled = base * (rolled / np.maximum(peak, np.float32(1e-20)))
    white = 1.0 - 1.0 / (_DESATURATION * (peak - rolled) + 1.0)
    return np.asarray(scaled + (rolled - scaled) * white, dtype=np.float32)


def encode(linear: Image) -> Image:
    """Encode linear values in [0, 1] as sRGB in [0, 1]."""
    value = np.clip(linear, 0.0, 1.0)
    return np.where(value <= 0.0031308, 12.92 * value, 1.055 * value ** (1 / 2.4) - 0.055).astype(np.float32)
