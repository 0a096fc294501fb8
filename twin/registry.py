"""Assemble the spec language: import every kind, close the unions, and load scenes in it.

Each kind's model lives with its code; this module is the only one that knows them all. Importing them imports no
renderer, no physics and no USD.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from twin.assets.library import Library as Catalogue
from twin.errors import SpecError
from twin.spec import load as loader
from twin.spec.describe import describe
from twin.spec.digest import digest as content_digest
from twin.spec.document import shown
from twin.spec.kinds import close_kinds
from twin.spec.load import LoadedScene
from twin.spec.references import Library
from twin.spec.schema import scene_schema

KINDS = (
    "twin.randomizers.distributions",
    "twin.randomizers.placement",
    "twin.randomizers.camera",
    "twin.stage.lights",
    "twin.stage.fixtures",
    "twin.assets.bottle",
    "twin.assets.mesh",
    "twin.assets.mug",
    "twin.assets.primitives",
    "twin.engines.mitsuba.settings",
    "twin.engines.blank",
)
"""Modules and packages whose import registers the built-in kinds."""

__all__ = ["LoadedScene", "assemble", "describe_resolved", "digest", "load", "loads", "schema"]

describe_resolved = describe


def assemble(plugins: Sequence[Path] = ()) -> tuple[Path, ...]:
    """Import all kinds and the plugins' own, then build the models; return the plugins' resolved paths.

    Raises:
        SpecError: where a plugin is missing or fails.
    """
    for name in KINDS:
        importlib.import_module(name)
    paths = tuple(_plugin(Path(path)) for path in plugins)
    close_kinds()
    return paths


def load(
    path: str | Path, *, sets: Sequence[str] = (), plugins: Sequence[Path] = (), library: Library | None = None
) -> LoadedScene:
    """Load a scene spec.

    Args:
        path: YAML file.
        sets: ``path=value`` texts that are laid over it last, as ``--set`` takes them.
        plugins: Python files that register further kinds.
        library: Knows the names of assets; the catalogue where None.

    Raises:
        SpecError: where anything is wrong, saying everything that is, with its place.
    """
    paths = assemble(plugins)
    return loader.load(Path(path), library or Catalogue(), sets=sets, plugins=paths)


def loads(
    data: Mapping[str, Any],
    *,
    folder: Path,
    name: str = "scene",
    sets: Sequence[str] = (),
    plugins: Sequence[Path] = (),
    library: Library | None = None,
) -> LoadedScene:
    """Load a scene from plain data: a dict made in Python, or the resolved scene of a ``run.json``.

    Args:
        data: What the YAML would say.
        folder: Where file names in it start from.
        name: What to call it in messages.
        sets: ``path=value`` texts that are laid over it last.
        plugins: Python files that register further kinds.
        library: Knows the names of assets; the catalogue where None.

    Raises:
        SpecError: where anything is wrong.
    """
    paths = assemble(plugins)
    return loader.loads(data, library or Catalogue(), folder=folder, name=name, sets=sets, plugins=paths)


def digest(loaded: LoadedScene, library: Library) -> str:
    """Return the sha256 of a scene's content: the resolved spec, and every file and asset that it refers to.

    Raises:
        AssetError: where the world's existing stage is broken or reaches out of its folder.
    """
    if loaded.scene.world.usd is None:
        return content_digest(loaded, library)
    from twin.stage.dependencies import stage_sha256

    return content_digest(loaded, library, stage_sha256(Path(loaded.scene.world.usd)))


def schema() -> dict[str, Any]:
    """Return the JSON Schema of scene specs, for editors."""
    assemble()
    return scene_schema()


def _plugin(path: Path) -> Path:
    """Import a plugin file, once for each content."""
    path = path.resolve()
    where = shown(path)
    if not path.is_file():
        raise SpecError("there is no such plugin", where=where)
    name = f"twin_plugin_{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    content = hashlib.sha256(path.read_bytes()).hexdigest()
    if getattr(sys.modules.get(name), "__twin_sha256__", None) != content:
        _import(path, name, where).__twin_sha256__ = content
    return path


def _import(path: Path, name: str, where: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise SpecError("a plugin is a Python file", where=where)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        line = getattr(error, "lineno", None) or (lines[-1] if lines else 1)
        raise SpecError(f"the plugin fails: {type(error).__name__}: {error}", where=f"{where}:{line}") from error
    return module
