"""Hold a stage as plain arrays, for ray casters and engines that do not speak USD.

This module imports no ``pxr``: :func:`twin.stage.read.read` fills these values from a USD file, and nothing that
works on them needs USD again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from twin.frame import Json

Float = npt.NDArray[np.float32]
Index = npt.NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class Mesh:
    """A triangle mesh with one material, welded as the renderer needs it.

    Args:
        path: Path of the USD prim (and ``:subset`` where one prim has several materials).
        points: Vertices [m], shape (V, 3): in the object's frame for a slot's member, else in the world's.
        faces: Vertex indices, shape (F, 3), counter-clockwise seen from outside.
        normals: Vertex normals, shape (V, 3), or None for flat shading.
        uv: Texture coordinates, shape (V, 2), or None; (0, 0) is the image's lower left.
        material: Path of the bound material prim, empty where none is bound.
        double_sided: Whether the back faces are shaded too.
        label: Semantic class name, empty where none is given.
    """

    path: str
    points: Float
    faces: Index
    normals: Float | None
    uv: Float | None
    material: str
    double_sided: bool = True
    label: str = ""


@dataclass(frozen=True, eq=False)
class Member:
    """One asset of a slot's pool, in its object frame (origin and axes of the slot's rigid root prim).

    Args:
        path: Path of the member's prim.
        asset: Name of the asset.
        label: Semantic class name.
        meshes: Its visible meshes.
        keypoints: Keypoint names and positions [m] in the object frame, shape (3,) each.
    """

    path: str
    asset: str
    label: str
    meshes: tuple[Mesh, ...]
    keypoints: Mapping[str, Float]


@dataclass(frozen=True, eq=False)
class Slot:
    """An object slot: a rigid root prim and the pool of members that it can show.

    Args:
        path: Path of the root prim.
        name: Slot name as in the spec, ``bottle.2``.
        members: The pool; a frame's ``SlotState.member`` indexes it.
    """

    path: str
    name: str
    members: tuple[Member, ...]


@dataclass(frozen=True)
class Texture:
    """An image that drives a material input: ``sample * scale + bias``.

    Args:
        file: Absolute path of the image.
        colorspace: ``sRGB`` or ``raw``.
        channel: ``rgb``, ``r``, ``g``, ``b`` or ``a``.
        scale: Multiplier, four numbers.
        bias: Offset, four numbers.
        uv_scale: Repeats of the image in one unit of uv, two numbers.
        path: Prim path of the UsdUVTexture, whose ``inputs:file``, ``scale`` and ``bias`` a frame may change.
        uv_path: Prim path of the UsdTransform2d, whose ``inputs:scale`` a frame may change; empty where there is none.
        wrap: How the image goes on beyond [0, 1]: ``repeat``, ``clamp``, ``mirror`` or ``black``; where it is not
            ``repeat``, no mesh of a supported stage reaches there.
    """

    file: Path
    colorspace: str
    channel: str = "rgb"
    scale: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)
    bias: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    uv_scale: tuple[float, float] = (1.0, 1.0)
    path: str = ""
    uv_path: str = ""
    wrap: str = "repeat"


@dataclass(frozen=True)
class Material:
    """A UsdPreviewSurface: each input is a number, a colour (linear Rec. 709) or a :class:`Texture`.

    Args:
        path: Path of the material prim.
        surface: Path of its UsdPreviewSurface shader prim.
        inputs: Values by UsdPreviewSurface input name (``diffuseColor``, ``roughness``, ``metallic``, ``normal``,
            ``opacity``, ``opacityThreshold``, ``ior``, ``clearcoat``, ``clearcoatRoughness``, ``emissiveColor``,
            ``specularColor``, ``useSpecularWorkflow``); inputs that the file leaves out have the schema's fallback.
    """

    path: str
    surface: str
    inputs: Mapping[str, float | tuple[float, ...] | Texture]


@dataclass(frozen=True, eq=False)
class Light:
    """A UsdLux light.

    Args:
        path: Path of the light prim.
        kind: ``dome``, ``sphere``, ``rect``, ``disk``, ``cylinder`` or ``distant``. A dome's image, latlong, has its
            top at the light's +y, its centre at +z, and its left and right quarters at +x and -x (OpenEXR's
            definition: longitude 0 is +z, longitude +pi/2 is +x, longitude falls from +pi at the image's left).
        inputs: Values by UsdLux input name without ``inputs:`` (``intensity``, ``exposure``, ``color``,
            ``colorTemperature``, ``enableColorTemperature``, ``normalize``, ``radius``, ``width``, ``height``,
            ``length``, ``angle``, ``texture:file`` as an absolute path string).
        T_world_light: Pose without scale, shape (4, 4); USD's light axes (emits along -z).
    """

    path: str
    kind: str
    inputs: Mapping[str, Json]
    T_world_light: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Geometry:
    """A whole stage as plain data.

    Args:
        folder: The stage's assets folder, ``<stem>_assets`` beside it; asset paths in a frame's opinions start there.
        world: Meshes that no slot owns, in world coordinates.
        slots: Object slots in slot order.
        materials: Materials by prim path, as the base stage has them.
        lights: Lights by prim path, as the base stage has them.
        classes: Class ids by class name.
        unsupported: Prim path -> reason, for every construct that has no place in these values.
        fixtures: Prim path by fixture name; the meshes of a fixture are those of ``world`` at or below it.
    """

    folder: Path
    world: tuple[Mesh, ...]
    slots: tuple[Slot, ...]
    materials: Mapping[str, Material]
    lights: Mapping[str, Light]
    classes: Mapping[str, int]
    unsupported: Mapping[str, str] = field(default_factory=dict)
    fixtures: Mapping[str, str] = field(default_factory=dict)

    def fixture_meshes(self, name: str) -> tuple[Mesh, ...]:
        """Return the world meshes of one fixture, in world coordinates."""
        root = self.fixtures[name]
        return tuple(
            mesh for mesh in self.world if mesh.path.split(":", 1)[0] == root or mesh.path.startswith(f"{root}/")
        )
