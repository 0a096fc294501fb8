"""A frame layer shows the frame, to USD itself and to our reader, and so does a stage compiled with a state."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pxr import Gf, Usd, UsdGeom, UsdPhysics, UsdShade

from tests.stage.blocks import pair, state
from tests.stage.conftest import Compiled
from twin import conventions
from twin.errors import SpecError
from twin.frame import FrameState
from twin.spec.values import substitute, walk
from twin.stage.apply import apply
from twin.stage.compile import compile_stage
from twin.stage.geometry import Texture
from twin.stage.layer import write_frame_layer
from twin.stage.opinions import frame_opinions
from twin.stage.read import read

POSES = {
    "mug": (1, conventions.transform(conventions.rotation_rpy(0.3, -0.7, 2.1), [0.1, -0.2, 0.75])),
    "bottle.1": (0, conventions.transform(conventions.rotation_rpy(1.0, 0.2, -0.4), [-0.3, 0.1, 0.9])),
}


def last(value: Any) -> Any:
    """Return a model with each distribution at its last value, so that a frame differs from the base."""
    return substitute(value, {path: found.support()[-1] for path, found, _ in walk(value)})


@pytest.fixture(scope="module")
def frame(compiled: Compiled) -> FrameState:
    block = compiled.block
    slot_scenes = {slot.name: last(block.scene.objects[slot.object]) for slot in block.slots}
    opinions = frame_opinions(last(block.scene), block, compiled.library, slot_scenes)
    return state(block, POSES, opinions)


@pytest.fixture(scope="module")
def layer(compiled: Compiled, frame: FrameState) -> Path:
    path = compiled.path.with_name("frame.usda")
    write_frame_layer(frame, compiled.block, compiled.path, path)
    return path


@pytest.fixture(scope="module")
def whole(compiled: Compiled, frame: FrameState) -> Path:
    """The same frame, compiled into a stage of its own."""
    path = compiled.path.with_name("whole.usda")
    compile_stage(compiled.block, compiled.library, path, state=frame)
    return path


@pytest.fixture(params=["layer", "whole"])
def stage(request: pytest.FixtureRequest) -> Usd.Stage:
    return Usd.Stage.Open(str(request.getfixturevalue(request.param)))


def world(stage: Usd.Stage, path: str) -> Any:
    """Return the local-to-world matrix that USD computes, in column-vector order."""
    return np.array(UsdGeom.XformCache().GetLocalToWorldTransform(stage.GetPrimAtPath(path))).T


def test_the_layer_repeats_the_metadata(layer: Path, compiled: Compiled) -> None:
    over, base = Usd.Stage.Open(str(layer)), Usd.Stage.Open(str(compiled.path))
    assert over.GetDefaultPrim().GetPath() == base.GetDefaultPrim().GetPath() == "/World"
    assert UsdGeom.GetStageUpAxis(over) == "Z"
    assert UsdGeom.GetStageMetersPerUnit(over) == 1.0
    assert UsdPhysics.GetStageKilogramsPerUnit(over) == 1.0
    assert over.GetRootLayer().subLayerPaths == ["./twin.usda"]
    assert over.GetRootLayer().customLayerData["twin:frame"] == 3
    assert over.GetRootLayer().customLayerData["twin:assets"] == "./twin_assets"


def test_slots_stand_where_the_frame_says(stage: Usd.Stage, compiled: Compiled) -> None:
    for name, (_, T) in POSES.items():
        path = f"/World/objects/{name.replace('.', '_')}"
        assert world(stage, path) == pytest.approx(T, abs=1e-12)
    empty = stage.GetPrimAtPath("/World/objects/bottle_0")
    assert UsdGeom.Imageable(empty).ComputeVisibility() == "invisible"
    assert np.isfinite(world(stage, "/World/objects/bottle_0")).all()
    assert empty.GetAttribute("physics:rigidBodyEnabled").Get() is False


def test_exactly_the_frames_members_show_and_collide(stage: Usd.Stage, compiled: Compiled) -> None:
    shown = set()
    for slot in compiled.block.slots:
        for number in range(len(slot.members)):
            path = f"/World/objects/{slot.name.replace('.', '_')}/member_{number}"
            visible = UsdGeom.Imageable(stage.GetPrimAtPath(path)).ComputeVisibility() == "inherited"
            enabled = stage.GetPrimAtPath(f"{path}/asset/colliders/piece_0").GetAttribute("physics:collisionEnabled")
            assert enabled.Get() == visible
            shown |= {(slot.name, number)} if visible else set()
    assert shown == {("mug", 1), ("bottle.1", 0)}


def test_a_slot_is_labelled_and_weighs_as_its_member(stage: Usd.Stage) -> None:
    root = stage.GetPrimAtPath("/World/objects/mug")
    assert root.GetAttribute("semantics:labels:class").Get() == ["cube"]
    assert root.GetAttribute("twin:slot").Get() == "mug"
    assert root.GetAttribute("twin:instanceId").Get() == 1
    assert root.GetAttribute("physics:density").Get() == 500.0
    assert root.HasAPI(UsdPhysics.RigidBodyAPI)


def test_keypoint_prims_project_to_the_keypoints(stage: Usd.Stage, compiled: Compiled, frame: FrameState) -> None:
    camera = frame.cameras["front"]
    found = 0
    for slot, (number, T) in POSES.items():
        (pool,) = (pool for pool in compiled.block.slots if pool.name == slot)
        root = stage.GetPrimAtPath(f"/World/objects/{slot.replace('.', '_')}/member_{number}")
        for prim in Usd.PrimRange(root):
            if prim.HasAttribute("twin:keypoint"):
                name = prim.GetAttribute("twin:keypoint").Get()
                at = conventions.apply(T, pool.members[number].asset.keypoints[name])
                assert world(stage, str(prim.GetPath()))[:3, 3] == pytest.approx(at, abs=1e-6)
                seen = conventions.project(
                    conventions.apply(conventions.inverse(camera.T_world_camera), at), camera.K, camera.distortion
                )
                assert np.isfinite(seen).all()
                found += 1
    assert found == 4


def test_the_camera_is_the_frames_camera(stage: Usd.Stage, frame: FrameState) -> None:
    """USD's own frustum and OpenCV's K send points to the same pixels; the lens schema has the exact numbers."""
    camera, prim = frame.cameras["front"], stage.GetPrimAtPath("/World/cameras/front")
    frustum = UsdGeom.Camera(prim).GetCamera().frustum
    matrix = np.array(frustum.ComputeViewMatrix() * frustum.ComputeProjectionMatrix()).T
    rng = np.random.default_rng(1)
    seen = np.concatenate([rng.uniform(-0.3, 0.3, (50, 2)), np.ones((50, 1))], axis=1) * rng.uniform(0.5, 4.0, (50, 1))
    points = conventions.apply(camera.T_world_camera, seen)
    clip = np.concatenate([points, np.ones((50, 1))], axis=1) @ matrix.T
    ndc = clip[:, :2] / clip[:, 3:]
    pixels = np.stack([(ndc[:, 0] + 1) / 2 * camera.width, (1 - ndc[:, 1]) / 2 * camera.height], axis=1)
    assert pixels == pytest.approx(conventions.project(seen, camera.K, np.zeros(8)), abs=1e-3)
    lens = "omni:lensdistortion:opencvPinhole:"
    assert "OmniLensDistortionOpenCvPinholeAPI" in prim.GetPrimTypeInfo().GetAppliedAPISchemas()
    assert prim.GetAttribute("omni:lensdistortion:model").Get() == "opencvPinhole"
    assert prim.GetAttribute(f"{lens}imageSize").Get() == Gf.Vec2i(64, 48)
    given = {
        "fx": 60.0,
        "fy": 66.0,
        "cx": 30.0,
        "cy": 25.0,
        "k1": 0.1,
        "k2": -0.02,
        "p1": 0.001,
        "p2": 0.002,
        "k3": 0.003,
    }
    for name in ("fx", "fy", "cx", "cy", "k1", "k2", "k3", "k4", "k5", "k6", "p1", "p2", "s1", "s2", "s3", "s4"):
        assert prim.GetAttribute(lens + name).Get() == pytest.approx(given.get(name, 0.0))


def test_square_pixels_have_square_apertures(compiled: Compiled, tmp_path: Path, frame: FrameState) -> None:
    camera = replace(frame.cameras["front"], K=conventions.intrinsics(60, 60, 32, 24))
    compile_stage(
        compiled.block, compiled.library, tmp_path / "t.usda", state=replace(frame, cameras={"front": camera})
    )
    stage = Usd.Stage.Open(str(tmp_path / "t.usda"))
    prim = UsdGeom.Camera(stage.GetPrimAtPath("/World/cameras/front"))
    assert prim.GetVerticalApertureAttr().Get() == pytest.approx(prim.GetHorizontalApertureAttr().Get() * 48 / 64)
    assert prim.GetHorizontalApertureOffsetAttr().Get() == 0.0


@pytest.mark.parametrize("name", ["layer", "whole"])
def test_applying_the_opinions_is_opening_the_frame(
    name: str, request: pytest.FixtureRequest, compiled: Compiled, frame: FrameState
) -> None:
    """The pure function and USD's composition agree on every material and light."""
    base, shown = read(compiled.path, {}), read(request.getfixturevalue(name), {})
    materials, lights = apply(base, frame.opinions)
    assert set(materials) == set(shown.materials)
    changed = 0
    for path, material in materials.items():
        for key, value in material.inputs.items():
            there = shown.materials[path].inputs[key]
            if isinstance(value, Texture) and isinstance(there, Texture):
                assert there.file.name == value.file.name and there.file.is_file()
                assert there.scale == pytest.approx(value.scale)
                assert there.bias == pytest.approx(value.bias)
                assert there.uv_scale == pytest.approx(value.uv_scale)
                assert replace(there, file=value.file, scale=(), bias=(), uv_scale=(1, 1)) == replace(
                    value, scale=(), bias=(), uv_scale=(1, 1)
                )
            else:
                assert there == pytest.approx(value)
            changed += value != base.materials[path].inputs[key]
    for path, light in lights.items():
        assert shown.lights[path].T_world_light == pytest.approx(light.T_world_light)
        for key, value in light.inputs.items():
            there = shown.lights[path].inputs[key]
            assert (Path(there).name == Path(value).name) if isinstance(value, str) else there == pytest.approx(value)
            changed += value != base.lights[path].inputs[key]
    assert changed > 20


