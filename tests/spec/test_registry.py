# ruff: noqa: E501 - specs and messages stand as they are written
"""Kinds are assembled once, plugins come and are checked, and assembling imports nothing heavy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest

from tests.spec.made import SPEC, SmallLibrary, changed
from twin import registry
from twin.errors import SpecError
from twin.spec.kinds import close_kinds
from twin.spec.scene import Light, Scene

HEAVY = ("pxr", "mitsuba", "drjit", "mujoco", "trimesh", "coacd", "scipy", "PIL", "h5py", "pyarrow", "pyoidn", "typer")

GLOW = """\
from typing import Literal
from twin.spec.scene import Light
from twin.spec.units import PositiveLength
from twin.spec.values import Random

class Glow(Light):
    kind: Literal["test_glow"]
    reach: Random[PositiveLength]
"""
WITH_GLOW = changed("lights:\n", "lights:\n  extra: {kind: test_glow, reach: {uniform: [1 m, 2 m]}}\n")


def test_loading_a_spec_imports_nothing_heavy(folder: Path) -> None:
    (folder / "x.yaml").write_text(
        SPEC.replace("core/bowl/*", "core/bowl/white_embossed").replace("core/plate/red", "core/plate/red_ring")
    )
    code = (
        "import sys\nfrom twin import registry\nloaded = registry.load('x.yaml')\nregistry.describe_resolved(loaded)\n"
        f"registry.schema()\nprint([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=folder)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


@pytest.mark.usefixtures("own_kinds")
def test_a_plugin_brings_kinds(folder: Path) -> None:
    (folder / "mine.py").write_text(GLOW)
    (folder / "x.yaml").write_text(WITH_GLOW)
    with pytest.raises(SpecError, match="unknown kind 'test_glow'"):
        registry.load("x.yaml", library=SmallLibrary())
    loaded = registry.load("x.yaml", plugins=[Path("mine.py")], library=SmallLibrary())
    assert loaded.plugins == (folder / "mine.py",)
    assert loaded.scene.lights["extra"].kind == "test_glow"  # type: ignore[attr-defined]
    again = registry.loads(
        loaded.scene.model_dump(mode="json"), folder=folder, plugins=loaded.plugins, library=SmallLibrary()
    )
    assert again.scene == loaded.scene
    before = registry.digest(loaded, SmallLibrary())
    (folder / "mine.py").write_text(GLOW + "\n# another colour\n")
    assert registry.digest(loaded, SmallLibrary()) != before


@pytest.mark.usefixtures("own_kinds")
def test_an_edited_plugin_is_read_again(folder: Path) -> None:
    (folder / "mine.py").write_text(GLOW)
    (folder / "x.yaml").write_text(WITH_GLOW.replace("reach", "range"))
    with pytest.raises(SpecError, match="unknown name"):
        registry.load("x.yaml", plugins=[Path("mine.py")], library=SmallLibrary())
    (folder / "mine.py").write_text(GLOW.replace("reach", "range"))
    assert registry.load("x.yaml", plugins=[Path("mine.py")], library=SmallLibrary()).scene.lights


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\n1 / 0\n", "bad.py:2: the plugin fails: ZeroDivisionError: division by zero"),
        ("x = (\n", "bad.py:1: the plugin fails: SyntaxError: '(' was never closed (bad.py, line 1)"),
        ("import nothing_like_this\n", "bad.py:1: the plugin fails: ModuleNotFoundError: No module named 'nothing_like_this'"),
        (GLOW.replace("test_glow", "dome"), "bad.py:6: the plugin fails: TypeError: the kind 'dome' of Glow is taken by twin.stage.lights.Dome"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("own_kinds")
def test_a_plugin_that_fails_is_named_with_its_line(text: str, said: str, folder: Path) -> None:
    (folder / "bad.py").write_text(text)
    with pytest.raises(SpecError) as caught:
        registry.assemble([folder / "bad.py"])
    assert str(caught.value) == said


def test_a_missing_plugin_is_named(folder: Path) -> None:
    with pytest.raises(SpecError) as caught:
        registry.assemble([folder / "none.py"])
    assert str(caught.value) == "none.py: there is no such plugin"


@pytest.mark.usefixtures("own_kinds")
def test_models_that_were_built_learn_new_kinds() -> None:
    Scene.model_rebuild()
    assert "test_late" not in Light.kinds

    class Late(Light):
        kind: Literal["test_late"]

    data = {
        "twin": 1,
        "lights": {"a": {"kind": "test_late"}},
        "cameras": {"c": {"fov": "50 deg", "pose": {"kind": "fixed", "position": [0, 0, 1], "look_at": [0, 0, 0]}}},
        "engine": {"kind": "blank"},
    }
    close_kinds()
    assert isinstance(Scene.model_validate(data).lights["a"], Late)
    assert "light-test-late" in registry.schema()["$defs"]
