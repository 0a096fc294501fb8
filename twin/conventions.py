"""Fix the conventions that every label follows, and the transforms that need them.

Metres, radians, seconds, kilograms; Z up. Images are rows first, the top-left pixel's centre is (0.5, 0.5).
Camera frame: OpenCV (x right, y down, z forward). ``T_a_b`` is a column-vector 4x4 that maps b to a.
Quaternions are ``wxyz``. Depth is planar z in metres, ``+inf`` where nothing was hit. Boxes are half-open
``[x0, y0, x1, y1)``. ``docs/conventions.md`` says the same at length.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

CONVENTIONS_VERSION = 1
"""Version of the label conventions, stored in every shard."""

DISTORTION_NAMES = ("k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6")
"""Order of the eight distortion coefficients: OpenCV's rational model."""

LOOK_DISTANCE_LEAST = 1e-9
"""Nearer than this [m] a point gives no direction to look in."""

KEYPOINT_OCCLUSION_TOLERANCE = 0.005
"""A keypoint counts as occluded when the first hit is nearer by more than this [m]."""

Array: TypeAlias = npt.NDArray[np.float64]

T_USDCAMERA_OPENCV: Array = np.diag([1.0, -1.0, -1.0, 1.0])
"""Maps OpenCV camera axes to USD camera axes (x right, y up, z backward); its own inverse."""


def transform(rotation: npt.ArrayLike, translation: npt.ArrayLike) -> Array:
    """Compose a 4x4 transform from a 3x3 rotation and a translation [m]."""
    T = np.eye(4)
    T[:3, :3] = rotation
    T[:3, 3] = translation
    return T


def inverse(T: npt.ArrayLike) -> Array:
    """Invert a rigid 4x4 transform."""
    T = np.asarray(T, dtype=np.float64)
    return transform(T[:3, :3].T, -T[:3, :3].T @ T[:3, 3])


def apply(T: npt.ArrayLike, points: npt.ArrayLike) -> Array:
    """Map points, shape (..., 3), through a 4x4 transform."""
    T = np.asarray(T, dtype=np.float64)
    return np.asarray(np.asarray(points, dtype=np.float64) @ T[:3, :3].T + T[:3, 3])


def rotation_axis(axis: npt.ArrayLike, angle: float) -> Array:
    """Return the 3x3 rotation by ``angle`` [rad] about ``axis`` (Rodrigues' formula)."""
    x, y, z = np.asarray(axis, dtype=np.float64) / np.linalg.norm(axis)
    K = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + np.sin(angle) * K + (1 - np.cos(angle)) * K @ K)


def rotation_rpy(roll: float, pitch: float, yaw: float) -> Array:
    """Return the 3x3 rotation Rz(yaw) Ry(pitch) Rx(roll), angles in [rad] about fixed axes."""
    return rotation_axis([0, 0, 1], yaw) @ rotation_axis([0, 1, 0], pitch) @ rotation_axis([1, 0, 0], roll)


def rotation_wxyz(wxyz: Sequence[float] | Array) -> Array:
    """Return the 3x3 rotation of a quaternion, normalised first."""
    w, x, y, z = np.asarray(wxyz, dtype=np.float64) / np.linalg.norm(wxyz)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def look_at(eye: npt.ArrayLike, target: npt.ArrayLike, up: npt.ArrayLike = (0.0, 0.0, 1.0)) -> Array:
    """Return ``T_world_camera`` of an OpenCV camera at ``eye`` that looks at ``target``.

    Looking straight along ``up``, the image's top points along world +y (or +x where up is y).

    Raises:
        ValueError: where the two are nearer than 1e-9 m, or not a finite distance apart.
    """
    eye, up = np.asarray(eye, dtype=np.float64), np.asarray(up, dtype=np.float64)
    forward = np.asarray(target, dtype=np.float64) - eye
    with np.errstate(over="ignore"):
        distance = np.linalg.norm(forward)
    if not LOOK_DISTANCE_LEAST <= distance < np.inf:
        raise ValueError(f"there is no direction to look in over a distance of {distance:g} m")
    forward = forward / distance
    right = np.cross(forward, up)
    if np.linalg.norm(right) < 1e-6:
        right = np.cross(forward, [0.0, 1.0, 0.0] if abs(up[1]) < 0.9 else [1.0, 0.0, 0.0])
    right = right / np.linalg.norm(right)
    return transform(np.stack([right, np.cross(forward, right), forward], axis=1), eye)


