"""Define the kinds of light: dome, sphere, rect, disk, distant.

Emission follows UsdLux: ``intensity * 2**exposure * colour``, as radiance for a dome, a sphere, a rectangle and a
disk, as irradiance on a surface that faces it for a distant light, whatever its angular size.
"""

from __future__ import annotations

from math import cos, degrees, pi, sin
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

import numpy as np
from pydantic import Field, model_validator

from twin import conventions
from twin.errors import DrawError
from twin.frame import Json
from twin.spec.scene import Array, HdriName, Light, Rotation, Vector
from twin.spec.units import Angle, PositiveLength, quantity
from twin.spec.values import Random, drawn
from twin.stage.textures import texture_asset

if TYPE_CHECKING:
    from twin.assets.library import Library

if TYPE_CHECKING:
    Elevation: TypeAlias = float
    AngularSize: TypeAlias = float
else:
    Elevation = quantity("angle", bare=False, ge=-pi / 2, le=pi / 2)
    AngularSize = quantity("angle", bare=False, ge=0, lt=pi)


class LightKind(Light):
    """Base of the lights that a stage can hold; its methods work on drawn values."""

    usd_type: ClassVar[str]

    def pose(self) -> Array:
        """Return ``T_world_light``, shape (4, 4), in UsdLux axes: the light emits along -z."""
        raise NotImplementedError

    def shape(self, library: Library) -> dict[str, Json]:
        """Return the UsdLux attributes that only this kind has."""
        raise NotImplementedError

    def values(self, library: Library) -> dict[str, Json]:
        """Return every USD attribute of the light with its value."""
        return {
            "inputs:intensity": float(drawn(self.intensity)),
            "inputs:exposure": float(drawn(self.exposure)),
            "inputs:color": [float(channel) for channel in drawn(self.color)],
            "inputs:enableColorTemperature": self.temperature is not None,
            "inputs:colorTemperature": 6500.0 if self.temperature is None else float(drawn(self.temperature)),
            "xformOp:transform": self.pose().T.tolist(),
            **self.shape(library),
        }


class Dome(LightKind):
    """An environment around the scene: an HDRI at its own radiance, or one even colour."""

    kind: Literal["dome"]
    hdri: Random[HdriName] | None = Field(default=None, description="HDRI by name; one even colour without it.")
    rotation: Random[Angle] = Field(default=0.0, description="Turn about the vertical axis.")
    usd_type: ClassVar[str] = "DomeLight"

    def pose(self) -> Array:
        """Turn the dome's +y pole, which UsdLux fixes, to the stage's +z; then about it."""
        upright = conventions.rotation_axis([1, 0, 0], np.pi / 2)
        return conventions.transform(conventions.rotation_axis([0, 0, 1], drawn(self.rotation)) @ upright, [0, 0, 0])

    def shape(self, library: Library) -> dict[str, Json]:
        """Return the image."""
        image = None if self.hdri is None else library.hdri(drawn(self.hdri))
        return {"inputs:texture:file": {"asset": ""} if image is None else texture_asset(image)}


def vector(values: Vector | Rotation) -> tuple[float, ...]:
    """Return the drawn components of a vector."""
    return tuple(float(drawn(value)) for value in values)


class _Placed(LightKind):
    """Base of lights with a place."""

    position: Vector = Field(description="Centre in world coordinates.")

    def pose(self) -> Array:
        """Stand upright at the position."""
        return conventions.transform(np.eye(3), vector(self.position))


class Sphere(_Placed):
    """A glowing ball."""

    kind: Literal["sphere"]
    radius: Random[PositiveLength] = Field(default=0.05, description="Radius of the ball.")
    usd_type: ClassVar[str] = "SphereLight"

    def shape(self, library: Library) -> dict[str, Json]:
        """Return the radius."""
        return {"inputs:radius": float(drawn(self.radius))}


class _Aimed(_Placed):
    """Base of flat lights, which shine to one side: straight down unless told otherwise."""

    look_at: Vector | None = Field(default=None, description="Point that it shines at.")
    rotation: Rotation | None = Field(default=None, description="Roll, pitch and yaw of a light that shines down.")

    @model_validator(mode="after")
    def _one_aim(self) -> _Aimed:
        if self.look_at is not None and self.rotation is not None:
            raise ValueError("a light takes 'look_at' or 'rotation', not both")
        return self

    def pose(self) -> Array:
        """Stand at the position with -z along the aim.

        Raises:
            DrawError: where the light stands in the very point that it shines at.
        """
        if self.look_at is not None:
            try:
                aim = conventions.look_at(vector(self.position), vector(self.look_at))
            except ValueError as error:
                found = f"a light stands in the point that it shines at ({error})"
                raise DrawError(found, hint="keep 'position' and 'look_at' apart") from None
            return aim @ conventions.T_USDCAMERA_OPENCV
        turn = conventions.rotation_rpy(*vector(self.rotation)) if self.rotation is not None else np.eye(3)
        return conventions.transform(turn, vector(self.position))


class Rect(_Aimed):
    """A glowing rectangle."""

    kind: Literal["rect"]
    width: Random[PositiveLength] = Field(default=0.5, description="Size along its x axis.")
    height: Random[PositiveLength] = Field(default=0.5, description="Size along its y axis.")
    usd_type: ClassVar[str] = "RectLight"

    def shape(self, library: Library) -> dict[str, Json]:
        """Return the sides."""
        return {"inputs:width": float(drawn(self.width)), "inputs:height": float(drawn(self.height))}


class Disk(_Aimed):
    """A glowing disk."""

    kind: Literal["disk"]
    radius: Random[PositiveLength] = Field(default=0.25, description="Radius of the disk.")
    usd_type: ClassVar[str] = "DiskLight"

    def shape(self, library: Library) -> dict[str, Json]:
        """Return the radius."""
        return {"inputs:radius": float(drawn(self.radius))}


class Distant(LightKind):
    """A light at infinity, such as the sun."""

    kind: Literal["distant"]
    azimuth: Random[Angle] = Field(default=0.0, description="Where it stands: from +x towards +y.")
    elevation: Random[Elevation] = Field(default=0.7853981633974483, description="How high above the horizon.")
    angle: Random[AngularSize] = Field(default=0.00925, description="Angular diameter; the sun's is 0.53 deg.")
    usd_type: ClassVar[str] = "DistantLight"

    def pose(self) -> Array:
        """Turn -z from the sky to the origin."""
        azimuth, elevation = float(drawn(self.azimuth)), float(drawn(self.elevation))
        sky = [cos(elevation) * cos(azimuth), cos(elevation) * sin(azimuth), sin(elevation)]
        T = conventions.look_at(sky, [0, 0, 0]) @ conventions.T_USDCAMERA_OPENCV
        return conventions.transform(T[:3, :3], [0, 0, 0])

    def shape(self, library: Library) -> dict[str, Json]:
        """Return the angular size in degrees, and that the irradiance does not depend on it."""
        return {"inputs:angle": degrees(drawn(self.angle)), "inputs:normalize": True}
