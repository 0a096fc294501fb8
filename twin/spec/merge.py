"""Lay one spec over another: mappings merge, lists and values are replaced, null deletes.

A mapping that stands for one value is replaced as a whole, since half of each would be neither: a distribution (but
options of the same distribution, such as ``every``, may be changed alone), and a mapping whose ``kind`` changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from twin.errors import SpecError
from twin.spec.document import read_text
from twin.spec.tree import Node, Origin
from twin.spec.values import Distribution

_NAMED_DEPTH = 1
"""Depth of the sections (``lights``, ``let``): their keys are the author's names, never a distribution's."""


def overlay(base: Node, top: Node, depth: int = 0) -> Node:
    """Return ``base`` with ``top`` laid over it.

    A null over an entry of a section (``lights: {sky: null}``) deletes it; anywhere else it is a value.
    """
    if not base.mapping or not isinstance(top.value, dict) or _replaces(base, top, depth):
        return top
    items, keys = dict(base.mapping), dict(base.keys)
    for key, node in top.mapping.items():
        if node.value is None and depth <= _NAMED_DEPTH and key in items:
            del items[key], keys[key]
            continue
        items[key] = overlay(items[key], node, depth + 1) if key in items else node
        keys[key] = top.keys[key]
    return Node(items, top.origin, keys)


def _replaces(base: Node, top: Node, depth: int) -> bool:
    """Say whether a mapping replaces another as a whole."""
    kinds = [node.mapping["kind"].value for node in (base, top) if "kind" in node.mapping]
    if len(kinds) == 2 and all(isinstance(kind, str) for kind in kinds) and kinds[0] != kinds[1]:
        return True
    if depth <= _NAMED_DEPTH:
        return False
    old, new = distribution_of(base), distribution_of(top)
    return new is not None or (old is not None and not set(top.mapping) <= set(old.model_fields))


def distribution_of(node: Node) -> type[Distribution[object]] | None:
    """Return the distribution that a mapping spells, or None where it spells none."""
    return next((Distribution.kinds[key] for key in node.mapping if key in Distribution.kinds), None)


def with_sets(root: Node, sets: Sequence[str], folder: Path) -> Node:
    """Lay each ``path=value`` of ``--set`` over a spec; the value is YAML.

    Raises:
        SpecError: where a text has no path or no value, or the value is no YAML.
    """
    for text in sets:
        root = overlay(root, _set_node(text, folder))
    return root


def _set_node(text: str, folder: Path) -> Node:
    path, equals, value = text.partition("=")
    names = path.strip().split(".")
    if not equals or not all(names):
        raise SpecError(
            f"'{text}' sets nothing", where="--set", expected="path=value", hint="cameras.front.fov='50 deg'"
        )
    if names[0] == "extends":
        raise SpecError("'extends' belongs into a file", where="--set extends")
    origin = Origin(f"--set {'.'.join(names)}")
    node = read_text(value, origin, folder, lines=False)
    for name in reversed(names):
        node = Node({name: node}, origin, {name: origin})
    return node
