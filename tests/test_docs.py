"""What the documents quote is what the project holds, and what they link to exists."""

import re
import textwrap
from pathlib import Path

import pytest

import twin.shard
from tests.frames import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_the_quickstart_quotes_the_first_scene() -> None:
    assert (ROOT / "scenes" / "first.yaml").read_text() in (ROOT / "docs" / "quickstart.md").read_text()


def test_the_shard_page_quotes_the_layout() -> None:
    lines = (twin.shard.__doc__ or "").splitlines()
    drawing = textwrap.dedent("\n".join(line for line in lines if line.startswith("    "))).strip("\n")
    assert drawing in (ROOT / "docs" / "shards.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)", page.read_text())
    missing = [t for t in targets if "://" not in t and not (page.parent / t).exists()]
    assert not missing


def test_the_readme_scene_is_right(tmp_path: Path) -> None:
    from twin import registry

    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.S)
    assert blocks
    for number, text in enumerate(blocks):
        scene = tmp_path / f"scene{number}.yaml"
        scene.write_text(text)
        assert registry.load(scene).scene.cameras
