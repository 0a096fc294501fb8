"""Replace ``$name`` by what ``let`` says, and let all uses of one distribution share its draws."""

from __future__ import annotations

import re

from twin.errors import SpecError, listed, nearest
from twin.spec.merge import distribution_of
from twin.spec.tree import LIMIT_DEPTH, Node

_REFERENCE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")


def with_references(root: Node) -> Node:
    """Return a spec without its ``let`` section, in which each text ``$name`` is the value of that name.

    A distribution in ``let`` gets the stream ``let.<name>``, so every use draws the same bits. ``$$x`` is the text
    ``$x``.

    Raises:
        SpecError: where a name is unknown, refers to itself, or is no name, and where ``--set`` gives a value to one
            that nothing uses. Files may: what extends them may have replaced the uses.
    """
    let = root.mapping.get("let")
    if let is not None and not isinstance(let.value, dict):
        raise SpecError(
            "'let' is no mapping of names", where=str(let.origin), expected="let: {wear: {uniform: [0, 1]}}"
        )
    references, names = _References(let), let.keys if let is not None else {}
    for name, origin in names.items():
        if not _REFERENCE.fullmatch(f"${name}"):
            raise SpecError(f"let: '{name}' is no name", where=str(origin), expected="letters, digits and _")
    sections = {key: references.resolved(node) for key, node in root.mapping.items() if key != "let"}
    used = set(references.done)
    for name, origin in names.items():
        references.definition(name, root)
        if name not in used and origin.file.startswith("--set "):
            text, hint = f"let: nothing uses '${name}'", nearest(name, used)
            raise SpecError(text, where=str(origin), expected=f"one of: {listed(used)}", hint=hint)
    return Node(sections, root.origin, root.keys)


class _References:
    def __init__(self, let: Node | None) -> None:
        self.let = let
        self.done: dict[str, Node] = {}
        self.open: list[str] = []
        self.depth = 0

    def resolved(self, node: Node) -> Node:
        """Return a node in which no reference is left."""
        if self.depth > 2 * LIMIT_DEPTH:
            raise SpecError(f"nested more than {LIMIT_DEPTH} deep", where=str(node.origin))
        self.depth += 1
        resolved = self._resolved(node)
        self.depth -= 1
        return resolved

    def _resolved(self, node: Node) -> Node:
        if isinstance(node.value, dict):
            items = {key: self.resolved(item) for key, item in node.mapping.items()}
            return Node(items, node.origin, node.keys, node.note)
        if isinstance(node.value, tuple):
            return Node(tuple(self.resolved(item) for item in node.children()), node.origin, note=node.note)
        return self._text(node, node.value) if isinstance(node.value, str) and node.value.startswith("$") else node

    def _text(self, node: Node, text: str) -> Node:
        if text.startswith("$$"):
            return Node(text[1:], node.origin, note=node.note)
        match = _REFERENCE.fullmatch(text)
        if match is None:
            hint = f"write '${text}' for the text itself"
            raise SpecError(f"'{text}' is no reference", where=str(node.origin), expected="$name", hint=hint)
        found = self.definition(match[1], node)
        return Node(found.value, node.origin, found.keys, note=f"{text} is defined at {found.origin}")

    def definition(self, name: str, use: Node) -> Node:
        """Return what ``let`` says about a name, resolved."""
        known = self.let.mapping if self.let is not None else {}
        if name not in known:
            expected = f"one of let: {listed(known)}"
            raise SpecError(
                f"'${name}' is not defined", where=str(use.origin), expected=expected, hint=nearest(name, known)
            )
        if name in self.open:
            circle = " -> ".join(f"${step}" for step in [*self.open[self.open.index(name) :], name])
            raise SpecError(f"let refers to itself: {circle}", where=str(known[name].origin))
        if len(self.open) > LIMIT_DEPTH:
            raise SpecError(f"let refers through more than {LIMIT_DEPTH} names", where=str(known[name].origin))
        if name not in self.done:
            self.open.append(name)
            self.done[name] = _shared(self.resolved(known[name]), f"let.{name}")
            self.open.pop()
        return self.done[name]


def _shared(node: Node, stream: str) -> Node:
    """Return a node in which each distribution that names no stream draws from the one of its path in ``let``."""
    items = {key: _shared(item, f"{stream}.{key}") for key, item in node.mapping.items()}
    if isinstance(node.value, tuple):
        parts = tuple(_shared(item, f"{stream}.{number}") for number, item in enumerate(node.value))
        return Node(parts, node.origin, note=node.note)
    if not isinstance(node.value, dict):
        return node
    if distribution_of(node) is not None and "stream" not in items:
        items["stream"] = Node(stream, node.origin)
    return Node(items, node.origin, {**node.keys, "stream": node.origin}, node.note)
