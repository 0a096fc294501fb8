"""Write a resolved scene as YAML in which every value says where it comes from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from twin.spec.document import read_text
from twin.spec.load import LoadedScene
from twin.spec.tree import Origin

_INDENT = "  "
_PLAIN = re.compile(r"(-(?=[0-9.]))?[A-Za-z0-9_/.][A-Za-z0-9_./+ -]*")


def describe(loaded: LoadedScene) -> str:
    """Return YAML that loads as the same scene, each value with a comment: file and line, flag, or ``default``.

    What is null by default and was not written is left out.
    """
    written = loaded.scene.model_dump(mode="json")
    lines = list(_Writer(loaded).mapping(written, loaded.scene, ""))
    width = min(max((len(text) for text, _ in lines), default=0), 72)
    return "".join(f"{text:<{width}}  # {origin}\n" if origin else f"{text}\n" for text, origin in lines)


class _Writer:
    """Compose (line, origin) pairs."""

    def __init__(self, loaded: LoadedScene) -> None:
        self.origins = loaded.origins

    def mapping(self, data: dict[str, Any], value: object, path: str, depth: int = 0) -> Iterator[tuple[str, str]]:
        for key, item in data.items():
            below = f"{path}.{key}" if path else key
            if item is None and below not in self.origins and _default(value, key) is None:
                continue
            head = f"{_INDENT * depth}{_text(key)}:"
            if isinstance(item, dict) and item:
                yield head, ""
                yield from self.mapping(item, _child(value, key), below, depth + 1)
            else:
                yield f"{head} {_inline(item)}", self.origin(below)

    def origin(self, path: str) -> str:
        """Return where a value was written."""
        return self.origins.get(path, "default")


def _child(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, dict) else getattr(value, key, None)


def _default(value: object, key: str) -> object:
    field = type(value).model_fields.get(key) if isinstance(value, BaseModel) else None
    return field.default if field is not None else None


def _inline(value: Any) -> str:
    """Write a scalar, a list, or a mapping within a list, in one line."""
    if isinstance(value, list):
        return f"[{', '.join(_inline(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_text(key)}: {_inline(item)}' for key, item in value.items() if item is not None)}}}"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(text: str) -> str:
    """Write a text plainly where it reads back as itself, else with quotes."""
    escaped = f"${text}" if text.startswith("$") else text
    if _PLAIN.fullmatch(escaped) and read_text(escaped, Origin(""), Path()).value == escaped:
        return escaped
    quoted = json.dumps(escaped, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in quoted)
