"""Read quantities: SI numbers or strings with a unit, always held as SI numbers.

A bare angle is an error, since degrees and radians are confused too easily. A quantity is written back with its
SI unit, so a resolved spec reads the same way as a hand-written one.
"""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

from pydantic import Field, PlainSerializer, WithJsonSchema
from pydantic.functional_validators import BeforeValidator
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidationInfo

from twin.errors import nearest

UNITS: dict[str, dict[str, float]] = {
    "length": {"m": 1.0, "cm": 0.01, "mm": 0.001, "km": 1000.0, "in": 0.0254, "ft": 0.3048},
    "angle": {"rad": 1.0, "deg": math.pi / 180, "°": math.pi / 180, "turn": 2 * math.pi},
    "duration": {"s": 1.0, "ms": 0.001, "min": 60.0},
    "mass": {"kg": 1.0, "g": 0.001},
    "density": {"kg/m3": 1.0, "kg/m^3": 1.0, "g/cm3": 1000.0, "g/cm^3": 1000.0},
    "temperature": {"K": 1.0},
}
_PATTERN = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(\S*)\s*")


def parse(text: str, quantity: str) -> float:
    """Read «30 deg» as a number in the quantity's SI unit.

    Raises:
        ValueError: where the text is no number, or its unit does not belong to the quantity.
    """
    units = UNITS[quantity]
    match = _PATTERN.fullmatch(text)
    if not match or match[2] not in units:
        unit = match[2] if match else ""
        known = ", ".join(units)
        near = nearest(unit, units) if unit else ""
        raise ValueError(f"'{text}' is no {quantity}; write a number and one of: {known}. {near}".rstrip())
    return float(match[1]) * units[match[2]]


def _reader(quantity: str, bare: bool) -> Any:
    def read(value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, str):
            try:
                return parse(value, quantity)
            except ValueError as error:
                raise PydanticCustomError("quantity", "{reason}", {"reason": str(error)}) from None
        in_si = bool(info.context and info.context.get("si"))
        if not bare and not in_si and isinstance(value, int | float) and not isinstance(value, bool):
            text = "a bare number is ambiguous for an {quantity}; write '{value} deg' or '{value} rad'"
            raise PydanticCustomError("bare_angle", text, {"quantity": quantity, "value": value})
        return value

    return read


def _type(quantity: str, bare: bool = True) -> Any:
    unit = next(iter(UNITS[quantity]))
    words = "|".join(re.escape(word) for word in UNITS[quantity])
    spelled = {"type": "string", "pattern": rf"^\s*[-+]?[0-9.]+([eE][-+]?[0-9]+)?\s*({words})\s*$"}
    schema: dict[str, Any] = {"anyOf": [{"type": "number"}, spelled] if bare else [spelled]}
    schema["description"] = f"A {quantity}: " + (f"a number in {unit}, or " if bare else "") + "a string with its unit."
    return (
        BeforeValidator(_reader(quantity, bare)),
        PlainSerializer(lambda value: f"{value!r} {unit}", return_type=str, when_used="json"),
        WithJsonSchema(schema),
    )


_finite = Field(allow_inf_nan=False)
Length = Annotated[float, _finite, *_type("length")]
Angle = Annotated[float, _finite, *_type("angle", bare=False)]
Duration = Annotated[float, _finite, Field(ge=0), *_type("duration")]
Mass = Annotated[float, _finite, Field(gt=0), *_type("mass")]
Density = Annotated[float, _finite, Field(gt=0), *_type("density")]
Temperature = Annotated[float, _finite, Field(ge=1000, le=15000), *_type("temperature")]
PositiveLength = Annotated[float, _finite, Field(gt=0), *_type("length")]
Unit = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Number = Annotated[float, _finite]
Positive = Annotated[float, Field(ge=0, allow_inf_nan=False)]
