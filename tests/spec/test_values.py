"""Values: units are read exactly, scalars are strict, null is nothing written, and walks name what the author wrote."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from tests.spec.made import SPEC, load
from twin.spec.scene import Camera, Material, Pool
from twin.spec.units import Angle, Density, Length, parse
from twin.spec.values import substitute, walk


@pytest.mark.parametrize(
    ("text", "quantity", "value"),
    [
        ("3 cm", "length", 0.03), ("-1.5in", "length", -0.0381), ("2", "length", None), (".5 km", "length", 500.0),
        ("90 deg", "angle", math.pi / 2), ("0.25 turn", "angle", math.pi / 2), ("30°", "angle", math.pi / 6),
        ("1e3 ms", "duration", 1.0), ("2 min", "duration", 120.0), ("250 g", "mass", 0.25),
        ("1.2 g/cm3", "density", 1200.0), ("५ m", "length", None), ("1 m m", "length", None), ("m", "length", None),
        ("1 M", "length", None), ("nan m", "length", None),
    ],
)  # fmt: skip
def test_units(text: str, quantity: str, value: float | None) -> None:
    if value is None:
        with pytest.raises(ValueError, match="is no length"):
            parse(text, quantity)
    else:
        assert parse(text, quantity) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize("kind", [Length, Angle, Density])
@given(st.floats(1e-300, 1e300))
def test_quantities_are_written_and_read_exactly(kind: Any, value: float) -> None:
    adapter = TypeAdapter(kind)
    assert adapter.validate_python(adapter.dump_python(value, mode="json")) == value


@pytest.mark.parametrize("value", [True, "0.5", None, [0.5], {}, float("nan"), float("inf"), 10**400])
def test_a_number_is_a_number(value: Any) -> None:
    if value is None:
        assert Pool.model_validate({"size": None}).size == 4  # null is nothing written
        return
    with pytest.raises(ValidationError):
        Material.model_validate({"roughness": value})
    with pytest.raises(ValidationError):
        Pool.model_validate({"size": value})


def test_null_is_none_where_a_value_may_be_none() -> None:
    assert Material.model_validate({"roughness": None}).roughness is None
    with pytest.raises(ValidationError, match="Field required"):
        Camera.model_validate({"fov": "50 deg", "pose": None})


def test_walks_name_what_the_author_wrote_and_draws_fit_in(folder: Path) -> None:
    scene = load(SPEC, folder).scene
    found = {path: scoped for path, _, scoped in walk(scene)}
    assert found["objects.mug.asset.handle_width"] and found["objects.bowl.scale"]
    assert not found["objects.bowl.count"] and not found["world.table.material.base"]
    drawn = substitute(scene, {path: value.support()[0] for path, value, _ in walk(scene)})
    assert list(walk(drawn)) == []
    assert drawn.objects["bowl"].asset == "core/bowl/black"
    assert drawn.model_dump(mode="json")["cameras"]["front"]["fov"] == f"{math.radians(60)!r} rad"
