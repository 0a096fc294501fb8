"""Draw single values: each distribution is an inverse distribution function over twin's own bits.

    {uniform: [a, b]}         evenly between two values; tuples such as colours element by element
    {loguniform: [a, b]}      evenly in the logarithm, 0 < a
    {normal: [mean, std]}     optionally truncated: min, max
    {integers: [a, b]}        both ends included
    {choice: [x, y, ...]}     one of a list, or of the library names that a pattern matches
    {constant: x}             always x

The bits come from :mod:`twin.seeds`. NumPy's distributions may change with its version; these do not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import Any, ClassVar, Literal, TypeVar, cast, get_args

from pydantic import Field, GetJsonSchemaHandler, field_validator, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import CoreSchema, ValidationInfo

from twin.seeds import Bits
from twin.spec.references import WILDCARDS, expanded, family_of
from twin.spec.types import base_type, elements, loosened
from twin.spec.values import Distribution

T = TypeVar("T")
_STANDARD = NormalDist()
_EDGE = 2.0**-53
"""Least value of ``Bits.open_uniform``; the greatest is 1 - _EDGE."""


def _each(function: Callable[..., Any], *values: Any) -> Any:
    """Apply a function of numbers to numbers, or to tuples of numbers item by item."""
    if any(isinstance(value, tuple) for value in values):
        return tuple(function(*items) for items in zip(*values, strict=True))
    return function(*values)


def _numbers(value: Any) -> tuple[float, ...]:
    return value if isinstance(value, tuple) else (value,)


class _Real(Distribution[T]):
    """Base of the distributions over real numbers and tuples of them."""

    @classmethod
    def suits(cls, plain: Any) -> bool:
        """Say whether a type is a float, or a tuple of floats."""
        return all(base_type(item) is float for item in elements(plain))


class Uniform(_Real[T]):
    """Draw evenly between two values; a tuple such as a colour element by element."""

    key: ClassVar[str] = "uniform"
    uniform: tuple[T, T] = Field(description="Least and greatest value.")

    @model_validator(mode="after")
    def _ordered(self) -> Uniform[T]:
        _check_order(*self.uniform, key=self.key)
        return self

    def sample(self, bits: Bits) -> T:
        """Draw one value, from one word each number."""
        return cast(T, _each(lambda low, high: between(low, high, bits.uniform()), *self.uniform))

    def support(self) -> tuple[T, ...]:
        """Return both ends."""
        return self.uniform


class LogUniform(_Real[T]):
    """Draw evenly in the logarithm, so that each factor of ten is as likely as another."""

    key: ClassVar[str] = "loguniform"
    loguniform: tuple[T, T] = Field(description="Least and greatest value; the least is above 0.")

    @model_validator(mode="after")
    def _ordered(self) -> LogUniform[T]:
        _check_order(*self.loguniform, key=self.key)
        if min(_numbers(self.loguniform[0])) <= 0:
            raise PydanticCustomError("range", "a log-uniform range begins above 0")
        return self

    def sample(self, bits: Bits) -> T:
        """Draw one value, from one word each number."""

        def one(low: float, high: float) -> float:
            return _clamp(math.exp(between(math.log(low), math.log(high), bits.uniform())), low, high)

        return cast(T, _each(one, *self.loguniform))

    def support(self) -> tuple[T, ...]:
        """Return both ends."""
        return self.loguniform


class Normal(_Real[T]):
    """Draw from the normal distribution, truncated to [min, max] without changing its shape between them."""

    key: ClassVar[str] = "normal"
    normal: tuple[T, T] = Field(description="Mean and standard deviation.")
    min: T | None = Field(default=None, description="Least value.")
    max: T | None = Field(default=None, description="Greatest value.")

    @classmethod
    def parameter(cls, plain: Any) -> Any:
        """Return the type without its bounds: a spread is no value, and the support is checked instead."""
        return loosened(plain)

    @model_validator(mode="after")
    def _sound(self) -> Normal[T]:
        if min(_numbers(self.normal[1])) <= 0:
            raise PydanticCustomError("range", "a standard deviation is above 0")
        if self.min is not None and self.max is not None:
            _check_order(self.min, self.max, key="min and max")
        _each(_check_mass, *self._bounds())
        return self

    def sample(self, bits: Bits) -> T:
        """Draw one value, from one word each number; the last bit of an inverse may stray, so the support bounds it."""
        _, least, greatest = self.support()
        return cast(T, _each(lambda value, low, high: min(max(value, low), high), self._drawn(bits), least, greatest))

    def _drawn(self, bits: Bits) -> Any:
        return _each(lambda m, d, low, high: _truncated(m, d, low, high, bits.open_uniform()), *self._bounds())

    def support(self) -> tuple[T, ...]:
        """Return the value in the middle, and the least and greatest that the bits can give (8.2 deviations out)."""
        return tuple(self._at(share) for share in (0.5, _EDGE, 1 - _EDGE))

    def _at(self, share: float) -> T:
        """Return the value below which a share of the draws lies."""
        return cast(T, _each(lambda m, d, low, high: _truncated(m, d, low, high, share), *self._bounds()))

    def _bounds(self) -> tuple[Any, Any, Any, Any]:
        """Return mean, deviation, least and greatest value, infinite where there is no bound."""
        mean, deviation = self.normal
        low = _each(lambda _: -math.inf, mean) if self.min is None else self.min
        high = _each(lambda _: math.inf, mean) if self.max is None else self.max
        return mean, deviation, low, high


class Integers(Distribution[T]):
    """Draw a whole number; both ends are included."""

    key: ClassVar[str] = "integers"
    integers: tuple[T, T] = Field(description="Least and greatest value, both included.")

    @classmethod
    def suits(cls, plain: Any) -> bool:
        """Say whether a type is an integer."""
        return base_type(plain) is int

    @model_validator(mode="after")
    def _ordered(self) -> Integers[T]:
        _check_order(*self.integers, key=self.key)
        return self

    def sample(self, bits: Bits) -> T:
        """Draw one value, from one word."""
        low, high = cast(tuple[int, int], self.integers)
        return cast(T, low + bits.below(high - low + 1))

    def support(self) -> tuple[T, ...]:
        """Return both ends."""
        return self.integers


class Choice(Distribution[T]):
    """Draw one of a list; a library name may be a pattern, which stands for all the names that it matches.

    ``split`` narrows the patterns to the names of one split. A value that is listed twice is drawn twice as often.
    """

    key: ClassVar[str] = "choice"
    split: Literal["train", "val", "test"] | None = Field(default=None, description="Split that patterns draw from.")
    choice: tuple[T, ...] = Field(min_length=1, description="Values, or patterns of library names.")

    @field_validator("choice", mode="before")
    @classmethod
    def _expand(cls, value: Any, info: ValidationInfo) -> Any:
        """Replace patterns by the names that they match, so that the resolved spec holds names alone."""
        family = family_of(_item(cls))
        if family is None or not _are_names(value):
            return value
        names = [value] if isinstance(value, str) else list(value)
        if "library" not in (info.context or {}) or not any(WILDCARDS & set(name) for name in names):
            return tuple(names)
        return expanded(names, family, info.data.get("split"), info.context or {})

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Allow a pattern in place of the list where the values are library names."""
        written = handler(schema)
        if family_of(_item(cls)):
            properties = handler.resolve_ref_schema(written)["properties"]
            listed = properties["choice"]
            description = {"description": listed.pop("description", "")}
            properties["choice"] = {"anyOf": [listed, {"type": "string"}], **description}
        return written

    def sample(self, bits: Bits) -> T:
        """Draw one value, from one word."""
        return self.choice[bits.below(len(self.choice))]

    def support(self) -> tuple[T, ...]:
        """Return every value."""
        return self.choice


