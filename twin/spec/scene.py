"""Define the scene: the frozen value that a YAML spec becomes.

Families (:class:`Light`, :class:`Placement`, ...) are abstract here; their kinds live with their code and are closed
into unions by :mod:`twin.registry`. A method of a kind is only called on a *drawn* value, in which
:func:`twin.spec.values.substitute` has replaced every distribution.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic import ConfigDict, Field, StringConstraints, model_validator

from twin.shard import LABELS
from twin.spec.kinds import Kind, OneOf
from twin.spec.references import FileName, LibraryName, OneOfNames
from twin.spec.types import Named
from twin.spec.units import Angle, Density, FieldOfView, Length, Number, Positive, PositiveLength, Temperature, Unit
from twin.spec.values import BlockScoped, Model, Random, RandomOr

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=64), Named("name")]
AssetName = Annotated[str, StringConstraints(min_length=1, max_length=1024), LibraryName("object")]
MaterialName = Annotated[str, StringConstraints(min_length=1, max_length=1024), LibraryName("material")]
HdriName = Annotated[str, StringConstraints(min_length=1, max_length=1024), LibraryName("hdri")]
File = Annotated[str, StringConstraints(min_length=1, max_length=1024), FileName()]
Color = Annotated[tuple[Unit, Unit, Unit], Named("color")]
Vector = tuple[Random[Length], Random[Length], Random[Length]]
Rotation = tuple[Random[Angle], Random[Angle], Random[Angle]]
LabelName = Annotated[str, OneOfNames("label", tuple(LABELS))]
Array: TypeAlias = npt.NDArray[np.float64]


class Located(Protocol):
    """What a camera pose may ask about the objects and cameras of a frame."""

    def point(self, name: str) -> Array:
        """Return the centre [m], shape (3,), of an object, fixture or camera in world coordinates."""

    def pose(self, name: str) -> Array:
        """Return ``T_world_<name>``, shape (4, 4), of an object or camera."""


class Material(Model):
    """How a surface looks: a library material, and what to change on it."""

    base: Random[MaterialName] | None = Field(default=None, description="Library material to start from.")
    color: Random[Color] | None = Field(default=None, description="Base colour, linear RGB in [0, 1].")
    roughness: Random[Unit] | None = Field(default=None, description="0 is a mirror, 1 is chalk.")
    metallic: Random[Unit] | None = Field(default=None, description="0 is a dielectric, 1 a metal.")
    opacity: Random[Unit] | None = Field(default=None, description="Below 1 the surface is glass.")
    ior: Random[Annotated[float, Field(ge=1, le=3)]] | None = Field(default=None, description="Index of refraction.")
    texture_size: Random[PositiveLength] | None = Field(default=None, description="Width of one texture repeat [m].")


class Fixture(Kind):
    """Part of the world that stays where it is: a table, a floor, or a prim of the world's USD stage."""

    material: RandomOr[MaterialName, Material] | None = Field(default=None, description="Surface material.")
    label: Name | None = Field(default=None, description="Semantic class; one of `classes`.")


