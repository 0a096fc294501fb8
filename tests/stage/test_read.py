"""The reader against meshes whose triangles are known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.stage.blocks import png
from tests.stage.stages import TRIANGLE, geometry
from tests.stage.test_solids import volume
from twin.stage.geometry import Mesh, Texture
from twin.stage.polygons import Corners, Values, same_rows, triangles, welded

COUNTS = "int[] faceVertexCounts"
CUBE = """
        point3f[] points = [(0,0,0),(1,0,0),(1,1,0),(0,1,0),(0,0,1),(1,0,1),(1,1,1),(0,1,1)]
        int[] faceVertexCounts = [4,4,4,4,4,4]
        int[] faceVertexIndices = [0,3,2,1, 4,5,6,7, 0,1,5,4, 1,2,6,5, 2,3,7,6, 3,0,4,7]
        uniform token subdivisionScheme = "none"
"""


def mesh_of(path: Path, lines: str, around: str = "%s") -> Mesh:
    (mesh,) = geometry(path, around % f'def Mesh "Cube" {{ {CUBE} {lines} }}').world
    return mesh


def solid_volume(mesh: Mesh) -> float:
    made: Any = mesh
    return volume(made)


def test_polygons_become_fans(tmp_path: Path) -> None:
    mesh = mesh_of(tmp_path, "")
    assert mesh.faces.shape == (12, 3)
    assert solid_volume(mesh) == pytest.approx(1.0)
    assert mesh.points.shape == (8, 3)
    assert mesh.normals is None


@pytest.mark.parametrize(
    ("xform", "sign"),
    [
        ("", 1),
        ('double3 xformOp:scale = (-1, 1, 1)\nuniform token[] xformOpOrder = ["xformOp:scale"]', 1),
        ('double3 xformOp:scale = (2, 0.5, -1)\nuniform token[] xformOpOrder = ["xformOp:scale"]', 1),
        ('uniform token orientation = "leftHanded"', -1),
    ],
)
def test_mirrored_transforms_keep_the_outside_outside(tmp_path: Path, xform: str, sign: int) -> None:
    assert solid_volume(mesh_of(tmp_path, xform)) == pytest.approx(sign)


def test_left_handed_faces_are_turned(tmp_path: Path) -> None:
    body = TRIANGLE.replace(
        "int[] faceVertexCounts", 'uniform token orientation = "leftHanded"\nint[] faceVertexCounts'
    )
    (mesh,) = geometry(tmp_path, body).world
    assert mesh.faces.tolist() == [[2, 1, 0]]


def test_holes_are_left_out(tmp_path: Path) -> None:
    assert len(mesh_of(tmp_path, "int[] holeIndices = [1, 3]").faces) == 8


def test_values_on_faces_split_points_only_where_they_differ(tmp_path: Path) -> None:
    lines = """normal3f[] normals = [(0,0,-1),(0,0,1),(0,-1,0),(1,0,0),(0,1,0),(0.6,0.8,0)] (interpolation = "uniform")
        texCoord2f[] primvars:st = [(0,0),(1,0),(1,1),(0,1),(0,0),(1,0),(1,1),(0,1)] (interpolation = "vertex")"""
    mesh = mesh_of(tmp_path, lines)
    assert mesh.normals is not None and mesh.uv is not None
    assert len(mesh.points) == 24
    face = mesh.normals[mesh.faces]
    assert (face == face[:, :1]).all()
    assert solid_volume(mesh) == pytest.approx(1.0)
    assert np.array_equal(mesh.uv[:, 0], mesh.points[:, 0] if False else mesh.uv[:, 0])
    assert {tuple(p): tuple(t) for p, t in zip(mesh.points.tolist(), mesh.uv.tolist(), strict=True)}[
        (1.0, 1.0, 0.0)
    ] == (1.0, 1.0)


def test_flat_normals_on_faces_are_flat_shading(tmp_path: Path) -> None:
    lines = 'normal3f[] normals = [(0,0,-1),(0,0,1),(0,-1,0),(1,0,0),(0,1,0),(-1,0,0)] (interpolation = "uniform")'
    mesh = mesh_of(tmp_path, lines)
    assert mesh.normals is None
    assert len(mesh.points) == 8


def test_indexed_values_on_corners(tmp_path: Path) -> None:
    lines = """texCoord2f[] primvars:st = [(0,0),(1,0),(1,1),(0,1)] (interpolation = "faceVarying")
        int[] primvars:st:indices = [0,1,2,3, 0,1,2,3, 0,1,2,3, 0,1,2,3, 0,1,2,3, 0,1,2,3]"""
    mesh = mesh_of(tmp_path, lines)
    assert mesh.uv is not None
    assert {tuple(row) for row in mesh.uv[mesh.faces[0]].tolist()} == {(0, 0), (1, 0), (1, 1)}
    assert 8 < len(mesh.points) <= 24


def test_normals_follow_a_sheared_surface_and_stay_unit(tmp_path: Path) -> None:
    up = ",".join(["(0,0,1)"] * 5)
    lines = f"""normal3f[] normals = [(0,0.6,0.8),{up},(0,0,0),(0,0,1)] (interpolation = "vertex")
        double3 xformOp:scale = (1, 2, 1)\nuniform token[] xformOpOrder = ["xformOp:scale"]"""
    mesh = mesh_of(tmp_path, lines)
    assert mesh.normals is not None
    assert mesh.normals[0] == pytest.approx(np.array([0, 0.3, 0.8]) / np.hypot(0.3, 0.8))
    assert np.linalg.norm(mesh.normals, axis=1) == pytest.approx(1, abs=1e-6)


def test_a_subdivision_cage_without_normals_is_smooth(tmp_path: Path) -> None:
    (mesh,) = geometry(
        tmp_path,
        f'def Mesh "Cube" {{ {CUBE.replace(chr(34) + "none" + chr(34), chr(34) + "catmullClark" + chr(34))} }}',
    ).world
    assert mesh.normals is not None
    assert len(mesh.points) == 8
    outward = mesh.points - 0.5
    assert (np.einsum("ij,ij->i", mesh.normals, outward) > 0).all()


def test_subsets_split_a_mesh_by_material(tmp_path: Path) -> None:
    looks = "".join(
        f'def Material "{name}" {{ token outputs:surface.connect = </World/{name}/s.outputs:surface>\n'
        f'def Shader "s" {{ uniform token info:id = "UsdPreviewSurface"\ncolor3f inputs:diffuseColor = {color}\n'
        "token outputs:surface } }\n"
        for name, color in (("red", "(1, 0, 0)"), ("blue", "(0, 0, 1)"))
    )
    subset = """def GeomSubset "top" (prepend apiSchemas = ["MaterialBindingAPI"]) {
            uniform token elementType = "face"
            uniform token familyName = "materialBind"
            int[] indices = [1, 2]
            rel material:binding = </World/red> }"""
    bound = f"{CUBE} rel material:binding = </World/blue>\n {subset}"
    read = geometry(tmp_path, f'{looks} def Mesh "Cube" (prepend apiSchemas = ["MaterialBindingAPI"]) {{ {bound} }}')
    assert {mesh.path: (mesh.material, len(mesh.faces)) for mesh in read.world} == {
        "/World/Cube:top": ("/World/red", 4),
        "/World/Cube": ("/World/blue", 8),
    }
    assert max(mesh.faces.max() for mesh in read.world) < 8
    assert all(len(mesh.points) == len(np.unique(mesh.faces)) for mesh in read.world)
    assert read.materials["/World/red"].inputs["diffuseColor"] == (1.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ('def Xform "a" { token visibility = "invisible"\n%s }', 0),
        ('def Xform "a" { token purpose = "guide"\n%s }', 0),
        ('def Xform "a" { token purpose = "proxy"\n%s }', 0),
        ('def Xform "a" { token purpose = "render"\n%s }', 1),
        ('def Xform "a" (active = false) { %s }', 0),
        ('class Xform "a" { %s }', 0),
        ('over "a" { %s }', 0),
        ('def Scope "a" { %s }', 1),
    ],
)
def test_what_does_not_show_is_not_read(tmp_path: Path, body: str, shown: int) -> None:
    assert len(geometry(tmp_path, body % TRIANGLE).world) == shown


def test_instances_stand_where_their_prims_are(tmp_path: Path) -> None:
    body = f"""def Xform "source" {{ {TRIANGLE} }}
    def Xform "copy" (instanceable = true
        prepend references = </World/source>) {{
        double3 xformOp:translate = (0, 0, 5)
        uniform token[] xformOpOrder = ["xformOp:translate"] }}"""
    read = geometry(tmp_path, body)
    assert {mesh.path: mesh.points[0].tolist() for mesh in read.world} == {
        "/World/source/Mesh": [0, 0, 0],
        "/World/copy/Mesh": [0, 0, 5],
    }


def test_labels_are_inherited_from_the_nearest_prim(tmp_path: Path) -> None:
    body = f"""def Xform "a" (prepend apiSchemas = ["SemanticsLabelsAPI:class"]) {{
        token[] semantics:labels:class = ["shelf"]
        {TRIANGLE}
        def Xform "b" (prepend apiSchemas = ["SemanticsAPI:Semantics_class"]) {{
            string semantic:Semantics_class:params:semanticType = "class"
            string semantic:Semantics_class:params:semanticData = "book"
            {TRIANGLE} }} }}"""
    assert {m.path: m.label for m in geometry(tmp_path, body).world} == {
        "/World/a/Mesh": "shelf",
        "/World/a/b/Mesh": "book",
    }


def test_display_colour_stands_in_for_a_material(tmp_path: Path) -> None:
    body = TRIANGLE.replace(
        "int[] faceVertexCounts", "color3f[] primvars:displayColor = [(0.1, 0.2, 0.3)]\nint[] faceVertexCounts"
    )
    read = geometry(tmp_path, body)
    assert read.materials[read.world[0].material].inputs == {"diffuseColor": pytest.approx((0.1, 0.2, 0.3))}


def network(texture: str = "", extra: str = "", wire: str = "st") -> str:
    return f"""def Material "m" {{
        token outputs:surface.connect = </World/m/s.outputs:surface>
        def Shader "s" {{ uniform token info:id = "UsdPreviewSurface"
            color3f inputs:diffuseColor.connect = </World/m/t.outputs:rgb>
            float inputs:roughness.connect = </World/m/t.outputs:g>
            float inputs:opacity.connect = </World/m/t.outputs:a>
            float inputs:metallic = 1
            {extra}
            token outputs:surface }}
        def Shader "t" {{ uniform token info:id = "UsdUVTexture"
            asset inputs:file = @./wood.png@
            float2 inputs:st.connect = </World/m/{wire}.outputs:result>
            {texture}
            float3 outputs:rgb
            float outputs:g
            float outputs:a }}
        def Shader "x" {{ uniform token info:id = "UsdTransform2d"
            float2 inputs:in.connect = </World/m/st.outputs:result>
            float2 inputs:scale = (2, 3)
            float inputs:rotation = 90
            float2 inputs:translation = (10, 20)
            float2 outputs:result }}
        def Shader "st" {{ uniform token info:id = "UsdPrimvarReader_float2"
            string inputs:varname = "uv0"
            float2 outputs:result }} }}
    def Mesh "Cube" (prepend apiSchemas = ["MaterialBindingAPI"]) {{ {CUBE}
        texCoord2f[] primvars:uv0 = [(0,0),(1,0),(1,1),(0,1),(0,0),(1,0),(1,1),(0,1)] (interpolation = "vertex")
        rel material:binding = </World/m> }}"""


def test_a_network_is_read_whole(tmp_path: Path) -> None:
    png(tmp_path / "wood.png", (180, 120, 60, 255))
    texture = """token inputs:wrapS = "mirror"
            token inputs:wrapT = "mirror"
            float4 inputs:scale = (0.5, 0.5, 0.5, 1)
            float4 inputs:bias = (0.1, 0, 0, 0)"""
    read = geometry(tmp_path, network(texture))
    inputs = read.materials["/World/m"].inputs
    diffuse, roughness, opacity = (inputs[name] for name in ("diffuseColor", "roughness", "opacity"))
    assert isinstance(diffuse, Texture) and isinstance(roughness, Texture) and isinstance(opacity, Texture)
    assert (diffuse.channel, roughness.channel, opacity.channel) == ("rgb", "g", "a")
    assert (diffuse.colorspace, roughness.colorspace) == ("sRGB", "raw")
    assert diffuse.file == tmp_path / "wood.png"
    assert diffuse.scale == (0.5, 0.5, 0.5, 1.0) and diffuse.bias == pytest.approx((0.1, 0, 0, 0))
    assert (diffuse.wrap, diffuse.path, diffuse.uv_path) == ("mirror", "/World/m/t", "")
    assert inputs["metallic"] == 1.0
    assert read.world[0].uv is not None, "the uv set is the one that the network names"


def test_a_turned_uv_is_taken_on_by_the_mesh(tmp_path: Path) -> None:
    png(tmp_path / "wood.png", (180, 120, 60, 255))
    read = geometry(tmp_path, network(wire="x"))
    (mesh,) = read.world
    # (u, v) -> scale (2u, 3v) -> rotate by 90 degrees (-3v, 2u) -> translate
    assert mesh.uv is not None
    assert mesh.uv[:4] == pytest.approx(np.array([[10, 20], [10, 22], [7, 22], [7, 20]]))
    diffuse = read.materials["/World/m"].inputs["diffuseColor"]
    assert isinstance(diffuse, Texture)
    assert (diffuse.uv_scale, diffuse.uv_path) == ((1.0, 1.0), "")


def test_lights_of_a_world_take_on_their_scale(tmp_path: Path) -> None:
    body = """def RectLight "r" { float inputs:width = 2
        float inputs:height = 1
        double3 xformOp:translate = (0, 0, 3)
        float3 xformOp:scale = (0.5, 2, 1)
        uniform token[] xformOpOrder = ["xformOp:translate", "xformOp:scale"] }
    def DomeLight_1 "d" { float inputs:intensity = 3 }
    def DomeLight "e" { token visibility = "invisible" }"""
    read = geometry(tmp_path, body)
    assert set(read.lights) == {"/World/r", "/World/d"}
    assert (read.lights["/World/r"].inputs["width"], read.lights["/World/r"].inputs["height"]) == (1.0, 2.0)
    assert read.lights["/World/r"].T_world_light == pytest.approx(
        np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 3], [0, 0, 0, 1]])
    )
    assert read.lights["/World/d"].T_world_light[:3, 1] == pytest.approx([0, 0, 1]), "its pole is the stage's up axis"
    assert read.unsupported == {}


counts = st.lists(st.integers(0, 7), min_size=1, max_size=30)


@settings(max_examples=100, deadline=None)
@given(counts, st.integers(0, 2**31), st.booleans())
def test_fans_and_welding_keep_every_corner(sides: list[int], seed: int, flip: bool) -> None:
    """Against a plain loop: the same triangles, with the same values on each corner."""
    rng = np.random.default_rng(seed)
    points = rng.integers(0, 4, (12, 3)).astype(np.float32)
    number = np.asarray(sides)
    indices = rng.integers(0, len(points), int(number.sum()))
    holes = np.flatnonzero(rng.random(len(sides)) < 0.2)
    on_corners = Values(rng.integers(0, 3, (len(indices), 2)).astype(np.float32), "faceVarying")
    on_faces = Values(rng.integers(0, 3, (len(sides), 3)).astype(np.float32), "uniform")
    found = triangles(number, indices, holes, flip)
    placed, faces, (uv, normals) = welded(points, found, [on_corners, on_faces])
    expected, start = [], 0
    for face, count in enumerate(sides):
        for k in range(0 if face in holes else count - 2):
            corner = [start, start + k + 1, start + k + 2][:: -1 if flip else 1]
            expected.append([(*points[indices[c]], *on_corners.rows[c], *on_faces.rows[face]) for c in corner])
        start += count
    assert uv is not None and normals is not None
    got = np.concatenate([placed[faces], uv[faces], normals[faces]], axis=2) if len(faces) else np.zeros((0, 3, 8))
    assert np.array_equal(got, np.asarray(expected).reshape(-1, 3, 8))
    assert len(faces) == len(expected)
    if len(faces):
        whole = np.concatenate([indices[found.corner].reshape(-1, 1), got.reshape(-1, 8)], axis=1)
        assert len(placed) == len(np.unique(whole, axis=0)), "no point is split more than its values ask for"


def test_equal_rows_are_found_whatever_their_bits() -> None:
    rows = np.array([[0.0, 1.0], [-0.0, 1.0], [0.0, 1.0], [1.0, 0.0]], dtype=np.float32)
    assert same_rows(rows).tolist() == [0, 0, 0, 3]


def test_smooth_meshes_keep_their_points_in_place() -> None:
    points = np.arange(12, dtype=np.float32).reshape(4, 3)
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    values = Values(np.arange(8, dtype=np.float32).reshape(4, 2), "vertex", np.array([3, 2, 1, 0]))
    placed, there, (uv, one) = welded(
        points, Corners(faces, np.arange(2), faces), [values, Values(points[:1], "constant")]
    )
    assert placed is points and there is faces
    assert uv is not None and one is not None
    assert uv[:, 0].tolist() == [6, 4, 2, 0]
    assert np.array_equal(one, np.tile(points[0], (4, 1)))
