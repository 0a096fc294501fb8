"""Put one object at an exact pose."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from twin.conventions import Array, rotation_rpy, transform
from twin.errors import SpecError
from twin.randomizers.placement.base import Placed, PlacementKind, Situation
from twin.randomizers.placement.surface import Surface
from twin.spec.scene import Rotation, Vector
from twin.spec.values import drawn


class FixedPlacement(PlacementKind):
    """Puts one object at a pose; other placements treat it as an obstacle that does not move.

    A scatter that holds its poses longer comes first: give both the same ``every`` where they may meet.
    """

    kind: Literal["fixed"]
    position: Vector = Field(description="Where the object's origin, the centre of its base, stands.")
    rotation: Rotation = Field(default=(0.0, 0.0, 0.0), description="Roll, pitch and yaw about the world's fixed axes.")
    exact: ClassVar[bool] = True

    @model_validator(mode="after")
    def _one_object(self) -> FixedPlacement:
        if len(self.objects) != 1:
            raise ValueError(f"a fixed placement puts one object at one pose, not {len(self.objects)}")
        return self

    def place(self, situation: Situation) -> Placed:
        """Return the pose.

        Raises:
            SpecError: where several of the object are present.
        """
        if len(situation.items) > 1:
            raise SpecError(
                f"{len(situation.items)} of '{self.objects[0]}' would stand at the same pose",
                where=situation.where,
                expected="an object with a count of at most 1",
                hint="place it with 'scatter', or make an object for each pose",
            )
        position = np.array([drawn(value) for value in self.position])
        pose = transform(rotation_rpy(*(drawn(angle) for angle in self.rotation)), position)
        return Placed({item.slot: pose for item in situation.items})

    def focus(self, surfaces: Callable[[str], Surface]) -> Array:
        """Return the position."""
        return np.array([drawn(value) for value in self.position])
