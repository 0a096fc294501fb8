"""A resolved scene is the same scene again, and its digest names its content alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.spec.made import NAMES, SPEC, SmallLibrary, changed, load
from twin import registry
from twin.randomizers.distributions import Choice, Normal
from twin.spec.load import LoadedScene

SHIPPED = sorted((Path(__file__).parents[2] / "scenes").glob("*.yaml"))


def again(loaded: LoadedScene, **more: Any) -> LoadedScene:
    data = json.loads(json.dumps(loaded.scene.model_dump(mode="json")))
    return registry.loads(data, folder=loaded.folder, **more)


def test_json_round_trips_exactly(folder: Path) -> None:
    loaded = load(SPEC, folder)
    other = again(loaded, library=SmallLibrary())
    assert other.scene == loaded.scene
    assert other.scene.model_dump_json() == loaded.scene.model_dump_json()
    assert isinstance(loaded.scene.cameras["front"].fov, Normal)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_scenes_round_trip(path: Path, folder: Path) -> None:
    loaded = registry.load(path)
    assert again(loaded).scene == loaded.scene
    copy = path.parent / "does-not-exist.yaml"
    (folder / copy.name).write_text(registry.describe_resolved(loaded))
    data_folder = shutil.copytree(path.parent, folder / "copied")
    (data_folder / "resolved.yaml").write_text(registry.describe_resolved(loaded))
    assert registry.load(data_folder / "resolved.yaml").scene == loaded.scene


def test_patterns_become_sorted_names(folder: Path) -> None:
    scene = load(SPEC, folder).scene
    assert scene.lights["sky"].hdri == Choice(choice=("core/hdri/lane", "core/hdri/studio"), split="train")  # type: ignore[attr-defined]
    assert scene.objects["bowl"].asset == Choice(choice=("core/bowl/black", "core/bowl/white", "core/plate/red"))


def test_patterns_of_files_become_files(folder: Path) -> None:
    (folder / "tex").mkdir()
    for name in ("b.png", "a.png", "c.txt"):
        (folder / "tex" / name).write_bytes(b"x")
    scene = load(changed("{choice: core/wood/*}", "{choice: ./tex/*.png}"), folder).scene
    material = scene.world.fixtures["table"].material
    assert material.base.choice == (f"{folder}/tex/a.png", f"{folder}/tex/b.png")  # type: ignore[union-attr]


def test_the_description_is_yaml_with_origins(folder: Path) -> None:
    loaded = load(SPEC, folder, "pool.size=3")
    text = registry.describe_resolved(loaded)
    (folder / "resolved.yaml").write_text(text)
    assert registry.load(folder / "resolved.yaml", library=SmallLibrary()).scene == loaded.scene
    lines = {line.split("#")[0].strip(): line.split("#")[1].strip() for line in text.splitlines() if "#" in line}
    assert lines["size: 3"] == "--set pool.size"
    assert lines["every: 20"] == "x.yaml:20:24"
    assert lines["stream: let.wear"] == "x.yaml:2:13"
    assert lines["exposure: 0.0"] == "default"
    assert "temperature" not in text


DIFFERENT = [
    ("fov: 1 rad", "fov: 1.1 rad"),
    ("every: 5", "every: 10"),
    ("  wrist:", "  other:"),
    ("engine: {kind: blank}", "engine: {kind: mitsuba}"),
    ("core/wood/*", "core/wood/oak"),
    ("let: {wear: {uniform: [0, 1]}}", "let: {wear: {uniform: [0, 1], stream: other}}"),
    ("objects: [mug, bowl]", "objects: [bowl, mug]"),
]


@pytest.mark.parametrize(("old", "new"), DIFFERENT)
def test_the_digest_sees_every_value(old: str, new: str, folder: Path) -> None:
    one, two = load(SPEC, folder), load(changed(old, new), folder)
    assert registry.digest(one, SmallLibrary()) != registry.digest(two, SmallLibrary())


ORDERED: dict[str, Any] = {
    "world": {name: {"kind": "floor", "size": ["2 m", "2 m"]} for name in ("near", "far")},
    "lights": {name: {"kind": "dome"} for name in ("sky", "fog")},
    "objects": {name: {"asset": {"kind": "mug"}} for name in ("mug", "cup")},
    "placement": {name: {"kind": "fixed", "objects": [name], "position": [0, 0, 0]} for name in ("mug", "cup")},
    "cameras": {name: {"fov": "1 rad", "pose": {"kind": "fixed", "position": [0, 0, 1], "look_at": [0, 0, 0]}}
                for name in ("left", "right")},
}  # fmt: skip


@pytest.mark.parametrize("section", ORDERED)
def test_the_digest_sees_the_order_of_names(section: str, folder: Path) -> None:
    one: dict[str, Any] = {"twin": 1, "engine": {"kind": "blank"}, **ORDERED}
    two = {**one, section: dict(reversed(ORDERED[section].items()))}
    scenes = [registry.loads(data, folder=folder, library=SmallLibrary()) for data in (one, two)]
    assert scenes[0].scene == scenes[1].scene
    assert len({registry.digest(scene, SmallLibrary()) for scene in scenes}) == 2
    assert registry.digest(again(scenes[1]), SmallLibrary()) == registry.digest(scenes[1], SmallLibrary())


SAME = [
    ("twin: 1\n", "# a comment\ntwin: 1\n"),
    ("fov: 1 rad", "fov: 1.0rad"),
    ("settle: 2 s", "settle: 2000 ms"),
    ("pool: {size: 2, every: 20}", "pool: {every: 20, size: 2}"),
    ("pool: {size: 2, every: 20}", "pool:\n  every: 20\n  size: 2"),
    ("visible: mug, camera: front, min: 0.3", "min: 0.3, camera: front, visible: mug"),
    ("{choice: core/hdri/*, split: train}", "{split: train, choice: core/hdri/*}"),
    ("min: 50 deg, max: 70 deg}", "max: 70 deg, min: 50 deg, every: 1}"),
    ("let: {wear: {uniform: [0, 1]}}", "let: {low: 0, wear: {uniform: [$low, 1]}, none: 3}"),
    ("twin: 1\nlet: {wear: {uniform: [0, 1]}}\n", "let: {wear: {uniform: [0, 1]}}\ntwin: 1\n"),
]


@pytest.mark.parametrize(("old", "new"), SAME)
def test_the_digest_sees_no_spelling(old: str, new: str, folder: Path) -> None:
    one, two = load(SPEC, folder), load(changed(old, new), folder)
    assert one.scene == two.scene
    assert registry.digest(one, SmallLibrary()) == registry.digest(two, SmallLibrary())


def test_the_digest_sees_files_and_assets_but_no_folders(folder: Path) -> None:
    text = SPEC.replace("world:\n", "world:\n  usd: ./lab.usda\n")
    digests = []
    for name, content in (("a", "#usda 1.0\n"), ("b", "#usda 1.0\n"), ("c", "#usda 1.0 \n")):
        (folder / name).mkdir()
        (folder / name / "lab.usda").write_text(content)
        digests.append(registry.digest(load(text, folder / name), SmallLibrary()))
    assert digests[0] == digests[1] != digests[2]

    class Repainted(SmallLibrary):
        def sha256(self, family: str, name: str) -> str:
            return "0" * 64 if name == "core/wood/oak" else super().sha256(family, name)

    loaded = load(SPEC, folder)
    assert registry.digest(loaded, SmallLibrary()) != registry.digest(loaded, Repainted())


def test_the_digest_sees_what_a_pattern_matches(folder: Path) -> None:
    load(SPEC, folder)
    more = {**NAMES, "material": {**NAMES["material"], "core/wood/ash": "train"}}
    one, two = SmallLibrary(), SmallLibrary(more)
    digests = [registry.digest(registry.load("x.yaml", library=library), library) for library in (one, two)]
    assert digests[0] != digests[1]
