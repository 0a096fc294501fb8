"""Say what is wrong with a spec, where, what would be right and what to try."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from twin.errors import SpecError, listed, nearest
from twin.spec import navigate
from twin.spec.navigate import Step, is_tag, type_at
from twin.spec.tree import Node, Origin
from twin.spec.types import elements, type_name
from twin.spec.units import UNITS
from twin.spec.values import Distribution, suited

LIMIT_ERRORS = 20
"""Most errors that one message lists."""

FLAGS = {name: f"it is a flag: twin generate --{name}" for name in ("frames", "seed", "out", "jobs", "shard-size")}
FLAGS.update(output=FLAGS["out"], shards=FLAGS["shard-size"])


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Args:
        origin: Where it was written.
        found: What is wrong, with the path of the value.
        expected: What would have been right.
        hint: What to try.
    """

    origin: Origin
    found: str
    expected: str = ""
    hint: str = ""

    @property
    def error(self) -> SpecError:
        """The problem as an error of its own."""
        return SpecError(self.found, where=str(self.origin), expected=self.expected, hint=self.hint)


def combined(problems: Sequence[Problem], file: str) -> SpecError:
    """Return one error for all problems, those of ``file`` first, by line."""
    unique = list(dict.fromkeys(problems))
    ordered = sorted(unique, key=lambda p: (p.origin.file != file, p.origin.file, p.origin.line, p.origin.column))
    if len(ordered) == 1:
        return ordered[0].error
    texts = [str(problem.error) for problem in ordered[:LIMIT_ERRORS]]
    more = len(ordered) - LIMIT_ERRORS
    tail = [f"... and {more} more"] if more > 0 else []
    return SpecError("\n".join([f"{len(ordered)} errors in {file}", *texts, *tail]))


def place(root: Node, steps: Sequence[Step]) -> tuple[Node, Origin]:
    """Return the node at a location, or the nearest above it, and where a message about it points."""
    node, origin = root, root.origin
    for step in steps:
        child = node.child(step)
        if child is None:
            break
        key = node.keys.get(str(step), child.origin)
        origin = child.origin if not child.children() and child.value != {} else key
        node = child
    return node, origin


def problem_at(root: Node, path: str, text: str, *, expected: str = "", hint: str = "") -> Problem:
    """Compose a problem about the value at a dotted path."""
    node, origin = place(root, path.split(".") if path else [])
    hint = "; ".join(part for part in (hint, node.note) if part)
    return Problem(origin, _titled(path, text, origin), expected, hint)


def problems_of(error: ValidationError, root: Node, model: type[BaseModel]) -> list[Problem]:
    """Turn what pydantic says about a spec into problems with their place in the file."""
    return [_Reading(item, root, model).problem() for item in error.errors(include_url=False)]


def _titled(path: str, text: str, origin: Origin) -> str:
    return text if not path or origin.file == f"--set {path}" else f"{path}: {text}"


def _is_branch(node: Node | None, step: Step) -> bool:
    """Say whether a step is a union's tag: a key that the author wrote is none, whatever it looks like."""
    return is_tag(step) and (node is None or str(step) not in node.mapping)


class _Reading:
    """One of pydantic's errors, read against the file and against the model."""

    def __init__(self, item: Any, root: Node, model: type[BaseModel]) -> None:
        self.item, self.root, self.model = item, root, model
        self.type, self.context = str(item["type"]), dict(item.get("ctx", {}))
        self.loc: tuple[Step, ...] = tuple(step for step in item["loc"] if step != "[key]")
        self.steps = self._steps()
        self.node, self.origin = place(root, self.steps)

    def _steps(self) -> list[Step]:
        """Return the location without the tags of unions."""
        steps: list[Step] = []
        node: Node | None = self.root
        for step in self.loc:
            if not _is_branch(node, step):
                steps.append(step)
                node = node.child(step) if node is not None else None
        return steps

    @property
    def path(self) -> str:
        return ".".join(str(step) for step in self.steps)

    @property
    def annotation(self) -> Any:
        return type_at(self.model, self.loc)

    def problem(self) -> Problem:
        phrase = _PHRASES.get(self.type)
        text, expected, hint = phrase(self) if phrase else (_lowered(self.item["msg"]), "", "")
        if self.node.note and self.type not in ("extra_forbidden", "missing"):
            hint = "; ".join(part for part in (hint, self.node.note) if part)
        return Problem(self.origin, _titled(self.path, text, self.origin), expected, hint)


