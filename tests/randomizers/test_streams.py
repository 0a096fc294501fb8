"""How draws are named and how long they are held."""

from __future__ import annotations

import pytest

from tests.randomizers.scenes import TABLETOP, changed, scene
from twin.randomizers.streams import BLOCK, Index, below, draws, plain, stream_name, unplain


@pytest.mark.parametrize(
    ("slot", "member", "name"), [(0, 0, "a.b"), (2, 0, "a.b[2]"), (2, 3, "a.b[2.3]"), (0, 1, "a.b[0.1]")]
)
def test_streams_of_slots_and_members(slot: int, member: int, name: str) -> None:
    assert stream_name("a.b", slot, member) == name


@pytest.mark.parametrize(
    ("path", "prefix", "is_below"),
    [("a.b", "a", True), ("a[2]", "a", True), ("a", "a", True), ("ab", "a", False), ("a", "a.b", False)],
)
def test_prefixes_end_at_names(path: str, prefix: str, is_below: bool) -> None:
    assert below(path, prefix) is is_below


def test_colours_survive_json() -> None:
    assert unplain(plain((0.1, (2, "x")))) == (0.1, (2, "x"))


def test_periods_follow_from_scope_every_and_placement() -> None:
    data = changed(
        TABLETOP,
        placement__drop__every=4,
        placement__drop__margin={"uniform": ["1 cm", "5 cm"]},
        objects__brick__count={"integers": [1, 4], "every": 6},
    )
    periods = {path: draw.period for path, draw in draws(scene(data)).items()}
    assert periods["objects.can.asset.height"] == BLOCK
    assert periods["lights.sky.rotation"] == 1
    assert periods["lights.lamp.intensity"] == 3
    assert periods["placement.drop.margin"] == 4
    assert periods["objects.brick.count"] == 12
    assert periods["objects.brick.material.roughness"] == 1


def test_a_shared_stream_is_held_as_long_as_its_most_patient_user() -> None:
    shared = {"uniform": [0.1, 0.9], "stream": "let.wear"}
    data = changed(TABLETOP, objects__brick__material__roughness=shared, lights__lamp__intensity={**shared, "every": 3})
    found = draws(scene(data))
    assert found["objects.brick.material.roughness"].period == found["lights.lamp.intensity"].period == 3
    data = changed(data, objects__can__asset__roughness=shared)
    assert draws(scene(data))["lights.lamp.intensity"].period == BLOCK


def test_attempts_key_only_what_is_not_held() -> None:
    first, again = Index(1, 0, 7, attempt=0), Index(1, 0, 7, attempt=1)
    assert first.bits("x", 1).word() != again.bits("x", 1).word()
    assert first.bits("x", 2).word() == again.bits("x", 2).word()
    assert first.bits("x", BLOCK).word() == again.bits("x", BLOCK).word()
