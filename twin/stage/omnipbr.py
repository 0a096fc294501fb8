"""Say a UsdPreviewSurface input in the terms of NVIDIA's OmniPBR.mdl.

OmniPBR mixes a constant and a texture by an influence, so ``texture * scale + bias`` becomes
``constant * (1 - influence) + texture * influence`` with the influence ``scale``; it is exact for 0 <= scale < 1 and
for scale 1 without a bias. A dielectric's reflection at normal incidence, ((ior - 1) / (ior + 1))**2, is 0.08 times its
``specular_level``.
"""

from __future__ import annotations

from collections.abc import Mapping

from twin.assets.asset import Image
from twin.frame import Json
from twin.stage.textures import texture_asset

NO_IMAGE: Json = {"asset": ""}
WHITE: Json = [1.0, 1.0, 1.0]

TYPES: Mapping[str, str] = {
    "diffuse_color_constant": "color3f",
    "diffuse_texture": "asset",
    "diffuse_tint": "color3f",
    "reflection_roughness_constant": "float",
    "reflectionroughness_texture": "asset",
    "reflection_roughness_texture_influence": "float",
    "metallic_constant": "float",
    "metallic_texture": "asset",
    "metallic_texture_influence": "float",
    "specular_level": "float",
    "enable_emission": "bool",
    "emissive_color": "color3f",
    "emissive_color_texture": "asset",
    "emissive_intensity": "float",
    "enable_opacity": "bool",
    "enable_opacity_texture": "bool",
    "opacity_constant": "float",
    "opacity_texture": "asset",
    "opacity_threshold": "float",
    "normalmap_texture": "asset",
    "bump_factor": "float",
    "texture_scale": "float2",
}
"""USD type of each OmniPBR input that twin writes."""


def values(name: str, value: float | tuple[float, ...] | Image) -> dict[str, Json]:
    """Return the OmniPBR inputs that stand for one UsdPreviewSurface input; none where OmniPBR has no such thing."""
    found = _VALUES[name](value) if name in _VALUES else {}
    return {f"inputs:{key}": item for key, item in found.items()}


def _diffuse(value: float | tuple[float, ...] | Image) -> dict[str, Json]:
    if isinstance(value, Image):
        tint = [float(number) for number in value.scale[:3]]
        return {
            "diffuse_texture": texture_asset(value),
            "diffuse_tint": tint,
            "diffuse_color_constant": [1.0, 1.0, 1.0],
        }
    return {"diffuse_texture": NO_IMAGE, "diffuse_tint": [1.0, 1.0, 1.0], "diffuse_color_constant": _colour(value)}


def _mixed(value: float | tuple[float, ...] | Image, constant: str, texture: str) -> dict[str, Json]:
    if not isinstance(value, Image):
        return {constant: _number(value), texture: NO_IMAGE, f"{texture}_influence": 0.0}
    number = "rgba".index(value.channel) if value.channel in ("r", "g", "b", "a") else 0
    scale, bias = value.scale[number], value.bias[number]
    rest = bias / (1.0 - scale) if scale < 1.0 else 0.0
    return {constant: rest, texture: texture_asset(value, scalar=True), f"{texture}_influence": scale}


def _roughness(value: float | tuple[float, ...] | Image) -> dict[str, Json]:
    found = _mixed(value, "reflection_roughness_constant", "reflectionroughness_texture")
    found["reflection_roughness_texture_influence"] = found.pop("reflectionroughness_texture_influence")
    return found


def _metallic(value: float | tuple[float, ...] | Image) -> dict[str, Json]:
    return _mixed(value, "metallic_constant", "metallic_texture")


def _ior(value: float | tuple[float, ...] | Image) -> dict[str, Json]:
    ior = 1.5 if isinstance(value, Image) else _number(value)
    return {"specular_level": ((ior - 1.0) / (ior + 1.0)) ** 2 / 0.08}


def _emission(value: float | tuple[float, ...] | Image) -> dict[str, Json]:
    textured = isinstance(value, Image)
    colour = [1.0, 1.0, 1.0] if isinstance(value, Image) else _colour(value)
    image = texture_asset(value) if isinstance(value, Image) else NO_IMAGE
    lit = textured or any(colour)
    return {
        "enable_emission": lit,
        "emissive_color": colour,
        "emissive_color_texture": image,
        "emissive_intensity": 1.0,
    }


def _opacity(value: float | tuple[float, ...] | Image) -> dict[str, Json]:
    if isinstance(value, Image):
        image = texture_asset(value, scalar=True)
        return {
            "enable_opacity": True,
            "enable_opacity_texture": True,
            "opacity_texture": image,
            "opacity_constant": 1.0,
        }
    number = _number(value)
    clear = {"enable_opacity_texture": False, "opacity_texture": NO_IMAGE}
    return {"enable_opacity": number < 1.0, "opacity_constant": number, **clear}


def _threshold(value: float | tuple[float, ...] | Image) -> dict[str, Json]:
    return {"opacity_threshold": 0.0 if isinstance(value, Image) else _number(value)}


def _normal(value: float | tuple[float, ...] | Image) -> dict[str, Json]:
    image = texture_asset(value) if isinstance(value, Image) else NO_IMAGE
    return {"normalmap_texture": image, "bump_factor": 1.0}


def _number(value: float | tuple[float, ...]) -> float:
    return float(value[0]) if isinstance(value, tuple) else float(value)


def _colour(value: float | tuple[float, ...]) -> list[float]:
    return [float(number) for number in value] if isinstance(value, tuple) else [float(value)] * 3


_VALUES = {
    "diffuseColor": _diffuse,
    "roughness": _roughness,
    "metallic": _metallic,
    "ior": _ior,
    "emissiveColor": _emission,
    "opacity": _opacity,
    "opacityThreshold": _threshold,
    "normal": _normal,
}