Phrase = tuple[str, str, str]


def _unknown_name(reading: _Reading) -> Phrase:
    parent, name = place(reading.root, reading.steps[:-1])[0], str(reading.steps[-1])
    reading.origin = parent.keys.get(name, reading.origin)
    known = [key for key in navigate.known_names(type_at(reading.model, reading.loc[:-1])) if key != "stream"]
    flag = FLAGS.get(name, "") if len(reading.steps) == 1 else ""
    return "unknown name", listed(known), flag or nearest(name, known)


def _missing(reading: _Reading) -> Phrase:
    if isinstance(reading.steps[-1], int):
        reading.steps, reading.loc = reading.steps[:-1], reading.loc[:-1]
        return _length(reading)
    field = navigate.field_at(reading.model, reading.loc)
    return "missing", (field.description or "") if field else "", ""


def _kind(reading: _Reading) -> Phrase:
    known = navigate.known_kinds(reading.annotation)
    given = reading.node.mapping.get("kind")
    if reading.node.value is None:
        return "null, where there is nothing to delete", f"a mapping with kind: {listed(known)}", ""
    if not isinstance(reading.node.value, dict):
        return f"expected a mapping with 'kind', found {described(reading.node)}", f"kind: {listed(known)}", ""
    reading.steps = [*reading.steps, "kind"]
    if given is None:
        near = nearest(next(iter(reading.node.mapping), ""), Distribution.kinds)
        return "missing", listed(known), near if reading.loc[-1:] == (":mapping",) else ""
    reading.origin = given.origin
    if not isinstance(given.value, str):
        return f"expected a kind, found {described(given)}", listed(known), ""
    return f"unknown kind '{given.value}'", listed(known), nearest(given.value, known)


def _wrong_type(reading: _Reading) -> Phrase:
    annotation, random = reading.annotation, reading.loc[-1:] == (":value",)
    is_mapping = navigate.is_model(annotation) or reading.type == "dict_type"
    wanted = "a mapping" if is_mapping else _article(type_name(annotation))
    known = suited(annotation) if random else {}
    choices = f"{wanted}, or one of: {listed(known)}" if known else wanted
    key = next((key for key in reading.node.mapping if key in Distribution.kinds), None)
    if key is not None:
        text = f"'{key}' cannot stand here" if known else f"no distribution can stand here, found '{key}'"
        return text, choices, "use 'integers'" if "integers" in known else ""
    text = f"expected {wanted}, found {described(reading.node)}"
    if reading.node.mapping and known:
        return text, choices, nearest(next(iter(reading.node.mapping)), known)
    return text, "", ""


def _length(reading: _Reading) -> Phrase:
    count = len(reading.node.children())
    wanted = len(elements(reading.annotation))
    least = reading.context.get("min_length")
    if least is not None and reading.type == "too_short":
        return f"expected at least {least}, found {count}", "", ""
    return f"expected a list of {wanted}, found a list of {count}", "", ""


_WORDS = {"greater_than": "above", "greater_than_equal": "at least", "less_than": "below", "less_than_equal": "at most"}
_LIMITS = {"greater_than": "gt", "greater_than_equal": "ge", "less_than": "lt", "less_than_equal": "le"}


def _bound(words: str, key: str) -> Callable[[_Reading], Phrase]:
    def phrase(reading: _Reading) -> Phrase:
        bound = quantity_text(reading.context[key], type_name(reading.annotation))
        found = f"'{reading.node.value}'" if isinstance(reading.node.value, str) else described(reading.node)
        return f"must be {words} {bound}, found {found}", "", ""

    return phrase


def quantity_text(value: float, name: str) -> str:
    """Write a number in its unit, as its reader thinks of it: an angle in degrees."""
    if name == "angle":
        return f"{math.degrees(value):.6g} deg"
    return f"{value:.6g} {next(iter(UNITS[name]))}" if name in UNITS and value else f"{value:.6g}"


