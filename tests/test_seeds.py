"""Bits are a pure function of their name, and look random."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.seeds import Bits, bits, stream_hash

PINNED = [10633092339903049161, 1744670213400088436, 1221834523501927632]


def test_bits_are_pinned_for_ever() -> None:
    assert bits(7, 1234, "lights.sky.rotation", attempt=2, count=3).tolist() == PINNED


def test_bits_are_the_same_in_another_process() -> None:
    code = "from twin.seeds import bits; print(bits(7, 1234, 'lights.sky.rotation', 2, 3).tolist())"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == str(PINNED)


@given(st.integers(0, 2**40), st.integers(0, 2**40), st.text(max_size=40), st.integers(0, 60))
def test_each_part_of_the_name_changes_the_bits(seed: int, index: int, stream: str, attempt: int) -> None:
    word = bits(seed, index, stream, attempt)[0]
    others = [(seed + 1, index, stream, attempt), (seed, index + 1, stream, attempt)]
    others += [
        (seed, index, stream + "x", attempt),
        (seed, index, stream, attempt + 1),
        (index + 1, seed, stream, attempt),
    ]
    assert all(bits(*other)[0] != word for other in others if other != (seed, index, stream, attempt))


def test_reading_word_by_word_equals_reading_at_once() -> None:
    reader = Bits(1, 2, "a.b")
    assert [reader.word() for _ in range(100)] == bits(1, 2, "a.b", count=100).tolist()


def test_uniform_is_uniform() -> None:
    draws = np.array([Bits(0, index, "x").uniform() for index in range(20_000)])
    counts = np.histogram(draws, bins=50, range=(0, 1))[0]
    chi2 = ((counts - 400) ** 2 / 400).sum()
    assert chi2 < 85.35  # 99.9 % quantile of chi-square with 49 degrees of freedom


def test_neighbouring_streams_are_uncorrelated() -> None:
    a = np.array([Bits(0, index, "objects.mug").uniform() for index in range(20_000)])
    b = np.array([Bits(0, index + 1, "objects.mug").uniform() for index in range(20_000)])
    assert abs(np.corrcoef(a, b)[0, 1]) < 3.3 / np.sqrt(20_000)


@pytest.mark.parametrize("count", [1, 2, 7, 1000])
def test_below_covers_its_range(count: int) -> None:
    draws = {Bits(3, index, "n").below(count) for index in range(20 * count)}
    assert draws == set(range(count))


def test_open_uniform_never_touches_its_ends() -> None:
    extremes = [(word >> 12) * 2.0**-52 + 0.5 * 2.0**-52 for word in (0, 2**64 - 1)]
    assert extremes[0] > 0.0 and extremes[1] < 1.0


def test_stream_hash_is_pinned() -> None:
    assert stream_hash("cameras.front") == stream_hash("cameras.front") != stream_hash("cameras.left")
