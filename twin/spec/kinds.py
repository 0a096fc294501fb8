"""Close families of kinds into tagged unions, without the families knowing their members.

A family is an abstract model (:class:`twin.spec.scene.Light`); each kind subclasses it with
``kind: Literal["dome"]`` in the module that holds its code. ``OneOf[Light]`` is then the union of all kinds that have
been imported when the scene model is built; :mod:`twin.registry` imports them all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeAlias, TypeVar, cast, get_args

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, SerializeAsAny
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from twin.spec.values import Distribution, Model

K = TypeVar("K", bound="Kind")


class Kind(Model):
    """Base of every family; a direct subclass opens a family, its subclasses with a ``kind`` are the members."""

    kinds: ClassVar[dict[str, type[Kind]]] = {}

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        """Open a family, or register a member with its family."""
        if cls.__bases__ == (Kind,):
            cls.kinds = {}
        elif "kind" in cls.model_fields:
            _register(cls, get_args(cls.model_fields["kind"].annotation)[0])

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Title a member by its family and kind, and require the kind even where it has a default."""
        written = handler(schema)
        model = handler.resolve_ref_schema(written)
        if "kind" in cls.model_fields:
            name = get_args(cls.model_fields["kind"].annotation)[0]
            family = next(base for base in cls.__mro__ if base.__bases__ == (Kind,))
            model["title"] = f"{_words(family.__name__)} {name}"
            model["required"] = sorted({*model.get("required", ()), "kind"})
        return written


def _words(name: str) -> str:
    """Write a family's class name as words: ``CameraPose`` is «Camera pose»."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removesuffix("Kind")).capitalize()


def _register(cls: type[Kind], name: str) -> None:
    """Add a kind to its family; a reloaded module may define its own kinds again."""
    known = cls.kinds.get(name)
    if known is not None and (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
        raise TypeError(f"the kind '{name}' of {cls.__qualname__} is taken by {known.__module__}.{known.__qualname__}")
    cls.kinds[name] = cls


def _tag(value: object) -> str:
    """Return the tag of a kind: its name after a colon, which stands out in the location of an error."""
    return f":{value.get('kind') if isinstance(value, Mapping) else getattr(value, 'kind', None)}"


class _OneOf:
    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        kinds: dict[str, Any] = source.kinds
        members: dict[str, CoreSchema] = {f":{name}": _member(handler, cls) for name, cls in kinds.items()}
        if not members:
            members[":"] = core_schema.none_schema()
        return core_schema.tagged_union_schema(members, _tag)


def _member(handler: GetCoreSchemaHandler, cls: Any) -> CoreSchema:
    return handler.generate_schema(cast(Any, SerializeAsAny)[cls])


def close_kinds() -> None:
    """Build the models over the kinds that are registered now, and again where kinds were added since.

    A model holds the unions that were closed when it was built, and hands them on to the models that contain it; so
    all that were built are forgotten before any is built anew.
    """
    families = [family for family in Kind.__subclasses__() if family.__bases__ == (Kind,)]
    registered = (*Distribution.kinds.values(), *(kind for family in families for kind in family.kinds.values()))
    if registered == _closed.get("kinds"):
        return
    built = [model for model in _descendants(Model) if model.__pydantic_complete__]
    for model in built:
        del model.__pydantic_core_schema__
    for model in built:
        model.model_rebuild(force=True)
    _closed["kinds"] = registered


_closed: dict[str, tuple[type[Model], ...]] = {}


def _descendants(model: type[Model]) -> list[type[Model]]:
    found = dict.fromkeys(child for direct in model.__subclasses__() for child in (direct, *_descendants(direct)))
    return list(found)


if TYPE_CHECKING:
    OneOf: TypeAlias = Annotated[K, "one of the registered kinds"]
else:

    class OneOf:
        """``OneOf[Light]`` is the tagged union of the registered kinds of light."""

        def __class_getitem__(cls, family: type[Kind]) -> Any:
            """Annotate the family so that its schema is the union of its kinds."""
            return Annotated[family, _OneOf()]