def intrinsics(fx: float, fy: float, cx: float, cy: float) -> Array:
    """Return K, shape (3, 3), in pixels; a centred principal point is (width / 2, height / 2)."""
    return np.array([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]])


def distort(xy: npt.ArrayLike, distortion: npt.ArrayLike) -> Array:
    """Map ideal to distorted normalised image coordinates, shape (..., 2).

    OpenCV's rational model: ``calib3d``, "Camera Calibration and 3D Reconstruction".
    """
    xy = np.asarray(xy, dtype=np.float64)
    k1, k2, p1, p2, k3, k4, k5, k6 = np.asarray(distortion, dtype=np.float64)
    x, y = xy[..., 0], xy[..., 1]
    r2 = x * x + y * y
    radial = (1 + r2 * (k1 + r2 * (k2 + r2 * k3))) / (1 + r2 * (k4 + r2 * (k5 + r2 * k6)))
    return np.stack(
        [x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x), y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y],
        axis=-1,
    )


def lens_limit(distortion: npt.ArrayLike) -> float:
    """Return the ideal radius (tangent of the angle to the axis) at which the lens folds back; inf where it never does.

    Within it the radial part is one-to-one; beyond it OpenCV's formula puts what the lens cannot see into the image.
    It is the least positive root of d(r radial) / dr or of the denominator, both polynomials in r2.
    """
    k1, k2, _, _, k3, k4, k5, k6 = np.asarray(distortion, dtype=np.float64).tolist()
    return _radial_limit(k1, k2, k3, k4, k5, k6)


@lru_cache(maxsize=64)
def _radial_limit(k1: float, k2: float, k3: float, k4: float, k5: float, k6: float) -> float:
    top, bottom = np.polynomial.Polynomial([1, k1, k2, k3]), np.polynomial.Polynomial([1, k4, k5, k6])
    slope = top * bottom + np.polynomial.Polynomial([0, 2]) * (top.deriv() * bottom - top * bottom.deriv())
    roots = np.concatenate([slope.trim().roots(), bottom.trim().roots()])
    real = roots.real[(np.abs(roots.imag) <= 1e-9 * np.abs(roots)) & (roots.real > 0)]
    return float(np.sqrt(real.min())) if real.size else np.inf


def undistort(xy: npt.ArrayLike, distortion: npt.ArrayLike) -> Array:
    """Invert :func:`distort` within the lens's field by Newton steps with its analytic Jacobian.

    NaN where they do not converge to 1e-10 (times the coordinate where it is over 1), or to what lies behind a fold.
    """
    target = np.asarray(xy, dtype=np.float64)
    if not np.any(distortion):
        return target.copy()
    flat = target.reshape(-1, 2)
    guess = _undistort_radial(flat, distortion)
    size = np.maximum(np.abs(flat).max(axis=-1), 1.0)
    with np.errstate(all="ignore"):  # what diverges ends as NaN
        _newton(guess, flat, distortion, 1e-14 * size)
        residual = np.abs(distort(guess, distortion) - flat).max(axis=-1)
        guess[~((residual < 1e-10 * size) & in_field(guess, distortion))] = np.nan
    return guess.reshape(target.shape)


def _newton(guess: Array, target: Array, distortion: npt.ArrayLike, goal: Array) -> None:
    """Improve guesses, shape (N, 2), in place until their residuals reach the goal, shape (N,), 25 steps at most."""
    todo = np.arange(len(guess))
    for _ in range(25):
        residual = distort(guess[todo], distortion) - target[todo]
        far = np.abs(residual).max(axis=-1) > goal[todo]
        todo = todo[far]
        if not len(todo):
            break
        guess[todo] -= _solve(_distort_jacobian(guess[todo], distortion), residual[far])


def _undistort_radial(xy: Array, distortion: npt.ArrayLike) -> Array:
    """Guess ideal coordinates by a table of the radial part alone, so that Newton starts before any fold."""
    radial = np.array(distortion, dtype=np.float64)
    radial[2:4] = 0
    toward_the_end = np.sin(np.linspace(0, np.pi / 2, 1025))  # closer and closer, for poles and folds are there
    ideal = np.tan(np.arctan(min(lens_limit(radial), 100.0)) * toward_the_end)
    distorted = distort(np.stack([ideal, np.zeros_like(ideal)], axis=-1), radial)[:, 0]
    r = np.linalg.norm(xy, axis=-1, keepdims=True)
    return np.asarray(xy * (np.interp(r, distorted[:-1], ideal[:-1]) / np.maximum(r, 1e-300)))


