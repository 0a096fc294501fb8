"""Load a scene spec: read, extend, merge, replace names, validate, cross-check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from twin.spec.check import check
from twin.spec.document import read_file, shown
from twin.spec.extends import roots_of, with_bases
from twin.spec.let import with_references
from twin.spec.merge import with_sets
from twin.spec.messages import combined, problems_of
from twin.spec.references import Library
from twin.spec.scene import Scene
from twin.spec.tree import Node, Origin, from_data


@dataclass(frozen=True)
class LoadedScene:
    """A scene and where it came from.

    Args:
        scene: The resolved spec.
        path: The file it was loaded from.
        folder: Folder that the file lies in.
        origins: Where each value was written, by its path; a default has none.
        plugins: Plugin files that were imported for it.
    """

    scene: Scene
    path: Path
    folder: Path
    origins: Mapping[str, str]
    plugins: tuple[Path, ...] = ()


def load(path: Path, library: Library, *, sets: Sequence[str] = (), plugins: tuple[Path, ...] = ()) -> LoadedScene:
    """Load a spec from a file.

    Raises:
        SpecError: where anything in it is wrong, saying everything that is, with its place.
    """
    folder = path.parent.resolve()
    roots = roots_of(folder)
    merged = with_sets(with_bases(read_file(path), path.resolve(), roots), sets, folder)
    scene, root = _resolved(merged, shown(path), library, roots)
    return LoadedScene(scene, path, folder, _origins(root), plugins)


def loads(
    data: Mapping[str, Any],
    library: Library,
    *,
    folder: Path,
    name: str = "scene",
    sets: Sequence[str] = (),
    plugins: tuple[Path, ...] = (),
) -> LoadedScene:
    """Load a spec from plain data, such as the JSON of a resolved scene; files are relative to ``folder``.

    Overrides in ``sets`` are laid over it last.

    Raises:
        SpecError: where anything in it is wrong.
    """
    roots = roots_of(folder)
    root = with_bases(from_data(data, Origin(name), folder.resolve()), folder.resolve() / name, roots)
    scene, root = _resolved(with_sets(root, sets, folder), name, library, roots)
    return LoadedScene(scene, folder / name, folder.resolve(), _origins(root), plugins)


def _resolved(merged: Node, name: str, library: Library, roots: Sequence[Path]) -> tuple[Scene, Node]:
    """Validate and cross-check a merged spec; return it with the tree it was made from."""
    root = with_references(merged)
    try:
        scene = Scene.model_validate(root.plain(), context={"library": library, "roots": tuple(roots)})
    except ValidationError as error:
        raise combined(problems_of(error, root, Scene), name) from None
    problems = check(scene, root, library)
    if problems:
        raise combined(problems, name)
    return scene, root


def _origins(root: Node) -> dict[str, str]:
    return {path: str(node.origin) for path, node in root.walk() if path}
