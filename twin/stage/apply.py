"""Apply a frame's opinions to a stage's materials and lights. Pure, and cheap enough for every frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from twin.errors import SpecError
from twin.frame import Json
from twin.stage.geometry import Geometry, Light, Material, Texture

INPUTS = "inputs:"


def apply(
    geometry: Geometry, opinions: Mapping[str, Mapping[str, Json]]
) -> tuple[dict[str, Material], dict[str, Light]]:
    """Return all materials and lights as a frame has them.

    Args:
        geometry: The stage.
        opinions: The frame's ``FrameState.opinions``; what they say of OmniPBR shaders is for other engines.

    Raises:
        SpecError: where they name a prim that is neither a light nor a part of a material of this stage.
    """
    materials, lights = dict(geometry.materials), dict(geometry.lights)
    for path, values in opinions.items():
        parent = path.rsplit("/", 1)[0]
        if path in lights:
            lights[path] = _light(lights[path], values, geometry.folder)
        elif parent in materials:
            materials[parent] = _material(materials[parent], path, values, geometry.folder)
        elif not path.endswith("/omnipbr"):
            hint = "the frame belongs to another scene or block"
            raise SpecError("the stage has no light and no material there", where=path, hint=hint)
    return materials, lights


def _light(light: Light, values: Mapping[str, Json], folder: Path) -> Light:
    inputs = {
        name.removeprefix(INPUTS): _file(value, folder) for name, value in values.items() if name.startswith(INPUTS)
    }
    pose = values.get("xformOp:transform")
    T = light.T_world_light if pose is None else np.asarray(pose, dtype=np.float64).T
    return replace(light, inputs={**light.inputs, **inputs}, T_world_light=T)


def _file(value: Json, folder: Path) -> Json:
    if isinstance(value, Mapping):
        return str(folder / value["asset"]) if value["asset"] else ""
    return value


def _material(material: Material, path: str, values: Mapping[str, Json], folder: Path) -> Material:
    changed: dict[str, Any] = {}
    if path == material.surface:
        for key, value in values.items():
            name = key.removeprefix(INPUTS)
            if not isinstance(material.inputs.get(name), Texture):
                changed[name] = tuple(value) if isinstance(value, list | tuple) else value
    else:
        for name, texture in material.inputs.items():
            if isinstance(texture, Texture):
                if texture.path == path:
                    changed[name] = _texture(texture, values, folder)
                elif texture.uv_path == path:
                    changed[name] = replace(texture, uv_scale=tuple(values["inputs:scale"]))
    return replace(material, inputs={**material.inputs, **changed}) if changed else material


def _texture(texture: Texture, values: Mapping[str, Json], folder: Path) -> Texture:
    found: dict[str, Any] = {}
    if "inputs:file" in values:
        found["file"] = folder / values["inputs:file"]["asset"]
    if "inputs:sourceColorSpace" in values:
        found["colorspace"] = values["inputs:sourceColorSpace"]
    for name in ("scale", "bias"):
        if INPUTS + name in values:
            found[name] = tuple(values[INPUTS + name])
    return replace(texture, **found)
