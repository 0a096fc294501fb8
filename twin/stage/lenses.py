"""Say an OpenCV camera in the terms of UsdGeomCamera and of Omniverse's OpenCV lens schema.

UsdGeomCamera knows no lens distortion, and RTX ignores the vertical aperture and the aperture offsets of a plain
pinhole. So the apertures are right for every USD viewer, and the lens schema carries the exact numbers for RTX.
"""

from __future__ import annotations

from math import pi, tan

import numpy as np

from twin import conventions
from twin.frame import CameraState, Json
from twin.spec.scene import Camera
from twin.spec.values import drawn

APERTURE = 20.955
"""Horizontal aperture that every camera gets; only its ratio to the focal length matters."""

LENS_API = "OmniLensDistortionOpenCvPinholeAPI"
LENS = "omni:lensdistortion:opencvPinhole:"
LENS_COEFFICIENTS = ("k1", "k2", "k3", "k4", "k5", "k6", "p1", "p2", "s1", "s2", "s3", "s4")
CLIPPING_RANGE = (0.01, 100000.0)


def camera_values(state: CameraState) -> dict[str, Json]:
    """Return the USD attributes of a camera: pose, apertures, lens.

    A pixel u lies at ``(u / width - 1/2) * horizontalAperture + horizontalApertureOffset`` on the aperture, with y up
    for v; the principal point lies at zero.
    """
    fx, fy, cx, cy = state.K[0, 0], state.K[1, 1], state.K[0, 2], state.K[1, 2]
    focal = APERTURE * fx / state.width
    vertical = APERTURE * state.height / state.width * (fx / fy)
    pose = state.T_world_camera @ conventions.T_USDCAMERA_OPENCV
    return {
        "xformOp:transform": pose.T.tolist(),
        "focalLength": float(focal),
        "horizontalAperture": APERTURE,
        "verticalAperture": float(vertical),
        "horizontalApertureOffset": float((0.5 - cx / state.width) * APERTURE),
        "verticalApertureOffset": float((cy / state.height - 0.5) * vertical),
        **_lens(state),
    }


def _lens(state: CameraState) -> dict[str, Json]:
    numbers = dict(zip(conventions.DISTORTION_NAMES, state.distortion, strict=True))
    intrinsics = {"fx": state.K[0, 0], "fy": state.K[1, 1], "cx": state.K[0, 2], "cy": state.K[1, 2]}
    coefficients = {name: numbers.get(name, 0.0) for name in LENS_COEFFICIENTS}
    floats = {LENS + name: float(value) for name, value in {**intrinsics, **coefficients}.items()}
    return {"omni:lensdistortion:model": "opencvPinhole", f"{LENS}imageSize": [state.width, state.height], **floats}


def nominal_camera(camera: Camera) -> CameraState:
    """Return a drawn camera before any frame has placed it: it looks at the origin from two metres away."""
    width, height = camera.resolution
    if camera.intrinsics is not None:
        lens = camera.intrinsics
        K = conventions.intrinsics(drawn(lens.fx), drawn(lens.fy), drawn(lens.cx), drawn(lens.cy))
    else:
        assert camera.fov is not None, "a camera has a field of view or intrinsics"
        focal = width / 2 / tan(min(drawn(camera.fov), pi - 1e-3) / 2)
        K = conventions.intrinsics(focal, focal, width / 2, height / 2)
    given = camera.distortion
    names = conventions.DISTORTION_NAMES
    distortion = np.array([drawn(getattr(given, name)) for name in names] if given else [0.0] * len(names))
    return CameraState(width, height, K, distortion, conventions.look_at([1.2, -1.2, 1.0], [0.0, 0.0, 0.0]))
