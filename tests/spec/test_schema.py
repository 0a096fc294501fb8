"""The JSON Schema accepts and refuses what the loader does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.spec.made import SPEC, SmallLibrary
from tests.spec.test_messages import MESSAGES
from twin import registry
from twin.errors import SpecError
from twin.spec.document import read_text
from twin.spec.tree import Origin

SHIPPED = sorted((Path(__file__).parents[2] / "scenes").rglob("*.yaml"))

BEYOND = (
    "the range ends", "can draw", "standard deviation", "is named", "matches", "exactly one", "is no name",
    "below 180 deg", "at least 0, found '-2 s'", "at most 90 deg",
)  # fmt: skip
"""Refusals that need arithmetic or a library, which a schema has not."""


@pytest.fixture(scope="module")
def judge() -> jsonschema.Draft202012Validator:
    schema = registry.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def data(text: str) -> Any:
    return json.loads(json.dumps(read_text(text, Origin(""), Path("/nowhere")).plain()))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_it_accepts_the_shipped_scenes(path: Path, judge: jsonschema.Draft202012Validator) -> None:
    assert [error.message for error in judge.iter_errors(data(path.read_text()))] == []


GOOD = [
    ("twin: 1", "twin: 1"),
    ("label: mug, ", "label: mug, mirror: null, "),
    ("settle: 2 s", "settle: null"),
    ("{choice: core/hdri/*, split: train}", "core/hdri/lane"),
    ("{choice: core/hdri/*, split: train}", "{choice: [core/hdri/*, core/hdri/lane], every: 3}"),
    ("{uniform: [0 deg, 360 deg]}", "{uniform: [0 deg, 1.5 turn], stream: x}"),
    ("fov: 1 rad", "fov: ' .5e1deg '"),
    ("[320, 240]", "[$size, 240]"),
    ("pool: {size: 2, every: 20}", "pool: $pool"),
    ("target: mug", "target: [0, {uniform: [0, 1]}, 3 mm]"),
    ("{base: {choice: core/wood/*}, roughness: $wear}", "{choice: [core/wood/oak, core/wood/pine]}"),
    ("{loguniform: [0.5, 2]}", "2"),
]
LET = "let: {size: 320, pool: {size: 2, every: 20}, "


@pytest.mark.parametrize(("old", "new"), GOOD)
def test_both_accept_what_is_right(old: str, new: str, folder: Path, judge: jsonschema.Draft202012Validator) -> None:
    assert SPEC.count(old) == 1
    text = SPEC.replace(old, new).replace("let: {", LET)
    (folder / "x.yaml").write_text(text)
    assert registry.load("x.yaml", library=SmallLibrary()).scene.cameras
    assert [error.message for error in judge.iter_errors(data(text))] == []


BAD = [row[:2] for row in MESSAGES if not any(words in row[2] for words in BEYOND)] + [
    ("twin: 1", "twin: '1'"),
    ("every: 5", "every: 0"),
    ("every: 5", "every: true"),
    ("settle: 2 s", "settle: 2 kg"),
]


@pytest.mark.parametrize(("old", "new"), BAD)
def test_both_refuse_what_is_wrong(old: str, new: str, folder: Path, judge: jsonschema.Draft202012Validator) -> None:
    text = SPEC.replace(old, new)
    (folder / "x.yaml").write_text(text)
    with pytest.raises(SpecError):
        registry.load("x.yaml", library=SmallLibrary())
    if "cameras:" in text:  # without cameras it might be there to be extended
        assert not judge.is_valid(data(text))


PARTS = [
    ("lights: {sky: {rotation: 90 deg}}", True),
    ("lights: {sky: null}", True),
    ("lights: {sky: {rotation: {every: 5}}}", True),
    ("lights: null", True),
    ("cameras: {front: {fov: 40 deg}}", True),
    ("lights: {sky: {rotaton: 90 deg}}", False),
    ("lights: {sky: {kind: doom}}", False),
    ("cameras: {front: {fov: 40}}", False),
]


@pytest.mark.parametrize(("text", "right"), PARTS)
def test_a_file_that_extends_others_may_say_a_part(
    text: str, right: bool, judge: jsonschema.Draft202012Validator
) -> None:
    assert judge.is_valid(data(f"extends: base\n{text}")) == right
    whole = text if text.startswith("cameras") else f"cameras: {{}}\n{text}"
    assert not judge.is_valid(data(whole))


def test_definitions_are_named_and_described() -> None:
    schema = registry.schema()
    defs = schema["$defs"]
    assert {
        "scene",
        "light-dome",
        "light",
        "camera",
        "random-length",
        "uniform-angle",
        "choice-material-name",
    } <= defs.keys()
    assert all(name == name.lower() and " " not in name for name in defs)
    assert (
        defs["light"]["oneOf"][0] == {"$ref": "#/$defs/light-dome"}
        or {"$ref": "#/$defs/light-dome"} in defs["light"]["oneOf"]
    )
    fov = defs["camera"]["properties"]["fov"]
    assert fov["description"] == "Horizontal field of view. An angle: a text with its unit."
    margin = defs["placement-scatter"]["properties"]["margin"]
    assert (
        margin["description"].endswith("A length: a number in m, or a text with its unit.")
        and margin["default"] == "0.02 m"
    )
    text = json.dumps(schema)
    assert '"quantity"' not in text and "Annotated" not in text and "__" not in text


def test_every_reference_leads_somewhere() -> None:
    schema = registry.schema()

    def refs(value: Any) -> set[str]:
        if isinstance(value, list):
            return {ref for item in value for ref in refs(item)}
        own = {value["$ref"]} if isinstance(value, dict) and isinstance(value.get("$ref"), str) else set()
        return own | ({ref for item in value.values() for ref in refs(item)} if isinstance(value, dict) else set())

    used = {ref.removeprefix("#/$defs/") for ref in refs(schema)}
    assert used <= schema["$defs"].keys()


def test_no_field_is_named_like_a_distribution() -> None:
    from twin.spec.kinds import Kind
    from twin.spec.values import Distribution

    registry.assemble()
    for family in Kind.__subclasses__():
        for kind in family.kinds.values():
            assert not Distribution.kinds.keys() & kind.model_fields.keys(), f"{kind.__name__} hides a distribution"
