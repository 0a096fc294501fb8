"""Follow ``extends``: find the files that a spec stands on, and lay them over each other."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from twin.errors import SpecError, listed, nearest
from twin.spec.document import read_file, shown
from twin.spec.merge import overlay
from twin.spec.tree import Node

LIMIT_FILES = 64
"""Most files that one spec may stand on, counted as often as they are named."""

ROOTS_VARIABLE = "TWIN_ASSET_ROOTS"
"""Environment variable: further folders that a spec or a stage may take files from, separated as in PATH."""


def shipped_folder() -> Path:
    """Return the folder of the scenes and presets that come with twin."""
    return Path(str(files("twin") / "scenes")).resolve()


def roots_of(folder: Path) -> tuple[Path, ...]:
    """Return the folders that a spec in ``folder`` may take files from: it, twin's scenes and ``TWIN_ASSET_ROOTS``."""
    return (folder.resolve(), shipped_folder(), *extra_roots())


def extra_roots() -> tuple[Path, ...]:
    """Return the folders that ``TWIN_ASSET_ROOTS`` names."""
    return tuple(Path(text).resolve() for text in os.environ.get(ROOTS_VARIABLE, "").split(os.pathsep) if text)


def with_bases(root: Node, path: Path, roots: Sequence[Path]) -> Node:
    """Lay a spec over the files that it extends, the later over the earlier.

    Args:
        root: The spec as it was written.
        path: Its file, or, where it has none, any name in its folder.
        roots: Folders that the files must lie in.

    Raises:
        SpecError: where a file is missing, leaves the roots, or extends itself.
    """
    return _Bases(roots).joined(root, (path,))


class _Bases:
    def __init__(self, roots: Sequence[Path]) -> None:
        self.roots, self.count = roots, 0

    def joined(self, root: Node, stack: tuple[Path, ...]) -> Node:
        """Return the spec at the end of the stack laid over its bases."""
        if root.value is not None and not isinstance(root.value, dict):
            raise SpecError(
                "a spec is a mapping of sections", where=str(root.origin), expected="twin: 1, cameras: ..., engine: ..."
            )
        base = Node({}, root.origin)
        for name in _names(root):
            base = overlay(base, self._read(name, stack))
        own = {key: node for key, node in root.mapping.items() if key != "extends"}
        return overlay(base, Node(own, root.origin, root.keys))

    def _read(self, name: Node, stack: tuple[Path, ...]) -> Node:
        path = self._find(name, stack[-1].parent)
        where = str(name.origin)
        if path in stack:
            circle = " -> ".join(shown(file) for file in (*stack[stack.index(path) :], path))
            raise SpecError(f"the file extends itself: {circle}", where=where)
        self.count += 1
        if self.count > LIMIT_FILES:
            raise SpecError(f"the spec stands on more than {LIMIT_FILES} files", where=where)
        return self.joined(read_file(path), (*stack, path))

    def _find(self, name: Node, folder: Path) -> Path:
        text, where = str(name.value), str(name.origin)
        bases = (folder,) if text.startswith("/") else (folder, shipped_folder())
        places = [base / f"{text}{ending}" for base in bases for ending in ("", ".yaml")]
        found = next((place.resolve() for place in places if place.is_file()), None)
        if found is None:
            presets = shipped_names()
            raise SpecError(
                f"there is no file '{text}' to extend", where=where,
                expected=f"a file beside this one, or one of twin's: {listed(presets)}", hint=nearest(text, presets),
            )  # fmt: skip
        if not any(found.is_relative_to(root) for root in self.roots):
            hint = f"move it beside the spec, or name its folder in {ROOTS_VARIABLE}"
            raise SpecError(f"'{text}' leaves the folder of the spec", where=where, hint=hint)
        return found


def _names(root: Node) -> Sequence[Node]:
    """Return the names after ``extends``: a list, or one alone."""
    given = root.mapping.get("extends")
    if given is None or given.value is None:
        return ()
    names = given.children() if isinstance(given.value, tuple) else (given,)
    for name in names:
        if not isinstance(name.value, str) or not name.value:
            raise SpecError(
                "'extends' takes file names", where=str(name.origin), expected="[presets/tabletop, ./other.yaml]"
            )
    return names


def shipped_names() -> tuple[str, ...]:
    """Return the names of the specs that come with twin, as ``extends`` takes them."""
    folder = shipped_folder()
    return tuple(sorted(str(file.relative_to(folder).with_suffix("")) for file in folder.rglob("*.yaml")))
