"""Read type annotations: what a field may hold, and what to call it in a message or a schema."""

from __future__ import annotations

from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import Field
from pydantic.fields import FieldInfo

WORDS = {float: "number", int: "integer", str: "text", bool: "true or false"}


class Named:
    """Give an annotated type a name for messages and schemas, such as ``length``.

    Args:
        name: A word or two.
        loose: The same type without its bounds, where it has any.
    """

    def __init__(self, name: str, loose: Any = None) -> None:
        self.name, self.loose = name, loose


def base_type(annotation: Any) -> Any:
    """Return the plain type below any ``Annotated``."""
    return base_type(get_args(annotation)[0]) if get_origin(annotation) is Annotated else annotation


def metadata(annotation: Any) -> tuple[Any, ...]:
    """Return what ``Annotated`` adds to a type, outermost last."""
    return get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()


def is_union(annotation: Any) -> bool:
    """Say whether a type is a union, spelled either way."""
    return get_origin(annotation) in (Union, UnionType)


def allows_none(annotation: Any) -> bool:
    """Say whether a type includes None."""
    base = base_type(annotation)
    return base is Any or base is NoneType or (is_union(base) and any(allows_none(part) for part in get_args(base)))


def members(union: Any, family: type) -> tuple[Any, Any]:
    """Split ``T | family[T] | M`` into (T, M), M being None where there is none."""
    plain, *rest = [part for part in get_args(union) if base_type(part) is not NoneType]
    others = [part for part in rest if not (isinstance(part, type) and issubclass(part, family))]
    return plain, others[0] if others else None


def elements(annotation: Any) -> tuple[Any, ...]:
    """Return the types of a fixed tuple's items, or the type itself where it is no tuple."""
    base = base_type(annotation)
    return get_args(base) if get_origin(base) is tuple else (annotation,)


@cache
def loosened(annotation: Any) -> Any:
    """Return a number type, or a tuple of them, without its bounds; units are kept.

    It returns one object for one type, so that a generic over it is one class.
    """
    base = base_type(annotation)
    if get_origin(base) is tuple:
        return tuple.__class_getitem__(tuple(loosened(item) for item in get_args(base)))
    named = [item for item in metadata(annotation) if isinstance(item, Named)]
    if named:
        return annotation if named[-1].loose is None else named[-1].loose
    kept = [item for item in metadata(annotation) if not isinstance(item, FieldInfo)]
    return Annotated[(base, Field(allow_inf_nan=False), *kept)]


def type_name(annotation: Any) -> str:
    """Name a type in a word or two: ``length``, ``number``, ``color``."""
    named = [item.name for item in metadata(annotation) if isinstance(item, Named)]
    if named:
        return named[-1]
    if is_union(base_type(annotation)):
        return type_name(get_args(base_type(annotation))[0])
    parts = elements(annotation)
    if parts[-1] is Ellipsis:
        return f"list of {type_name(parts[0])}s"
    if len(parts) > 1:
        return f"{len(parts)} {type_name(parts[0])}s"
    base = base_type(annotation)
    if get_origin(base) is Literal:
        return "word"
    return WORDS.get(base, getattr(base, "__name__", str(base)).lower())
