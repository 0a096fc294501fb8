"""Turn UsdPreviewSurface materials into rows of tables, and read them at a hit.

An input is always an image times a scale plus a bias; a constant is the white image with scale 0. So a frame that swaps
an image for a colour changes numbers, never code.

Source: "UsdPreviewSurface Specification", OpenUSD, version 2.6.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from twin.engines.mitsuba.device import Dr, dr, floats, mi, words
from twin.engines.mitsuba.texture import Atlas, look_up
from twin.stage.geometry import Material, Texture
from twin.stage.inputs import FALLBACKS

TEXTURED = ("diffuseColor", "emissiveColor", "normal", "roughness", "metallic", "opacity")
"""Inputs that an image may drive, in table order."""

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
    inputs = [{**FALLBACKS, **material.inputs} for material in materials]
    driving = [_image(row[name]) for row in inputs for name in TEXTURED]
    atlas.need([image for image in driving if image is not None])
    place = [atlas.place(image) for image in driving]
    affine = [_affine(row[name]) for row in inputs for name in TEXTURED]
    return MaterialTable(atlas.texels, words(place), floats(affine), floats([_plain(row) for row in inputs]))


def obstacles(materials: Iterable[Material]) -> dict[str, str]:
    """Say by prim path which materials cannot be rendered and why."""
    found = {}
    for material in materials:
        reasons = [_obstacle(name, value) for name, value in sorted(material.inputs.items())]
        if any(reasons):
            found[material.path] = "; ".join(reason for reason in reasons if reason)
    return found


def _obstacle(name: str, value: float | tuple[float, ...] | Texture) -> str:
    if name not in FALLBACKS:
        return f"the input '{name}' is unknown"
    if name in _INERT and (_image(value) or _scalar(value) != FALLBACKS[name]):
        return f"the input '{name}' is not supported"
    if _image(value) and name not in TEXTURED:
        return f"an image drives the input '{name}', which takes a constant here"
    return ""


def _bands(texture: Texture) -> tuple[int, ...]:
    """Return which channels of an image an input reads."""
    return (0, 1, 2) if texture.channel == "rgb" else ("rgba".index(texture.channel),) * 3


def _image(value: object) -> Texture | None:
    """Return the image that drives an input, if there is one that is not scaled away."""
    return value if isinstance(value, Texture) and any(value.scale[band] for band in _bands(value)) else None


def _colour(value: float | tuple[float, ...] | Texture) -> tuple[float, ...]:
    """Return the three numbers of an input whose image, if it has one, is scaled away."""
    if isinstance(value, Texture):
        return tuple(value.bias[band] for band in _bands(value))
    return tuple(value[:3]) if isinstance(value, tuple) else (float(value),) * 3


def _scalar(value: float | tuple[float, ...] | Texture) -> float:
    return float(_colour(value)[0])


def _affine(value: float | tuple[float, ...] | Texture) -> list[float]:
    if not isinstance(value, Texture):
        return [0.0, 0.0, 0.0, 1.0, *_colour(value), 1.0]
    return [*(value.scale[band] for band in _bands(value)), value.uv_scale[0], *_colour(value), value.uv_scale[1]]


def _plain(row: Mapping[str, float | tuple[float, ...] | Texture]) -> list[float]:
    """Lay out what no image drives: glass is an even opacity below 1 without a threshold."""
    opacity, threshold = _scalar(row["opacity"]), _scalar(row["opacityThreshold"])
    glass = 1.0 - opacity if threshold <= 0 and _image(row["opacity"]) is None else 0.0
    names = ("ior", "clearcoat", "clearcoatRoughness", "useSpecularWorkflow")
    ends = [threshold, min(max(glass, 0.0), 1.0), 0.0, 0.0, 0.0]
    return [*(_scalar(row[name]) for name in names), *_colour(row["specularColor"]), *ends]


def has_holes(material: Material) -> bool:
    """Say whether rays may pass through a surface of this material unbent."""
    opacity = material.inputs.get("opacity", 1.0)
    threshold = _scalar(material.inputs.get("opacityThreshold", 0.0))
    return _image(opacity) is not None or (threshold > 0 and _scalar(opacity) < threshold)


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
    return Look(
        diffuse, f0, _alpha(roughness), coat, _alpha(coat_roughness), glass, dr.maximum(ior, 1.0001), tint, emission
    )


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
