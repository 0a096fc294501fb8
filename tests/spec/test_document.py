# ruff: noqa: E501 - specs and messages stand as they are written
"""YAML is read in the dialect of the spec language, and hostile files are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.spec.made import message
from twin.errors import SpecError
from twin.spec.document import LIMIT_BYTES, read_file, read_text
from twin.spec.tree import LIMIT_DEPTH, Origin


def read(text: str) -> Any:
    return read_text(text, Origin("x.yaml"), Path("/folder")).plain()


def refusal(text: str) -> str:
    with pytest.raises(SpecError) as caught:
        read(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"), ("yes", "yes"), ("no", "no"), ("off", "off"), ("y", "y"), ("True", True), ("false", False),
        ("1e-3", 0.001), ("1.", 1.0), (".5", 0.5), ("-2", -2), ("+3", 3), ("010", 10), ("0x1f", "0x1f"), ("1_000", "1_000"),
        ("1:30", "1:30"), ("2020-01-01", "2020-01-01"), ("~", None), ("null", None), ('""', ""), ("'5'", "5"),
        ("-.inf", float("-inf")), ("=", "="), ("50 deg", "50 deg"), ("a: {}", {"a": {}}), ("[1, [2]]", (1, (2,))),
    ],
)  # fmt: skip
def test_scalars_follow_yaml_1_2(text: str, value: Any) -> None:
    found = read(text)
    assert found == value and type(found) is type(value)


def test_keys_stay_texts() -> None:
    assert read("{on: table, yes: 1, no: 2}") == {"on": "table", "yes": 1, "no": 2}


def test_every_value_and_key_knows_its_place() -> None:
    node = read_text("a:\n  b: [10,\n      20]\n", Origin("x.yaml"), Path("/"))
    inner = node.mapping["a"]
    assert str(inner.keys["b"]) == "x.yaml:2:3"
    assert [str(item.origin) for item in inner.mapping["b"].children()] == ["x.yaml:2:7", "x.yaml:3:7"]


def test_files_are_relative_to_the_file_that_names_them() -> None:
    assert read("[./a.usd, ../b, 'plain/c', '/d']") == ("/folder/a.usd", "/b", "plain/c", "/d")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: !!python/object/apply:os.system [ls]", "x.yaml:1:4: tags such as tag:yaml.org,2002:python/object/apply:os.system are refused"),
        ("a: !!str 5", "x.yaml:1:4: tags such as tag:yaml.org,2002:str are refused"),
        ("a: ! 5", "x.yaml:1:4: tags such as ! are refused"),
        ("a: 1\na: 2", "x.yaml:2:1: 'a' is written twice\n  expected: one; the first is at x.yaml:1:1"),
        ("1: a", "x.yaml:1:1: the key 1 is no text\n  try: put 1 in quotes"),
        ("null: a", "x.yaml:1:1: the key null is no text\n  try: put null in quotes"),
        ("true: a", "x.yaml:1:1: the key true is no text\n  try: put true in quotes"),
        ("? [a]\n: b", "x.yaml:1:3: a key must be a text"),
        ("a: &x {b: 1}\nc:\n  <<: *x", "x.yaml:3:3: merge keys are refused\n  try: use 'extends' or 'let' to share values"),
        ("a: &x [*x]", "x.yaml:1:4: an alias refers to what it stands in"),
        ("a: *x", "x.yaml:1:4: found undefined alias 'x'"),
        ("a: 1\n---\nb: 2", "x.yaml:2:1: but found another document"),
        ("a: [1", "x.yaml:1:6: expected ',' or ']', but got '<stream end>'"),
        ("a: " + "9" * 20, "x.yaml:1:4: this number has too many digits"),
        ('a: "\\0"', "x.yaml:1:4: the character '\\x00' cannot stand in a text"),
        ('a: "\\ud800"', "x.yaml:1:4: the character '\\ud800' cannot stand in a text"),
        ('"\\b": 1', "x.yaml:1:1: the character '\\x08' cannot stand in a text"),
    ],
)  # fmt: skip
def test_what_has_no_place_in_a_spec_is_refused(text: str, said: str) -> None:
    assert refusal(text) == said


@pytest.mark.parametrize(
    "text", ['"\\UFFFFFFFF"', "\x00", "\ud800", "%YAML 9.9.9\n---\na", "\t", "a: b: c", "- a\nb: 1", "@", "`"]
)
def test_broken_yaml_is_a_spec_error(text: str) -> None:
    assert refusal(text).startswith("x.yaml")


def test_an_alias_bomb_is_refused() -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 20)]
    assert "more than 50000 values, aliases written out" in refusal("\n".join(lines))


def test_aliases_are_written_out() -> None:
    assert read("{a: &x [1], b: *x}") == {"a": (1,), "b": (1,)}


@pytest.mark.parametrize("text", ["[" * 100_000, "a: " * 1000, "{a: " * 5000, "- " * 5000, "? " * 5000])
def test_deep_nesting_is_refused(text: str) -> None:
    assert refusal(text).startswith("x.yaml:1:")


def test_nesting_through_aliases_is_refused() -> None:
    lines = ["a0: &a0 [1]"] + [f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 200)]
    assert f"nested more than {LIMIT_DEPTH} deep" in refusal("\n".join(lines))


def test_files_are_bounded_and_regular(folder: Path) -> None:
    (folder / "big.yaml").write_text("#" * (LIMIT_BYTES + 1))
    (folder / "latin.yaml").write_bytes(b"a: \xe9")
    (folder / "dir.yaml").mkdir()
    for name, said in (
        ("big.yaml", "big.yaml: the file is larger than 256 KiB"),
        ("latin.yaml", "latin.yaml: the file is no UTF-8 text: byte 3 is wrong"),
        ("dir.yaml", "dir.yaml: there is no such file"),
        ("none.yaml", "none.yaml: there is no such file"),
        ("/dev/zero", "/dev/zero: there is no such file"),
    ):
        with pytest.raises(SpecError) as caught:
            read_file(Path(name))
        assert str(caught.value) == said


def test_a_byte_order_mark_is_skipped(folder: Path) -> None:
    (folder / "bom.yaml").write_bytes(b"\xef\xbb\xbfa: 1")
    assert read_file(folder / "bom.yaml").plain() == {"a": 1}


def test_an_empty_file_is_no_scene(folder: Path) -> None:
    assert message("", folder).startswith("4 errors in x.yaml") or "missing" in message("", folder)
    assert message("[1]", folder) == (
        "x.yaml:1:1: a spec is a mapping of sections\n  expected: twin: 1, cameras: ..., engine: ..."
    )
