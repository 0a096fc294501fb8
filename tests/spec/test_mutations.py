# ruff: noqa: E501 - lists of junk stand as they are
"""Whatever is done to a spec, the answer is a scene or a SpecError, never another exception."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.spec.made import SPEC, SmallLibrary
from twin import registry
from twin.errors import SpecError

SHIPPED = [path.read_text() for path in sorted((Path(__file__).parents[2] / "scenes").glob("*.yaml"))]
TEXTS = [SPEC, *(text for text in SHIPPED if "extends" not in text)]

JUNK: list[Any] = [
    None, True, False, 0, -1, 1, 2**63, -(2**70), 10**400, 0.5, -0.0, 1e308, -1e308, 5e-324, float("inf"), float("nan"),
    "", " ", "x", "$wear", "$none", "$", "$$x", "./x", "../../etc/passwd", "/etc/passwd", "/dev/zero", "*", "core/*", "[", "1 deg",
    "1e999 m", "nan m", "-5 cm", "५ m", "ünï", "a" * 5000, "kind", ":dome", "uniform", "\u2028", "🫖",
    [], [[]], {}, {"kind": "dome"}, {"kind": ["dome"]}, {"kind": {"kind": 1}}, {"uniform": None}, {"uniform": [0, 1]},
    {"uniform": [1, 0]}, {"uniform": [["a"], {}]}, {"uniform": [0, 1], "choice": [1]}, {"normal": [0, 1e308], "min": -1e308},
    {"normal": [1e308, 1e-320]}, {"normal": [0, 1], "min": 1e300}, {"loguniform": [1e-320, 1e308]}, {"integers": [0, 2**62]},
    {"integers": [-(2**80), 2**80]}, {"choice": []}, {"choice": "core/*"}, {"choice": ["*", "["], "split": "test"},
    {"choice": ["./*", "/*"]}, {"constant": {"constant": 1}}, {"every": 5}, {"stream": "x"}, [1, 2, 3], ["mug", "mug"], ["a", 1, None],
]  # fmt: skip
NAMES = [
    "kind",
    "uniform",
    "normal",
    "choice",
    "stream",
    "every",
    "twin",
    "let",
    "extends",
    "a b",
    "",
    "0",
    ":dome",
    "usd",
    "model_config",
    "fixtures",
    "x" * 70,
]


def places(data: Any) -> list[tuple[Any, Any]]:
    """Return every (container, key) of nested data."""
    if not isinstance(data, dict | list):
        return []
    keys = list(data) if isinstance(data, dict) else list(range(len(data)))
    return [(data, key) for key in keys] + [place for key in keys for place in places(data[key])]


def delete(data: Any, rng: random.Random) -> None:
    container, key = rng.choice(places(data))
    del container[key]


def replace(data: Any, rng: random.Random) -> None:
    container, key = rng.choice(places(data))
    container[key] = rng.choice(JUNK)


def rename(data: Any, rng: random.Random) -> None:
    container, key = rng.choice([place for place in places(data) if isinstance(place[0], dict)])
    container[rng.choice([*NAMES, f"{key}x", str(key)[1:]])] = container.pop(key)


def swap(data: Any, rng: random.Random) -> None:
    (one, a), (two, b) = rng.choice(places(data)), rng.choice(places(data))
    one[a], two[b] = json.loads(json.dumps(two[b])), json.loads(json.dumps(one[a]))


def wrap(data: Any, rng: random.Random) -> None:
    container, key = rng.choice(places(data))
    container[key] = rng.choice([[container[key]], {rng.choice(NAMES): container[key]}, [container[key]] * 3])


def repeat(data: Any, rng: random.Random) -> None:
    container, key = rng.choice([place for place in places(data) if isinstance(place[0], dict)])
    container[f"{key}_2"] = json.loads(json.dumps(container[key]))


MUTATIONS: list[Callable[[Any, random.Random], None]] = [delete, replace, replace, rename, swap, wrap, repeat]


def outcome(make: Callable[[], Any]) -> str:
    """Return what came of it; anything but a scene or a SpecError escapes."""
    try:
        loaded = make()
    except SpecError as error:
        assert str(error) and len(str(error)) < 20_000
        return "refused"
    data = json.loads(json.dumps(loaded.scene.model_dump(mode="json"), allow_nan=False))
    assert registry.loads(data, folder=loaded.folder, library=SmallLibrary()).scene == loaded.scene
    return "taken"


@pytest.mark.slow
@pytest.mark.parametrize("base", range(len(TEXTS)))
def test_mutated_data_is_taken_or_refused(base: int, folder: Path) -> None:
    seen = {"taken": 0, "refused": 0}
    for seed in range(700):
        rng = random.Random(f"{base} {seed}")
        data = yaml.safe_load(TEXTS[base])
        for _ in range(rng.choice([1, 1, 2, 4])):
            rng.choice(MUTATIONS)(data, rng)
        seen[outcome(lambda data=data: registry.loads(data, folder=folder, library=SmallLibrary()))] += 1  # type: ignore[misc]
    assert seen["refused"] > 300


NASTY = ["\t", "\x00", "\x07", "&a", "*a", "!!", "!x ", "<<: ", "? ", ": ", "- ", "{", "}", "[", "]", "'", '"', "#", "|", ">", "%", "@", "`", "\n", "\r", "\u2028", "\ufeff", "---\n", "...\n", "\\x", "é", "\U0001f375", "1e", "~"]  # fmt: skip


@pytest.mark.slow
def test_mutated_text_is_taken_or_refused(folder: Path) -> None:
    seen = {"taken": 0, "refused": 0}
    for seed in range(900):
        rng = random.Random(seed)
        text = SPEC
        for _ in range(rng.choice([1, 1, 2, 5])):
            at, length = rng.randrange(len(text)), rng.choice([0, 0, 1, 5, 40])
            text = text[:at] + rng.choice([*NASTY, text[rng.randrange(len(text)) :][:30]]) + text[at + length :]
        (folder / "x.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
        seen[outcome(lambda: registry.load("x.yaml", library=SmallLibrary()))] += 1
    assert seen["taken"] > 5 and seen["refused"] > 500


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_bytes_are_taken_or_refused(folder: Path, content: bytes) -> None:
    (folder / "x.yaml").write_bytes(content)
    assert outcome(lambda: registry.load("x.yaml", library=SmallLibrary())) == "refused"


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["cameras.front.fov", "let.wear", "lights", "lights.sky.kind", "a", "twin"]), st.text(max_size=40)
)
def test_any_set_is_taken_or_refused(folder: Path, path: str, value: str) -> None:
    (folder / "x.yaml").write_text(SPEC)
    assert outcome(lambda: registry.load("x.yaml", sets=[f"{path}={value}"], library=SmallLibrary())) in (
        "taken",
        "refused",
    )
