# ruff: noqa: E501 - specs and messages stand as they are written
"""Specs stand on others: mappings merge, lists are replaced, null deletes, distributions and kinds are one value."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.spec.made import SPEC, SmallLibrary, load, message
from twin import registry
from twin.errors import SpecError
from twin.spec.document import read_text
from twin.spec.merge import overlay
from twin.spec.tree import Origin

registry.assemble()


def merged(base: str, top: str) -> Any:
    one, two = (read_text(text, Origin(""), Path("/")) for text in (base, top))
    return overlay(one, two).plain()


@pytest.mark.parametrize(
    ("base", "top", "result"),
    [
        ("a: {b: {c: 1, d: 2}}", "a: {b: {d: 3}}", "a: {b: {c: 1, d: 3}}"),
        ("a: {b: [1, 2]}", "a: {b: [3]}", "a: {b: [3]}"),
        ("a: {b: 1, c: 2}", "a: {b: null}", "a: {c: 2}"),
        ("a: {b: 1}", "a: null", "{}"),
        ("{}", "a: {b: null}", "a: {b: null}"),
        ("a: {b: {c: 1}}", "a: {b: {c: null}}", "a: {b: {c: null}}"),
        # a distribution is one value
        ("a: {b: {c: {uniform: [0, 1]}}}", "a: {b: {c: {choice: [1]}}}", "a: {b: {c: {choice: [1]}}}"),
        ("a: {b: {c: {uniform: [0, 1], every: 2}}}", "a: {b: {c: {uniform: [0, 2]}}}", "a: {b: {c: {uniform: [0, 2]}}}"),
        ("a: {b: {c: {uniform: [0, 1]}}}", "a: {b: {c: {every: 5}}}", "a: {b: {c: {uniform: [0, 1], every: 5}}}"),
        ("a: {b: {c: {normal: [0, 1]}}}", "a: {b: {c: {max: 2}}}", "a: {b: {c: {normal: [0, 1], max: 2}}}"),
        ("a: {b: {c: {uniform: [0, 1]}}}", "a: {b: {c: 4}}", "a: {b: {c: 4}}"),
        ("a: {b: {c: {choice: x/*}}}", "a: {b: {c: {roughness: 1}}}", "a: {b: {c: {roughness: 1}}}"),
        ("a: {b: {c: {roughness: 1}}}", "a: {b: {c: {choice: x/*}}}", "a: {b: {c: {choice: x/*}}}"),
        # names of sections are the author's, even where a distribution is called so
        ("lights: {normal: {kind: dome, color: 1}}", "lights: {normal: {color: 2}}", "lights: {normal: {kind: dome, color: 2}}"),
        ("lights: {normal: {kind: dome}, kind: {kind: dome}}", "lights: {b: 1}", "lights: {normal: {kind: dome}, kind: {kind: dome}, b: 1}"),
        # a kind that changes takes its own fields with it
        ("a: {b: {kind: dome, hdri: x}}", "a: {b: {kind: sphere, radius: 1}}", "a: {b: {kind: sphere, radius: 1}}"),
        ("a: {b: {kind: dome, hdri: x}}", "a: {b: {kind: dome, exposure: 1}}", "a: {b: {kind: dome, hdri: x, exposure: 1}}"),
        ("a: {b: {kind: dome, hdri: x}}", "a: {b: {exposure: 1}}", "a: {b: {kind: dome, hdri: x, exposure: 1}}"),
        ("engine: {kind: mitsuba, spp: 4}", "engine: {kind: blank}", "engine: {kind: blank}"),
    ],
)  # fmt: skip
def test_merge_rules(base: str, top: str, result: str) -> None:
    assert merged(base, top) == read_text(result, Origin(""), Path("/")).plain()


def test_a_spec_stands_on_others_later_over_earlier(folder: Path) -> None:
    load(SPEC, folder, name="base.yaml")
    (folder / "sub").mkdir()
    (folder / "sub/bright.yaml").write_text("extends: ../less.yaml\nlights: {sky: {exposure: 2}}\n")
    (folder / "less.yaml").write_text("lights: {sky: {exposure: 1, intensity: 3}}\n")
    loaded = load("extends: [base, sub/bright]\npool: {every: 10}\n", folder)
    sky = loaded.scene.lights["sky"]
    assert (sky.exposure, sky.intensity, loaded.scene.pool.every, loaded.scene.pool.size) == (2.0, 3.0, 10, 2)
    assert loaded.origins["lights.sky.exposure"] == "sub/bright.yaml:2:26"
    assert loaded.origins["lights.sky.intensity"] == "less.yaml:1:40"
    assert loaded.origins["pool.every"] == "x.yaml:2:15"


def test_an_error_in_a_base_is_shown_there(folder: Path) -> None:
    load(SPEC, folder, name="base.yaml")
    (folder / "less.yaml").write_text("lights: {sky: {expsure: 1}}\n")
    assert message("extends: [base, ./less]\n", folder).startswith("less.yaml:1:16: lights.sky.expsure: unknown name")


def test_shipped_presets_are_found(folder: Path) -> None:
    assert "presets/tabletop" in message("extends: presets/tabeltop\n", folder)
    text = "extends: presets/tabletop\ncameras: {a: {fov: 40 deg, pose: {kind: fixed, position: [0, 0, 2], look_at: table}}}\nengine: {kind: blank}\n"
    (folder / "x.yaml").write_text(text)
    assert "table" in registry.load(folder / "x.yaml").scene.world.fixtures


def test_a_circle_is_refused(folder: Path) -> None:
    (folder / "a.yaml").write_text("extends: b\n")
    (folder / "b.yaml").write_text("extends: a\n")
    assert message("extends: ./a\n", folder) == "b.yaml:1:10: the file extends itself: a.yaml -> b.yaml -> a.yaml"


def test_many_files_are_refused(folder: Path) -> None:
    (folder / "f0.yaml").write_text("{}\n")
    for number in range(1, 12):
        (folder / f"f{number}.yaml").write_text(f"extends: [f{number - 1}, f{number - 1}]\n")
    assert "the spec stands on more than 64 files" in message("extends: f11\n", folder)


def test_a_base_outside_the_folder_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner, outer = folder / "inner", folder / "outer"
    inner.mkdir()
    outer.mkdir()
    load(SPEC, outer, name="base.yaml")
    (inner / "link.yaml").symlink_to(outer / "base.yaml")
    for name in ("../outer/base", "./link", f"{outer}/base.yaml"):
        (inner / "x.yaml").write_text(f"extends: {name}\n")
        with pytest.raises(SpecError) as caught:
            registry.load(inner / "x.yaml", library=SmallLibrary())
        assert "leaves the folder of the spec\n  try: move it beside the spec, or name its folder in" in str(
            caught.value
        )
    monkeypatch.setenv("TWIN_ASSET_ROOTS", f"{outer}:/nowhere")
    assert registry.load(inner / "x.yaml", library=SmallLibrary()).scene.cameras


def test_files_must_lie_beside_the_spec(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner, secret = folder / "inner", folder / "secret.usda"
    inner.mkdir()
    secret.write_text("#usda 1.0\n")
    (inner / "lab.usda").write_text("#usda 1.0\n")
    (inner / "link.usda").symlink_to(secret)
    os.mkfifo(inner / "pipe.usda")
    with_usd = SPEC.replace("world:\n", "world:\n  usd: FILE\n")
    loaded = load(with_usd.replace("FILE", "./lab.usda"), inner)
    assert loaded.scene.world.usd == str(inner / "lab.usda")
    said = {
        "../secret.usda": f"inner/x.yaml:5:8: world.usd: '{secret}' leaves the folder of the spec",
        "./link.usda": f"inner/x.yaml:5:8: world.usd: '{inner}/link.usda' leaves the folder of the spec",
        "/etc/passwd": "inner/x.yaml:5:8: world.usd: '/etc/passwd' leaves the folder of the spec",
        "./none.usda": f"inner/x.yaml:5:8: world.usd: there is no file '{inner}/none.usda'",
        "./pipe.usda": f"inner/x.yaml:5:8: world.usd: there is no file '{inner}/pipe.usda'",
        "lab.usda": "inner/x.yaml:5:8: world.usd: 'lab.usda' is no file; write './lab.usda'",
    }
    for name, text in said.items():
        assert message(with_usd.replace("FILE", name), inner).startswith(text)
    monkeypatch.setenv("TWIN_ASSET_ROOTS", str(folder))
    assert load(with_usd.replace("FILE", "../secret.usda"), inner).scene.world.usd == str(secret)


def test_a_base_names_files_beside_itself(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub/lab.usda").write_text("#usda 1.0\n")
    (folder / "sub/base.yaml").write_text("world: {usd: ./lab.usda}\n")
    loaded = load("extends: sub/base\n" + SPEC, folder)
    assert loaded.scene.world.usd == str(folder / "sub/lab.usda")


def test_set_merges_last(folder: Path) -> None:
    loaded = load(SPEC, folder, "cameras.front.fov=50 deg", "let.wear=0.5", "require.target=null", "labels=[depth]")
    scene = loaded.scene
    assert scene.cameras["front"].fov == pytest.approx(0.8726646)
    assert (scene.require, scene.labels, scene.objects["mug"].material.metallic) == ({}, ("depth",), 0.5)  # type: ignore[union-attr]
    assert loaded.origins["cameras.front.fov"] == "--set cameras.front.fov"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cameras.front.fov", "--set: 'cameras.front.fov' sets nothing\n  expected: path=value\n  try: cameras.front.fov='50 deg'"),
        ("=3", "--set: '=3' sets nothing\n  expected: path=value\n  try: cameras.front.fov='50 deg'"),
        ("extends=x", "--set extends: 'extends' belongs into a file"),
        ("cameras.front.fov=190 deg", "--set cameras.front.fov: must be below 180 deg, found '190 deg'"),
        ("cameras.front.fv=1", "--set cameras.front.fv: unknown name\n  expected: distortion, exposure, fov, intrinsics, pose, resolution\n  try: did you mean 'fov'?"),
        ("labels=[", "--set labels: expected the node content, but found '<stream end>'"),
    ],
)  # fmt: skip
def test_wrong_sets_name_the_flag(text: str, said: str, folder: Path) -> None:
    assert message(SPEC, folder, text) == said
