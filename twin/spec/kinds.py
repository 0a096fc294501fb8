"""Close families of kinds into tagged unions, without the families knowing their members.

A family is an abstract model (:class:`twin.spec.scene.Light`); each kind subclasses it with
``kind: Literal["dome"]`` in the module that holds its code. ``OneOf[Light]`` is then the union of all kinds that have
been imported when the scene model is built; :mod:`twin.registry` imports them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeAlias, TypeVar, get_args

from pydantic import GetCoreSchemaHandler, SerializeAsAny
from pydantic_core import CoreSchema, core_schema

from twin.spec.values import Model

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
            cls.kinds[get_args(cls.model_fields["kind"].annotation)[0]] = cls


def _kind_of(value: object) -> Any:
    return value.get("kind") if isinstance(value, Mapping) else getattr(value, "kind", None)


class _OneOf:
    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        members = {name: handler.generate_schema(SerializeAsAny[cls]) for name, cls in source.kinds.items()}
        return core_schema.tagged_union_schema(members, _kind_of)


if TYPE_CHECKING:
    OneOf: TypeAlias = Annotated[K, "one of the registered kinds"]
else:

    class OneOf:
        """``OneOf[Light]`` is the tagged union of the registered kinds of light."""

        def __class_getitem__(cls, family: type[Kind]) -> Any:
            """Annotate the family so that its schema is the union of its kinds."""
            return Annotated[family, _OneOf()]
