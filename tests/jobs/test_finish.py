"""What lies beside the shards follows from them, and says the same as they do."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import trimesh
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.jobs import made
from tests.jobs.made import block_assets, fill
from tests.writers import made as frames
from twin.assets.library import Library
from twin.errors import DrawError, RunError, ShardError
from twin.jobs.finish import finish, write_report
from twin.jobs.licences import card_licence, strictest
from twin.jobs.models import surface_points
from twin.jobs.paths import RunPaths
from twin.jobs.run import open_run
from twin.jobs.values import ValueColumns, flatten

FRAMES = 20


def finished(folder: Path, shard_size: int = 8) -> RunPaths:
    fill(folder, FRAMES, shard_size)
    run = made.run(folder, FRAMES, shard_size)
    finish(run, Library(), block_assets)
    return run.paths


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> RunPaths:
    return finished(tmp_path_factory.mktemp("finished"))


def beside(paths: RunPaths) -> dict[str, bytes]:
    """Return every file but shards, manifest and run.json."""
    files = (path for path in paths.folder.rglob("*") if path.is_file())
    files = (path for path in files if not path.name.startswith(("shard-", "run.")))
    return {str(path.relative_to(paths.folder)): path.read_bytes() for path in files}


def test_frames_table_has_every_drawn_scalar_of_every_frame(paths: RunPaths) -> None:
    table = pq.read_table(paths.frames)
    assert table.num_rows == FRAMES
    for index, row in enumerate(table.to_pylist()):
        state = frames.state(index)
        assert (row["frame"], row["shard"], row["row"]) == (index, index // 8, index % 8)
        assert (row["block"], row["attempt"]) == (state.block, state.attempt)
        for path in ("lights.sky.rotation", "lights.sky.hdri", "objects.bottle.count"):
            assert row[f"value/{path}"] == state.values[path]
        assert [row[f"value/lights.sky.color.{number}"] for number in range(3)] == state.values["lights.sky.color"]
    kinds = {field.name: field.type for field in table.schema}
    assert kinds["value/objects.bottle.count"] == pa.int64()
    assert kinds["value/lights.sky.hdri"] == pa.string()
    assert kinds["value/lights.sky.rotation"] == pa.float64()


def test_instances_table_has_the_visible_ones_and_no_other(paths: RunPaths) -> None:
    rows = {(row["frame"], row["camera"], row["slot"]): row for row in pq.read_table(paths.instances).to_pylist()}
    expected = set()
    for index in range(FRAMES):
        frame = frames.frame(index)
        for camera in frames.CAMERAS:
            for number, slot in enumerate(frame.state.slots):
                visibility = frame[f"{camera}/visibility"][number]
                if not (slot.present and visibility[0] > 0):
                    continue
                expected.add((index, camera, slot.name))
                row = rows[index, camera, slot.name]
                asset = frames.block(index // frames.BLOCK).slots[number].members[slot.member].asset
                assert (row["instance"], row["class"], row["asset"]) == (number + 1, asset.label, asset.name)
                assert row["sha256"] == asset.sha256
                assert [row[name] for name in ("visible", "in_frame", "visible_in_frame")] == visibility.tolist()
                box = frame[f"{camera}/box2d_visible"][number]
                assert [row[name] for name in ("x0", "y0", "x1", "y1")] == box.tolist()
                eye = frame.state.cameras[camera].T_world_camera[:3, 3]
                distance = np.linalg.norm(slot.T_world_object[:3, 3] - eye)
                assert row["distance"] == pytest.approx(distance, rel=1e-6)
    assert set(rows) == expected
    assert expected


def test_finishing_again_changes_no_byte_and_neither_does_another_cut(paths: RunPaths, tmp_path: Path) -> None:
    before = beside(paths)
    finish(made.run(paths.folder, FRAMES), Library(), block_assets)
    assert beside(paths) == before
    other = beside(finished(tmp_path, 20))
    tables = {"frames.parquet", "instances.parquet", "README.md"}  # these name shards
    assert {name: data for name, data in other.items() if name not in tables} == {
        name: data for name, data in before.items() if name not in tables
    }


def test_models_are_those_shown_and_lie_where_the_assets_do(paths: RunPaths) -> None:
    shown = {
        pool.members[slot.member].asset.name
        for index in range(FRAMES)
        for slot, pool in zip(frames.state(index).slots, frames.block(index // frames.BLOCK).slots, strict=True)
        if slot.present
    }
    models = {json.loads(file.read_text())["name"]: file.parent for file in paths.models.glob("*/model.json")}
    assert set(models) == shown
    asset = frames.asset("bottle-b", 0.2)
    folder, part = models["bottle-b"], asset.parts[0]
    model = json.loads((folder / "model.json").read_text())
    assert (model["sha256"], model["class"], model["licence"]) == (asset.sha256, "bottle", "CC-BY-4.0")
    np.testing.assert_array_equal(model["keypoints"]["tip"], part.points[3])
    mesh = trimesh.load(folder / "mesh.glb", force="mesh", process=False)
    np.testing.assert_array_equal(mesh.vertices[mesh.faces].astype(np.float32), part.points[part.faces])
    points = np.load(folder / "points.npy")
    assert (points.dtype, points.shape) == (np.float32, (4096, 3))
    np.testing.assert_array_equal(points, surface_points(asset, 4096))


def test_surface_points_lie_on_the_surface_in_proportion_to_area() -> None:
    """Three faces of the made tetrahedron lie in the coordinate planes; the fourth has sqrt(3) times their area."""
    points = surface_points(frames.asset("mug-1", 1.0), 40_000).astype(float)
    on_plane = [np.abs(points[:, axis]) < 1e-6 for axis in range(3)]
    slanted = np.abs(points.sum(axis=1) - 1) < 1e-6
    assert (sum(map(np.asarray, on_plane)) + slanted >= 1).all()
    assert (points > -1e-6).all()
    assert slanted.mean() == pytest.approx(np.sqrt(3) / (3 + np.sqrt(3)), abs=0.01)
    np.testing.assert_allclose(points[slanted].mean(axis=0), [1 / 3] * 3, atol=0.01)  # its centroid


def test_a_library_that_changed_is_noticed(paths: RunPaths, tmp_path: Path) -> None:
    fill(tmp_path, 3)
    with pytest.raises(RunError) as caught:
        finish(made.run(tmp_path, 3), Library(), lambda index: [])
    assert str(caught.value).replace(str(tmp_path), "OUT") == (
        "OUT: block 0 no longer holds bottle-a, bottle-b, mug-00000000\n"
        "  try: use the assets that the run was made with"
    )


def test_broken_shards_are_not_finished(tmp_path: Path) -> None:
    fill(tmp_path, 3)
    (tmp_path / "shard-000000.h5").write_bytes(b"")
    with pytest.raises(ShardError, match="the file has 0 bytes"):
        finish(made.run(tmp_path, 3), Library(), block_assets)


def test_card_has_the_strictest_licence_and_the_facts_of_the_dataset(paths: RunPaths) -> None:
    _, head, page = paths.card.read_text().split("---\n", 2)
    front = yaml.safe_load(head)
    assert (front["license"], front["size_categories"]) == ("cc-by-4.0", ["n<1K"])
    assert [config["data_files"] for config in front["configs"]] == ["frames.parquet", "instances.parquet"]
    assert "20 labelled frames in 3 shards, showing 5 assets" in page
    assert "| mug | 1 | 3 |" in page
    assert "| `cameras/front/depth` | float32 | (16, 24) |" in page
    assert 'dataset.frame(0)["cameras/wrist/rgb"]' in page


def test_credits_name_every_maker(paths: RunPaths) -> None:
    text = paths.credits.read_text()
    assert "The makers of bottle-a\nCC-BY-4.0: bottle-a\n" in text
    assert "core/wood/oak" in text  # named in the scene, never drawn


def test_report_adds_up_the_manifest(paths: RunPaths) -> None:
    write_report(made.run(paths.folder, FRAMES), {7: DrawError("no room", where="frame 60")})
    report = json.loads(paths.report.read_text())
    assert report == {
        "frames": FRAMES,
        "frames_asked": FRAMES,
        "shards": 3,
        "shards_asked": 3,
        "bytes": sum(path.stat().st_size for path in paths.folder.glob("*.h5")),
        "seconds": {"render": 10.0},
        "redraws": {"require": 6},
        "failed": {"7": "frame 60: no room"},
    }
    paths.report.unlink()


def test_labels_that_were_not_asked_for_are_null(tmp_path: Path) -> None:
    run = open_run(tmp_path, made.IDENTITY, 4, shard_size=8)
    from twin.jobs.inline import generate
    from twin.jobs.task import ShardReport, ShardTask

    def make(task: ShardTask) -> ShardReport:
        frames.write(task.file, task.first, task.count, ("depth",))
        return ShardReport()

    generate(run, run.plan, make)
    finish(run, Library(), block_assets)
    table = pq.read_table(run.paths.instances)
    present = sum(slot.present for index in range(4) for slot in frames.state(index).slots)
    assert table.num_rows == present * len(frames.CAMERAS)
    assert table["visible"].null_count == table["x0"].null_count == table.num_rows


SCALARS = st.booleans() | st.integers() | st.floats() | st.text()


@given(st.lists(st.dictionaries(st.sampled_from("abc"), SCALARS, min_size=1), max_size=5))
def test_any_mixture_of_values_fits_its_columns(rows: list[dict[str, object]]) -> None:
    columns = ValueColumns()
    for row in rows:
        columns.see(row)
    table = pa.Table.from_pylist([columns.row(row) for row in rows], schema=pa.schema(columns.fields()))
    assert set(table.column_names) == {f"value/{name}" for row in rows for name in row}
    for row, cells in zip(rows, table.to_pylist(), strict=True):
        for name, value in row.items():
            assert cells[f"value/{name}"] is not None or value is None


def test_lists_and_mappings_become_columns_of_their_own() -> None:
    values = {"a": [1, [2, None]], "b": {"x": "y"}, "c": list(range(17)), "d": None}
    assert dict(flatten(values)) == {"a.0": 1, "a.1.0": 2, "b.x": "y"}


@pytest.mark.parametrize(
    ("expressions", "licence"),
    [
        ([], "CC0-1.0"),
        (["CC0-1.0", "Apache-2.0", "MIT"], "Apache-2.0"),
        (["CC-BY-4.0", "CC0-1.0"], "CC-BY-4.0"),
        (["MIT AND CC-BY-SA-4.0", "CC-BY-4.0"], "CC-BY-SA-4.0"),
        (["MIT OR CC-BY-NC-4.0"], "MIT"),
        (["CC-BY-NC-ND-4.0", "LicenseRef-Mine"], "LicenseRef-Mine"),
    ],
)
def test_the_strictest_licence_wins(expressions: list[str], licence: str) -> None:
    assert strictest(expressions) == licence
    assert card_licence(licence) == ("other" if licence.startswith("LicenseRef") else licence.lower())


def test_models_of_textured_parts_keep_their_colour_and_uv(tmp_path: Path) -> None:
    import dataclasses

    import PIL.Image

    from twin.assets.asset import Image, Surface
    from twin.jobs.models import glb

    PIL.Image.new("RGB", (2048, 8), (200, 30, 20)).save(tmp_path / "red.png")
    asset = frames.asset("mug-1")
    uv = np.array([[0, 0], [1, 0], [0, 1], [0.5, 0.25]], np.float32)
    color = Image(tmp_path / "red.png", "0" * 64)
    surface = Surface("red", {"diffuseColor": color, "roughness": 0.25}, texture_size=0.5)
    textured = dataclasses.replace(asset, parts=(dataclasses.replace(asset.parts[0], uv=uv, surface=surface),))
    assert glb(textured) == glb(textured)
    (tmp_path / "mesh.glb").write_bytes(glb(textured))
    mesh = trimesh.load(tmp_path / "mesh.glb", force="mesh", process=False)
    np.testing.assert_allclose(mesh.visual.uv, uv / 0.5, atol=1e-6)
    material = mesh.visual.material
    assert material.roughnessFactor == 0.25
    assert material.baseColorTexture.size == (1024, 4)
    assert np.abs(np.asarray(material.baseColorTexture.convert("RGB")).astype(int) - [200, 30, 20]).max() <= 3


def test_shard_files_of_the_run_open_with_plain_h5py(paths: RunPaths) -> None:
    with h5py.File(paths.shard(2)) as file:
        assert file["frame"][:].tolist() == [16, 17, 18, 19]
