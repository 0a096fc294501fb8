"""One name, one value, one draw."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.spec.made import SPEC, changed, load, message
from twin.randomizers.distributions import Uniform
from twin.spec.values import walk


def streams(text: str, folder: Path) -> dict[str, str]:
    """Return the stream that each distribution draws from, by its path."""
    scene = load(text, folder).scene
    return {path: distribution.stream or path for path, distribution, _ in walk(scene)}


def test_uses_of_a_name_share_its_stream(folder: Path) -> None:
    found = streams(SPEC, folder)
    assert found["world.table.material.roughness"] == found["objects.mug.material.metallic"] == "let.wear"
    assert found["lights.sky.rotation"] == "lights.sky.rotation"


def test_parts_of_a_name_have_streams_of_their_own(folder: Path) -> None:
    text = changed(
        "let: {wear: {uniform: [0, 1]}}",
        "let: {wear: {uniform: [0, 1]}, look: {roughness: $wear, color: {choice: [[0, 0, 0], [1, 1, 1]]}}}",
    )
    text = text.replace("material: {metallic: $wear}", "material: $look")
    found = streams(text, folder)
    assert found["objects.mug.material.roughness"] == "let.wear"
    assert found["objects.mug.material.color"] == "let.look.color"


def test_names_stand_for_plain_values_and_parts_of_distributions(folder: Path) -> None:
    text = changed(
        "let: {wear: {uniform: [0, 1]}}", "let: {wear: {uniform: [$low, 1]}, low: $least, least: 0.25, who: mug}"
    )
    text = text.replace("target: mug", "target: $who")
    scene = load(text, folder).scene
    assert scene.objects["mug"].material.metallic == Uniform(uniform=(0.25, 1.0), stream="let.wear")  # type: ignore[union-attr]
    assert scene.cameras["front"].pose.refers_to == ("mug",)


def test_a_stream_that_is_written_stays(folder: Path) -> None:
    text = changed("let: {wear: {uniform: [0, 1]}}", "let: {wear: {uniform: [0, 1], stream: mine}}")
    assert streams(text, folder)["objects.mug.material.metallic"] == "mine"


@pytest.mark.parametrize(
    ("let", "said"),
    [
        ("{}", "x.yaml:5:75: '$wear' is not defined\n  expected: one of let: none"),
        ("{weer: 1}", "x.yaml:5:75: '$wear' is not defined\n  expected: one of let: weer\n  try: did you mean 'weer'?"),
        ("{wear: $wear}", "x.yaml:2:13: let refers to itself: $wear -> $wear"),
        ("{wear: [$a], a: {b: $wear}}", "x.yaml:2:13: let refers to itself: $wear -> $a -> $wear"),
        ("{wear: 1, unused: $none}", "x.yaml:2:24: '$none' is not defined\n  expected: one of let: unused, wear"),
        ("{wear: $5}", "x.yaml:2:13: '$5' is no reference\n  expected: $name\n  try: write '$$5' for the text itself"),
        ("{my wear: 1}", "x.yaml:2:7: let: 'my wear' is no name\n  expected: letters, digits and _"),
        ("[1]", "x.yaml:2:6: 'let' is no mapping of names\n  expected: let: {wear: {uniform: [0, 1]}}"),
    ],
)  # fmt: skip
def test_wrong_names_are_refused(let: str, said: str, folder: Path) -> None:
    assert message(changed("let: {wear: {uniform: [0, 1]}}", f"let: {let}"), folder) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("let.waer=0.5", "--set let.waer: let: nothing uses '$waer'\n"
         "  expected: one of: wear\n  try: did you mean 'wear'?"),
        ("let.none.uniform=[0, 1]", "--set let.none.uniform: let: nothing uses '$none'\n  expected: one of: wear"),
        ("let={size: 3}", "--set let: let: nothing uses '$size'\n  expected: one of: wear"),
        ("let.spare=2", "--set let.spare: let: nothing uses '$spare'\n  expected: one of: wear"),
    ],
)  # fmt: skip
def test_setting_a_name_that_nothing_uses_is_refused(text: str, said: str, folder: Path) -> None:
    spare = changed("let: {wear: {uniform: [0, 1]}}", "let: {wear: {uniform: [0, 1]}, spare: 1}")
    assert message(spare, folder, text) == said


def test_names_that_are_used_can_be_set(folder: Path) -> None:
    text = changed("let: {wear: {uniform: [0, 1]}}", "let: {wear: {uniform: [$low, 1]}, low: 0}")
    for set_ in ("let.low=0.25", "let.wear.uniform=[0.25, 1]"):
        found = load(text, folder, set_).scene.objects["mug"].material.metallic  # type: ignore[union-attr]
        assert found == Uniform(uniform=(0.25, 1.0), stream="let.wear")


def test_a_set_that_replaces_the_only_use_leaves_the_name_of_the_file(folder: Path) -> None:
    sets = ("world.table.material=core/wood/oak", "objects.mug.material=null")
    assert load(SPEC, folder, *sets).scene.objects["mug"].material is None


def test_a_wrong_value_is_shown_at_its_uses_with_its_definition(folder: Path) -> None:
    assert message(changed("let: {wear: {uniform: [0, 1]}}", "let: {wear: 2}"), folder) == (
        "2 errors in x.yaml\n"
        "x.yaml:5:75: world.table.material.roughness: must be at most 1, found 2\n"
        "  try: $wear is defined at x.yaml:2:13\n"
        "x.yaml:9:89: objects.mug.material.metallic: must be at most 1, found 2\n"
        "  try: $wear is defined at x.yaml:2:13"
    )


def test_a_bomb_of_names_is_refused(folder: Path) -> None:
    lets = ", ".join(f"a{i}: [{', '.join([f'$a{i + 1}'] * 10)}]" for i in range(12))
    assert "more than 50000 values" in message(changed("let: {", f"let: {{{lets}, a12: 1, "), folder)


def test_a_long_chain_of_names_is_refused(folder: Path) -> None:
    lets = ", ".join(f"a{i}: {{x: $a{i + 1}}}" for i in range(500))
    assert "deep" in message(changed("let: {", f"let: {{{lets}, a500: 1, "), folder)
    lets = ", ".join(f"a{i}: $a{i + 1}" for i in range(500))
    assert "more than 32 names" in message(changed("let: {", f"let: {{{lets}, a500: 1, "), folder)


CHANGES = [
    changed(
        "lights:\n",
        "lights:\n  extra: {kind: sphere, position: [{uniform: [0, 1]}, 0, 1], intensity: {uniform: [0, 1]}}\n",
    ),
    changed("  wrist:", "  other:"),
    changed(", material: {metallic: $wear}", ""),
    changed("rotation: {uniform: [0 deg, 360 deg]}", "rotation: 0 deg"),
    changed("pool: {size: 2, every: 20}\n", ""),
    SPEC.replace("let: {wear: {uniform: [0, 1]}}\n", "let: {new: {uniform: [0, 1]}, wear: {uniform: [0, 1]}}\n"),
    "\n".join([*SPEC.splitlines()[:5], *SPEC.splitlines()[7:], *SPEC.splitlines()[5:7]]),
]


@pytest.mark.parametrize("text", CHANGES)
def test_other_streams_do_not_move(text: str, folder: Path) -> None:
    before, after = streams(SPEC, folder), streams(text, folder)
    assert text != SPEC
    shared = before.keys() & after.keys()
    assert len(shared) >= len(before) - 2
    assert all(before[path] == after[path] for path in shared)
