"""Write material networks: UsdPreviewSurface for everyone, OmniPBR beside it for RTX."""

from __future__ import annotations

from pxr import Sdf, Usd, UsdShade

from twin.stage import omnipbr
from twin.stage.author import declare
from twin.stage.inputs import COLOURS
from twin.stage.looks import Look

_TYPES = {"normal": "normal3f", "useSpecularWorkflow": "int", **dict.fromkeys(COLOURS - {"normal"}, "color3f")}


def define_network(stage: Usd.Stage, network: Look, mdl: bool) -> UsdShade.Material:
    """Define a material prim with every shader, input and connection of its network; values come later."""
    material = UsdShade.Material.Define(stage, network.path)
    surface = _shader(stage, network.surface, "UsdPreviewSurface")
    material.CreateSurfaceOutput().ConnectToSource(surface.CreateOutput("surface", Sdf.ValueTypeNames.Token))
    for name in network.plain:
        surface.CreateInput(name, input_type(name))
    if network.readers:
        uv = _uv(stage, network)
        for name in network.readers:
            _reader(stage, network, name, surface, uv)
    if mdl:
        _omnipbr(stage, network, material)
    return material


def change_in_place(stage: Usd.Stage, network: Look, changed: tuple[str, ...], mdl: bool) -> None:
    """Make inputs of a referenced material plain values, whatever its file connects them to."""
    surface = UsdShade.Shader(stage.OverridePrim(network.surface))
    for name in changed:
        attribute = surface.CreateInput(name, input_type(name)).GetAttr()
        if attribute.HasAuthoredConnections():
            attribute.SetConnections([])
    if mdl:
        shader = stage.OverridePrim(network.omnipbr)
        for name in changed:
            for key in omnipbr.values(name, 0.5):
                declare(shader, key, omnipbr.TYPES[key.removeprefix("inputs:")])


def input_type(name: str) -> Sdf.ValueTypeName:
    """Return the USD type of a UsdPreviewSurface input."""
    return Sdf.ValueTypeNames.Find(_TYPES.get(name, "float"))


def _shader(stage: Usd.Stage, path: str, identifier: str) -> UsdShade.Shader:
    shader = UsdShade.Shader.Define(stage, path)
    shader.CreateIdAttr(identifier)
    return shader


def _uv(stage: Usd.Stage, network: Look) -> UsdShade.Output:
    """Define the reader of ``st`` and the transform that repeats it; return the transform's output."""
    reader = _shader(stage, f"{network.path}/st", "UsdPrimvarReader_float2")
    reader.CreateInput("varname", Sdf.ValueTypeNames.String).Set("st")
    transform = _shader(stage, network.transform, "UsdTransform2d")
    source = transform.CreateInput("in", Sdf.ValueTypeNames.Float2)
    source.ConnectToSource(reader.CreateOutput("result", Sdf.ValueTypeNames.Float2))
    transform.CreateInput("scale", Sdf.ValueTypeNames.Float2).Set((1.0, 1.0))
    return transform.CreateOutput("result", Sdf.ValueTypeNames.Float2)


def _reader(stage: Usd.Stage, network: Look, name: str, surface: UsdShade.Shader, uv: UsdShade.Output) -> None:
    texture = _shader(stage, network.reader(name), "UsdUVTexture")
    texture.CreateInput("st", Sdf.ValueTypeNames.Float2).ConnectToSource(uv)
    texture.CreateInput("file", Sdf.ValueTypeNames.Asset)
    texture.CreateInput("sourceColorSpace", Sdf.ValueTypeNames.Token)
    texture.CreateInput("scale", Sdf.ValueTypeNames.Float4)
    texture.CreateInput("bias", Sdf.ValueTypeNames.Float4)
    for wrap in ("wrapS", "wrapT"):
        texture.CreateInput(wrap, Sdf.ValueTypeNames.Token).Set("repeat")
    colour = name in COLOURS
    output = texture.CreateOutput(
        "rgb" if colour else "r", Sdf.ValueTypeNames.Float3 if colour else Sdf.ValueTypeNames.Float
    )
    surface.CreateInput(name, input_type(name)).ConnectToSource(output)


def _omnipbr(stage: Usd.Stage, network: Look, material: UsdShade.Material) -> None:
    shader = UsdShade.Shader.Define(stage, network.omnipbr)
    shader.CreateImplementationSourceAttr("sourceAsset")
    shader.SetSourceAsset(Sdf.AssetPath("OmniPBR.mdl"), "mdl")
    shader.SetSourceAssetSubIdentifier("OmniPBR", "mdl")
    material.CreateSurfaceOutput("mdl").ConnectToSource(shader.CreateOutput("out", Sdf.ValueTypeNames.Token))
    prim = shader.GetPrim()
    for name in sorted({*network.readers, *network.plain}):
        for key in omnipbr.values(name, 0.5):
            declare(prim, key, omnipbr.TYPES[key.removeprefix("inputs:")])
    if network.readers:
        declare(prim, "inputs:texture_scale", "float2", (1.0, 1.0))
