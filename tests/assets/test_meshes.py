# ruff: noqa: E501 - hostile files and their messages stand as they are
"""Mesh files are read as they are meant, and refused with the place where they are hostile."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image as Pillow

from tests.assets.solids import hull_volume, open_edges, volume, welded
from twin.assets import meshes, obj
from twin.assets.asset import Image
from twin.assets.library import Library
from twin.assets.mesh import Mesh
from twin.errors import AssetError, TwinError
from twin.seeds import Bits

TETRA = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\n"
FACES = "f 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n"
NO_BITS = Bits(0, 0, "x")


def png(path: Path, size: tuple[int, int] = (4, 4), mode: str = "RGB") -> None:
    Pillow.new(mode, size, (200, 100, 50, 128)[: len(mode)]).save(path)


def textured(folder: Path, mtl: str) -> Path:
    """Write a tetrahedron with a material."""
    (folder / "m.mtl").write_text(mtl)
    file = folder / "m.obj"
    file.write_text("mtllib m.mtl\n" + TETRA + "vt 0 0\nvt 1 0\nvt 0 1\nusemtl one\n" + "f 1/1 3/2 2/3\nf 1/1 2/2 4/3\nf 1/1 4/2 3/3\nf 2/1 3/2 4/3\n")  # fmt: skip
    return file


def build(file: Path, library: Library, **fields: object) -> object:
    return Mesh.model_validate({"kind": "mesh", "file": str(file), **fields}).build(library, NO_BITS)


@pytest.mark.parametrize("suffix", ["obj", "stl", "ply", "glb"])
@pytest.mark.parametrize("up", ["y", "z"])
def test_every_format_keeps_the_shape(suffix: str, up: str, tmp_path: Path, library: Library) -> None:
    box = trimesh.creation.box(extents=(0.1, 0.2, 0.3))
    box.apply_translation((3, -2, 5))
    file = tmp_path / f"box.{suffix}"
    box.export(file)
    asset = Mesh(kind="mesh", file=str(file), up=up, scale=2.0).build(library, NO_BITS)  # type: ignore[arg-type]
    points, faces = welded(asset.parts)
    size = (0.2, 0.4, 0.6) if up == "z" else (0.2, 0.6, 0.4)
    half = np.array([size[0] / 2, size[1] / 2, 0])
    assert np.allclose(asset.extent, [-half, half + np.array([0, 0, size[2]])], atol=1e-6)
    assert open_edges(faces) == 0 and volume(points, faces) == pytest.approx(0.048, rel=1e-4)
    assert hull_volume(asset) == pytest.approx(0.048, rel=1e-4)
    assert asset.label == "box" and not asset.parts[0].double_sided


def test_up_is_y_for_glb_and_z_elsewhere(tmp_path: Path, library: Library) -> None:
    box = trimesh.creation.box(extents=(0.1, 0.2, 0.3))
    heights = {}
    for suffix in ("glb", "ply"):
        box.export(tmp_path / f"box.{suffix}")
        heights[suffix] = build(tmp_path / f"box.{suffix}", library).extent[1, 2]  # type: ignore[attr-defined]
    assert heights == pytest.approx({"glb": 0.2, "ply": 0.3})


def test_an_open_mesh_is_double_sided_and_collides_as_its_hull(tmp_path: Path, library: Library) -> None:
    file = tmp_path / "open.obj"
    file.write_text(TETRA + FACES.rsplit("f", 1)[0])
    asset = Mesh(kind="mesh", file=str(file), label="thing", keypoints={"tip": (0, 0, 1)}).build(library, NO_BITS)
    assert asset.parts[0].double_sided and asset.label == "thing"
    assert hull_volume(asset) == pytest.approx(1 / 6, rel=1e-4)
    assert asset.keypoints["tip"].tolist() == [0, 0, 1]


def test_obj_materials_are_translated(tmp_path: Path, library: Library) -> None:
    png(tmp_path / "a.png")
    with_map = textured(tmp_path, "newmtl one\nKd 0.4 0.4 0.4\nNs 250\nNi 1.45\nmap_Kd -s 1 1 1 a.png\n")
    (part,) = build(with_map, library).parts  # type: ignore[attr-defined]
    color = part.surface.inputs["diffuseColor"]
    assert isinstance(color, Image) and color.file == tmp_path / "a.png" and color.scale == (1.0, 1.0, 1.0, 1.0)
    assert part.surface.inputs["roughness"] == pytest.approx((2 / 252) ** 0.25, abs=1e-6)
    assert part.surface.inputs["ior"] == 1.45
    plain = textured(tmp_path, "newmtl one\nKd 0.5 1 0\nd 0.25\n")
    inputs = build(plain, library).parts[0].surface.inputs  # type: ignore[attr-defined]
    assert inputs["diffuseColor"] == pytest.approx((0.2140411, 1.0, 0.0)) and inputs["opacity"] == 0.25
    cutout = textured(tmp_path, "newmtl one\nmap_d a.png\n")
    inputs = build(cutout, library).parts[0].surface.inputs  # type: ignore[attr-defined]
    assert inputs["opacity"].colorspace == "raw" and inputs["opacityThreshold"] == 0.5


def test_parts_of_one_material_are_merged(tmp_path: Path, library: Library) -> None:
    file = tmp_path / "two.obj"
    file.write_text(TETRA + "usemtl a\nf 1 3 2\nusemtl b\nf 1 2 4\nusemtl a\nf 1 4 3\nf 2 3 4\n")
    assert [len(part.faces) for part in build(file, library).parts] == [3, 1]  # type: ignore[attr-defined]


def test_polygons_and_negative_indices_are_read(tmp_path: Path, library: Library) -> None:
    file = tmp_path / "quad.obj"
    file.write_text("v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nv 0 0 1\nf -5 -4 -3 -2\nf 1 2 5\n")
    assert len(build(file, library).parts[0].faces) == 3  # type: ignore[attr-defined]


def test_glb_materials_are_translated(tmp_path: Path, library: Library) -> None:
    picture = Pillow.new("RGBA", (8, 8), (10, 20, 30, 0))
    material = trimesh.visual.material.PBRMaterial(
        baseColorTexture=picture, metallicFactor=0.25, roughnessFactor=0.75, alphaMode="MASK", alphaCutoff=0.3,
        baseColorFactor=[255, 128, 255, 255],
    )  # fmt: skip
    box = trimesh.creation.box()
    box.visual = trimesh.visual.TextureVisuals(uv=np.zeros((8, 2)), material=material)
    box.export(tmp_path / "box.glb")
    inputs = build(tmp_path / "box.glb", library).parts[0].surface.inputs  # type: ignore[attr-defined]
    assert inputs["metallic"] == 0.25 and inputs["roughness"] == 0.75 and inputs["opacityThreshold"] == 0.3
    assert inputs["diffuseColor"].scale == pytest.approx((1.0, 128 / 255, 1.0, 1.0))
    assert inputs["opacity"].channel == "r" and inputs["opacity"].file.is_file()


def test_equal_files_in_different_folders_are_equal_assets(tmp_path: Path, library: Library) -> None:
    found = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        png(tmp_path / name / "a.png")
        file = textured(tmp_path / name, "newmtl one\nmap_Kd a.png\n")
        found.add((build(file, library).sha256, library.sha256("object", str(file))))  # type: ignore[attr-defined]
    assert len(found) == 1


def test_the_hash_covers_everything_that_a_mesh_refers_to(tmp_path: Path, library: Library) -> None:
    png(tmp_path / "a.png")
    file = textured(tmp_path, "newmtl one\nmap_Kd a.png\n")
    hashes = [library.sha256("object", str(file))]
    png(tmp_path / "a.png", (5, 5))
    hashes.append(library.sha256("object", str(file)))
    (tmp_path / "m.mtl").write_text("newmtl one\nKd 1 0 0\n")
    hashes.append(library.sha256("object", str(file)))
    file.write_text(file.read_text() + "\n# more\n")
    hashes.append(library.sha256("object", str(file)))
    assert len(set(hashes)) == 4


def glb(tree: object) -> bytes:
    text = json.dumps(tree).encode().ljust(4)
    text += b" " * (-len(text) % 4)
    return b"glTF" + struct.pack("<II", 2, 20 + len(text)) + struct.pack("<II", len(text), 0x4E4F534A) + text


def obj_of(text: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / "m.obj").write_text(text)
        return folder / "m.obj"

    return write


def mtl_of(text: str) -> Callable[[Path], Path]:
    return lambda folder: textured(folder, text)


def bytes_of(name: str, data: bytes) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / name).write_bytes(data)
        return folder / name

    return write


def big_png(folder: Path) -> Path:
    """Write a small file whose header promises ten gigapixels."""
    png(folder / "a.png")
    data = bytearray((folder / "a.png").read_bytes())
    data[16:24] = struct.pack(">II", 100_000, 100_000)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    (folder / "a.png").write_bytes(bytes(data))
    return textured(folder, "newmtl one\nmap_Kd a.png\n")


HOSTILE: list[tuple[str, Callable[[Path], Path], str]] = [
    ("NaN", obj_of(TETRA.replace("1 0 0", "nan 0 0") + FACES), "F/m.obj: vertex 1 is [nan, 0.0, 0.0]\n  expected: finite numbers"),
    ("infinite", obj_of(TETRA.replace("0 0 1", "0 0 1e999") + FACES), "F/m.obj: vertex 3 is [0.0, 0.0, inf]\n  expected: finite numbers"),
    ("far", obj_of(TETRA.replace("0 0 1", "0 0 1e9") + FACES), "F/m.obj: vertex 3 is 1e+09 units from the origin\n  expected: at most 1e+06"),
    ("word", obj_of(TETRA + "v 0 one 0\n" + FACES), "F/m.obj:5: the line cannot be read: could not convert string to float: 'one'"),
    ("short", obj_of(TETRA + "v 0 0\n" + FACES), "F/m.obj:5: the line cannot be read: 'v' needs 3 numbers"),
    ("index", obj_of(TETRA + "f 1 2 9\n"), "F/m.obj:5: the line cannot be read: the corner '9' refers to number 9 of 4"),
    ("zero", obj_of(TETRA + "f 0 1 2\n"), "F/m.obj:5: the line cannot be read: the corner '0' refers to number 0 of 4"),
    ("negative", obj_of(TETRA + "f -9 1 2\n"), "F/m.obj:5: the line cannot be read: the corner '-9' refers to number -9 of 4"),
    ("no vt", obj_of(TETRA + "f 1/1 2/1 3/1\n"), "F/m.obj:5: the line cannot be read: the corner '1/1' refers to number 1 of 0"),
    ("two corners", obj_of(TETRA + "f 1 2\n"), "F/m.obj:5: the line cannot be read: a face needs 3 corners, not 2"),
    ("no faces", obj_of(TETRA), "F/m.obj: the mesh has 4 vertices and 0 triangles\n  expected: some of both"),
    ("empty", obj_of(""), "F/m.obj: the mesh has 0 vertices and 0 triangles\n  expected: some of both"),
    ("flat", obj_of(TETRA.replace("0 0 1", "1 1 0") + FACES), "F/m.obj: the mesh bounds no volume: its extent is [1.0, 1.0, 0.0] m\n  expected: a body with some thickness"),
    ("mtl up", obj_of("mtllib ../../etc/passwd\n" + TETRA + FACES), "F/m.obj: the reference '../../etc/passwd' leaves the mesh's folder\n  try: put the file beside the mesh"),
    ("mtl root", obj_of("mtllib /etc/passwd\n" + TETRA + FACES), "F/m.obj: the reference '/etc/passwd' leaves the mesh's folder\n  try: put the file beside the mesh"),
    ("map up", mtl_of("newmtl one\nmap_Kd ..\\..\\secret.png\n"), "F/m.mtl:2: the reference '..\\..\\secret.png' leaves the mesh's folder\n  try: put the file beside the mesh"),
    ("map drive", mtl_of("newmtl one\nmap_Kd C:\\Users\\a.png\n"), "F/m.mtl:2: the reference 'C:\\Users\\a.png' leaves the mesh's folder\n  try: put the file beside the mesh"),
    ("map missing", mtl_of("newmtl one\nmap_Kd gone.png\n"), "F/m.mtl:2: the texture 'gone.png' is missing\n  try: put it beside the mesh"),
    ("map type", mtl_of("newmtl one\nmap_Kd m.obj\n"), "F/m.mtl:2: the texture 'm.obj' is no image that can be read\n  expected: PNG or JPEG"),
    ("bomb", big_png, "F/m.mtl:2: the texture 'a.png' is a decompression bomb\n  expected: at most 67108864 pixels"),
    ("Ns", mtl_of("newmtl one\nNs shiny\n"), "F/m.mtl:2: the line cannot be read: could not convert string to float: 'shiny'"),
    ("suffix", bytes_of("m.exe", b"MZ"), "F/m.exe: 'm.exe' is no mesh that can be read\n  expected: .glb, .obj, .ply, .stl"),
    ("no glb", bytes_of("m.glb", b"nothing here at all"), "F/m.glb: the mesh cannot be read: its header is no binary glTF's"),
    ("glb json", bytes_of("m.glb", glb({}).replace(b"{}", b"{[")), "F/m.glb: the mesh cannot be read: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
    ("glb count", bytes_of("m.glb", glb({"accessors": [{"count": 1 << 31}]})), "F/m.glb: an accessor has 2147483648 elements\n  expected: at most 15000000"),
    ("glb uri", bytes_of("m.glb", glb({"images": [{"uri": "../../a.png"}]})), "F/m.glb: the file refers to '../../a.png'\n  expected: everything inside the .glb"),
    ("glb nodes", bytes_of("m.glb", glb({"nodes": [{}] * 5000})), "F/m.glb: the scene has 5000 nodes\n  expected: at most 4096"),
    ("ply", bytes_of("m.ply", b"ply\nformat ascii 1.0\nelement vertex 1\n"), "F/m.ply: the mesh cannot be read"),
    ("stl", bytes_of("m.stl", b"\0" * 80 + struct.pack("<I", 1 << 31)), "F/m.stl: the mesh cannot be read"),
]  # fmt: skip


@pytest.mark.parametrize(("write", "message"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_hostile_files_are_refused(
    write: Callable[[Path], Path], message: str, tmp_path: Path, library: Library
) -> None:
    file = write(tmp_path)
    with pytest.raises(AssetError) as caught:
        build(file, library)
    assert str(caught.value).replace(str(tmp_path), "F").startswith(message)


def test_a_link_that_leaves_the_folder_is_refused(tmp_path: Path, library: Library) -> None:
    (tmp_path / "mesh").mkdir()
    png(tmp_path / "outside.png")
    (tmp_path / "mesh" / "a.png").symlink_to(tmp_path / "outside.png")
    with pytest.raises(AssetError, match="leaves the mesh's folder"):
        build(textured(tmp_path / "mesh", "newmtl one\nmap_Kd a.png\n"), library)


def test_counts_are_bounded(tmp_path: Path, library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meshes, "COUNT_LIMIT", 3)
    monkeypatch.setattr(obj, "COUNT_LIMIT", 3)
    trimesh.creation.box().export(tmp_path / "box.ply")
    (tmp_path / "m.obj").write_text(TETRA + FACES)
    messages = []
    for file in (tmp_path / "box.ply", tmp_path / "m.obj"):
        with pytest.raises(AssetError) as caught:
            build(file, library)
        messages.append(caught.value.found)
    assert messages == ["the scene has 12 triangles", "the mesh has more than 3 vertices"]


@pytest.mark.parametrize("suffix", ["obj", "glb", "stl", "ply"])
def test_damaged_bytes_give_a_message_or_a_mesh(suffix: str, tmp_path: Path, library: Library) -> None:
    """Flip bytes all over valid files: whatever comes out, it is no traceback and no NaN."""
    box = trimesh.creation.icosphere(subdivisions=1)
    box.export(tmp_path / f"good.{suffix}")
    data = (tmp_path / f"good.{suffix}").read_bytes()
    refused = 0
    for number in range(60):
        bits, changed = Bits(3, number, suffix), bytearray(data)
        for _ in range(1 + bits.below(4)):
            changed[bits.below(len(changed))] = bits.below(256)
        if bits.below(4) == 0:
            del changed[bits.below(len(changed)) :]
        file = tmp_path / f"bad.{suffix}"
        file.write_bytes(bytes(changed))
        try:
            asset = build(file, library)
        except TwinError:
            refused += 1
        else:
            assert np.isfinite(asset.extent).all()  # type: ignore[attr-defined]
    assert refused > 3
