"""Compiled stages satisfy other people's validators, are equal in every process, and are never half written."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import usd_validation_nvidia as nvidia
from pxr import Usd, UsdShade, UsdValidation

from tests.stage.blocks import Shelf, block, box_asset, scaled, state
from tests.stage.conftest import Compiled, everything
from twin.assets.asset import Asset, Image, Part, Surface
from twin.errors import AssetError
from twin.spec.scene import Object
from twin.stage.block import SlotPool
from twin.stage.compile import compile_stage
from twin.stage.layer import write_frame_layer

PURE = ["apply", "block", "edits", "fixtures", "geometry", "lenses", "lights", "looks", "opinions", "paths", "reach"]


def complaints(path: Path) -> tuple[Counter[str], Counter[str]]:
    """Return what every UsdValidation validator and every rule of NVIDIA's framework says, counted by name."""
    context = UsdValidation.ValidationContext(UsdValidation.ValidationRegistry().GetOrLoadAllValidators())
    own = Counter(error.GetName() for error in context.Validate(Usd.Stage.Open(str(path))))
    engine = nvidia.ValidationEngine(init_rules=True)
    return own, Counter(issue.rule.__name__ for issue in engine.validate(str(path)).issues())


def test_validators_find_nothing_without_mdl(compiled: Compiled) -> None:
    plain, frame = compiled.path.with_name("plain.usda"), compiled.path.with_name("plain_frame.usda")
    compile_stage(compiled.block, compiled.library, plain, mdl=False)
    write_frame_layer(state(compiled.block, {"mug": (1, np.eye(4))}), compiled.block, plain, frame)
    assert complaints(plain) == (Counter(), Counter())
    assert complaints(frame) == (Counter(), Counter())


def test_omnipbr_costs_exactly_its_references(compiled: Compiled) -> None:
    """Outside Kit the MDL module cannot be found: once a stage, and once a shader that refers to it."""
    stage = Usd.Stage.Open(str(compiled.path))
    shaders = [prim for prim in stage.Traverse() if prim.GetName() == "omnipbr"]
    assert shaders and all(UsdShade.Shader(prim).GetSourceAsset("mdl").path == "OmniPBR.mdl" for prim in shaders)
    own, theirs = complaints(compiled.path)
    assert own == {"MissingSourceTypeInRegistry": len(shaders), "UnresolvableDependency": 1}
    assert theirs == {
        "UsdShadeShaderSdrCompliance": 2 * len(shaders),
        "MissingReferenceChecker": 1,
        "MaterialPathChecker": 1,
    }


def test_every_material_has_both_surfaces(compiled: Compiled) -> None:
    stage = Usd.Stage.Open(str(compiled.path))
    materials = [UsdShade.Material(prim) for prim in stage.Traverse() if prim.IsA(UsdShade.Material)]
    assert len(materials) > 8
    for material in materials:
        assert material.ComputeSurfaceSource()[0].GetIdAttr().Get() == "UsdPreviewSurface"
        assert material.ComputeSurfaceSource("mdl")[0].GetSourceAssetSubIdentifier("mdl") == "OmniPBR"


def digests(folder: Path) -> dict[str, str]:
    files = [file for file in sorted(folder.rglob("*")) if file.is_file() and "sources" not in file.parts]
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


SCRIPT = """
import sys
from pathlib import Path
from tests.stage.conftest import everything
from twin.stage.compile import compile_stage
folder = Path(sys.argv[1])
block, library = everything(folder)
compile_stage(block, library, folder / "twin.usda")
"""


def test_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    found = []
    for name, seed in (("one", "1"), ("two", "2")):
        (tmp_path / name).mkdir()
        command = [sys.executable, "-c", SCRIPT, str(tmp_path / name)]
        subprocess.run(command, check=True, env={"PYTHONHASHSEED": seed, "PATH": "", "PYTHONPATH": str(ROOT)}, cwd=ROOT)
        found.append(digests(tmp_path / name))
    assert found[0] == found[1]
    assert len(found[0]) > 10


ROOT = Path(__file__).resolve().parents[2]


def test_compiling_again_changes_nothing(compiled: Compiled) -> None:
    before = digests(compiled.path.parent)
    compile_stage(compiled.block, compiled.library, compiled.path)
    assert digests(compiled.path.parent) == before
    assert not [file for file in compiled.path.parent.rglob(".*")], "no partial file is left"


def test_the_folder_holds_every_image_a_frame_can_name(compiled: Compiled) -> None:
    library = compiled.library
    names = {file.name for file in (compiled.path.parent / "twin_assets" / "textures").iterdir()}
    assert {f"{sky.sha256[:32]}.hdr" for sky in library.skies.values()} <= names
    wood: Any = library.surfaces["wood"].inputs["diffuseColor"]
    assert {f"{wood.sha256[:32]}{end}" for end in (".png", "_g.png", "_b.png")} <= names


def test_equal_assets_share_one_file(compiled: Compiled) -> None:
    stage = Usd.Stage.Open(str(compiled.path))
    files = {layer.realPath for layer in stage.GetUsedLayers() if layer.realPath.endswith(".usdc")}
    assert len(files) == 2 + 3, "crate and cube once each, and three fixtures"


def test_a_failed_build_leaves_the_old_stage(tmp_path: Path) -> None:
    made, library = everything(tmp_path)
    compile_stage(made, library, tmp_path / "twin.usda")
    before = (tmp_path / "twin.usda").read_bytes()
    lost = Surface("lost", {"diffuseColor": Image(tmp_path / "none.png", "0" * 64)})
    slot = SlotPool("a", "a", 0, (scaled(box_asset("b", (1, 1, 1), lost), (1, 1, 1)),))
    objects: Any = {"a": Object.model_construct(asset="a", material=None)}
    with pytest.raises(AssetError, match="the image is missing"):
        compile_stage(block(slots=(slot,), objects=objects), library, tmp_path / "twin.usda")
    assert (tmp_path / "twin.usda").read_bytes() == before
    assert not list(tmp_path.rglob(".part-*"))


def test_untidy_meshes_are_tidied(tmp_path: Path) -> None:
    """Repeated points, empty and repeated faces and unused points go; what shows stays."""
    points = np.array(
        [[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [9, 9, 9], [2, 0, 0]], np.float32
    )
    faces = np.array([[0, 1, 2], [3, 4, 5], [0, 1, 7], [1, 2, 0], [4, 4, 3]], np.uint32)
    uv = points[:, :2].copy()
    uv[3] = (5, 5)
    grey = Surface("grey", {"diffuseColor": (0.5, 0.5, 0.5)})
    asset = Asset("untidy", "a", (Part("body", points, faces, None, uv, grey),), (points[:3],))
    slot = SlotPool("a", "a", 0, (scaled(asset, (1, 1, 1)),))
    objects: Any = {"a": Object.model_construct(asset="a", material=None)}
    library: Any = Shelf(tmp_path / "sources")
    compile_stage(block(slots=(slot,), objects=objects), library, tmp_path / "twin.usda", mdl=False)
    assert complaints(tmp_path / "twin.usda") == (Counter(), Counter())
    from twin.stage.read import read

    (mesh,) = read(tmp_path / "twin.usda", {}).slots[0].members[0].meshes
    assert mesh.points[mesh.faces].tolist() == points[faces[:2]].tolist()
    assert mesh.uv is not None and mesh.uv[mesh.faces].tolist() == uv[faces[:2]].tolist()


@pytest.mark.parametrize("module", PURE)
def test_pure_modules_need_no_usd(module: str) -> None:
    code = f"import sys; sys.modules['pxr'] = None; import twin.stage.{module}"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
