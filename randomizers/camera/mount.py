"""Sit on another camera or on an object: rigs, stereo pairs, cameras in hand."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from twin.conventions import Array, rotation_rpy, transform
from twin.spec.scene import CameraPose, Located, Name, Rotation, Vector
from twin.spec.values import drawn


class MountPose(CameraPose):
    """Is fixed to another camera or to an object, in that one's frame.

    On a camera the axes are OpenCV's: ``position: [6 cm, 0, 0]`` is a stereo pair's right eye. On an object the camera
    looks along the object's +z unless it is turned.
    """

    kind: Literal["mount"]
    on: Name = Field(description="Camera or object that carries it.")
    position: Vector = Field(default=(0.0, 0.0, 0.0), description="In the carrier's frame.")
    rotation: Rotation = Field(default=(0.0, 0.0, 0.0), description="Roll, pitch and yaw about the carrier's axes.")

    def pose(self, located: Located) -> Array:
        """Return ``T_world_camera``, shape (4, 4)."""
        rotation = rotation_rpy(*(drawn(angle) for angle in self.rotation))
        T_carrier_camera = transform(rotation, np.array([drawn(value) for value in self.position]))
        return located.pose(self.on) @ T_carrier_camera

    @property
    def refers_to(self) -> tuple[str, ...]:
        """The carrier."""
        return (self.on,)
