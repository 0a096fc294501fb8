"""Read UsdPreviewSurface networks as plain values."""

from __future__ import annotations

from math import radians
from pathlib import Path
from typing import Any

from pxr import Sdf, Usd, UsdShade

from twin.stage.geometry import Material, Texture
from twin.stage.guard import asset_file
from twin.stage.inputs import FALLBACKS

TIME = Usd.TimeCode.EarliestTime()
_RAW = (".exr", ".hdr")
_IGNORED = {"occlusion"}


class Unreadable(Exception):
    """Say why a material cannot be held as plain values."""


class Uv:
    """How a material looks up its images: by which primvar, turned and moved how."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.turns: set[tuple[float, float, float]] = set()
        self.scales: set[tuple[float, float]] = set()

    @property
    def name(self) -> str:
        """The primvar that all images share."""
        return next(iter(self.names), "st")


def read_material(material: UsdShade.Material, roots: Any) -> tuple[Material, Uv, str]:
    """Return a material, its uv, and the reason where something on it is not supported."""
    path, uv = str(material.GetPath()), Uv()
    try:
        surface = _surface(material)
        found: dict[str, Any] = {}
        for item in surface.GetInputs():
            name = item.GetBaseName()
            if name in FALLBACKS and name not in _IGNORED:
                found[name] = _input(name, item, uv, roots)
        _check(material, surface, found, uv)
    except Unreadable as reason:
        return Material(path, "", {}), uv, str(reason)
    return Material(path, str(surface.GetPath()), {k: v for k, v in found.items() if v is not None}), uv, ""


def _surface(material: UsdShade.Material) -> UsdShade.Shader:
    shader = material.ComputeSurfaceSource()[0]
    if not shader:
        contexts = sorted(o.GetFullName() for o in material.GetSurfaceOutputs() if o.HasConnectedSource())
        raise Unreadable(
            f"the material has {', '.join(contexts)} but no UsdPreviewSurface"
            if contexts
            else "the material has no surface"
        )
    identifier = shader.GetIdAttr().Get()
    if identifier != "UsdPreviewSurface":
        raise Unreadable(f"the surface shader is {identifier or 'no built-in one'}, not UsdPreviewSurface")
    return shader


def _check(material: UsdShade.Material, surface: UsdShade.Shader, found: dict[str, Any], uv: Uv) -> None:
    displacement = found.pop("displacement", None)
    if isinstance(displacement, Texture) or (displacement or 0.0) != 0.0:
        raise Unreadable("displacement is not supported")
    mode = surface.GetInput("opacityMode")
    if mode and mode.Get(TIME) == "presence":
        raise Unreadable("opacity as presence is not supported; use an opacityThreshold")
    if material.ComputeVolumeSource()[0]:
        raise Unreadable("a volume shader is not supported")
    if len(uv.names) > 1:
        raise Unreadable(f"its images use several uv sets: {', '.join(sorted(uv.names))}")
    if len(uv.turns) > 1:
        raise Unreadable("its images are turned or moved differently")


def _input(name: str, item: UsdShade.Input, uv: Uv, roots: Any) -> Any:
    sources = item.GetValueProducingAttributes()
    if not sources:
        return None
    source = sources[0]
    if UsdShade.Utils.GetType(source.GetName()) == UsdShade.AttributeType.Output:
        return _texture(name, source, uv, roots)
    value = source.Get(TIME)
    if value is None:
        return None
    return tuple(map(float, value)) if hasattr(value, "__len__") else float(value)


def _texture(name: str, output: Usd.Attribute, uv: Uv, roots: Any) -> Texture:
    shader = UsdShade.Shader(output.GetPrim())
    identifier = shader.GetIdAttr().Get()
    if identifier != "UsdUVTexture":
        raise Unreadable(f"the input '{name}' comes from a {identifier or 'custom'} shader")
    path = str(shader.GetPath())
    attribute = _producer(shader, "file")
    asset = attribute.Get(TIME) if attribute else None
    if asset is not None and "<" in asset.path:
        raise Unreadable(f"the image of '{name}' is a set of tiles, {asset.path}")
    file = asset_file(attribute, roots)
    if file is None:
        raise Unreadable(f"the image of '{name}' has no file")
    uv_scale, uv_path = _transform(shader, uv)
    return Texture(
        file=file,
        colorspace=_colorspace(name, _value(shader, "sourceColorSpace"), file),
        channel=UsdShade.Utils.GetBaseNameAndType(output.GetName())[0],
        scale=_four(_value(shader, "scale"), 1.0),
        bias=_four(_value(shader, "bias"), 0.0),
        uv_scale=uv_scale,
        path=path,
        uv_path=uv_path,
        wrap=_wrap(name, shader),
    )


def _transform(texture: UsdShade.Shader, uv: Uv) -> tuple[tuple[float, float], str]:
    """Follow ``st`` to its primvar; return the repeats and the prim that sets them."""
    shader, scale, path = _source(texture, "st"), (1.0, 1.0), ""
    turn = (0.0, 0.0, 0.0)
    if shader and shader.GetIdAttr().Get() == "UsdTransform2d":
        path, given = str(shader.GetPath()), _value(shader, "scale")
        scale = (float(given[0]), float(given[1])) if given is not None else scale
        move = _value(shader, "translation") or (0.0, 0.0)
        turn = (radians(_value(shader, "rotation") or 0.0), float(move[0]), float(move[1]))
        shader = _source(shader, "in")
    if shader and shader.GetIdAttr().Get() != "UsdPrimvarReader_float2":
        raise Unreadable(f"the uv comes from a {shader.GetIdAttr().Get()} shader")
    uv.names.add(str(_value(shader, "varname") or "st") if shader else "st")
    uv.turns.add(turn)
    return scale, path


def _source(shader: UsdShade.Shader, name: str) -> UsdShade.Shader | None:
    found = _producer(shader, name)
    is_output = found and UsdShade.Utils.GetType(found.GetName()) == UsdShade.AttributeType.Output
    return UsdShade.Shader(found.GetPrim()) if found and is_output else None


def _producer(shader: UsdShade.Shader, name: str) -> Usd.Attribute | None:
    item = shader.GetInput(name)
    found = item.GetValueProducingAttributes() if item else []
    return found[0] if found else None


def _value(shader: UsdShade.Shader, name: str) -> Any:
    attribute = _producer(shader, name)
    return attribute.Get(TIME) if attribute else None


def _four(value: Any, fallback: float) -> tuple[float, ...]:
    return (fallback,) * 4 if value is None else tuple(float(number) for number in value)


def _colorspace(name: str, given: str | None, file: Path) -> str:
    """Return ``sRGB`` or ``raw``; ``auto`` means sRGB for a colour from an 8-bit image."""
    if given in ("sRGB", "raw"):
        return str(given)
    colour = name in ("diffuseColor", "emissiveColor", "specularColor")
    return "sRGB" if colour and file.suffix.lower() not in _RAW else "raw"


def _wrap(name: str, shader: UsdShade.Shader) -> str:
    """Return how the image goes on beyond [0, 1]; images without such metadata repeat."""
    modes = {_value(shader, axis) or "useMetadata" for axis in ("wrapS", "wrapT")}
    if len(modes) > 1:
        raise Unreadable(f"the image of '{name}' goes on differently along u and v")
    mode = modes.pop()
    return "repeat" if mode == "useMetadata" else str(mode)


def bound_material(prim: Usd.Prim) -> UsdShade.Material | None:
    """Return the material that a prim shows: the strongest binding for full renders."""
    material = UsdShade.MaterialBindingAPI(prim).ComputeBoundMaterial(UsdShade.Tokens.full)[0]
    return material if material and material.GetPath() != Sdf.Path.emptyPath else None
