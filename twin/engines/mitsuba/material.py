"""Turn UsdPreviewSurface materials into rows of tables, and read them at a hit.

An input is always an image times a scale plus a bias; a constant is the white image with scale 0. So a frame that swaps
an image for a colour changes numbers, never code.

Source: "UsdPreviewSurface Specification", OpenUSD, version 2.6.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import drjit as dr
import mitsuba as mi
import numpy as np

from twin.engines.mitsuba.device import Dr, floats, words
from twin.engines.mitsuba.texture import Atlas, look_up
from twin.stage.geometry import Material, Texture

TEXTURED = ("diffuseColor", "emissiveColor", "normal", "roughness", "metallic", "opacity")
"""Inputs that an image may drive, in table order."""

FALLBACKS: Mapping[str, float | tuple[float, ...]] = {
    "diffuseColor": (0.18, 0.18, 0.18),
    "emissiveColor": (0.0, 0.0, 0.0),
    "normal": (0.0, 0.0, 1.0),
    "roughness": 0.5,
    "metallic": 0.0,
    "opacity": 1.0,
    "ior": 1.5,
    "clearcoat": 0.0,
    "clearcoatRoughness": 0.01,
    "opacityThreshold": 0.0,
    "useSpecularWorkflow": 0.0,
    "specularColor": (0.0, 0.0, 0.0),
    "occlusion": 1.0,
    "displacement": 0.0,
    "opacityMode": 0.0,
}
"""Input -> its value where a material leaves it out."""

_INERT = ("occlusion", "displacement", "opacityMode")

@dataclass(frozen=True)
class MaterialTable:
    """Materials on the device.

    Args:
        texels: Packed texels of all images.
        place: First texel, width, height and encoding of each textured input of each material.
        affine: Scale and repeats along u, bias and repeats along v, four numbers each, likewise.
        plain: Twelve numbers a material: inputs that no image drives.
    """

    texels: Dr
    place: Dr
    affine: Dr
    plain: Dr


def table(materials: Sequence[Material], atlas: Atlas) -> MaterialTable:
    """Lay materials out; an empty last row is what meshes without a material wear."""
    atlas.need([value for material in materials for value in material.inputs.values() if _image(value)])
    inputs = [{**FALLBACKS, **material.inputs} for material in materials]
    place = [atlas.place(row[name] if _image(row[name]) else None) for row in inputs for name in TEXTURED]
    affine = [_affine(row[name]) for row in inputs for name in TEXTURED]
    return MaterialTable(atlas.texels, words(place), floats(affine), floats([_plain(row) for row in inputs]))


def obstacles(materials: Iterable[Material]) -> dict[str, str]:
    """Say by prim path which materials cannot be rendered and why."""
    found = {}
    for material in materials:
        for name, value in sorted(material.inputs.items()):
            reason = _obstacle(name, value)
            if reason:
                found[material.path] = reason
    return found


def _obstacle(name: str, value: float | tuple[float, ...] | Texture) -> str:
    if name not in FALLBACKS:
        return f"the input '{name}' is unknown"
    if name in _INERT and value != FALLBACKS[name] and _constant(value) != FALLBACKS[name]:
        return f"the input '{name}' is not supported"
    if _image(value) and name not in TEXTURED:
        return f"an image drives the input '{name}', which takes a constant here"
    return ""


def _image(value: object) -> bool:
    return isinstance(value, Texture) and any(value.scale[:3])


def _constant(value: float | tuple[float, ...] | Texture) -> float | tuple[float, ...]:
    """Return the value of an input whose image, if it has one, is scaled away."""
    return value.bias if isinstance(value, Texture) else value


def _affine(value: float | tuple[float, ...] | Texture) -> list[float]:
    if not isinstance(value, Texture):
        return [0.0, 0.0, 0.0, 1.0, *(value[:3] if isinstance(value, tuple) else [float(value)] * 3), 1.0]
    bands = (0, 1, 2) if value.channel == "rgb" else ("rgba".index(value.channel),) * 3
    scale, bias = [value.scale[b] for b in bands], [value.bias[b] for b in bands]
    return [*scale, value.uv_scale[0], *bias, value.uv_scale[1]]


def _plain(row: Mapping[str, float | tuple[float, ...] | Texture]) -> list[float]:
    """Lay out what no image drives: glass is an even opacity below 1 without a threshold."""
    opacity, threshold = _scalar(row["opacity"]), _scalar(row["opacityThreshold"])
    glass = 1.0 - opacity if threshold <= 0 and not _image(row["opacity"]) else 0.0
    specular = _constant(row["specularColor"])
    names = ("ior", "clearcoat", "clearcoatRoughness", "useSpecularWorkflow")
    colour = tuple(specular) if isinstance(specular, tuple) else (specular,) * 3
    return [*(_scalar(row[name]) for name in names), *colour[:3], threshold, min(max(glass, 0.0), 1.0), 0.0, 0.0, 0.0]


def _scalar(value: float | tuple[float, ...] | Texture) -> float:
    constant = _constant(value)
    return float(constant[0] if isinstance(constant, tuple) else constant)


def has_holes(material: Material) -> bool:
    """Say whether rays may pass through a surface of this material unbent."""
    opacity = material.inputs.get("opacity", 1.0)
    threshold = _scalar(material.inputs.get("opacityThreshold", 0.0))
    return _image(opacity) or (threshold > 0 and _scalar(opacity) < threshold)


@dataclass
class Look:
    """A material at a hit.

    Args:
        diffuse: Diffuse reflectance.
        f0: Reflectance straight on.
        alpha: GGX roughness.
        coat: Weight of the clear coat.
        coat_alpha: GGX roughness of the clear coat.
        glass: Share of the surface that refracts.
        ior: Index of refraction.
        tint: What one crossing of the glass lets through.
        emission: Emitted radiance.
    """

    diffuse: Dr
    f0: Dr
    alpha: Dr
    coat: Dr
    coat_alpha: Dr
    glass: Dr
    ior: Dr
    tint: Dr
    emission: Dr

    @property
    def albedo(self) -> Dr:
        """What a denoiser should take for the surface's own colour."""
        return dr.clip(dr.lerp(self.diffuse + self.f0, mi.Color3f(1.0), self.glass), 0.0, 1.0)


