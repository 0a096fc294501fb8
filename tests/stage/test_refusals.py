"""What cannot be shown is named; what is broken or reaches out is refused with its place and reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.stage.blocks import png
from tests.stage.stages import TRIANGLE, geometry, written
from tests.stage.test_read import COUNTS, CUBE, network
from twin.errors import AssetError
from twin.spec.extends import ROOTS_VARIABLE
from twin.stage import guard
from twin.stage import read as reading
from twin.stage.read import read

API = '(prepend apiSchemas = ["MaterialBindingAPI"])'
BOUND = f'def Mesh "Cube" {API} {{ {CUBE} rel material:binding = </World/m> }}'
VERTEX = '(interpolation = "vertex")'
MDL = """def Material "m" { token outputs:mdl:surface.connect = </World/m/s.outputs:out>
    def Shader "s" { uniform token info:implementationSource = "sourceAsset"
        uniform asset info:mdl:sourceAsset = @OmniPBR.mdl@
        token outputs:out } }"""
GLTF = """def Material "m" { token outputs:surface.connect = </World/m/s.outputs:surface>
    def Shader "s" { uniform token info:id = "ND_standard_surface"
        token outputs:surface } }"""

PLANTED = {
    "curves": ('def BasisCurves "p" { int[] curveVertexCounts = [4] }', "/World/p", "a BasisCurves is no mesh"),
    "points": ('def Points "p" {}', "/World/p", "a Points is no mesh"),
    "nurbs": ('def NurbsPatch "p" {}', "/World/p", "a NurbsPatch is no mesh"),
    "hermite": ('def HermiteCurves "p" {}', "/World/p", "a HermiteCurves is no mesh"),
    "tets": ('def TetMesh "p" {}', "/World/p", "a TetMesh is no mesh"),
    "volume": ('def Volume "p" {}', "/World/p", "a Volume is no mesh"),
    "instancer": (f'def PointInstancer "p" {{ {TRIANGLE} }}', "/World/p", "use instanceable prims"),
    "unknown": ('def ParticleFieldOfTomorrow "p" {}', "/World/p", "ParticleFieldOfTomorrow is unknown"),
    "geometry light": ('def GeometryLight "p" {}', "/World/p", "a light of type GeometryLight"),
    "portal": ('def PortalLight "p" {}', "/World/p", "a light of type PortalLight"),
    "filter": (
        'def SphereLight "p" { rel light:filters = </World/f> } def LightFilter "f" {}',
        "/World/p",
        "light filters",
    ),
    "shaping": (
        'def SphereLight "p" (prepend apiSchemas = ["ShapingAPI"]) { float inputs:shaping:cone:angle = 30 }',
        "/World/p",
        "shaping",
    ),
    "linking": ('def SphereLight "p" { rel collection:lightLink:excludes = </World> }', "/World/p", "light linking"),
    "diffuse": ('def SphereLight "p" { float inputs:diffuse = 0.5 }', "/World/p", "a diffuse multiplier"),
    "angular dome": ('def DomeLight "p" { token inputs:texture:format = "angular" }', "/World/p", "the format angular"),
    "uneven ball": (
        'def SphereLight "p" { float3 xformOp:scale = (1, 2, 1)\nuniform token[] xformOpOrder = ["xformOp:scale"] }',
        "/World/p",
        "scaled unevenly",
    ),
    "mdl": (MDL + BOUND, "/World/m", "outputs:mdl:surface but no UsdPreviewSurface"),
    "materialx": (GLTF + BOUND, "/World/m", "ND_standard_surface, not UsdPreviewSurface"),
    "empty material": ('def Material "m" {}' + BOUND, "/World/m", "the material has no surface"),
    "displacement": (network(extra="float inputs:displacement = 0.1"), "/World/m", "displacement is not supported"),
    "presence": (network(extra='token inputs:opacityMode = "presence"'), "/World/m", "opacity as presence"),
    "tiles": (network().replace("wood.png", "wood.<UDIM>.png"), "/World/m", "a set of tiles"),
    "wraps": (network('token inputs:wrapS = "clamp"'), "/World/m", "goes on differently along u and v"),
    "clamped beyond": (
        network('token inputs:wrapS = "clamp"\ntoken inputs:wrapT = "clamp"').replace("(1,1),(0,1)]", "(1,2),(0,2)]"),
        "/World/m",
        "not repeated but 'clamp'",
    ),
    "primvar colour": (
        network().replace("</World/m/t.outputs:rgb>", "</World/m/st.outputs:result>"),
        "/World/m",
        "comes from a UsdPrimvarReader_float2 shader",
    ),
    "display colours": (
        TRIANGLE.replace(COUNTS, f"color3f[] primvars:displayColor = [(1,0,0),(0,1,0),(0,0,1)] {VERTEX}\n{COUNTS}"),
        "/World/Mesh",
        "changes over the mesh",
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_every_planted_construct_is_named(name: str, tmp_path: Path) -> None:
    body, path, reason = PLANTED[name]
    png(tmp_path / "wood.png", (180, 120, 60, 255))
    found = geometry(tmp_path, body).unsupported
    assert set(found) == {path}
    assert reason in found[path]


@pytest.mark.parametrize("name", [name for name, (body, path, _) in PLANTED.items() if path == "/World/p"])
def test_what_is_hidden_is_not_named(name: str, tmp_path: Path) -> None:
    body = f'def Xform "hidden" {{ token visibility = "invisible"\n{PLANTED[name][0]} }}'
    assert geometry(tmp_path, body.replace("</World/", "</World/hidden/")).unsupported == {}


def broken(old: str, new: str) -> str:
    assert old in TRIANGLE
    return TRIANGLE.replace(old, new)


HOSTILE = {
    "index": (broken("[0, 1, 2]", "[0, 1, 7]"), "/World/Mesh: a face refers to point 7 of 3"),
    "negative index": (broken("[0, 1, 2]", "[0, -1, 2]"), "/World/Mesh: a face refers to point -1 of 3"),
    "negative count": (broken("Counts = [3]", "Counts = [-3]"), "/World/Mesh: a face has -3 corners"),
    "absurd count": (broken("Counts = [3]", "Counts = [2000000000]"), "have 2000000000 corners but 3 indices"),
    "missing corners": (broken("Counts = [3]", "Counts = [4]"), "/World/Mesh: the faces have 4 corners but 3 indices"),
    "nan": (broken("(1, 0, 0)", "(nan, 0, 0)"), "/World/Mesh: point 1 is [nan, 0.0, 0.0]"),
    "infinite": (broken("(1, 0, 0)", "(1, inf, 0)"), "/World/Mesh: point 1 is [1.0, inf, 0.0]"),
    "few normals": (broken(COUNTS, f"normal3f[] normals = [(0, 0, 1)]\n{COUNTS}"), "1 values for 3 elements (vertex)"),
    "nan normals": (
        broken(COUNTS, f"normal3f[] normals = [(0,0,1),(0,nan,1),(0,0,1)]\n{COUNTS}"),
        "a value is not finite",
    ),
    "hole": (broken(COUNTS, f"int[] holeIndices = [9]\n{COUNTS}"), "/World/Mesh: a hole refers to face 9 of 1"),
    "bare slot": ('def Xform "s" { custom string twin:slot = "mug" }', "no 'twin:instanceId'"),
    "outside layer": ('def "a" (references = @../outside.usda@) {}', "leaves the folder of the stage"),
    "absolute layer": ('def "a" (payload = @/etc/passwd@) {}', "'/etc/passwd' leaves the folder of the stage"),
    "remote layer": ('def "a" (references = @https://example.com/a.usd@) {}', "is not on this machine"),
    "missing layer": ('def "a" (references = @./gone.usda@) {}', "there is no file"),
    "layer in a variant": (
        'def "a" (variants = { string v = "x" }\nprepend variantSets = "v") '
        '{ variantSet "v" = { "x" { def "b" (references = @../o.usda@) {} } } }',
        "leaves the folder of the stage",
    ),
    "no usd": ('def "a" (references = @./text.usda@) {}', "this is no USD that can be read"),
    "outside image": (network().replace("./wood.png", "../wood.png"), "/World/m/t: '"),
    "missing image": (network().replace("./wood.png", "./none.png"), "there is no file"),
    "remote image": (network().replace("./wood.png", "http://example.com/a.png"), "is not on this machine"),
    "outside sky": ('def DomeLight "d" { asset inputs:texture:file = @/etc/hosts@ }', "/World/d: '/etc/hosts' leaves"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_every_hostile_stage_is_refused(name: str, tmp_path: Path) -> None:
    body, message = HOSTILE[name]
    written(tmp_path / "outside.usda", TRIANGLE)
    png(tmp_path / "wood.png", (1, 2, 3))
    folder = tmp_path / "inside"
    png(folder / "wood.png", (1, 2, 3))
    (folder / "text.usda").write_text("hello")
    with pytest.raises(AssetError) as caught:
        geometry(folder, body)
    assert message in str(caught.value)


def test_a_link_does_not_lead_out(tmp_path: Path) -> None:
    written(tmp_path / "outside.usda", TRIANGLE)
    folder = tmp_path / "inside"
    folder.mkdir()
    (folder / "link.usda").symlink_to(tmp_path / "outside.usda")
    with pytest.raises(AssetError, match="leaves the folder"):
        geometry(folder, 'def "a" (references = @./link.usda@) {}')


def test_allowed_roots_let_a_stage_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path / "shared" / "part.usda", TRIANGLE)
    monkeypatch.setenv(ROOTS_VARIABLE, os.pathsep.join([str(tmp_path / "other"), str(tmp_path / "shared")]))
    assert len(geometry(tmp_path / "inside", 'def "a" (references = @../shared/part.usda@) {}').world) == 1


@pytest.mark.parametrize(
    ("head", "message"),
    [('upAxis = "Y"\n    metersPerUnit = 1', "Y up, 1.0 m a unit"), ('upAxis = "Z"', "Z up, 0.01 m a unit")],
)
def test_other_units_are_refused(tmp_path: Path, head: str, message: str) -> None:
    with pytest.raises(AssetError, match=message):
        read(written(tmp_path / "stage.usda", TRIANGLE, head), {})


def test_counts_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PRIM_LIMIT", 2)
    with pytest.raises(AssetError, match="more than 2 prims"):
        geometry(tmp_path, 'def "a" {} def "b" {}')
    monkeypatch.setattr(reading, "PRIM_LIMIT", 100)
    monkeypatch.setattr(reading, "TRIANGLE_LIMIT", 11)
    with pytest.raises(AssetError, match="more than 11 triangles"):
        geometry(tmp_path / "two", f'def Mesh "Cube" {{ {CUBE} }}')
    monkeypatch.setattr(guard, "FILE_LIMIT", 10)
    with pytest.raises(AssetError, match="expected: at most 10"):
        geometry(tmp_path / "three", TRIANGLE)


def test_a_file_that_is_no_usd(tmp_path: Path) -> None:
    (tmp_path / "stage.usda").write_text("#usda 1.0\n(((")
    with pytest.raises(AssetError, match="this is no USD that can be read"):
        read(tmp_path / "stage.usda", {})
    (tmp_path / "stage.usdc").write_bytes(b"PXR-USDC" + bytes(80))
    with pytest.raises(AssetError, match="this is no USD that can be read"):
        read(tmp_path / "stage.usdc", {})
