"""Stand at a place, and look at something or along a rotation."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from twin.conventions import Array, rotation_rpy, transform
from twin.randomizers.camera.target import Target, aimed, target_names, target_point
from twin.spec.scene import CameraPose, Located, Rotation, Vector
from twin.spec.values import drawn


class FixedPose(CameraPose):
    """Stands at a position and looks at a target, or is turned by a rotation.

    The rotation is that of OpenCV camera axes (x right, y down, z forward), which begin along the world's: a camera
    that looks along +y with the sky above has ``rotation: [-90 deg, 0 deg, 0 deg]``.
    """

    kind: Literal["fixed"]
    position: Vector = Field(description="Where the camera is.")
    look_at: Target | None = Field(default=None, description="Object, fixture, camera or point [m] to look at.")
    rotation: Rotation | None = Field(default=None, description="Roll, pitch and yaw about the world's fixed axes.")

    @model_validator(mode="after")
    def _one_direction(self) -> FixedPose:
        if (self.look_at is None) == (self.rotation is None):
            raise ValueError("a fixed camera pose needs exactly one of 'look_at' and 'rotation'")
        return self

    def pose(self, located: Located) -> Array:
        """Return ``T_world_camera``, shape (4, 4).

        Raises:
            DrawError: where the camera stands in the very point that it looks at.
        """
        eye = np.array([drawn(value) for value in self.position])
        if self.rotation is not None:
            return transform(rotation_rpy(*(drawn(angle) for angle in self.rotation)), eye)
        assert self.look_at is not None
        return aimed(self.kind, eye, target_point(self.look_at, located), hint="move its 'position' or its 'look_at'")

    @property
    def refers_to(self) -> tuple[str, ...]:
        """What it looks at, where that is named."""
        return target_names(self.look_at)