def test_a_frame_is_the_same_after_any_other(compiled: Compiled, frame: FrameState) -> None:
    """Every prim that a frame changes is changed by every frame, completely: no value stays from the frame before."""
    block = compiled.block
    first = {slot.name: _nominal(block.scene.objects[slot.object]) for slot in block.slots}
    other = frame_opinions(_nominal(block.scene), block, compiled.library, first)
    assert {path: set(values) for path, values in other.items()} == {p: set(v) for p, v in frame.opinions.items()}
    assert other != frame.opinions


def _nominal(value: Any) -> Any:
    return substitute(value, {path: found.support()[0] for path, found, _ in walk(value)})


def test_opinions_travel_as_json(frame: FrameState) -> None:
    assert json.loads(json.dumps(frame.opinions)) == frame.opinions
    assert FrameState.from_json(frame.to_json()).opinions == frame.opinions


def test_constant_values_leave_no_opinion(frame: FrameState) -> None:
    assert "/World/lights/even" not in frame.opinions
    assert not any(path.startswith("/World/materials/floor") for path in frame.opinions)
    assert not any(path.startswith("/World/objects/plain") for path in frame.opinions)


def test_mdl_follows_the_frame(stage: Usd.Stage) -> None:
    """OmniPBR says the same as UsdPreviewSurface: steel on the table, orm on the bottles."""
    table = UsdShade.Shader(stage.GetPrimAtPath("/World/materials/table/omnipbr"))
    assert table.GetInput("diffuse_texture").Get().path == ""
    assert table.GetInput("diffuse_color_constant").Get() == pytest.approx((0.6, 0.6, 0.6))
    assert table.GetInput("metallic_constant").Get() == 1.0
    assert table.GetInput("normalmap_texture").Get().path == ""
    bottle = UsdShade.Shader(stage.GetPrimAtPath("/World/objects/bottle_1/look/omnipbr"))
    assert bottle.GetInput("reflection_roughness_texture_influence").Get() == 0.5
    assert bottle.GetInput("reflection_roughness_constant").Get() == 0.5
    assert Path(bottle.GetInput("reflectionroughness_texture").Get().resolvedPath).is_file()