def _solve(J: Array, rhs: Array) -> Array:
    """Solve stacks of 2x2 systems by Cramer's rule; singular ones give inf or NaN."""
    a, b, c, d = J[..., 0, 0], J[..., 0, 1], J[..., 1, 0], J[..., 1, 1]
    x, y = rhs[..., 0], rhs[..., 1]
    return np.asarray(np.stack([d * x - b * y, a * y - c * x], axis=-1) / (a * d - b * c)[..., None])


def in_field(xy: Array, distortion: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Tell which ideal coordinates the lens shows in their own place: before any fold, radial or tangential."""
    if not np.any(distortion):
        return np.ones(xy.shape[:-1], dtype=bool)
    J = _distort_jacobian(xy, distortion)
    upright = J[..., 0, 0] * J[..., 1, 1] > J[..., 0, 1] * J[..., 1, 0]
    return np.asarray((np.hypot(xy[..., 0], xy[..., 1]) < lens_limit(distortion)) & upright, dtype=bool)


def _distort_jacobian(xy: Array, distortion: npt.ArrayLike) -> Array:
    """Return d distort / d xy, shape (..., 2, 2)."""
    k1, k2, p1, p2, k3, k4, k5, k6 = np.asarray(distortion, dtype=np.float64)
    x, y = xy[..., 0], xy[..., 1]
    r2 = x * x + y * y
    top, bottom = 1 + r2 * (k1 + r2 * (k2 + r2 * k3)), 1 + r2 * (k4 + r2 * (k5 + r2 * k6))
    dtop, dbottom = k1 + r2 * (2 * k2 + 3 * r2 * k3), k4 + r2 * (2 * k5 + 3 * r2 * k6)
    radial, slope = top / bottom, (dtop * bottom - top * dbottom) / (bottom * bottom)
    J = np.empty((*x.shape, 2, 2))
    J[..., 0, 0] = radial + 2 * x * x * slope + 2 * p1 * y + 6 * p2 * x
    J[..., 0, 1] = 2 * x * y * slope + 2 * p1 * x + 2 * p2 * y
    J[..., 1, 0] = 2 * x * y * slope + 2 * p1 * x + 2 * p2 * y
    J[..., 1, 1] = radial + 2 * y * y * slope + 6 * p1 * y + 2 * p2 * x
    return J


def project(points: npt.ArrayLike, K: npt.ArrayLike, distortion: npt.ArrayLike) -> Array:
    """Project camera-frame points [m], shape (..., 3), to pixels, shape (..., 2).

    NaN at or behind the camera, and where the lens cannot see (see :func:`lens_limit`).
    """
    points, K = np.asarray(points, dtype=np.float64), np.asarray(K, dtype=np.float64)
    z = np.where(points[..., 2:] > 0, points[..., 2:], np.nan)
    with np.errstate(over="ignore", invalid="ignore"):  # far beyond any field
        ideal = points[..., :2] / z
        xy = np.where(in_field(ideal, distortion)[..., None], distort(ideal, distortion), np.nan)
    return np.asarray(xy @ K[:2, :2].T + K[:2, 2])


def pixel_directions(uv: npt.ArrayLike, K: npt.ArrayLike, distortion: npt.ArrayLike) -> Array:
    """Return camera-frame directions with z = 1, shape (..., 3), of pixel coordinates, shape (..., 2).

    A direction times the planar depth is the point that the pixel shows.
    """
    uv, K = np.asarray(uv, dtype=np.float64), np.asarray(K, dtype=np.float64)
    y = (uv[..., 1] - K[1, 2]) / K[1, 1]
    x = (uv[..., 0] - K[0, 2] - K[0, 1] * y) / K[0, 0]
    xy = undistort(np.stack([x, y], axis=-1), distortion)
    return np.concatenate([xy, np.ones_like(xy[..., :1])], axis=-1)


def pixel_centers(width: int, height: int, margin: int = 0) -> Array:
    """Return the pixel centres (u, v) of a raster padded by ``margin`` pixels on every side, rows first."""
    u = np.arange(-margin, width + margin) + 0.5
    v = np.arange(-margin, height + margin) + 0.5
    return np.stack(np.meshgrid(u, v), axis=-1)
