"""The page about the spec language tells the truth: its examples load."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

from twin import registry
from twin.spec.document import read_text
from twin.spec.kinds import Kind
from twin.spec.tree import Origin
from twin.spec.values import Distribution

PAGE = (Path(__file__).parents[2] / "docs" / "spec.md").read_text()
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
WHOLE = [block for block in BLOCKS if block.startswith("twin: 1")]


def test_the_page_has_examples() -> None:
    assert len(WHOLE) == 1 and len(BLOCKS) >= 5


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split(":")[0])
def test_examples_load_and_satisfy_the_schema(block: str, folder: Path) -> None:
    (folder / "base.yaml").write_text(WHOLE[0])
    fragment = block not in WHOLE and "extends:" not in block
    text = f"extends: base\n{block}" if fragment else block if block in WHOLE else f"twin: 1\n{block}"
    (folder / "x.yaml").write_text(text)
    assert registry.load(folder / "x.yaml").scene.cameras
    data = json.loads(json.dumps(read_text(text, Origin(""), folder).plain()))
    assert [error.message for error in jsonschema.Draft202012Validator(registry.schema()).iter_errors(data)] == []


def test_every_kind_and_distribution_is_described() -> None:
    registry.assemble()
    for family in Kind.__subclasses__():
        for kind in family.kinds:
            assert f"`{kind}`" in PAGE, f"docs/spec.md does not describe the kind '{kind}'"
    for key in Distribution.kinds:
        assert f"`{{{key}:" in PAGE, f"docs/spec.md does not describe '{key}'"


def test_the_plugin_of_the_page_loads(folder: Path, own_kinds: None) -> None:
    code = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)[0]
    (folder / "mine.py").write_text(code)
    registry.assemble([folder / "mine.py"])
    assert "above" in next(family for family in Kind.__subclasses__() if family.__name__ == "CameraPose").kinds
