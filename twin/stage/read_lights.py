"""Read UsdLux lights as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pxr import Gf, Usd, UsdLux

from twin import conventions
from twin.conventions import Array
from twin.frame import Json
from twin.stage.geometry import Light
from twin.stage.guard import asset_file

KINDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "DomeLight": ("dome", ()),
    "DomeLight_1": ("dome", ()),
    "SphereLight": ("sphere", ("radius",)),
    "RectLight": ("rect", ("width", "height")),
    "DiskLight": ("disk", ("radius",)),
    "CylinderLight": ("cylinder", ("radius", "length")),
    "DistantLight": ("distant", ("angle",)),
}
"""USD type -> kind and the inputs that only it has."""

SIZES: Mapping[str, Mapping[str, int]] = {
    "rect": {"width": 0, "height": 1},
    "disk": {"radius": 0},
    "sphere": {"radius": 0},
    "cylinder": {"length": 0, "radius": 1},
}
"""Kind -> input -> axis whose scale it takes on."""

COMMON = ("intensity", "exposure", "color", "enableColorTemperature", "colorTemperature", "normalize")
TIME = Usd.TimeCode.EarliestTime()


def is_light(prim: Usd.Prim) -> bool:
    """Say whether a prim shines."""
    return bool(prim.HasAPI(UsdLux.LightAPI))


def read_light(prim: Usd.Prim, matrix: Gf.Matrix4d, roots: Any) -> tuple[Light | None, str]:
    """Return a light and, where it says something that these values cannot hold, the reason."""
    kind, own = KINDS.get(str(prim.GetTypeName()), ("", ()))
    if not kind:
        return None, f"a light of type {prim.GetTypeName() or 'mesh'} is not supported"
    T = np.array(matrix).T
    scale = np.linalg.norm(T[:3, :3], axis=0)
    inputs = {name: _plain(prim.GetAttribute(f"inputs:{name}").Get(TIME)) for name in (*COMMON, *own)}
    reason = _scaled(kind, inputs, scale) or _extras(prim, kind)
    if kind == "dome":
        inputs["texture:file"] = _texture(prim, roots)
    pose = conventions.transform(T[:3, :3] / scale, T[:3, 3])
    return Light(str(prim.GetPath()), kind, inputs, pose @ _pole(prim)), reason


def _scaled(kind: str, inputs: dict[str, Json], scale: Array) -> str:
    """Put the scale of a light's transform into its size; a light at infinity has none."""
    if kind in ("dome", "distant") or np.allclose(scale, 1, atol=1e-5):
        return ""
    sizes = {
        "rect": {"width": 0, "height": 1},
        "disk": {"radius": 0},
        "sphere": {"radius": 0},
        "cylinder": {"length": 0, "radius": 1},
    }
    for name, axis in sizes[kind].items():
        inputs[name] = float(inputs[name] * scale[axis])
    pairs = {"rect": (), "disk": (0, 1), "sphere": (0, 1, 2), "cylinder": (1, 2)}[kind]
    return "" if np.ptp([scale[axis] for axis in pairs] or [0]) < 1e-5 else f"a {kind} light is scaled unevenly"


def _texture(prim: Usd.Prim, roots: Any) -> str:
    return str(asset_file(prim.GetAttribute("inputs:texture:file"), roots) or "")


def _pole(prim: Usd.Prim) -> Array:
    """Return the turn that a dome of the second version makes on a Z-up stage."""
    if str(prim.GetTypeName()) != "DomeLight_1" or prim.GetAttribute("poleAxis").Get(TIME) == "Y":
        return np.eye(4)
    return conventions.transform(conventions.rotation_axis([1, 0, 0], np.pi / 2), [0, 0, 0])


def _extras(prim: Usd.Prim, kind: str) -> str:
    """Name what a light says beyond its basic inputs."""
    found = []
    if prim.GetRelationship("light:filters").GetTargets():
        found.append("light filters")
    if prim.GetRelationship("portals") and prim.GetRelationship("portals").GetTargets():
        found.append("portals")
    if kind == "rect" and _path(prim, "inputs:texture:file"):
        found.append("a texture on a rect light")
    if kind == "dome" and prim.GetAttribute("inputs:texture:format").Get(TIME) not in (None, "automatic", "latlong"):
        found.append(f"a dome in the format {prim.GetAttribute('inputs:texture:format').Get(TIME)}")
    found += [
        f"a {name} multiplier"
        for name in ("diffuse", "specular")
        if prim.GetAttribute(f"inputs:{name}").Get(TIME) != 1.0
    ]
    found += _shaping(prim) + _linking(prim)
    if prim.GetAttribute("treatAsPoint") and prim.GetAttribute("treatAsPoint").Get(TIME):
        found.append("a point without a size")
    return f"{' and '.join(found)}: not supported" if found else ""


def _shaping(prim: Usd.Prim) -> list[str]:
    if not prim.HasAPI(UsdLux.ShapingAPI):
        return []
    neutral = {"shaping:focus": 0.0, "shaping:cone:angle": 90.0, "shaping:cone:softness": 0.0}
    shaped = any(prim.GetAttribute(f"inputs:{name}").Get(TIME) not in (None, value) for name, value in neutral.items())
    return ["shaping"] if shaped or _path(prim, "inputs:shaping:ies:file") else []


def _linking(prim: Usd.Prim) -> list[str]:
    collections = (Usd.CollectionAPI.Get(prim, name) for name in ("lightLink", "shadowLink"))
    linked = any(c and (c.GetExcludesRel().GetTargets() or c.GetIncludesRel().GetTargets()) for c in collections)
    return ["light linking"] if linked else []


def _path(prim: Usd.Prim, name: str) -> str:
    value = prim.GetAttribute(name).Get(TIME) if prim.HasAttribute(name) else None
    return value.path if value is not None else ""


def _plain(value: Any) -> Json:
    return list(value) if isinstance(value, Gf.Vec3f) else value
