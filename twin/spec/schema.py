"""Write the spec language as a JSON Schema, for completion, hover texts and checks in editors.

Pydantic writes the schema of a resolved scene; this module adds what the loader takes besides: ``extends``, ``let``,
``$name`` for any value, and null for any that may be left out. A file that extends others, or that has no cameras and
so is there to be extended, need not say everything: it is held against a partial copy in which nothing is required.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from twin.spec.scene import Scene

Schema: TypeAlias = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REFS = "#/$defs/"
_NAME = "^[A-Za-z_][A-Za-z0-9_]*$"
_REFERENCE, _REFERENCE_OR_NULL = {"$ref": f"{_REFS}reference"}, {"$ref": f"{_REFS}reference-or-null"}
_ADDED: dict[str, Schema] = {
    "reference": {"type": "string", "pattern": _NAME.replace("^", r"^\$"), "description": "A name of `let`."},
    "reference-or-null": {"type": ["string", "null"], "pattern": _NAME.replace("^", r"^\$")},
}
_FILE: Schema = {"type": "string", "minLength": 1}
_EXTENDS: Schema = {
    "description": "Files that this one stands on, later over earlier: `presets/tabletop`, `./other.yaml`.",
    "anyOf": [{"type": "array", "items": _FILE}, _FILE],
}
_LET: Schema = {
    "description": "Values by name; `$name` stands for one anywhere, and all uses share its draws.",
    "type": "object",
    "propertyNames": {"pattern": _NAME},
}


def scene_schema() -> Schema:
    """Return the schema of spec files; the kinds must have been assembled."""
    written = Scene.model_json_schema()
    shared = _Shared()
    parts = {**written.pop("$defs", {}), "Scene": written}
    defs = {name: _model(shared.united(_normal(part))) for name, part in _renamed(parts).items()}
    defs |= {name: {"oneOf": [_branch(part) for part in union]} for name, union in shared.unions.items()}
    scene = defs["scene"]
    scene["properties"] = {
        "twin": scene["properties"].pop("twin"),
        "extends": _EXTENDS,
        "let": _LET,
        **scene["properties"],
    }
    partial = {f"partial-{name}": _partial(part) for name, part in defs.items()}
    return {
        "$schema": DIALECT,
        "title": "twin scene spec",
        "if": {"anyOf": [{"required": ["extends"]}, {"not": {"required": ["cameras"]}}]},
        "then": {"$ref": f"{_REFS}partial-scene"},
        "else": {"$ref": f"{_REFS}scene"},
        "$defs": dict(sorted({**defs, **partial, **_ADDED}.items())),
    }


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _free_name(slug: str, content: Any, taken: dict[str, str]) -> str:
    """Return a name that equal contents share and others do not: ``uniform-length``, ``uniform-length-2``."""
    text, number = json.dumps(content, sort_keys=True), 1
    while taken.setdefault(name := slug if number == 1 else f"{slug}-{number}", text) != text:
        number += 1
    return name


def _renamed(defs: Mapping[str, Schema]) -> dict[str, Schema]:
    """Name definitions by their titles: ``light-dome``, ``uniform-length``."""
    taken: dict[str, str] = {}
    names = {key: _free_name(_slug(str(part.get("title", key))), part, taken) for key, part in defs.items()}
    return {names[key]: _mapped(part, lambda ref: names[ref]) for key, part in defs.items()}


def _mapped(value: Any, rename: Callable[[str], str]) -> Any:
    """Return a schema with every reference renamed."""
    if isinstance(value, list):
        return [_mapped(item, rename) for item in value]
    if not isinstance(value, dict):
        return value
    renamed = {"$ref": _REFS + rename(value["$ref"].removeprefix(_REFS))} if isinstance(value.get("$ref"), str) else {}
    return {key: _mapped(item, rename) for key, item in value.items()} | renamed


def _normal(value: Any) -> Any:
    """Write tuples of equal items and mappings of names in the way that all editors check.

    A tuple becomes a list of fixed length; a pattern of property names becomes ``propertyNames``.
    """
    if isinstance(value, list):
        return [_normal(item) for item in value]
    if not isinstance(value, dict):
        return value
    value = {key: _normal(item) for key, item in value.items() if key != "title" or not isinstance(item, str)}
    first, *others = value.get("prefixItems", [None])
    if first is not None and all(other == first for other in others):
        value["items"] = value.pop("prefixItems")[0]
    if "patternProperties" in value:
        ((pattern, item),) = value.pop("patternProperties").items()
        value["propertyNames"] = {**value.get("propertyNames", {}), "pattern": pattern}
        value["additionalProperties"] = item
    elif isinstance(value.get("additionalProperties"), dict) and "properties" in value:
        value["propertyNames"] = {"pattern": _NAME}
    return value


class _Shared:
    """Definitions of the unions that many fields have in common: ``random-length``, ``light``."""

    def __init__(self) -> None:
        self.unions: dict[str, list[Any]] = {}
        self._taken: dict[str, str] = {}

    def united(self, value: Any) -> Any:
        """Return a schema in which each union of kinds or distributions is a reference; units go into descriptions."""
        if isinstance(value, list):
            return [self.united(item) for item in value]
        if not isinstance(value, dict):
            return value
        if "properties" in value:
            value["properties"] = {name: _with_unit(item) for name, item in value["properties"].items()}
        value = {key: self.united(item) for key, item in value.items() if key not in ("quantity", "unit")}
        if "oneOf" in value:
            union = value.pop("oneOf")
            name = _free_name(_union_name(union), union, self._taken)
            self.unions[name] = union
            value["$ref"] = _REFS + name
        return value


def _union_name(union: list[Schema]) -> str:
    """Name a union by its members: that of ``choice-length`` and others is ``random-length``."""
    refs = [part["$ref"].removeprefix(_REFS) for part in union if "$ref" in part]
    drawn = [ref.removeprefix("choice-") for ref in refs if ref.startswith("choice-")]
    return f"random-{drawn[0]}" if drawn else refs[0].rsplit("-", 1)[0] if refs else "nothing"


def _with_unit(schema: Schema) -> Schema:
    """Return the schema of a field whose description, which editors show, says the unit, and the default has it."""
    found = _quantity(schema)
    if found is None:
        return schema
    text = f"{schema.get('description', '')} {found[0]}".strip()
    default = schema.get("default")
    return (
        schema | {"description": text} | ({"default": f"{default!r} {found[1]}"} if isinstance(default, float) else {})
    )


def _quantity(value: Any) -> tuple[str, str] | None:
    """Return the first quantity in a schema: the text about it, and its unit."""
    if isinstance(value, dict) and "quantity" in value:
        return str(value["quantity"]), str(value["unit"])
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for part in parts if (found := _quantity(part))), None)


def _model(schema: Schema) -> Schema:
    """Take ``$name`` for each value of a model, and null for each that may be left out."""
    required = {"kind", "twin", *schema.get("required", ())}
    fields: dict[str, Schema] = schema.get("properties", {})
    schema["properties"] = {
        name: field
        if name in ("kind", "twin")
        else _value(field, _REFERENCE if name in required else _REFERENCE_OR_NULL)
        for name, field in fields.items()
    }
    if isinstance(schema.get("additionalProperties"), dict):
        schema["additionalProperties"] = _value(schema["additionalProperties"], _REFERENCE)
    return schema


def _value(schema: Schema, added: Schema) -> Schema:
    """Return the schema of a value in whose place, and in whose parts' places, a reference may stand."""
    kept = {key: schema[key] for key in ("description", "default") if key in schema}
    rest = _branch({key: item for key, item in schema.items() if key not in kept})
    branches = rest["anyOf"] if set(rest) == {"anyOf"} else [rest]
    others = [branch for branch in branches if branch != {"type": "null"}]
    return kept | {"anyOf": [*others, _REFERENCE_OR_NULL if len(others) < len(branches) else added]}


def _branch(schema: Schema) -> Schema:
    """Return a schema whose parts may be references, but which takes none in its own place."""
    changed = dict(schema)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            changed[key] = _value(schema[key], _REFERENCE)
    if "prefixItems" in schema:
        changed["prefixItems"] = [_value(item, _REFERENCE) for item in schema["prefixItems"]]
    if "anyOf" in schema:
        changed["anyOf"] = [_branch(item) for item in schema["anyOf"]]
    return changed


def _partial(schema: Any) -> Any:
    """Return a schema in which nothing is required and null deletes anything."""
    if isinstance(schema, list):
        return [_partial(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    loose = {key: _partial(item) for key, item in schema.items() if key != "required" or not isinstance(item, list)}
    if "oneOf" in loose:
        loose["anyOf"] = loose.pop("oneOf")
    if isinstance(schema.get("$ref"), str):
        name = schema["$ref"].removeprefix(_REFS)
        return loose | (_REFERENCE_OR_NULL if name in _ADDED else {"$ref": f"{_REFS}partial-{name}"})
    return loose
