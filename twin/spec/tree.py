"""Hold a spec between YAML and models: plain values that know where they were written."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from twin.errors import SpecError

Scalar: TypeAlias = str | int | float | bool | None

LIMIT_NODES = 50_000
"""Most values in a spec, once aliases and references are written out."""

LIMIT_DEPTH = 32
"""Deepest nesting of a spec."""


@dataclass(frozen=True)
class Origin:
    """Where a value was written.

    Args:
        file: File name as shown to the reader, or a flag.
        line: Line from 1; 0 where the source has no lines.
        column: Column from 1.
    """

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, eq=False)
class Node:
    """One value of a spec.

    Args:
        value: A scalar, a mapping of nodes, or a tuple of nodes.
        origin: Where the value was written.
        keys: Where each key of a mapping was written.
        note: What else a reader should know about where it came from.

    Raises:
        SpecError: where it grows beyond ``LIMIT_NODES`` or ``LIMIT_DEPTH``, however little text says so.
    """

    value: Scalar | Mapping[str, Node] | tuple[Node, ...]
    origin: Origin
    keys: Mapping[str, Origin] = field(default_factory=dict)
    note: str = ""
    size: int = field(init=False)
    depth: int = field(init=False)

    def __post_init__(self) -> None:
        parts = self.children()
        object.__setattr__(self, "size", 1 + sum(part.size for part in parts))
        object.__setattr__(self, "depth", 1 + max((part.depth for part in parts), default=0))
        if self.size > LIMIT_NODES:
            raise SpecError(f"more than {LIMIT_NODES} values, aliases written out", where=str(self.origin))
        if self.depth > LIMIT_DEPTH:
            raise SpecError(f"nested more than {LIMIT_DEPTH} deep", where=str(self.origin))

    def children(self) -> Sequence[Node]:
        """Return the nodes directly below this one."""
        if isinstance(self.value, Mapping):
            return list(self.value.values())
        return self.value if isinstance(self.value, tuple) else ()

    @property
    def mapping(self) -> Mapping[str, Node]:
        """The mapping that the node holds; empty where it holds none."""
        return self.value if isinstance(self.value, Mapping) else {}

    def plain(self) -> Any:
        """Return the value as plain dicts, tuples and scalars."""
        if isinstance(self.value, Mapping):
            return {key: node.plain() for key, node in self.value.items()}
        return tuple(node.plain() for node in self.value) if isinstance(self.value, tuple) else self.value

    def child(self, step: str | int) -> Node | None:
        """Return the node under a key or an index, or None where there is none."""
        if isinstance(self.value, Mapping):
            return self.value.get(str(step))
        if isinstance(self.value, tuple) and str(step).isdecimal() and int(step) < len(self.value):
            return self.value[int(step)]
        return None

    def walk(self, path: str = "") -> Iterator[tuple[str, Node]]:
        """Yield (path, node) for this node and every node below it."""
        yield path, self
        names = list(self.mapping) if isinstance(self.value, Mapping) else range(len(self.children()))
        for name, node in zip(names, self.children(), strict=True):
            yield from node.walk(f"{path}.{name}" if path else str(name))


def from_data(value: Any, origin: Origin, folder: Path) -> Node:
    """Read plain Python data, such as parsed JSON, whose file names are relative to a folder.

    Raises:
        SpecError: where a value is not plain, a key is no text, or the nesting does not end.
    """
    return _from_data(value, origin, folder, 0)


def _from_data(value: Any, origin: Origin, folder: Path, depth: int) -> Node:
    if depth > LIMIT_DEPTH:
        raise SpecError(f"nested more than {LIMIT_DEPTH} deep", where=str(origin))
    if isinstance(value, Mapping):
        wrong = next((key for key in value if not isinstance(key, str)), None)
        if wrong is not None:
            raise SpecError(f"the key {wrong!r} is no text", where=str(origin))
        items = {key: _from_data(item, origin, folder, depth + 1) for key, item in value.items()}
        return Node(items, origin, dict.fromkeys(items, origin))
    if isinstance(value, list | tuple):
        return Node(tuple(_from_data(item, origin, folder, depth + 1) for item in value), origin)
    if isinstance(value, str):
        return text_node(value, origin, folder)
    if value is None or isinstance(value, bool | int | float):
        return Node(value, origin)
    raise SpecError(f"a {type(value).__name__} cannot stand in a spec", where=str(origin))


def text_node(text: str, origin: Origin, folder: Path) -> Node:
    """Make a node of a text; one that starts with ``./`` or ``../`` is a file beside the spec, made absolute."""
    checked_text(text, origin)
    return Node(os.path.normpath(folder / text) if text.startswith(("./", "../")) else text, origin)


def checked_text(text: str, origin: Origin) -> str:
    """Return a text without control characters and lone surrogates, which no file name and no stream can hold."""
    wrong = next((character for character in text if _is_control(character)), None)
    if wrong is not None:
        raise SpecError(f"the character {wrong!r} cannot stand in a text", where=str(origin))
    return text


def _is_control(character: str) -> bool:
    code = ord(character)
    return (code < 32 and character not in "\n\t") or code == 127 or 0xD800 <= code < 0xE000
