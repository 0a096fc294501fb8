"""Check names that point out of the spec: library assets, and files.

The loader passes what it knows as pydantic context: ``library`` (what names there are) and ``roots`` (the folders
that a file may lie in). Without that context, as in a value made in Python, names are taken as they are.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias, get_args

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema
from pydantic_core.core_schema import ValidationInfo

from twin.errors import listed, nearest
from twin.spec.types import Named, metadata

Family: TypeAlias = Literal["object", "material", "hdri"]
FAMILIES: tuple[Family, ...] = get_args(Family)
WILDCARDS = frozenset("*?[")


class Library(Protocol):
    """What the spec asks of an asset library."""

    def names(self, family: Family) -> tuple[str, ...]:
        """Return every name of a family, fetched or not."""

    def match(self, family: Family, pattern: str, split: str | None = None) -> tuple[str, ...]:
        """Return the sorted names that a shell pattern matches, in one split or in all."""

    def label(self, name: str) -> str:
        """Return the semantic class of an object, without loading it."""

    def sha256(self, family: Family, name: str) -> str:
        """Return the content hash that pins a name."""


class LibraryName(Named):
    """Annotate a text that names a library asset of a family, or a file."""

    def __init__(self, family: Family) -> None:
        super().__init__(f"{family} name")
        self.family = family

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_after_validator_function(self._check, handler(source))

    def _check(self, name: str, info: ValidationInfo) -> str:
        context = info.context or {}
        if name.startswith("/"):
            return checked_file(name, context)
        known = context["library"].names(self.family) if "library" in context else (name,)
        if name not in known:
            raise unknown(self.family, name, known)
        return name


class FileName(Named):
    """Annotate a text that names a file, which the spec writes relative to itself."""

    def __init__(self) -> None:
        super().__init__("file")

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_after_validator_function(self._check, handler(source))

    def _check(self, name: str, info: ValidationInfo) -> str:
        if info.context and "roots" in info.context and not name.startswith("/"):
            raise PydanticCustomError("bare_file", "'{name}' is no file; write './{name}'", {"name": name})
        return checked_file(name, info.context or {})


class OneOfNames(Named):
    """Annotate a text that is one of a fixed list of names."""

    def __init__(self, what: str, names: tuple[str, ...]) -> None:
        super().__init__(what)
        self.names = names

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "enum": list(self.names)}

    def _check(self, name: str) -> str:
        if name not in self.names:
            raise unknown(self.name, name, self.names)
        return name


def unknown(what: str, name: str, known: Sequence[str]) -> PydanticCustomError:
    """Compose the error for a name that is not known; the message's reader finds what is known in its context."""
    context = {"what": what, "name": name, "known": _closest(name, known), "near": nearest(name, known)}
    return PydanticCustomError("unknown_value", "no {what} is named '{name}'", context)


def _closest(name: str, known: Sequence[str]) -> str:
    """List all known names, or, of many, the most similar and their number."""
    if len(known) <= 12:
        return listed(known)
    close = difflib.get_close_matches(name, known, n=6, cutoff=0.3)
    return ", ".join([*close, f"... ({len(known)} in all)"])


def checked_file(name: str, context: Mapping[str, Any]) -> str:
    """Return the resolved path of a file that lies below one of the roots; a link must not lead out of them."""
    if "roots" not in context:
        return name
    path = Path(name).resolve()
    if not any(path.is_relative_to(root) for root in context["roots"]):
        roots = ", ".join(str(root) for root in context["roots"])
        raise PydanticCustomError("escape", "'{name}' leaves the folder of the spec", {"name": name, "roots": roots})
    if not path.is_file():
        raise PydanticCustomError("no_file", "there is no file '{name}'", {"name": name})
    return str(path)


def expanded(patterns: Sequence[str], family: Family, split: str | None, context: Mapping[str, Any]) -> tuple[str, ...]:
    """Replace each pattern in a list by the sorted names that it matches, without repeating a name."""
    names: dict[str, None] = {}
    for pattern in patterns:
        names.update(dict.fromkeys(_matches(pattern, family, split, context)))
    return tuple(names)


def _matches(pattern: str, family: Family, split: str | None, context: Mapping[str, Any]) -> Sequence[str]:
    known = context["library"].names(family)
    if not WILDCARDS & set(pattern):
        if pattern not in known and not pattern.startswith("/"):
            raise unknown(family, pattern, known)
        return [pattern]
    found = _files(pattern) if pattern.startswith("/") else context["library"].match(family, pattern, split)
    if not found:
        where = f" in the split '{split}'" if split else ""
        about = {
            "what": family,
            "name": pattern,
            "where": where,
            "known": _closest(pattern, known),
            "near": nearest(pattern, known),
        }
        raise PydanticCustomError("unknown_value", "no {what} matches '{name}'{where}", about)
    return found


def _files(pattern: str) -> list[str]:
    path = Path(pattern)
    return sorted(str(file) for file in path.parent.glob(path.name)) if not WILDCARDS & set(str(path.parent)) else []


def family_of(annotation: Any) -> Family | None:
    """Return the library family that a type's values name, if any."""
    return next((item.family for item in metadata(annotation) if isinstance(item, LibraryName)), None)
