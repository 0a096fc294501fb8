"""Let a distribution stand wherever a value may.

``Random[float]`` accepts a float or a mapping such as ``{uniform: [0, 1]}``. The distribution's parameters have the
value's own type, so units, bounds and names are checked alike, and its path in the spec names its stream of bits.
The kinds of distribution live in :mod:`twin.randomizers.distributions`; each subclass of :class:`Distribution`
registers itself under its key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Generic, TypeAlias, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, TypeAdapter
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from twin.seeds import Bits

T = TypeVar("T")


class Model(BaseModel):
    """Base of every spec model: frozen, forbids unknown names, built once all kinds are known."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, ser_json_inf_nan="strings")


class Distribution(Model, Generic[T]):
    """Base of all distributions; a subclass names its key, draws one value, and bounds what it can draw.

    Args:
        every: Hold the draw for this many frames.
        stream: Share the draws of another path; the loader fills it in for ``$name``.
    """

    key: ClassVar[str] = ""
    kinds: ClassVar[dict[str, type[Distribution[Any]]]] = {}

    every: int = Field(default=1, ge=1, description="Hold the draw for this many frames.")
    stream: str | None = Field(default=None, description="Path whose draws are shared; written by $name.")

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Register a kind under its key; parametrised classes are the same kind."""
        if cls.key and not cls.__pydantic_generic_metadata__["origin"]:
            Distribution.kinds[cls.key] = cls

    def sample(self, bits: Bits) -> T:
        """Draw one value; the only method that reads bits."""
        raise NotImplementedError

    def support(self) -> tuple[T, ...]:
        """Return values that bound every draw: both ends of a range, or each choice. The first is the nominal one."""
        raise NotImplementedError


def distribution_key(value: object) -> str | None:
    """Return the key of the distribution that a raw value spells, or None where it is a plain value."""
    if isinstance(value, Distribution):
        return value.key
    if isinstance(value, Mapping):
        return next((key for key in value if key in Distribution.kinds), None)
    return None


class _RandomMarker:
    """Build the schema of ``Random[T]``: a tagged union of T and every registered distribution over T."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        plain = get_args(source)[0]
        choices: dict[str, CoreSchema] = {"value": handler.generate_schema(plain)}
        adapter = TypeAdapter(plain)
        for key, cls in Distribution.kinds.items():
            kind = cls[plain] if cls.__pydantic_generic_metadata__["parameters"] else cls
            checked = core_schema.no_info_after_validator_function(_support_check(adapter), handler.generate_schema(kind))
            choices[key] = checked
        return core_schema.tagged_union_schema(choices, lambda value: distribution_key(value) or "value")


def _support_check(adapter: TypeAdapter[Any]) -> Any:
    def check(value: Distribution[Any]) -> Distribution[Any]:
        for bound in value.support():
            try:
                adapter.validate_python(bound, context={"si": True})
            except ValueError as error:
                reason = getattr(error, "errors", lambda: [{"msg": str(error)}])()[0]["msg"]
                text = "this {key} can draw {bound}, which the value does not allow: {reason}"
                context = {"key": value.key, "bound": str(bound), "reason": reason}
                raise PydanticCustomError("support", text, context) from None
        return value

    return check


Random: TypeAlias = Annotated[T | Distribution[T], _RandomMarker()]
"""A value of type T, or a distribution over such values."""


class BlockScoped:
    """Mark a field whose distributions are drawn once a block, because they shape the stage itself."""


def walk(value: object, path: str = "", scoped: bool = False) -> Iterator[tuple[str, Distribution[Any], bool]]:
    """Yield (path, distribution, block scoped?) for every distribution in a model, in field order."""
    if isinstance(value, Distribution):
        yield path, value, scoped
    elif isinstance(value, BaseModel):
        for name, item in _items(value):
            field = type(value).model_fields.get(name)
            inner = scoped or any(isinstance(m, BlockScoped) for m in (field.metadata if field else ()))
            yield from walk(item, _join(path, name), inner)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from walk(item, _join(path, str(name)), scoped)
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from walk(item, _join(path, str(number)), scoped)


def substitute(value: Any, values: Mapping[str, Any], path: str = "") -> Any:
    """Return a copy of a model in which each distribution whose path is in ``values`` is its value."""
    if path in values and isinstance(value, Distribution):
        return values[path]
    if isinstance(value, Distribution):
        return value
    if isinstance(value, BaseModel):
        changed = {name: substitute(item, values, _join(path, name)) for name, item in _items(value)}
        return value.model_copy(update=changed)
    if isinstance(value, Mapping):
        return {name: substitute(item, values, _join(path, str(name))) for name, item in value.items()}
    if isinstance(value, tuple):
        return tuple(substitute(item, values, _join(path, str(number))) for number, item in enumerate(value))
    return value


def _items(model: BaseModel) -> Iterator[tuple[str, Any]]:
    for name in type(model).model_fields:
        yield name, getattr(model, name)
    yield from (model.__pydantic_extra__ or {}).items()


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
