"""Transforms keep their axioms, and the lens agrees with its own inverse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin import conventions as c

angles = st.floats(-3.1, 3.1)
coords = st.floats(-5, 5)
vectors = st.tuples(coords, coords, coords)

RATIONAL = [0.12, -0.05, 0.001, -0.002, 0.01, 0.03, -0.01, 0.002]


@given(angles, angles, angles, vectors)
def test_inverse_undoes_a_rigid_transform(roll: float, pitch: float, yaw: float, t: tuple[float, ...]) -> None:
    T = c.transform(c.rotation_rpy(roll, pitch, yaw), t)
    np.testing.assert_allclose(c.inverse(T) @ T, np.eye(4), atol=1e-12)
    assert np.linalg.det(T[:3, :3]) == pytest.approx(1)


@given(vectors, vectors)
def test_look_at_puts_the_target_on_the_optical_axis(eye: tuple[float, ...], target: tuple[float, ...]) -> None:
    distance = float(np.linalg.norm(np.subtract(target, eye)))
    if distance < 1e-3:
        return
    T = c.look_at(eye, target)
    np.testing.assert_allclose(c.apply(c.inverse(T), target), [0, 0, distance], atol=1e-6)
    np.testing.assert_allclose(T[:3, :3].T @ T[:3, :3], np.eye(3), atol=1e-9)
    assert np.linalg.det(T[:3, :3]) == pytest.approx(1)


def test_look_at_keeps_the_horizon_level_and_up_up() -> None:
    T = c.look_at([3, 0, 1], [0, 0, 0])
    assert T[2, 0] == pytest.approx(0)  # image x is horizontal
    assert T[2, 1] < 0  # image y points down


@pytest.mark.parametrize("away", [0.0, 1e-300, 9e-10, np.nan, np.inf, 1e300])
def test_look_at_refuses_what_has_no_direction(away: float) -> None:
    with pytest.raises(ValueError, match="no direction to look in over a distance of"):
        c.look_at([away, 0, 0], [0, 0, 0])
    assert np.isfinite(c.look_at([2e-9, 0, 0], [0, 0, 0])).all()


@pytest.mark.parametrize("distortion", [np.zeros(8), np.array(RATIONAL)])
def test_pixels_survive_a_round_trip_through_the_lens(distortion: np.ndarray) -> None:
    K = c.intrinsics(600.0, 640.0, 333.0, 222.0)
    uv = c.pixel_centers(64, 48) * 10
    points = c.pixel_directions(uv, K, distortion) * 2.5
    np.testing.assert_allclose(c.project(points, K, distortion), uv, atol=1e-6)
    np.testing.assert_allclose(points[..., 2], 2.5)


def test_distortion_jacobian_matches_finite_differences() -> None:
    rng = np.random.default_rng(0)
    xy, step = rng.uniform(-0.6, 0.6, (50, 2)), 1e-6
    numeric = np.stack(
        [(c.distort(xy + step * e, RATIONAL) - c.distort(xy - step * e, RATIONAL)) / (2 * step) for e in np.eye(2)],
        axis=-1,
    )
    np.testing.assert_allclose(c._distort_jacobian(xy, RATIONAL), numeric, atol=1e-7)


def test_points_at_or_behind_the_camera_have_no_pixel() -> None:
    uv = c.project([[0.1, 0.1, 0.0], [0.1, 0.1, -1.0], [0.1, 0.1, 1.0]], c.intrinsics(100, 100, 50, 50), np.zeros(8))
    assert np.isnan(uv[:2]).all() and np.isfinite(uv[2]).all()


def test_padded_raster_holds_the_frame_in_its_middle() -> None:
    padded = c.pixel_centers(4, 3, margin=4)
    assert padded.shape == (11, 12, 2)
    np.testing.assert_array_equal(padded[4:7, 4:8], c.pixel_centers(4, 3))
    assert padded[4, 4].tolist() == [0.5, 0.5]


@given(st.tuples(coords, coords, coords, coords))
def test_quaternions_give_rotations(wxyz: tuple[float, ...]) -> None:
    if np.linalg.norm(wxyz) < 1e-3:
        return
    R = c.rotation_wxyz(wxyz)
    np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-9)
    np.testing.assert_allclose(c.rotation_wxyz([-q for q in wxyz]), R, atol=1e-12)
