"""Walk the type of a spec along the location of an error, to know what would have been right there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from twin.spec.kinds import Kind
from twin.spec.types import base_type, elements, is_union, members
from twin.spec.values import Distribution, parametrized

Step = str | int


def is_tag(step: Step) -> bool:
    """Say whether a step of a location names a branch of a union instead of a key."""
    return isinstance(step, str) and step.startswith(":")


def type_at(root: type[BaseModel], steps: Sequence[Step]) -> Any:
    """Return the annotation at a location, or None where the type has nothing there."""
    found: Any = root
    for step in steps:
        found = _step(_certain(found), step)
        if found is None:
            return None
    return _certain(found)


def field_at(root: type[BaseModel], steps: Sequence[Step]) -> FieldInfo | None:
    """Return the model field that the last step of a location names, if any."""
    model: Any = base_type(type_at(root, steps[:-1])) if steps else None
    return model.model_fields.get(str(steps[-1])) if is_model(model) else None


def is_model(annotation: Any) -> bool:
    """Say whether a type is a model."""
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def known_names(annotation: Any) -> tuple[str, ...]:
    """Return the names that a model accepts."""
    model = base_type(annotation)
    return tuple(model.model_fields) if is_model(model) else ()


def known_kinds(annotation: Any) -> tuple[str, ...]:
    """Return the kinds of the family that a type is, sorted."""
    family = base_type(annotation)
    return tuple(sorted(family.kinds)) if is_model(family) and issubclass(family, Kind) else ()


def _certain(annotation: Any) -> Any:
    """Drop None from a union, and the union where one member is left."""
    base = base_type(annotation)
    if not is_union(base):
        return annotation
    parts = [part for part in get_args(base) if base_type(part) is not NoneType]
    return _certain(parts[0]) if len(parts) == 1 else annotation


def _step(annotation: Any, step: Step) -> Any:
    base = base_type(annotation)
    if is_tag(step):
        return _branch(base, str(step)[1:])
    if is_model(base):
        return _field(base, str(step))
    if get_origin(base) is dict or get_origin(base) is Mapping:
        return get_args(base)[1]
    return _item(annotation, step) if get_origin(base) is tuple else None


def _branch(base: Any, tag: str) -> Any:
    """Return the member of a union that a tag names."""
    if is_model(base):
        return base.kinds.get(tag) if issubclass(base, Kind) else None
    if not is_union(base):
        return None
    plain, mapping = members(base, Distribution)
    if tag in ("value", "text"):
        return plain
    if tag in ("mapping", "other"):
        return mapping
    return parametrized(Distribution.kinds[tag], plain) if tag in Distribution.kinds else None


def _field(model: type[BaseModel], name: str) -> Any:
    field = model.model_fields.get(name)
    if field is not None:
        return Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    if model.model_config.get("extra") == "allow":
        return get_args(get_type_hints(model, include_extras=True)["__pydantic_extra__"])[1]
    return None


def _item(annotation: Any, step: Step) -> Any:
    parts = elements(annotation)
    if len(parts) == 2 and parts[1] is Ellipsis:
        return parts[0]
    return parts[step] if isinstance(step, int) and step < len(parts) else None
