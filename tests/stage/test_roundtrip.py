"""What is compiled is what is read: geometry, slots, labels, fixtures, materials, lights."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.stage.blocks import Shelf, block, scaled
from tests.stage.conftest import Compiled
from twin.assets.asset import Asset, Part, Surface
from twin.spec.scene import Object
from twin.stage.block import SlotPool
from twin.stage.compile import compile_stage
from twin.stage.fixtures import Table
from twin.stage.geometry import Geometry, Mesh, Texture
from twin.stage.opinions import base_opinions
from twin.stage.read import read

numbers = itertools.count()


@pytest.fixture(scope="session")
def geometry(compiled: Compiled) -> Geometry:
    return read(compiled.path, {"crate": 1, "cube": 2, "table": 3})


def corners(mesh: Mesh | Part) -> Any:
    return mesh.points[mesh.faces]


def test_nothing_is_unsupported(geometry: Geometry) -> None:
    assert geometry.unsupported == {}


def test_slots_come_back_in_order_with_their_pools(geometry: Geometry, compiled: Compiled) -> None:
    assert [slot.name for slot in geometry.slots] == ["mug", "bottle.0", "bottle.1", "plain"]
    for slot, pool in zip(geometry.slots, compiled.block.slots, strict=True):
        for member, made in zip(slot.members, pool.members, strict=True):
            assert (member.asset, member.label) == (made.asset.name, made.asset.label)
            assert {m.label for m in member.meshes} == {made.asset.label}
            for mesh, part in zip(member.meshes, made.asset.parts, strict=True):
                assert corners(mesh) == pytest.approx(corners(part), abs=1e-6)
                assert mesh.double_sided == part.double_sided
            assert {k: v.tolist() for k, v in member.keypoints.items()} == {
                k: pytest.approx(v.tolist(), abs=1e-6) for k, v in made.asset.keypoints.items()
            }


def test_fixtures_come_back_in_the_world(geometry: Geometry, compiled: Compiled) -> None:
    assert set(geometry.fixtures) == {"table", "floor", "wall"}
    for name, fixture in compiled.block.fixtures.items():
        built: Any = fixture
        meshes = geometry.fixture_meshes(name)
        assert len(meshes) == len(built.solids())
        T = built.pose()
        for mesh, (_, solid) in zip(meshes, built.solids(), strict=True):
            there = solid.points[solid.faces] @ T[:3, :3].T + T[:3, 3]
            assert corners(mesh) == pytest.approx(there[_whole(solid)], abs=1e-5)
    assert {mesh.label for mesh in geometry.fixture_meshes("table")} == {"table"}
    assert len(geometry.world) == 4


def _whole(solid: Any) -> Any:
    a, b, c = (solid.points[solid.faces[:, i]] for i in range(3))
    return np.any(np.cross(b - a, c - a) != 0, axis=1)


def test_materials_and_lights_hold_the_nominal_values(geometry: Geometry, compiled: Compiled) -> None:
    """Every value that the opinions give is found again in what was read, to float32."""
    checked = 0
    for path, values in base_opinions(compiled.block, compiled.library).items():
        if path in geometry.lights:
            light = geometry.lights[path]
            assert pytest.approx(light.T_world_light) == np.asarray(values["xformOp:transform"]).T
            for name, value in values.items():
                if name.startswith("inputs:") and not isinstance(value, dict):
                    assert light.inputs[name.removeprefix("inputs:")] == pytest.approx(value)
                    checked += 1
        elif not path.endswith("/omnipbr"):
            material = geometry.materials[path.rsplit("/", 1)[0]]
            checked += _same(material, path, values)
    assert checked > 100


def _same(material: Any, path: str, values: Any) -> int:
    if path == material.surface:
        for name, value in values.items():
            assert material.inputs[name.removeprefix("inputs:")] == pytest.approx(value)
        return len(values)
    textures = [t for t in material.inputs.values() if isinstance(t, Texture)]
    if path.endswith("/uv"):
        found = [t.uv_scale for t in textures if t.uv_path == path]
        assert found and found == [pytest.approx(tuple(values["inputs:scale"]))] * len(found)
        return 1
    (texture,) = (t for t in textures if t.path == path)
    assert texture.scale == pytest.approx(tuple(values["inputs:scale"]))
    assert texture.bias == pytest.approx(tuple(values["inputs:bias"]))
    assert texture.colorspace == values["inputs:sourceColorSpace"]
    assert texture.file.name == Path(values["inputs:file"]["asset"]).name
    assert texture.file.is_file()
    return 4


def test_an_object_without_overrides_keeps_its_own_surface(geometry: Geometry) -> None:
    (slot,) = (slot for slot in geometry.slots if slot.name == "plain")
    material = geometry.materials[slot.members[0].meshes[0].material]
    assert material.inputs["diffuseColor"] == pytest.approx((0.1, 0.2, 0.3))
    roughness = material.inputs["roughness"]
    assert isinstance(roughness, Texture)
    # green 120 / 255 times 0.5 plus 0.25, read from a grey image of its own
    assert (roughness.channel, roughness.scale[0], roughness.bias[0]) == ("r", 0.5, 0.25)
    assert roughness.uv_scale == (4.0, 4.0)
    from PIL import Image

    with Image.open(roughness.file) as picture:
        assert picture.mode == "L"
        assert picture.getpixel((0, 0)) == 120


def test_an_override_in_place_replaces_only_what_it_names(geometry: Geometry) -> None:
    (slot,) = (slot for slot in geometry.slots if slot.name == "mug")
    material = geometry.materials[slot.members[0].meshes[0].material]
    assert material.inputs["roughness"] == pytest.approx(0.2)
    assert material.inputs["diffuseColor"] == pytest.approx((0.1, 0.2, 0.9))
    assert material.inputs["ior"] == pytest.approx(1.33)
    assert isinstance(material.inputs["metallic"], Texture)


def rotation(seed: int) -> Any:
    q, r = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    q = q * np.sign(np.diag(r))
    return q if np.linalg.det(q) > 0 else q[:, ::-1]


scales = st.tuples(st.booleans(), st.floats(0.05, 20.0)).map(lambda p: (-p[1] if p[0] else p[1], p[1], p[1]))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scales, st.integers(0, 2**31), st.booleans(), st.booleans())
def test_any_mesh_comes_back_under_scale_and_mirror(
    tmp_path: Path, scale: tuple[float, float, float], seed: int, shaded: bool, textured: bool
) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(4, 40))
    points = rng.normal(size=(count, 3)).astype(np.float32)
    faces = _one_sided(np.stack([rng.permutation(count)[:3] for _ in range(30)]).astype(np.uint32))
    normals = rng.normal(size=(count, 3))
    normals = (normals / np.linalg.norm(normals, axis=1, keepdims=True)).astype(np.float32)
    uv = rng.random((count, 2)).astype(np.float32)
    grey = Surface("grey", {"diffuseColor": (0.5, 0.5, 0.5)})
    part = Part("body", points, faces, normals if shaded else None, uv if textured else None, grey)
    member = scaled(Asset(f"a{next(numbers)}", "a", (part,), (points,)), scale)
    objects: Any = {"a": Object.model_construct(asset="a", material=None)}
    made = block(slots=(SlotPool("a", "a", 0, (member,)),), objects=objects)
    library: Any = Shelf(tmp_path / "sources")
    compile_stage(made, library, tmp_path / "twin.usda")
    (mesh,) = read(tmp_path / "twin.usda", {}).slots[0].members[0].meshes
    expected = member.asset.parts[0]
    _, first = np.unique(_turned(faces), axis=0, return_index=True)
    kept = np.sort(first)
    turned = mesh.faces if scale[0] > 0 else mesh.faces[:, ::-1]
    there = expected.faces[kept] if scale[0] > 0 else expected.faces[kept][:, ::-1]
    assert mesh.points[turned] == pytest.approx(expected.points[there], rel=1e-5, abs=1e-5)
    assert (mesh.normals is None) == (not shaded)
    assert (mesh.uv is None) == (not textured)
    if mesh.normals is not None and expected.normals is not None:
        assert mesh.normals[turned] == pytest.approx(expected.normals[there], abs=1e-5)
    if mesh.uv is not None and expected.uv is not None:
        assert np.array_equal(mesh.uv[turned], expected.uv[there])


def _turned(faces: Any) -> Any:
    """Begin each face at its least vertex, which keeps its winding."""
    return np.stack([np.roll(face, -int(np.argmin(face))) for face in faces])


def test_a_fixture_turns_and_moves(tmp_path: Path) -> None:
    table: Any = Table.model_construct(kind="table", position=(1.0, 2.0), yaw=np.pi / 2, size=(1.0, 0.5), legs=None)
    library: Any = Shelf(tmp_path / "sources")
    compile_stage(block(fixtures={"table": table}), library, tmp_path / "twin.usda")
    (mesh,) = read(tmp_path / "twin.usda", {}).fixture_meshes("table")
    assert mesh.points.min(axis=0)[:2] == pytest.approx([0.75, 1.5], abs=1e-6)
    assert mesh.points.max(axis=0) == pytest.approx([1.25, 2.5, 0.75], abs=1e-6)


def _one_sided(faces: Any) -> Any:
    """Leave out the backs of faces that are there already: folds, which a compiled mesh does not keep."""
    windings: dict[tuple[int, ...], tuple[int, ...]] = {}
    for face, turned in zip(faces, _turned(faces), strict=True):
        windings.setdefault(tuple(sorted(face)), tuple(turned))
    return faces[[windings[tuple(sorted(f))] == tuple(t) for f, t in zip(faces, _turned(faces), strict=True)]]