class Constant(Distribution[T]):
    """Draw the same value always; it stands in where a draw is to be switched off or tested."""

    key: ClassVar[str] = "constant"
    constant: T = Field(description="The value.")

    def sample(self, bits: Bits) -> T:
        """Return the value; no word is read."""
        return self.constant

    def support(self) -> tuple[T, ...]:
        """Return the value."""
        return (self.constant,)


def between(low: float, high: float, share: float) -> float:
    """Return the value a share of the way from low to high, never outside them whatever the rounding."""
    return _clamp(low * (1.0 - share) + high * share, low, high)


def _clamp(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def _tail(z: float) -> float:
    """Return the probability that a standard normal value is below z, accurate for z below 0."""
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def _truncated(mean: float, deviation: float, low: float, high: float, share: float) -> float:
    """Invert the distribution function of a truncated normal at a share in (0, 1).

    Above the mean it works on the mirrored distribution, since a probability near 1 has no digits left.
    """
    if low > mean:
        return _clamp(-_truncated(-mean, deviation, -high, -low, 1.0 - share), low, high)
    below, above = _tail((low - mean) / deviation), _tail((high - mean) / deviation)
    probability = _clamp(between(below, above, share), _EDGE * _EDGE, 1 - _EDGE)
    return _clamp(mean + deviation * _STANDARD.inv_cdf(probability), low, high)


def _check_mass(mean: float, deviation: float, low: float, high: float) -> None:
    if low > mean:
        mean, low, high = -mean, -high, -low
    if _tail((high - mean) / deviation) - _tail((low - mean) / deviation) < 1e-12:
        raise PydanticCustomError("range", "'min' and 'max' cut off all but one draw in 10^12; move them or the mean")


def _check_order(low: Any, high: Any, *, key: str) -> None:
    if any(a > b for a, b in zip(_numbers(low), _numbers(high), strict=True)):
        text = "the range ends before it begins: {low} is above {high}"
        raise PydanticCustomError("order", text, {"key": key, "low": str(low), "high": str(high)})


def _item(cls: type[Choice[Any]]) -> Any:
    """Return the type of a choice's values."""
    return get_args(cls.model_fields["choice"].annotation)[0]


def _are_names(value: Any) -> bool:
    names: Sequence[Any] = [value] if isinstance(value, str) else value if isinstance(value, list | tuple) else [None]
    return all(isinstance(name, str) for name in names)
