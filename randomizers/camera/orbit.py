"""Look at something from a distance, from somewhere around it."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from twin.conventions import Array, rotation_axis
from twin.randomizers.camera.target import Target, aimed, target_names, target_point
from twin.spec.scene import CameraPose, Located, Vector
from twin.spec.units import Angle, PositiveLength
from twin.spec.values import Random, drawn

ElevationAngle = Annotated[Angle, Field(ge=-math.pi / 2, le=math.pi / 2)]
FULL_CIRCLE: Any = {"uniform": ["0 deg", "360 deg"]}


class OrbitPose(CameraPose):
    """Looks at the centre of a target, which projects to the principal point.

    The camera stands at ``target + offset + distance * (cos(elevation) cos(azimuth), cos(elevation) sin(azimuth),
    sin(elevation))``; from straight above, the image's top points along world +y, whatever the azimuth.
    """

    kind: Literal["orbit"]
    target: Target = Field(description="Object, fixture, camera or point [m] to look at.")
    distance: Random[PositiveLength] = Field(description="From the point that it looks at.")
    azimuth: Random[Angle] = Field(
        default=FULL_CIRCLE, validate_default=True, description="About the vertical axis, from +x; a full circle."
    )
    elevation: Random[ElevationAngle] = Field(default=math.pi / 4, description="Above the horizon.")
    roll: Random[Angle] = Field(default=0.0, description="Turn of the camera about its viewing direction, clockwise.")
    offset: Vector = Field(default=(0.0, 0.0, 0.0), description="From the target to the point it looks at, world axes.")

    def pose(self, located: Located) -> Array:
        """Return ``T_world_camera``, shape (4, 4).

        Raises:
            DrawError: where the camera stands in the very point that it looks at.
        """
        center = target_point(self.target, located) + [drawn(value) for value in self.offset]
        azimuth, elevation = drawn(self.azimuth), drawn(self.elevation)
        level = math.cos(elevation)
        direction = np.array([level * math.cos(azimuth), level * math.sin(azimuth), math.sin(elevation)])
        eye = center + drawn(self.distance) * direction
        T = aimed(self.kind, eye, center, hint="give it a greater 'distance'")
        T[:3, :3] = T[:3, :3] @ rotation_axis([0, 0, 1], drawn(self.roll))
        return T

    @property
    def refers_to(self) -> tuple[str, ...]:
        """The target, where it is named."""
        return target_names(self.target)