def look(materials: MaterialTable, row: Dr, uv: Dr, active: Dr) -> Look:
    """Read a material at a hit."""
    colour = _input(materials, row, "diffuseColor", uv, active)
    metallic = dr.clip(_input(materials, row, "metallic", uv, active).x, 0.0, 1.0)
    one, two, three = (dr.gather(mi.Vector4f, materials.plain, row * 3 + k, active) for k in range(3))
    ior, coat, coat_roughness, by_specular = one.x, one.y, one.z, one.w > 0.5
    dielectric = dr.square((ior - 1.0) / (ior + 1.0))
    f0 = dr.select(by_specular, mi.Color3f(two.xyz), dr.lerp(mi.Color3f(dielectric), colour, metallic))
    diffuse = dr.select(by_specular, colour, colour * (1.0 - metallic))
    roughness = _input(materials, row, "roughness", uv, active).x
    glass = three.x * dr.select(by_specular, 1.0, 1.0 - metallic)
    emission = dr.maximum(_input(materials, row, "emissiveColor", uv, active), 0.0)
    tint = dr.sqrt(dr.clip(colour, 0.0, 1.0))
    return Look(diffuse, f0, _alpha(roughness), coat, _alpha(coat_roughness), glass, dr.maximum(ior, 1.0001), tint, emission)


def bent_normal(materials: MaterialTable, row: Dr, uv: Dr, active: Dr) -> Dr:
    """Read a normal map in the surface's tangent frame."""
    return mi.Vector3f(_input(materials, row, "normal", uv, active))


def coverage(materials: MaterialTable, row: Dr, uv: Dr, active: Dr) -> Dr:
    """Return the chance that a surface stops a ray: 0 or 1 with a threshold, an image's value without one."""
    opacity = dr.clip(_input(materials, row, "opacity", uv, active).x, 0.0, 1.0)
    threshold = dr.gather(mi.Float, materials.plain, row * 12 + 7, active)
    glass = dr.gather(mi.Float, materials.plain, row * 12 + 8, active)
    cut = dr.select(opacity < threshold, 0.0, 1.0)
    return dr.select(threshold > 0.0, cut, dr.select(glass > 0.0, 1.0, opacity))


def _input(materials: MaterialTable, row: Dr, name: str, uv: Dr, active: Dr) -> Dr:
    cell = row * len(TEXTURED) + TEXTURED.index(name)
    place = dr.gather(mi.Vector4u, materials.place, cell, active)
    scale, bias = (dr.gather(mi.Vector4f, materials.affine, cell * 2 + k, active) for k in range(2))
    sample = look_up(materials.texels, place, mi.Point2f(uv.x * scale.w, uv.y * bias.w), active & (place.x > 0))
    return sample * mi.Color3f(scale.xyz) + mi.Color3f(bias.xyz)


def _alpha(roughness: Dr) -> Dr:
    """Square a roughness; below 0.03 a surface is as good as a mirror."""
    return dr.square(dr.clip(roughness, 0.0316, 1.0))
