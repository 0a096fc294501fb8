"""Say what a camera looks at: a name, or a point."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from twin.conventions import Array, look_at
from twin.errors import DrawError
from twin.spec.scene import Located, Name, Vector
from twin.spec.values import TextOr, drawn

Target: TypeAlias = TextOr[Name, Vector]


def target_point(target: Target, located: Located) -> Array:
    """Return the point [m], shape (3,): the centre of what is named, or the drawn point itself."""
    if isinstance(target, str):
        return located.point(target)
    return np.array([drawn(value) for value in target])


def aimed(kind: str, eye: Array, point: Array, *, hint: str) -> Array:
    """Return ``T_world_camera``, shape (4, 4), of a camera at ``eye`` [m] that looks at ``point`` [m].

    Raises:
        DrawError: naming the kind of pose, where the camera stands in the very point that it looks at.
    """
    try:
        return look_at(eye, point)
    except ValueError as error:
        found = f"a camera pose '{kind}' stands in the point that it looks at, or infinitely far from it"
        raise DrawError(f"{found} ({error})", hint=hint) from None


def target_names(target: Target | None) -> tuple[str, ...]:
    """Return the name that a target depends on, if any."""
    return (target,) if isinstance(target, str) else ()
