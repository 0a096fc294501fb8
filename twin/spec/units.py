"""Read quantities: SI numbers or strings with a unit, always held as SI numbers.

A bare angle is an error, since degrees and radians are confused too easily. A quantity is written back with its
SI unit, so a resolved spec reads the same way as a hand-written one.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import Field, PlainSerializer, WithJsonSchema
from pydantic.functional_validators import BeforeValidator
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidationInfo

from twin.errors import nearest
from twin.spec.types import Named

UNITS: dict[str, dict[str, float]] = {
    "length": {"m": 1.0, "cm": 0.01, "mm": 0.001, "km": 1000.0, "in": 0.0254, "ft": 0.3048},
    "angle": {"rad": 1.0, "deg": math.pi / 180, "°": math.pi / 180, "turn": 2 * math.pi},
    "duration": {"s": 1.0, "ms": 0.001, "min": 60.0},
    "mass": {"kg": 1.0, "g": 0.001},
    "density": {"kg/m3": 1.0, "kg/m^3": 1.0, "g/cm3": 1000.0, "g/cm^3": 1000.0},
    "temperature": {"K": 1.0},
}
_NUMBER = r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?"
_PATTERN = re.compile(rf"\s*(?P<number>{_NUMBER})\s*(?P<unit>\S*)\s*")


def parse(text: str, quantity: str) -> float:
    """Read «30 deg» as a number in the quantity's SI unit.

    Raises:
        ValueError: where the text is no number, or its unit does not belong to the quantity.
    """
    units = UNITS[quantity]
    match = _PATTERN.fullmatch(text)
    if not match or match["unit"] not in units:
        near = nearest(match["unit"], units) if match else ""
        known = f"write a number and one of: {', '.join(units)}"
        raise ValueError("; ".join(part for part in (f"'{text[:80]}' is no {quantity}", known, near) if part))
    return float(match["number"]) * units[match["unit"]]


def _reader(name: str, bare: bool) -> Any:
    def read(value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, str):
            try:
                return parse(value, name)
            except ValueError as error:
                raise PydanticCustomError("quantity", "{reason}", {"reason": str(error)}) from None
        in_si = bool(info.context and info.context.get("si"))
        if not bare and not in_si and isinstance(value, int | float) and not isinstance(value, bool):
            text = "a bare number is ambiguous for an angle; write '{value} deg' or '{value} rad'"
            raise PydanticCustomError("bare_angle", text, {"value": value})
        return value

    return read


def quantity(name: str, *, bare: bool = True, **bounds: float) -> Any:
    """Return the annotated float type of a quantity, held in its SI unit.

    Args:
        name: Key of :data:`UNITS`.
        bare: Whether a number without a unit is allowed, and means the SI unit.
        **bounds: ``ge``, ``gt``, ``le`` and ``lt``, in the SI unit.
    """
    unit = next(iter(UNITS[name]))
    words = "|".join(re.escape(word) for word in UNITS[name])
    spelled = {"type": "string", "pattern": rf"^\s*{_NUMBER}\s*({words})\s*$"}
    keywords = {_JSON_BOUNDS[key]: value for key, value in bounds.items()}
    schema: dict[str, Any] = {"anyOf": [{"type": "number", **keywords}, spelled]} if bare else dict(spelled)
    article = "An" if name[0] in "aeiou" else "A"
    schema["quantity"] = f"{article} {name}: " + (f"a number in {unit}, or " if bare else "") + "a text with its unit."
    schema["unit"] = unit
    return Annotated[
        float,
        Field(allow_inf_nan=False, **bounds),  # type: ignore[call-overload]
        BeforeValidator(_reader(name, bare)),
        PlainSerializer(lambda value: f"{value!r} {unit}", return_type=str, when_used="json"),
        WithJsonSchema(schema),
        Named(name, quantity(name, bare=bare) if bounds else None),
    ]


_JSON_BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}

if TYPE_CHECKING:
    Length: TypeAlias = float
    PositiveLength: TypeAlias = float
    Angle: TypeAlias = float
    FieldOfView: TypeAlias = float
    Duration: TypeAlias = float
    Mass: TypeAlias = float
    Density: TypeAlias = float
    Temperature: TypeAlias = float
else:
    Length = quantity("length")
    PositiveLength = quantity("length", gt=0)
    Angle = quantity("angle", bare=False)
    FieldOfView = quantity("angle", bare=False, gt=0, lt=math.pi)
    Duration = quantity("duration", ge=0)
    Mass = quantity("mass", gt=0)
    Density = quantity("density", gt=0)
    Temperature = quantity("temperature", ge=1000, le=15000)

Number = Annotated[float, Field(allow_inf_nan=False), Named("number")]
Unit = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), Named("fraction", Number)]
Positive = Annotated[float, Field(ge=0, allow_inf_nan=False), Named("amount", Number)]
