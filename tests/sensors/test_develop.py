from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.sensors.develop import SHOULDER, develop, encode, tone

radiances = st.floats(min_value=0, max_value=1e4, allow_nan=False, width=32)


def grey(value: float, ev: float = 0.0) -> int:
    pixel = develop(np.full((1, 1, 3), value, dtype=np.float32), ev)[0, 0]
    assert pixel[0] == pixel[1] == pixel[2]
    return int(pixel[0])


def test_middle_grey_lands_where_the_docstring_says() -> None:
    assert grey(0.18) == 105


def test_black_stays_black_and_light_without_end_becomes_white() -> None:
    assert grey(0.0) == 0
    assert grey(1e12) == 255


@pytest.mark.parametrize("ev", [-3.0, 0.0, 2.5])
def test_exposure_is_stops(ev: float) -> None:
    assert grey(0.1, ev) == grey(0.1 * 2**ev)


def test_a_ramp_never_falls() -> None:
    ramp = np.geomspace(1e-4, 1e4, 20_000, dtype=np.float32)[None, :, None].repeat(3, axis=2)
    values = develop(ramp, 0.0)[0, :, 0].astype(int)
    assert np.all(np.diff(values) >= 0)
    assert values[0] == 0 and values[-1] == 255


@given(st.tuples(radiances, radiances, radiances))
def test_the_order_of_channels_survives(colour: tuple[float, float, float]) -> None:
    toned = tone(np.asarray(colour, dtype=np.float32)[None])[0]
    order = np.argsort(colour, kind="stable")
    assert np.all(np.diff(toned[order]) >= -1e-6)
    assert toned.min() >= -1e-6 and toned.max() <= 1.0 + 1e-6


@given(st.floats(min_value=0.09, max_value=0.7), st.floats(min_value=0.09, max_value=0.7))
def test_middle_colours_only_lose_the_gloss(a: float, b: float) -> None:
    colour = np.array([[a, b, 0.09]], dtype=np.float32)
    np.testing.assert_allclose(tone(colour), colour - 0.04, atol=1e-6)


def test_the_curve_is_smooth_where_its_pieces_meet() -> None:
    for x in (0.08, SHOULDER + 0.04):
        at = np.array([x - 1e-3, x, x + 1e-3], dtype=np.float64)
        values = tone(at[:, None].repeat(3, axis=1).astype(np.float32))[:, 0].astype(float)
        below, above = np.diff(values) / 1e-3
        assert abs(below - above) < 0.02


def test_srgb_matches_its_standard() -> None:
    values = np.array([0.0, 0.0031308, 0.2158605, 1.0], dtype=np.float32)
    np.testing.assert_allclose(encode(values) * 255, [0, 10.3149, 128.0, 255], atol=0.01)


def test_what_is_no_number_is_black() -> None:
    assert develop(np.full((1, 1, 3), np.nan), 0.0).max() == 0