def _pattern(reading: _Reading) -> Phrase:
    given = (
        reading.steps[-1] if reading.item["loc"][-1:] == ("[key]",) or not reading.node.value else reading.node.value
    )
    if type_name(reading.annotation) == "name" or str(reading.context.get("pattern", "")).startswith("^[A-Za-z_]"):
        return f"'{given}' is no name", "letters, digits and _, and no digit first", ""
    return f"'{given}' does not have the right form", str(reading.context.get("pattern", "")), ""


def _literal(reading: _Reading) -> Phrase:
    known = [word.strip("'") for word in str(reading.context["expected"]).replace(" or ", ", ").split(", ")]
    near = nearest(str(reading.node.value), known) if isinstance(reading.node.value, str) else ""
    return f"found {described(reading.node)}", str(reading.context["expected"]), near


def _unknown_value(reading: _Reading) -> Phrase:
    return _lowered(reading.item["msg"]), str(reading.context.get("known", "")), str(reading.context.get("near", ""))


def _support(reading: _Reading) -> Phrase:
    """Say which draw of a distribution its field would refuse."""
    context, field = reading.context, type_at(reading.model, [*reading.loc[:-1], ":value"])
    bound, name = context["bound"], type_name(field)
    drawn = quantity_text(bound, name) if isinstance(bound, int | float) else str(bound)
    words = _WORDS.get(context["rule"])
    rule = f"must be {words} {quantity_text(context['limit'], name)}" if words else _lowered(str(context["reason"]))
    hint = "give 'min' and 'max'" if context["key"] == "normal" else ""
    return f"'{context['key']}' can draw {drawn}, but it {rule}", "", hint


def _order(reading: _Reading) -> Phrase:
    """Quote the ends of a range as they were written."""
    ends = reading.node.child(str(reading.context["key"])) or reading.node
    parts = ends.children() if isinstance(ends.value, tuple) else [ends.mapping["min"], ends.mapping["max"]]
    low, high = (part.plain() for part in parts)
    return f"the range ends before it begins: {low} is above {high}", "", ""


def _escape(reading: _Reading) -> Phrase:
    hint = "move it beside the spec, or name its folder in TWIN_ASSET_ROOTS"
    return str(reading.item["msg"]), f"a file below {reading.context['roots']}", hint


def _value(reading: _Reading) -> Phrase:
    return str(reading.item["msg"]).removeprefix("Value error, "), "", ""


_TYPES = ("float", "int", "string", "bool", "tuple", "dict", "model", "list", "none_required")
_PHRASES: dict[str, Callable[[_Reading], Phrase]] = {
    "extra_forbidden": _unknown_name,
    "missing": _missing,
    "union_tag_invalid": _kind,
    "union_tag_not_found": _kind,
    **dict.fromkeys((f"{name}_type" for name in _TYPES), _wrong_type),
    **dict.fromkeys(("float_parsing", "int_parsing", "int_from_float", "model_attributes_type"), _wrong_type),
    **dict.fromkeys(("too_short", "too_long"), _length),
    **{rule: _bound(words, _LIMITS[rule]) for rule, words in _WORDS.items()},
    "string_pattern_mismatch": _pattern,
    "literal_error": _literal,
    "unknown_value": _unknown_value,
    "support": _support,
    "order": _order,
    "escape": _escape,
    "value_error": _value,
}


def described(node: Node) -> str:
    """Describe what was written, in a few words."""
    if node.value is None:
        return "nothing"
    if isinstance(node.value, dict):
        return f"a mapping of {listed((repr(key) for key in node.mapping), 4)}" if node.mapping else "an empty mapping"
    if isinstance(node.value, tuple):
        return f"a list of {len(node.value)}"
    if isinstance(node.value, str):
        return f"the text '{node.value[:60]}'"
    return str(node.value).lower() if isinstance(node.value, bool) else f"{node.value}"


def _article(name: str) -> str:
    if name == "true or false" or name == "text" or name[:1].isdigit():
        return name
    return f"{'an' if name[:1] in 'aeiou' else 'a'} {name}"


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]
