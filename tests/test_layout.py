"""The folders at the top are linked into the package, and the public names exist."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import twin

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("name", ["randomizers", "writers", "jobs", "scenes"])
def test_top_folders_are_links_inside_the_package(name: str) -> None:
    link = ROOT / "twin" / name
    assert link.is_symlink(), f"{link} must be a symbolic link; git needs core.symlinks=true"
    assert link.resolve() == ROOT / name


@pytest.mark.parametrize("name", twin.__all__)
def test_every_public_name_exists(name: str) -> None:
    assert getattr(twin, name) is not None


def test_an_unknown_public_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        twin.lod  # noqa: B018


def test_the_version_is_said_once() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == twin.__version__


HEAVY = ("pxr", "mitsuba", "drjit", "mujoco", "trimesh", "scipy", "torch", "h5py", "pyarrow")


@pytest.mark.parametrize(
    ("module", "allowed"), [("twin", ()), ("twin.cli", ()), ("twin.registry", ()), ("twin.data", ("h5py",))]
)
def test_imports_stay_light(module: str, allowed: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print([m for m in {HEAVY!r} if m in sys.modules])"
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert set(eval(loaded)) <= set(allowed)
