"""Distributions are exact inverse distribution functions over twin's own bits."""

from __future__ import annotations

import math
from collections import Counter
from typing import Annotated, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, ValidationError
from scipy import stats

from twin.randomizers.distributions import Choice, Constant, Integers, LogUniform, Normal, Uniform, between
from twin.seeds import Bits
from twin.spec.units import Temperature, Unit
from twin.spec.values import Distribution, Random

DRAWS = 4000


class Fixed(Bits):
    """Bits that a test chooses."""

    def __init__(self, *words: int) -> None:
        super().__init__(0, 0, "")
        self._words = list(words)


def draws(distribution: Distribution[Any], count: int = DRAWS) -> list[Any]:
    return [distribution.sample(Bits(7, index, "a.stream")) for index in range(count)]


CONTINUOUS = [
    (Uniform(uniform=(-2.0, 5.0)), stats.uniform(-2, 7)),
    (LogUniform(loguniform=(0.01, 100.0)), stats.loguniform(0.01, 100)),
    (Normal(normal=(3.0, 2.0)), stats.norm(3, 2)),
    (Normal(normal=(0.0, 1.0), min=-0.5, max=2.0), stats.truncnorm(-0.5, 2)),
    (Normal(normal=(0.0, 1.0), min=3.0), stats.truncnorm(3, np.inf)),
    (Normal(normal=(0.0, 1.0), max=-4.0), stats.truncnorm(-np.inf, -4)),
]


@pytest.mark.parametrize(("distribution", "judge"), CONTINUOUS, ids=lambda value: repr(value)[:40])
def test_draws_follow_the_distribution_function(distribution: Distribution[float], judge: Any) -> None:
    # 4000 draws miss the true function by less than 0.0307 with probability 0.999 (Kolmogorov).
    assert stats.kstest(draws(distribution), judge.cdf).statistic < 1.95 / math.sqrt(DRAWS)


@pytest.mark.parametrize(("distribution", "judge"), CONTINUOUS, ids=lambda value: repr(value)[:40])
def test_a_word_is_mapped_by_the_inverse_distribution_function(distribution: Distribution[float], judge: Any) -> None:
    for share in (0.001, 0.25, 0.5, 0.9, 0.999):
        word = int(share * 2**64)
        assert distribution.sample(Fixed(word)) == pytest.approx(judge.ppf(share), rel=1e-9, abs=1e-9)


def test_integers_and_choices_are_even() -> None:
    counts = Counter(draws(Integers(integers=(-2, 3))))
    assert sorted(counts) == [-2, -1, 0, 1, 2, 3]
    assert stats.chisquare(list(counts.values())).pvalue > 1e-3
    counts = Counter(draws(Choice(choice=("a", "b", "b"))))
    assert counts["b"] / counts["a"] == pytest.approx(2.0, rel=0.15)


def test_a_constant_reads_no_bits() -> None:
    bits = Fixed()
    assert Constant(constant="x").sample(bits) == "x"
    assert bits._read == 0


def test_tuples_are_drawn_item_by_item() -> None:
    low, high = (0.0, 0.5, 1.0), (1.0, 0.5, 3.0)
    color = Uniform(uniform=(low, high)).sample(Fixed(0, 2**63, 2**63))
    assert color == (0.0, 0.5, 2.0)
    normal: Normal[tuple[float, ...]] = Normal(normal=((0.0, 9.0), (1.0, 2.0)), min=(-1.0, 9.0))
    drawn = np.array(draws(normal, 500))
    assert drawn[:, 0].min() >= -1 and drawn[:, 1].min() >= 9
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 0.15


finite = st.floats(-1e300, 1e300)
word = st.integers(0, 2**64 - 1)


@given(finite, finite, word)
def test_uniform_draws_stay_inside_whatever_the_rounding(a: float, b: float, bits: int) -> None:
    low, high = sorted((a, b))
    assert low <= Uniform(uniform=(low, high)).sample(Fixed(bits)) <= high


@given(st.floats(1e-300, 1e300), st.floats(1e-300, 1e300), word)
def test_loguniform_draws_stay_inside(a: float, b: float, bits: int) -> None:
    low, high = sorted((a, b))
    assert low <= LogUniform(loguniform=(low, high)).sample(Fixed(bits)) <= high


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.floats(-5, 5), st.floats(0.01, 10), word)
def test_normal_draws_stay_inside_and_inside_the_support(
    m: float, d: float, low: float, width: float, bits: int
) -> None:
    least, greatest = m + low * d, m + (low + width) * d
    distribution = Normal(normal=(m, d), min=least, max=greatest)
    middle, bottom, top = distribution.support()
    assert least <= bottom <= middle <= top <= greatest
    assert bottom <= distribution.sample(Fixed(bits)) <= top


@given(st.integers(-(2**40), 2**40), st.integers(0, 2**40), word)
def test_integer_draws_stay_inside(low: int, width: int, bits: int) -> None:
    assert low <= Integers(integers=(low, low + width)).sample(Fixed(bits)) <= low + width


@given(finite, finite, st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True))
def test_between_does_not_overflow(low: float, high: float, a: float, b: float) -> None:
    low, high = sorted((low, high))
    assert math.isfinite(between(low, high, a))
    assert low <= between(low, high, b) <= high


def test_they_compare_and_print_as_values() -> None:
    assert (
        Uniform[float](uniform=(0.1, 0.5)) == Uniform[float](uniform=(0.1, 0.5)) != Uniform[float](uniform=(0.1, 0.6))
    )
    assert repr(Uniform[float](uniform=(0.1, 0.5))) == "Uniform(0.1, 0.5)"
    assert repr(Normal[float](normal=(0.0, 1.0), min=-1.0, every=5)) == "Normal(0.0, 1.0, every=5, min=-1.0)"
    assert repr(Choice[str](choice=("a", "b"), stream="let.x")) == "Choice('a', 'b', stream='let.x')"
    assert str(Constant[int](constant=3)) == "Constant(3)"


class Lamp(BaseModel):
    power: Random[Unit] = 0.5
    heat: Random[Temperature] | None = None
    count: Random[Annotated[int, Field(ge=0)]] = 1
    name: Random[str] = "x"


@pytest.mark.parametrize(
    "value",
    [
        {"power": {"uniform": [0.5, 1.1]}},
        {"power": {"normal": [0.5, 0.1]}},
        {"power": {"loguniform": [0, 1]}},
        {"power": {"normal": [0.5, 0], "min": 0, "max": 1}},
        {"power": {"normal": [0.5, 0.001], "min": 0.9, "max": 1}},
        {"power": {"normal": [0.5, 0.1], "min": 0.9, "max": 0.1}},
        {"power": {"integers": [0, 1]}},
        {"power": {"choice": []}},
        {"power": {"uniform": [0, 1], "every": 0}},
        {"count": {"uniform": [1, 2]}},
        {"count": {"integers": [-1, 2]}},
        {"count": {"integers": [2, 1]}},
        {"count": {"choice": [1, 2.5]}},
        {"name": {"uniform": ["a", "b"]}},
        {"name": {"choice": "a*"}},
    ],
)
def test_what_cannot_be_drawn_is_refused(value: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Lamp.model_validate(value)


def test_a_spread_needs_not_be_a_valid_value() -> None:
    lamp = Lamp.model_validate({"heat": {"normal": ["5000 K", 200], "min": 3000, "max": 7000}})
    assert isinstance(lamp.heat, Normal)
    assert lamp.heat.normal == (5000.0, 200.0)
