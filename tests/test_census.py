"""Everything that the schema offers is shown in a scene, tested, and described: else it must leave the schema."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.test_effects import DRAWS, EFFECTS
from twin import registry
from twin.shard import LABELS
from twin.spec.kinds import Kind
from twin.spec.values import Distribution

ROOT = Path(__file__).resolve().parent.parent
SCENES = {path: path.read_text() for path in sorted((ROOT / "scenes").rglob("*.yaml"))}
DOCS = "\n".join(path.read_text() for path in sorted((ROOT / "docs").rglob("*.md")))

registry.assemble()
FAMILIES = {family.__name__: sorted(family.kinds) for family in Kind.__subclasses__()}
KINDS = [(family, kind) for family, kinds in FAMILIES.items() for kind in kinds if not kind.startswith("test_")]
DISTRIBUTIONS = sorted(Distribution.kinds)


def uses(data: object, key: str, value: str | None = None) -> bool:
    """Say whether a parsed scene has a mapping with this key (and value)."""
    if isinstance(data, dict):
        here = key in data and (value is None or data[key] == value)
        return here or any(uses(item, key, value) for item in data.values())
    return isinstance(data, list) and any(uses(item, key, value) for item in data)


def in_scenes(key: str, value: str | None = None) -> bool:
    return any(uses(yaml.safe_load(text), key, value) for text in SCENES.values())


def test_the_census_sees_all_families() -> None:
    assert set(FAMILIES) == {"Fixture", "Light", "AssetKind", "Placement", "CameraPose", "Engine"}
    assert len(KINDS) >= 20


@pytest.mark.parametrize(("family", "kind"), KINDS)
def test_each_kind_is_shown_tested_and_described(family: str, kind: str) -> None:
    assert in_scenes("kind", kind), f"no scene in scenes/ uses the {family} kind '{kind}'"
    assert (family, kind) in EFFECTS, f"no test shows the effect of the {family} kind '{kind}'"
    assert f"`{kind}`" in DOCS or f"kind: {kind}" in DOCS, f"no page in docs/ describes the {family} kind '{kind}'"


@pytest.mark.parametrize("key", DISTRIBUTIONS)
def test_each_distribution_is_shown_tested_and_described(key: str) -> None:
    assert in_scenes(key), f"no scene in scenes/ draws with '{key}'"
    assert key in DRAWS, f"no test shows the effect of '{key}'"
    assert f"`{key}`" in DOCS or f"{{{key}:" in DOCS, f"no page in docs/ describes '{key}'"


@pytest.mark.parametrize("label", sorted(LABELS))
def test_each_label_is_described(label: str) -> None:
    assert f"`{label}`" in DOCS, f"no page in docs/ describes the label '{label}'"


def test_each_scene_points_editors_at_the_schema() -> None:
    for path, text in SCENES.items():
        first = text.splitlines()[0]
        target = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
        assert target, f"{path.name}: the first line must name the schema"
        assert (path.parent / target[1]).resolve() == ROOT / "scenes" / "scene.schema.json"


def test_the_committed_schema_has_not_drifted() -> None:
    """In a process of its own, where no other test has registered kinds."""
    printed = subprocess.check_output([Path(sys.executable).with_name("twin"), "check", "--schema"], text=True)
    assert (ROOT / "scenes" / "scene.schema.json").read_text() == printed, (
        "run: twin check --schema > scenes/scene.schema.json"
    )
