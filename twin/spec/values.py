"""Let a distribution stand wherever a value may.

``Random[float]`` accepts a float or a mapping such as ``{uniform: [0, 1]}``. The distribution's parameters have the
value's own type, so units, bounds and names are checked alike, and its path in the spec names its stream of bits.
The kinds of distribution live in :mod:`twin.randomizers.distributions`; each subclass of :class:`Distribution`
registers itself under its key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Annotated, Any, ClassVar, Generic, TypeAlias, TypeVar, cast, get_args

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, TypeAdapter, ValidationError, model_validator
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from twin.seeds import Bits
from twin.spec.types import allows_none, members, type_name

T = TypeVar("T")
M = TypeVar("M")


class Model(BaseModel):
    """Base of every spec model: frozen, strict, forbids unknown names, built once all kinds are known.

    Strict means that ``true`` is no number and ``"5"`` no integer; a list is taken where a tuple is meant, and null
    for nothing written where a field cannot be None.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", defer_build=True, ser_json_inf_nan="strings")

    @model_validator(mode="before")
    @classmethod
    def _written(cls, data: Any) -> Any:
        """Take lists for tuples, and leave out what is null and cannot be."""
        if not isinstance(data, dict):
            return data
        fields = cls.model_fields
        null = {
            key
            for key, value in data.items()
            if value is None and key in fields and not allows_none(fields[key].annotation)
        }
        return {key: _frozen(value) for key, value in data.items() if key not in null}


def _frozen(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_frozen(item) for item in value)
    return {key: _frozen(item) for key, item in value.items()} if isinstance(value, dict) else value


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

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """Name ``Uniform`` over lengths ``Uniform[length]``, for errors and the JSON Schema."""
        return f"{cls.__name__}[{', '.join(type_name(param) for param in params)}]"

    @classmethod
    def suits(cls, plain: Any) -> bool:
        """Say whether this distribution can draw values of a type."""
        return True

    @classmethod
    def parameter(cls, plain: Any) -> Any:
        """Return the type that the distribution's own parameters have when it draws values of type ``plain``."""
        return plain

    def __repr__(self) -> str:
        kind = self.__pydantic_generic_metadata__["origin"] or type(self)
        value = getattr(self, self.key)
        values = [repr(item) for item in (value if isinstance(value, tuple) else (value,))]
        options = [f"{name}={item!r}" for name, item in self if name != self.key and item != _default(self, name)]
        return f"{kind.__name__}({', '.join(values + options)})"

    __str__ = __repr__

    def sample(self, bits: Bits) -> T:
        """Draw one value; the only method that reads bits."""
        raise NotImplementedError

    def support(self) -> tuple[T, ...]:
        """Return values that bound every draw: both ends of a range, or each choice. The first is the nominal one."""
        raise NotImplementedError


def _default(model: BaseModel, name: str) -> Any:
    return type(model).model_fields[name].default


def distribution_key(value: object) -> str | None:
    """Return the key of the distribution that a raw value spells, or None where it is a plain value."""
    if isinstance(value, Distribution):
        return value.key
    if isinstance(value, Mapping):
        return next((key for key in value if key in Distribution.kinds), None)
    return None


class _RandomMarker:
    """Build the schema of ``Random[T]``: a tagged union of T and every registered distribution over T.

    ``RandomOr[T, M]`` takes a model or family M besides, written as a mapping without a distribution's key. Tags begin
    with a colon, so that they stand out in the location of an error.
    """

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        plain, mapping = members(source, Distribution)
        choices: dict[str, CoreSchema] = {":value": handler.generate_schema(plain)}
        if mapping is not None:
            choices[":mapping"] = handler.generate_schema(mapping)
        for key, cls in suited(plain).items():
            checked = _support_check(TypeAdapter(plain))
            schema = handler.generate_schema(parametrized(cls, plain))
            choices[f":{key}"] = core_schema.no_info_after_validator_function(checked, schema)
        return core_schema.tagged_union_schema(choices, _tagger(frozenset(choices)))


class _TextMarker:
    """Build the schema of ``TextOr[T, M]``: T where a text is written, else M."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        text, other = members(source, Distribution)
        choices = {":text": handler.generate_schema(text), ":other": handler.generate_schema(other)}
        return core_schema.tagged_union_schema(choices, lambda value: ":text" if isinstance(value, str) else ":other")


def _tagger(tags: frozenset[str]) -> Any:
    def tag(value: Any) -> str:
        distribution = f":{distribution_key(value)}"
        if distribution in tags:
            return distribution
        return ":mapping" if ":mapping" in tags and isinstance(value, Mapping | BaseModel) else ":value"

    return tag


def suited(plain: Any) -> dict[str, type[Distribution[Any]]]:
    """Return the registered distributions, by key, that can draw values of a type."""
    return {key: cls for key, cls in Distribution.kinds.items() if cls.suits(plain)}


def parametrized(cls: type[Distribution[Any]], plain: Any) -> type[Distribution[Any]]:
    """Return a distribution's class over values of a type."""
    generic = cls.__pydantic_generic_metadata__["parameters"]
    return cast(Any, cls)[cls.parameter(plain)] if generic else cls


def _support_check(adapter: TypeAdapter[Any]) -> Any:
    """Return a check that a distribution draws nothing that a plain value could not be."""

    def check(value: Distribution[Any]) -> Distribution[Any]:
        for bound in value.support():
            try:
                adapter.validate_python(bound, context={"si": True})
            except ValidationError as error:
                first = error.errors(include_url=False)[0]
                limit = next(iter(first.get("ctx", {}).values()), None)
                context = {
                    "key": value.key,
                    "bound": first["input"],
                    "rule": first["type"],
                    "limit": limit,
                    "reason": first["msg"],
                }
                raise PydanticCustomError("support", "'{key}' can draw {bound}: {reason}", context) from None
        return value

    return check


Random: TypeAlias = Annotated[T | Distribution[T], _RandomMarker()]
"""A value of type T, or a distribution over such values."""

RandomOr: TypeAlias = Annotated[T | Distribution[T] | M, _RandomMarker()]
"""A value of type T, a distribution over such values, or a mapping that a model or a family M reads."""


def drawn(value: T | Distribution[T]) -> T:
    """Return a value that :func:`substitute` has drawn, for methods that only work on drawn values."""
    if isinstance(value, Distribution):
        raise TypeError(f"a {value.key} distribution was not drawn before its value was needed")
    return value


TextOr: TypeAlias = Annotated[T | M, _TextMarker()]
"""A text of type T, or a value of type M that is no text."""


class BlockScoped:
    """Mark a field whose distributions are drawn once a block, because they shape the stage itself."""


@cache
def _scoped_fields(model: type[BaseModel]) -> frozenset[str]:
    """Return the names of a model's fields that are marked as block-scoped."""
    fields = model.model_fields.items()
    return frozenset(name for name, field in fields if _is_scoped((*field.metadata, *get_args(field.annotation))))


def _is_scoped(annotations: Iterable[Any]) -> bool:
    """Say whether a field, or an item of its tuple, is marked as block-scoped."""
    return any(isinstance(item, BlockScoped) or _is_scoped(get_args(item)) for item in annotations)


def walk(value: object, path: str = "", scoped: bool = False) -> Iterator[tuple[str, Distribution[Any], bool]]:
    """Yield (path, distribution, block scoped?) for every distribution in a model, in field order."""
    if isinstance(value, Distribution):
        yield path, value, scoped
    elif isinstance(value, BaseModel):
        for name, item in _items(value):
            yield from walk(item, _join(path, name), scoped or name in _scoped_fields(type(value)))
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
