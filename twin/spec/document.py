"""Read one YAML file into a tree of values that know their line and column.

The dialect is YAML 1.2's core: only ``true`` and ``false`` are booleans, so ``on``, ``yes`` and ``no`` stay texts,
and ``1e-3`` is a number. Tags, merge keys, keys that are no texts and keys written twice are refused, and a file is
bounded in bytes, values and depth: a spec may come from a stranger.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import yaml

from twin.errors import SpecError
from twin.spec.tree import LIMIT_DEPTH, Node, Origin, Scalar, checked_text, text_node

LIMIT_BYTES = 1 << 18
"""Largest spec file [bytes]."""

_NULL, _BOOL, _INT, _FLOAT = (f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float"))
_STR = "tag:yaml.org,2002:str"


class _Loader(yaml.SafeLoader):
    """Compose nodes without constructing anything; refuse tags and depth before they cost anything."""

    yaml_implicit_resolvers: dict[str, Any] = {}
    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, "tag", None) is not None:
            raise yaml.MarkedYAMLError(problem=f"tags such as {event.tag} are refused", problem_mark=event.start_mark)
        if self.depth >= LIMIT_DEPTH:
            raise yaml.MarkedYAMLError(problem=f"nested more than {LIMIT_DEPTH} deep", problem_mark=event.start_mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


for _tag, _pattern, _first in (
    (_NULL, r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    (_BOOL, r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    (_INT, r"[-+]?[0-9]+", list("-+0123456789")),
    (_FLOAT, r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
    (_FLOAT, r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", list("-+.")),
):
    _Loader.add_implicit_resolver(_tag, re.compile(rf"^(?:{_pattern})$"), _first)


def shown(path: Path) -> str:
    """Return a path as a message shows it: relative to the working folder where it lies below it."""
    path = Path(os.path.abspath(path))
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def read_file(path: Path) -> Node:
    """Read a YAML file.

    Raises:
        SpecError: where it is missing, too large, no UTF-8, no YAML, or uses what the spec language refuses.
    """
    name = shown(path)
    if not path.is_file():
        raise SpecError("there is no such file", where=name)
    with path.open("rb") as file:
        content = file.read(LIMIT_BYTES + 1)
    if len(content) > LIMIT_BYTES:
        raise SpecError(f"the file is larger than {LIMIT_BYTES // 1024} KiB", where=name)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SpecError(f"the file is no UTF-8 text: byte {error.start} is wrong", where=name) from None
    return read_text(text, Origin(name), path.parent.resolve())


def read_text(text: str, source: Origin, folder: Path, *, lines: bool = True) -> Node:
    """Read YAML text whose file names are relative to a folder.

    Args:
        text: One YAML document.
        source: Where the text came from.
        folder: Where the file names that it writes start from.
        lines: Whether origins carry line and column.
    """
    try:
        root = _compose(text)
    except yaml.MarkedYAMLError as error:
        where = _origin(source, error.problem_mark or error.context_mark, lines)
        raise SpecError(" ".join(str(error.problem or error.context).split()), where=str(where)) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise SpecError(f"this is no YAML: {' '.join(str(error).split())[:200]}", where=str(source)) from None
    if root is None:
        return Node(None, source)
    return _Reader(source, folder, lines).node(root)


def _compose(text: str) -> yaml.Node | None:
    loader = _Loader(text)
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


def _origin(source: Origin, mark: Any, lines: bool) -> Origin:
    return Origin(source.file, mark.line + 1, mark.column + 1) if lines and mark is not None else source


class _Reader:
    """Turn PyYAML nodes into ours; an alias shares its anchor's node."""

    def __init__(self, source: Origin, folder: Path, lines: bool) -> None:
        self.source, self.folder, self.lines = source, folder, lines
        self.done: dict[int, Node] = {}
        self.open: set[int] = set()

    def origin(self, node: yaml.Node) -> Origin:
        return _origin(self.source, node.start_mark, self.lines)

    def node(self, node: yaml.Node) -> Node:
        if id(node) in self.done:
            return self.done[id(node)]
        if id(node) in self.open:
            raise self.refused("an alias refers to what it stands in", node)
        self.open.add(id(node))
        self.done[id(node)] = made = self._make(node)
        return made

    def refused(self, found: str, node: yaml.Node, **more: str) -> SpecError:
        return SpecError(found, where=str(self.origin(node)), **more)

    def _make(self, node: yaml.Node) -> Node:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        if isinstance(node, yaml.SequenceNode):
            return Node(tuple(self.node(item) for item in node.value), self.origin(node))
        value = self._scalar(node)
        origin = self.origin(node)
        return text_node(value, origin, self.folder) if isinstance(value, str) else Node(value, origin)

    def _mapping(self, node: yaml.MappingNode) -> Node:
        items: dict[str, Node] = {}
        keys: dict[str, Origin] = {}
        for key, value in node.value:
            name = self._key(key)
            if name in keys:
                raise self.refused(f"'{name}' is written twice", key, expected=f"one; the first is at {keys[name]}")
            keys[name] = self.origin(key)
            items[name] = self.node(value)
        return Node(items, self.origin(node), keys)

    def _key(self, key: yaml.Node) -> str:
        if not isinstance(key, yaml.ScalarNode):
            raise self.refused("a key must be a text", key)
        if key.value == "<<" and key.style is None:
            raise self.refused("merge keys are refused", key, hint="use 'extends' or 'let' to share values")
        if key.tag != _STR:
            raise self.refused(f"the key {key.value or '~'} is no text", key, hint=f"put {key.value or '~'} in quotes")
        return checked_text(key.value, self.origin(key))

    def _scalar(self, node: yaml.Node) -> Scalar:
        text = str(node.value)
        if node.tag == _NULL:
            return None
        if node.tag == _BOOL:
            return text.lower() == "true"
        if node.tag == _INT:
            return self._integer(node, text)
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan")) if node.tag == _FLOAT else text

    def _integer(self, node: yaml.Node, text: str) -> int:
        if len(text) > 19:
            raise self.refused("this number has too many digits", node)
        return int(text)
