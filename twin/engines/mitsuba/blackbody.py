"""Turn a colour temperature into a colour."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_FROM_XYZ = np.array(
    [[3.2404542, -1.5371385, -0.4985314], [-0.9692660, 1.8760108, 0.0415560], [0.0556434, -0.2040259, 1.0572252]]
)
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
_LOBES = (
    ((1.056, 599.8, 37.9, 31.0), (0.362, 442.0, 16.0, 26.7), (-0.065, 501.1, 20.4, 26.2)),
    ((0.821, 568.8, 46.9, 40.5), (0.286, 530.9, 16.3, 31.1)),
    ((1.217, 437.0, 11.8, 36.0), (0.681, 459.0, 26.0, 13.8)),
)
_SECOND_RADIATION_CONSTANT = 1.438776877e7  # nm K


def blackbody(temperature: float) -> npt.NDArray[np.float64]:
    """Return the linear Rec. 709 colour of a black body [K] at luminance 1, as UsdLux multiplies it onto a light.

    Temperatures outside 1,000 to 10,000 K count as the nearer end, as in ``UsdLuxBlackbodyTemperatureAsRgb``, with
    which this agrees within 2 %. Sources: Planck's law; Wyman, Sloan and Shirley, "Simple Analytic Approximations to
    the CIE XYZ Color Matching Functions", JCGT 2(2), 2013.
    """
    wavelength = np.arange(360.0, 831.0)
    heat = _SECOND_RADIATION_CONSTANT / (wavelength * np.clip(temperature, 1000.0, 10000.0))
    spectrum = wavelength**-5 / np.expm1(heat)
    xyz = [(spectrum * _matching(wavelength, lobes)).sum() for lobes in _LOBES]
    rgb = np.maximum(_FROM_XYZ @ xyz, 0.0)
    return np.asarray(rgb / (rgb @ _LUMINANCE))


def _matching(
    wavelength: npt.NDArray[np.float64], lobes: tuple[tuple[float, float, float, float], ...]
) -> npt.NDArray[np.float64]:
    total = np.zeros_like(wavelength)
    for height, centre, below, above in lobes:
        width = np.where(wavelength < centre, below, above)
        total += height * np.exp(-0.5 * ((wavelength - centre) / width) ** 2)
    return total
