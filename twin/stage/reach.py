"""Say what a spec's values can become, so that a stage holds every file that any of its frames may name."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel

from twin.spec.scene import Fixture, Material, Object
from twin.spec.values import Distribution, substitute, walk

M = TypeVar("M", bound=BaseModel)


def names(value: str | Distribution[str]) -> tuple[str, ...]:
    """Return every asset name that a value can be, each once, in the order of its choices."""
    return tuple(dict.fromkeys(value.support())) if isinstance(value, Distribution) else (value,)


def material_of(value: Object | Fixture) -> Material | None:
    """Return the material of an object or a fixture as a model, where the spec may give just a name."""
    material = value.material
    return material if material is None or isinstance(material, Material) else Material.model_construct(base=material)


def varies(value: object) -> bool:
    """Say whether any distribution is left in a value."""
    return next(walk(value), None) is not None


def nominal(value: M) -> M:
    """Return a model with each distribution at its nominal value, the first of its support."""
    return substitute(value, {path: found.support()[0] for path, found, _ in walk(value)})  # type: ignore[no-any-return]
