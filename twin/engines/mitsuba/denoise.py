"""Remove noise with Intel Open Image Denoise, guided by the first surface's albedo and normal."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from twin.errors import EngineError, extra_missing

Image: TypeAlias = npt.NDArray[np.float32]
Quality: TypeAlias = Literal["fast", "high"]

_QUALITIES: Mapping[str, str] = {name: f"OIDN_QUALITY_{name.upper()}" for name in ("fast", "high")}


class Denoiser:
    """A denoising filter on the CPU, whose result does not depend on the number of threads.

    Args:
        quality: ``fast`` or ``high``.

    Raises:
        EngineError: where the denoiser is not installed or does not start.
    """

    def __init__(self, quality: Quality) -> None:
        self._oidn = _module()
        self._device = self._oidn.Device()
        self._device.set_bool("setAffinity", False)
        self._device.commit()
        self._quality = getattr(self._oidn, _QUALITIES[quality])
        self._check()

    def __call__(self, colour: Image, albedo: Image, normal: Image) -> Image:
        """Denoise linear radiance.

        Args:
            colour: Radiance, shape (H, W, 3).
            albedo: Colour of the first surface in [0, 1], shape (H, W, 3).
            normal: Its normal in [-1, 1], shape (H, W, 3).
        """
        inputs = {"color": colour, "albedo": albedo, "normal": normal}
        images = {name: np.ascontiguousarray(image, dtype=np.float32) for name, image in inputs.items()}
        images["output"] = np.empty_like(images["color"])
        with self._oidn.Filter(self._device, "RT") as denoise:
            for name, image in images.items():
                denoise.set_image(name, image, self._oidn.OIDN_FORMAT_FLOAT3)
            denoise.set_bool("hdr", True)
            denoise.set_bool("cleanAux", True)  # means of as many samples as the colour: 1 to 4 dB nearer to the truth
            denoise.set_quality(self._quality)
            denoise.commit()
            denoise.execute()
        self._check()
        return np.maximum(images["output"], 0.0)

    def close(self) -> None:
        """Free the device; closing twice is harmless."""
        if self._device is not None:
            self._device.release()
            self._device = None

    def _check(self) -> None:
        message = self._device.get_error()
        if message:
            raise EngineError(f"the denoiser failed: {message}", hint="set 'denoise: false' in the engine's block")


def version() -> str:
    """Return the version of the denoiser, empty where it is not installed."""
    try:
        return metadata.version("pyoidn")
    except metadata.PackageNotFoundError:
        return ""


def _module() -> Any:
    try:
        import pyoidn
    except ImportError:
        error = extra_missing("pyoidn", "render")
        raise EngineError(error.found, expected=error.expected, hint=f"{error.hint}, or set 'denoise: false'") from None
    return pyoidn
