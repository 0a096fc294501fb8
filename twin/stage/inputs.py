"""List the inputs of UsdPreviewSurface, as its specification (version 2.6) defines them."""

from __future__ import annotations

from collections.abc import Mapping

FALLBACKS: Mapping[str, float | tuple[float, ...]] = {
    "diffuseColor": (0.18, 0.18, 0.18),
    "emissiveColor": (0.0, 0.0, 0.0),
    "useSpecularWorkflow": 0.0,
    "specularColor": (0.0, 0.0, 0.0),
    "metallic": 0.0,
    "roughness": 0.5,
    "clearcoat": 0.0,
    "clearcoatRoughness": 0.01,
    "opacity": 1.0,
    "opacityThreshold": 0.0,
    "ior": 1.5,
    "normal": (0.0, 0.0, 1.0),
    "displacement": 0.0,
    "occlusion": 1.0,
}
"""Input name -> its value where a material leaves it out."""

COLOURS = frozenset({"diffuseColor", "emissiveColor", "specularColor", "normal"})
"""Inputs of three channels; the others are one number."""

UNTEXTURED = frozenset({"useSpecularWorkflow", "opacityThreshold"})
"""Inputs that no image drives."""