def test_a_frame_of_another_block_is_refused(compiled: Compiled, frame: FrameState, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="frame 3 was drawn for block 4, the stage holds block 0"):
        write_frame_layer(replace(frame, block=4), compiled.block, compiled.path, tmp_path / "t.usda")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("opinions", "message"),
    [
        ({"/World/lights/moon": {"inputs:intensity": 1.0}}, "no light and no material there"),
        ({"/World/other/thing": {"inputs:scale": [1, 1]}}, "no light and no material there"),
    ],
)
def test_opinions_of_another_scene_are_refused(
    compiled: Compiled, frame: FrameState, tmp_path: Path, opinions: Mapping[str, Any], message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        apply(read(compiled.path, {}), opinions)
    with pytest.raises(SpecError, match="the stage has no attribute"):
        write_frame_layer(replace(frame, opinions=opinions), compiled.block, compiled.path, tmp_path / "t.usda")


def test_a_layer_elsewhere_refers_back(compiled: Compiled, frame: FrameState) -> None:
    path = compiled.path.parent / "frames" / "f.usda"
    write_frame_layer(frame, compiled.block, compiled.path, path)
    opened = Usd.Stage.Open(str(path))
    assert opened.GetRootLayer().subLayerPaths == ["../twin.usda"]
    file = opened.GetPrimAtPath("/World/lights/sky").GetAttribute("inputs:texture:file").Get()
    assert Path(file.resolvedPath).is_file()


def test_pools_that_are_constant_need_no_reader(compiled: Compiled, tmp_path: Path) -> None:
    from tests.stage.blocks import block
    from twin.stage.fixtures import Table

    table: Any = Table.model_construct(kind="table", material=pair("steel"))
    compile_stage(block(fixtures={"table": table}), compiled.library, tmp_path / "t.usda")
    stage = Usd.Stage.Open(str(tmp_path / "t.usda"))
    assert [p.GetName() for p in stage.GetPrimAtPath("/World/materials/table").GetChildren()] == ["surface", "omnipbr"]