class World(Model):
    """What stands still: an existing USD stage, and named fixtures."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[Name, OneOf[Fixture]] = Field(init=False)

    usd: File | None = Field(default=None, description="Existing USD stage to build on: ./lab.usd is beside this file.")

    @property
    def fixtures(self) -> dict[str, Fixture]:
        """Fixtures by name."""
        return self.__pydantic_extra__ or {}


class Light(Kind):
    """A light; emission is intensity times 2 to the exposure, as in UsdLux."""

    intensity: Random[Positive] = Field(default=1.0, description="Radiance scale, as in UsdLux.")
    exposure: Random[Number] = Field(default=0.0, description="Stops: emission is multiplied by 2**exposure.")
    color: Random[Color] = Field(default=(1.0, 1.0, 1.0), description="Linear RGB.")
    temperature: Random[Temperature] | None = Field(
        default=None, description="Colour temperature [K]; multiplies the colour."
    )


class AssetKind(Kind):
    """An object made from parameters or from a file; named library assets need no kind."""

    @property
    def label_name(self) -> str:
        """Semantic class of what is made, where the object gives it no other."""
        raise NotImplementedError


class Object(Model):
    """A kind of thing in the scene; ``count`` of them may be there at once."""

    asset: Annotated[RandomOr[AssetName, OneOf[AssetKind]], BlockScoped(), Field(description="What it is.")]
    count: Random[Annotated[int, Field(ge=0, le=256)]] = Field(default=1, description="How many are present.")
    scale: Annotated[
        Random[Annotated[float, Field(gt=0, le=1000)]], BlockScoped(), Field(description="Uniform scale.")
    ] = 1.0
    mirror: bool = Field(default=False, description="Mirror the asset at its yz plane.")
    material: RandomOr[MaterialName, Material] | None = Field(default=None, description="Material overrides.")
    label: Name | None = Field(default=None, description="Semantic class, instead of the asset's own.")
    density: Annotated[Random[Density] | None, BlockScoped()] = Field(default=None, description="Density [kg/m3].")


class Placement(Kind):
    """A joint draw of the poses of some objects."""

    objects: tuple[Name, ...] = Field(min_length=1, description="Names of the objects that it places.")
    every: int = Field(default=1, ge=1, description="Hold the poses for this many frames.")


class CameraPose(Kind):
    """Where a camera stands."""

    def pose(self, located: Located) -> Array:
        """Return ``T_world_camera``, shape (4, 4), of an OpenCV camera."""
        raise NotImplementedError

    @property
    def refers_to(self) -> tuple[str, ...]:
        """Names of the objects, fixtures and cameras that the pose depends on."""
        return ()


class Intrinsics(Model):
    """Focal lengths and principal point [px]."""

    fx: Random[Annotated[float, Field(gt=0)]]
    fy: Random[Annotated[float, Field(gt=0)]]
    cx: Random[Number]
    cy: Random[Number]


class Distortion(Model):
    """Coefficients of OpenCV's rational distortion model."""

    k1: Random[Number] = 0.0
    k2: Random[Number] = 0.0
    p1: Random[Number] = 0.0
    p2: Random[Number] = 0.0
    k3: Random[Number] = 0.0
    k4: Random[Number] = 0.0
    k5: Random[Number] = 0.0
    k6: Random[Number] = 0.0


class Camera(Model):
    """A camera: its lens (``fov`` or ``intrinsics``), its place, its exposure."""

    resolution: tuple[Annotated[int, Field(ge=8, le=8192)], Annotated[int, Field(ge=8, le=8192)]] = Field(
        default=(640, 480), description="Width and height [px]."
    )
    fov: Random[FieldOfView] | None = Field(default=None, description="Horizontal field of view.")
    intrinsics: Intrinsics | None = Field(default=None, description="Focal lengths and principal point [px].")
    distortion: Distortion | None = Field(default=None, description="Lens distortion, OpenCV's rational model.")
    pose: OneOf[CameraPose] = Field(description="Where it stands.")
    exposure: Random[Annotated[float, Field(ge=-20, le=20)]] = Field(
        default=0.0, description="Exposure compensation [EV]."
    )

    @model_validator(mode="after")
    def _one_lens(self) -> Camera:
        if (self.fov is None) == (self.intrinsics is None):
            raise ValueError("a camera needs exactly one of 'fov' and 'intrinsics'")
        return self


class Requirement(Model):
    """What must hold in a frame; otherwise the frame is drawn again."""

    visible: Name = Field(description="Object of which at least one instance must be visible.")
    camera: Name = Field(description="Camera that must see it.")
    min: Unit = Field(default=0.1, description="Least visible fraction of its whole silhouette.")


class Engine(Kind):
    """How pixels are made; the engine's own settings."""


class Pool(Model):
    """How many assets a slot can choose from, and for how many frames the pool stays."""

    size: int = Field(default=4, ge=1, le=64, description="Assets that each slot of a block can show.")
    every: int = Field(default=200, ge=1, description="Frames in a block: one block is one stage.")


class Scene(Model):
    """A whole scene spec, resolved: presets merged, names replaced, units read."""

    twin: Literal[1] = Field(description="Version of the spec language.")
    classes: dict[Name, Annotated[int, Field(ge=1, le=65535)]] = Field(default={}, description="Class ids, stable.")
    world: World = Field(default=World.model_construct(), description="What stands still.")
    lights: dict[Name, OneOf[Light]] = Field(default={}, description="Lights by name.")
    objects: dict[Name, Object] = Field(default={}, description="Objects by name.")
    placement: dict[Name, OneOf[Placement]] = Field(default={}, description="Joint draws of object poses.")
    cameras: dict[Name, Camera] = Field(min_length=1, description="Cameras by name.")
    require: dict[Name, Requirement] = Field(default={}, description="What must hold in every frame.")
    labels: tuple[LabelName, ...] = Field(default=tuple(LABELS), min_length=1, description="What to write.")
    engine: OneOf[Engine] = Field(description="How pixels are made.")
    pool: Pool = Field(default=Pool.model_construct(size=4, every=200), description="How assets change over frames.")

    def model_post_init(self, context: Any) -> None:
        """Leave cross-checks between names to :mod:`twin.spec.check`, which knows the lines of the file."""
