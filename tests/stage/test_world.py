"""An existing stage is brought in whole, upright and in metres, and its prims are bound."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pxr import Usd, UsdPhysics

from tests.stage.blocks import Shelf, block, png
from tests.stage.stages import TRIANGLE, written
from tests.stage.test_stage_files import complaints
from twin.errors import AssetError, SpecError
from twin.stage.compile import compile_stage
from twin.stage.dependencies import dependencies, stage_sha256
from twin.stage.fixtures import Prim
from twin.stage.geometry import Geometry, Texture
from twin.stage.read import read

LAB = """#usda 1.0
(
    defaultPrim = "World"
    upAxis = "Y"
    metersPerUnit = 0.01
)
def Xform "World"
{
    def Cube "Table" (prepend apiSchemas = ["MaterialBindingAPI", "SemanticsLabelsAPI:class"])
    {
        rel material:binding = </Looks/Oak>
        token[] semantics:labels:class = ["table"]
        double size = 100
        double3 xformOp:translate = (0, 50, 0)
        uniform token[] xformOpOrder = ["xformOp:translate"]
    }
    def Xform "Chair" (
        instanceable = true
        references = @./props/chair.usda@
    )
    {
    }
    def DistantLight "Sun"
    {
    }
}
def Scope "Looks"
{
    def Material "Oak"
    {
        token outputs:surface.connect = </Looks/Oak/s.outputs:surface>
        def Shader "s"
        {
            uniform token info:id = "UsdPreviewSurface"
            color3f inputs:diffuseColor.connect = </Looks/Oak/t.outputs:rgb>
            token outputs:surface
        }
        def Shader "t"
        {
            uniform token info:id = "UsdUVTexture"
            asset inputs:file = @./oak.png@
            float3 outputs:rgb
        }
        def Shader "mdl"
        {
            uniform token info:implementationSource = "sourceAsset"
            uniform asset info:mdl:sourceAsset = @OmniPBR.mdl@
        }
    }
}
"""


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    folder = tmp_path / "lab"
    png(folder / "oak.png", (120, 80, 40))
    written(folder / "props" / "chair.usda", 'def Cube "seat" { double size = 50 }', 'upAxis = "Y"')
    (folder / "lab.usda").write_text(LAB)
    return folder / "lab.usda"


def built(tmp_path: Path, lab: Path, fixtures: dict[str, Any]) -> Geometry:
    library: Any = Shelf(tmp_path / "sources")
    compile_stage(block(usd=str(lab), fixtures=fixtures), library, tmp_path / "out" / "twin.usda")
    return read(tmp_path / "out" / "twin.usda", {})


def bound(**fields: Any) -> Any:
    return Prim.model_construct(kind="prim", **fields)


def box(geometry: Geometry, name: str) -> Any:
    points = np.concatenate([mesh.points for mesh in geometry.fixture_meshes(name)])
    return np.stack([points.min(axis=0), points.max(axis=0)])


def test_the_world_stands_upright_in_metres(tmp_path: Path, lab: Path) -> None:
    geometry = built(tmp_path, lab, {"table": bound(prim="/World/Table")})
    assert geometry.fixtures == {"table": "/World/world/World/Table"}
    assert box(geometry, "table") == pytest.approx(np.array([[-0.5, -0.5, 0], [0.5, 0.5, 1.0]]), abs=1e-6)
    assert {mesh.path for mesh in geometry.world} == {"/World/world/World/Table", "/World/world/World/Chair/seat"}
    assert set(geometry.lights) == {"/World/world/World/Sun"}
    assert geometry.unsupported == {}


def test_materials_of_another_root_stay_bound(tmp_path: Path, lab: Path) -> None:
    geometry = built(tmp_path, lab, {})
    (table,) = (mesh for mesh in geometry.world if mesh.path.endswith("Table"))
    diffuse = geometry.materials[table.material].inputs["diffuseColor"]
    assert isinstance(diffuse, Texture)
    assert diffuse.file.is_relative_to(tmp_path / "out" / "twin_assets" / "world")


def test_the_stage_does_not_need_the_original(tmp_path: Path, lab: Path) -> None:
    built(tmp_path, lab, {})
    lab.unlink()
    assert len(read(tmp_path / "out" / "twin.usda", {}).world) == 2


def test_a_prim_is_found_by_its_label(tmp_path: Path, lab: Path) -> None:
    assert built(tmp_path, lab, {"desk": bound(label="table")}).fixtures == {"desk": "/World/world/World/Table"}


def test_a_prim_inside_an_instance_takes_material_and_label(tmp_path: Path, lab: Path) -> None:
    geometry = built(tmp_path, lab, {"seat": bound(prim="/World/Chair/seat", label="chair", material="steel")})
    (seat,) = geometry.fixture_meshes("seat")
    assert (seat.material, seat.label) == ("/World/materials/seat", "chair")
    assert geometry.materials[seat.material].inputs["metallic"] == 1.0


def test_a_material_covers_what_is_below_the_prim(tmp_path: Path, lab: Path) -> None:
    geometry = built(tmp_path, lab, {"all": bound(prim="/World", material="steel")})
    assert {mesh.material for mesh in geometry.world} == {"/World/materials/all"}


def test_validators_find_nothing(tmp_path: Path, lab: Path) -> None:
    plain = LAB[: LAB.index('        def Shader "mdl"')] + "    }\n}\n"
    lab.write_text(plain.replace('def Xform "World"\n{', 'def Xform "World" (kind = "assembly")\n{'))
    library: Any = Shelf(tmp_path / "sources")
    fixtures = {"table": bound(prim="/World/Table", material="wood")}
    compile_stage(block(usd=str(lab), fixtures=fixtures), library, tmp_path / "out" / "twin.usda", mdl=False)
    assert complaints(tmp_path / "out" / "twin.usda") == (Counter(), Counter())


def test_bound_prims_collide(tmp_path: Path, lab: Path) -> None:
    built(tmp_path, lab, {"table": bound(prim="/World/Table")})
    stage = Usd.Stage.Open(str(tmp_path / "out" / "twin.usda"))
    assert stage.GetPrimAtPath("/World/world/World/Table").HasAPI(UsdPhysics.CollisionAPI)
    assert sum(prim.IsA(UsdPhysics.Scene) for prim in stage.Traverse()) == 1


@pytest.mark.parametrize(
    ("fixture", "message"),
    [
        (
            {"prim": "/World/Tabel"},
            "world.x.prim: the stage has no prim /World/Tabel\n  try: did you mean '/World/Table'?",
        ),
        (
            {"label": "desk"},
            "world.x.label: 0 prims of the stage have the label 'desk'\n"
            "  expected: exactly one\n  try: its labels: table",
        ),
    ],
)
def test_a_prim_that_is_not_there(tmp_path: Path, lab: Path, fixture: dict[str, str], message: str) -> None:
    with pytest.raises(SpecError) as caught:
        built(tmp_path, lab, {"x": bound(**fixture)})
    assert str(caught.value) == message
    assert not (tmp_path / "out" / "twin.usda").exists()


def test_a_prim_without_a_stage(tmp_path: Path) -> None:
    library: Any = Shelf(tmp_path / "sources")
    with pytest.raises(SpecError, match="a prim fixture needs an existing stage"):
        compile_stage(block(fixtures={"x": bound(prim="/World/a")}), library, tmp_path / "twin.usda")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("./props/chair.usda", "../chair.usda", "leaves the folder of the stage"),
        ("./props/chair.usda", "./props/gone.usda", "there is no file"),
        ("./oak.png", "./gone.png", r"lab.usda: there is no file '.*/gone.png'"),
        ("./oak.png", "../secret.png", "leaves the folder of the stage"),
    ],
)
def test_a_world_that_reaches_out_is_refused(tmp_path: Path, lab: Path, old: str, new: str, message: str) -> None:
    written(tmp_path / "chair.usda", TRIANGLE)
    png(tmp_path / "secret.png", (1, 2, 3))
    lab.write_text(LAB.replace(old, new))
    with pytest.raises(AssetError, match=message):
        built(tmp_path, lab, {})


def test_the_same_world_is_copied_once(tmp_path: Path, lab: Path) -> None:
    built(tmp_path, lab, {})
    (first,) = (tmp_path / "out" / "twin_assets" / "world").iterdir()
    before = first.stat().st_mtime_ns
    built(tmp_path, lab, {})
    assert [item.stat().st_mtime_ns for item in (tmp_path / "out" / "twin_assets" / "world").iterdir()] == [before]
    png(lab.parent / "oak.png", (1, 2, 3))
    built(tmp_path, lab, {})
    assert len(list((tmp_path / "out" / "twin_assets" / "world").iterdir())) == 2


def test_the_hash_of_a_world_sees_every_layer_and_texture(tmp_path: Path) -> None:
    (tmp_path / "below.usda").write_text('#usda 1.0\n(defaultPrim = "A")\ndef Xform "A"\n{\n    double size = 1\n}\n')
    (tmp_path / "wood.png").write_bytes(b"one")
    (tmp_path / "world.usda").write_text(
        '#usda 1.0\n(defaultPrim = "W")\n'
        'def Xform "W" (references = @./below.usda@)\n{\n    asset map = @./wood.png@\n}\n'
    )
    found = [stage_sha256(tmp_path / "world.usda")]
    (tmp_path / "wood.png").write_bytes(b"two")
    found.append(stage_sha256(tmp_path / "world.usda"))
    below = tmp_path / "below.usda"
    below.write_text(below.read_text().replace("= 1", "= 2"))
    found.append(stage_sha256(tmp_path / "world.usda"))
    assert len(set(found)) == 3
    (tmp_path / "wood.png").unlink()
    with pytest.raises(AssetError, match="there is no file"):
        stage_sha256(tmp_path / "world.usda")


def test_the_hash_of_a_world_sees_which_texture_is_which(tmp_path: Path, lab: Path) -> None:
    lab.write_text(
        LAB.replace("float3 outputs:rgb", "float3 outputs:rgb\n            asset inputs:mask = @./mask.png@")
    )
    oak, mask = lab.parent / "oak.png", lab.parent / "mask.png"
    png(mask, (1, 2, 3))
    before, copied = stage_sha256(lab), world_copies(tmp_path, lab)
    first, second = oak.read_bytes(), mask.read_bytes()
    oak.write_bytes(second)
    mask.write_bytes(first)
    assert stage_sha256(lab) != before
    assert world_copies(tmp_path, lab) - copied


def test_the_hash_of_a_world_sees_no_folder(tmp_path: Path, lab: Path) -> None:
    before = stage_sha256(lab)
    assert stage_sha256(lab.parent.rename(tmp_path / "moved") / lab.name) == before


def test_a_world_of_links_is_hashed_and_copied_by_their_names(tmp_path: Path, lab: Path) -> None:
    store = lab.parent / "store"
    store.mkdir()
    lab.write_text(
        LAB.replace("float3 outputs:rgb", "float3 outputs:rgb\n            asset inputs:mask = @./mask.png@")
    )
    png(lab.parent / "mask.png", (1, 2, 3))
    names = ("oak.png", "mask.png")
    for name, target in zip(names, "ab", strict=True):
        (lab.parent / name).rename(store / target)
    found = []
    for targets in ("ab", "ba"):
        for name, target in zip(names, targets, strict=True):
            (lab.parent / name).unlink(missing_ok=True)
            (lab.parent / name).symlink_to(store / target)
        found.append(stage_sha256(lab))
    assert found[0] != found[1]
    (copy,) = world_copies(tmp_path, lab)
    assert (copy / "oak.png").read_bytes() == (store / "b").read_bytes()


def test_modules_of_the_renderer_need_not_be_there(lab: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert "OmniPBR.mdl" in LAB
    absent = dependencies(lab)
    assert list(absent) == ["lab.usda", "oak.png", "props/chair.usda"]
    assert capfd.readouterr().err == ""
    lab.write_text(LAB.replace("@OmniPBR.mdl@", "@./Own.mdl@"))
    (lab.parent / "Own.mdl").write_text("mdl 1.0;")
    assert "Own.mdl" in dependencies(lab)


def world_copies(tmp_path: Path, lab: Path) -> set[Path]:
    """Build a stage on the world; return the copies of worlds that lie beside it."""
    built(tmp_path, lab, {})
    return set((tmp_path / "out" / "twin_assets" / "world").iterdir())
