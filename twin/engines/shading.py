"""Shade points by formula, for the blank engine: UsdPreviewSurface and UsdLux in their simplest terms.

Each light is a direction and a colour at each point; each surface is diffuse plus a highlight. Wrong as optics, but
every input has its effect.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from twin.cast.texture import Textures, interpolate, interpolate_uv
from twin.stage.geometry import Light, Material, Mesh, Texture

Array = npt.NDArray[np.float64]
Faces = npt.NDArray[np.int64]

NEUTRAL = Material("", "", {"diffuseColor": (0.18, 0.18, 0.18)})


@dataclass(frozen=True, eq=False)
class Point:
    """Points of one mesh that a camera sees.

    Args:
        position: World position [m], shape (N, 3).
        normal: Unit normal that faces the camera, shape (N, 3).
        view: Unit direction to the camera, shape (N, 3).
        uv: Texture coordinates, shape (N, 2).
    """

    position: Array
    normal: Array
    view: Array
    uv: Array

    @staticmethod
    def on(mesh: Mesh, face: Faces, weights: Array, T_world_mesh: Array, position: Array, ray: Array) -> Point:
        """Make points from faces and barycentric weights, shape (2, N)."""
        corners = mesh.points[mesh.faces[face]].astype(np.float64)
        flat = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        smooth = flat if mesh.normals is None else interpolate(mesh.normals, mesh, face, weights)
        normal, view = _unit(smooth) @ T_world_mesh[:3, :3].T, _unit(-ray)
        return Point(
            position, np.where(_dot(normal, view) < 0, -normal, normal), view, interpolate_uv(mesh, face, weights)
        )


def shade(point: Point, material: Material | None, lights: Mapping[str, Light], textures: Textures) -> Array:
    """Return linear RGB, shape (N, 3)."""
    look = _Look(material or NEUTRAL, point, textures)
    metallic, roughness, opacity = look("metallic", 0.0), look("roughness", 0.5), look("opacity", 1.0)
    diffuse, coat = look("diffuseColor", 0.18), look("clearcoat", 0.0) * (1 - look("clearcoatRoughness", 0.01))
    ior = look("ior", 1.5)
    mirror = ((ior - 1) / (ior + 1)) ** 2 * look("specularColor", 1.0) * (1 - metallic) + metallic * diffuse
    normal = _unit(point.normal + 0.25 * (look("normal", 0.0) - 0.5) * ("normal" in look.inputs))
    colour = look("emissiveColor", 0.0)
    for light in lights.values():
        direction, emission = _arriving(light, point.position, normal)
        half = np.maximum(_dot(_unit(direction + point.view), normal), 0.0)
        highlight = (mirror + 0.1 * coat) * half ** (2 / np.maximum(roughness, 0.05) ** 2)
        colour = colour + emission / np.pi * (diffuse * (1 - 0.9 * metallic) + highlight)
    return np.asarray(colour * (0.25 + 0.75 * opacity))


def background(view: Array, lights: Mapping[str, Light]) -> Array:
    """Return what rays that hit nothing see, shape (H, W, 3): the domes."""
    image = np.zeros(view.shape)
    for light in lights.values():
        if light.kind == "dome":
            image += _dome(light, _unit(view))
    return image


class _Look:
    """Read a material's inputs at points."""

    def __init__(self, material: Material, point: Point, textures: Textures) -> None:
        self.inputs, self._point, self._textures = material.inputs, point, textures

    def __call__(self, name: str, fallback: float) -> Array:
        value = self.inputs.get(name, fallback)
        if isinstance(value, Texture):
            return self._textures.sample(value, self._point.uv)
        return np.broadcast_to(np.asarray(value, dtype=np.float64), (1, 3))


def _arriving(light: Light, position: Array, normal: Array) -> tuple[Array, Array]:
    """Return the unit direction to a light and the irradiance from it, shape (N, 3) each."""
    if light.kind == "dome":
        return normal, np.pi * _dome(light, normal)
    axis = np.broadcast_to(light.T_world_light[:3, 2], position.shape)
    if light.kind == "distant":
        width = 1 + float(light.inputs.get("angle", 0.53)) / 360
        return axis, _emission(light) * width * np.maximum(_dot(normal, axis), 0.0)
    toward = light.T_world_light[:3, 3] - position
    distance = np.maximum(np.linalg.norm(toward, axis=-1, keepdims=True), 1e-3)
    direction = toward / distance
    facing = 1.0 if light.kind in ("sphere", "cylinder") else np.maximum(_dot(direction, axis), 0.0)
    area = 1.0 if light.inputs.get("normalize") else _area(light)
    power = _emission(light) * area * facing / distance**2
    return direction, power * np.maximum(_dot(normal, direction), 0.0)


def _dome(light: Light, direction: Array) -> Array:
    """Return a dome's radiance: brighter above and toward its own x axis, tinted by the name of its image."""
    name = Path(str(light.inputs.get("texture:file", ""))).name
    tint = [0.5 + (zlib.crc32(f"{name}{band}".encode()) % 512) / 512 for band in "rgb"] if name else 1.0
    slope = 1 + 0.3 * direction[..., 2:] + 0.2 * _dot(direction, light.T_world_light[:3, 0])
    return np.asarray(_emission(light) * tint * slope)


def _emission(light: Light) -> Array:
    """Return intensity * 2**exposure * colour, with a tilt from blue to red for the colour temperature."""
    value = light.inputs.get
    colour = np.array(value("color", (1.0, 1.0, 1.0)), dtype=np.float64)
    if value("enableColorTemperature"):
        warm = 6500.0 / float(value("colorTemperature", 6500.0))
        colour = colour * (warm**0.5, 1.0, warm**-0.5)
    return np.asarray(colour * float(value("intensity", 1.0)) * 2.0 ** float(value("exposure", 0.0)))


def _area(light: Light) -> float:
    size = {name: float(light.inputs.get(name, 1.0)) for name in ("width", "height", "length")}
    radius = float(light.inputs.get("radius", 0.5))
    return _AREAS[light.kind](radius, size)


_AREAS: Mapping[str, Callable[[float, Mapping[str, float]], float]] = {
    "sphere": lambda radius, size: np.pi * radius**2,
    "disk": lambda radius, size: np.pi * radius**2,
    "rect": lambda radius, size: size["width"] * size["height"],
    "cylinder": lambda radius, size: 2 * radius * size["length"],
}


def _dot(a: Array, b: Array) -> Array:
    return np.asarray((a * b).sum(axis=-1, keepdims=True))


def _unit(a: Array) -> Array:
    return np.asarray(a / np.maximum(np.linalg.norm(a, axis=-1, keepdims=True), 1e-30))
