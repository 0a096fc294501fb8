"""Lenses: the way there and back, folds, and windows that never miss."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cast.made import Array
from twin import conventions
from twin.cast.lens import Lens, Window

K = conventions.intrinsics(300.0, 280.0, 150.0, 130.0)
LENSES: dict[str, list[float]] = {
    "straight": [0, 0, 0, 0, 0, 0, 0, 0],
    "barrel": [-0.3, 0.1, 0.002, -0.003, 0, 0, 0, 0],
    "pincushion": [0.4, 0.2, -0.004, 0.002, 0.1, 0, 0, 0],
    "folding": [-1.2, 0, 0, 0, 0, 0, 0, 0],
    "folding twice": [-0.4, 0.25, 0, 0, -0.08, 0, 0, 0],
    "rational": [0.3, 0.1, 0.001, 0.001, 0.02, 0.5, 0.2, 0.05],
    "with a pole": [0.1, 0, 0, 0, 0, -0.8, 0, 0],
    "tangential": [0, 0, 0.1, -0.08, 0, 0, 0, 0],
}


@pytest.mark.parametrize("name", LENSES)
def test_a_direction_projects_to_its_own_pixel(name: str) -> None:
    uv = conventions.pixel_centers(320, 240, 320)[::7, ::7]
    directions = conventions.pixel_directions(uv, K, LENSES[name])
    seen = np.isfinite(directions[..., 0])
    assert seen[60, 60]
    assert np.abs(conventions.project(directions, K, LENSES[name]) - uv)[seen].max() < 1e-7


@pytest.mark.parametrize("name", LENSES)
def test_what_a_lens_sees_comes_back_from_its_pixel(name: str) -> None:
    ideal = np.random.default_rng(0).uniform(-1.5, 1.5, (4000, 2))
    points = np.concatenate([ideal, np.ones((4000, 1))], axis=1)
    uv = conventions.project(points, K, LENSES[name])
    seen = np.isfinite(uv[:, 0])
    assert np.abs(conventions.pixel_directions(uv[seen], K, LENSES[name]) - points[seen]).max() < 1e-7


def test_nothing_beyond_a_fold_is_projected() -> None:
    limit = conventions.lens_limit(LENSES["folding"])
    assert limit == pytest.approx(np.sqrt(1 / 3.6))
    uv = conventions.project([[0.99 * limit, 0, 1], [1.01 * limit, 0, 1], [2.0, 0, 1]], K, LENSES["folding"])
    assert np.isfinite(uv[:, 0]).tolist() == [True, False, False]


def test_a_lens_ends_at_its_pole() -> None:
    assert conventions.lens_limit(LENSES["with a pole"]) <= np.sqrt(1 / 0.8)
    assert conventions.lens_limit(LENSES["straight"]) == np.inf


@pytest.mark.parametrize("name", LENSES)
def test_cached_tiles_are_the_directions_themselves(name: str) -> None:
    lens = Lens(320, 240, K, np.array(LENSES[name]))
    window = Window(-70, 3, 131, 66)
    uv = np.stack(np.meshgrid(np.arange(-70, 131) + 0.5, np.arange(3, 66) + 0.5), axis=-1)
    expected = conventions.pixel_directions(uv, K, LENSES[name])[..., :2]
    for _ in range(2):
        assert np.array_equal(lens.directions(window), expected, equal_nan=True)


def points_around(seed: int) -> Array:
    random = np.random.default_rng(seed)
    centre = random.normal([0, 0, 0.4], [0.6, 0.6, 0.5])
    return np.asarray(centre + random.normal(0, random.uniform(0.01, 0.4), (12, 3)))


def inside_the_hull(points: Array, seed: int) -> Array:
    """Draw points of the convex hull: its corners, its edges, its inside."""
    weights = np.random.default_rng(seed).dirichlet(np.full(len(points), 0.15), 4000)
    return np.concatenate([points, weights @ points])


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(sorted(LENSES)))
def test_a_window_holds_every_point_of_the_hull(seed: int, name: str) -> None:
    lens = Lens(320, 240, K, np.array(LENSES[name]))
    points = points_around(seed)
    window = lens.window(points)
    shown = conventions.project(inside_the_hull(points, seed), K, LENSES[name])
    shown = shown[np.isfinite(shown[:, 0])]
    low, high = (lens.raster.x0, lens.raster.y0), (lens.raster.x1, lens.raster.y1)
    shown = shown[((shown >= low) & (shown < high)).all(axis=1)]
    assert ((shown >= (window.x0, window.y0)) & (shown < (window.x1, window.y1))).all()


def test_a_window_is_close_about_what_is_ahead() -> None:
    points = np.array([[x, y, z] for x in (-0.1, 0.1) for y in (-0.1, 0.1) for z in (1.0, 1.2)])
    assert Lens(320, 240, K, np.zeros(8)).window(points) == Window(118, 100, 182, 160)
    wide = Lens(320, 240, K, np.array(LENSES["barrel"])).window(points)
    assert (wide.x1 - wide.x0) < 80


def test_a_window_is_empty_for_what_is_behind() -> None:
    assert Lens(320, 240, K, np.zeros(8)).window(np.array([[0.0, 0.0, -1.0], [0.1, 0.0, 0.0]])).shape == (0, 0)
    assert Lens(320, 240, K, np.zeros(8)).window(np.empty((0, 3))).shape == (0, 0)


def test_a_window_runs_to_the_edge_for_what_passes_the_camera() -> None:
    points = np.array([[0.2, -0.1, 1.0], [0.3, 0.1, 1.0], [0.3, 0.1, -1.0]])
    window = Lens(320, 240, K, np.zeros(8)).window(points)
    assert window.x1 == 640
    assert 150 < window.x0 + 2 < 215


@pytest.mark.parametrize("pixels", [1, 50, 64, 10_000])
def test_bands_cover_a_window_once(pixels: int) -> None:
    window = Window(-3, 5, 47, 19)
    count: npt.NDArray[np.int64] = np.zeros(window.shape, dtype=np.int64)
    for band in window.bands(pixels):
        count[band.shifted(window).slices] += 1
        assert band.shape[0] * band.shape[1] <= max(pixels, 50)
    assert (count == 1).all()
    assert Window(3, 3, 3, 9).bands(10) == []
