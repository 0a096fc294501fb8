"""The shard that is written is the shard that twin/shard.py draws, and other readers see what went in."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import PIL.Image
import PIL.JpegImagePlugin
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.programs import run_program
from tests.writers import made
from twin.frame import Array, Frame
from twin.shard import CAMERA_FIELDS, INDEX_FIELDS, LABELS, OBJECT_FIELDS
from twin.writers.atomic import part
from twin.writers.hdf5 import ShardWriter

TEXTS = {"state", "suite", "split", "objects/name", "assets/name", "assets/class", "assets/sha256", "assets/keypoints"}


def drawn_layout(count: int, labels: tuple[str, ...]) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Spell out the drawing for the made scene: dtype and shape of every numeric dataset but JPEG bytes."""
    sizes: dict[str | int, int] = {"S": len(made.SLOTS), "K": made.KEYPOINTS, 2: 2, 3: 3, 4: 4, 8: 8}
    layout: dict[str, tuple[str, tuple[int, ...]]] = {field.name: (field.dtype, (count,)) for field in INDEX_FIELDS}
    for field in OBJECT_FIELDS:
        layout[f"objects/{field.name}"] = (field.dtype, (count, *(sizes[size] for size in field.shape)))
    for camera, (width, height) in made.CAMERAS.items():
        for field in (*CAMERA_FIELDS, *(field for label in labels for field in LABELS[label])):
            shape = tuple((sizes | {"W": width, "H": height})[size] for size in field.shape)
            layout[f"cameras/{camera}/{field.name}"] = (field.dtype, (count, *shape))
    return layout


def datasets(file: h5py.File) -> dict[str, h5py.Dataset]:
    found: dict[str, h5py.Dataset] = {}
    file.visititems(lambda name, item: found.update({name: item}) if isinstance(item, h5py.Dataset) else None)
    return found


@pytest.mark.parametrize("labels", [tuple(LABELS), ("rgb",), ("depth", "pose"), ("keypoints", "boxes")])
def test_layout_is_exactly_the_drawn_one(tmp_path: Path, labels: tuple[str, ...]) -> None:
    count = 3
    with h5py.File(made.write(tmp_path / "shard-000000.h5", 0, count, labels)) as file:
        found = datasets(file)
        expected = drawn_layout(count, labels)
        for camera in made.CAMERAS if "rgb" in labels else ():
            assert expected.pop(f"cameras/{camera}/rgb")[0] == "u1"
            expected[f"cameras/{camera}/rgb/offset"] = ("i8", (count + 1,))
            data = found.pop(f"cameras/{camera}/rgb/data")
            assert (data.dtype, data.ndim) == (np.dtype("u1"), 1)
            assert data.shape[0] == found[f"cameras/{camera}/rgb/offset"][-1]
            assert found.pop(f"cameras/{camera}/linear_sha256").shape == (count,)
        texts = {name: found.pop(name) for name in TEXTS | {"assets/symmetries"}}
        assert all(h5py.check_string_dtype(text.dtype).encoding == "utf-8" for text in texts.values())
        assert found.pop("assets/extent").shape == (texts["assets/name"].shape[0], 2, 3)
        assert {name: (item.dtype, item.shape) for name, item in found.items()} == {
            name: (np.dtype(dtype), shape) for name, (dtype, shape) in expected.items()
        }


def test_images_are_one_compressed_chunk_a_frame_and_no_other_filter_is_used(tmp_path: Path) -> None:
    with h5py.File(made.write(tmp_path / "a.h5")) as file:
        for name, item in datasets(file).items():
            made_with = item.id.get_create_plist()
            filters = [made_with.get_filter(number)[0] for number in range(made_with.get_nfilters())]
            assert set(filters) <= {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE}
            if name.rpartition("/")[2] in ("depth", "instance", "semantic", "normals"):
                assert item.chunks == (1, *item.shape[1:])
                assert filters == [h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_DEFLATE]
                assert item.compression_opts == 1


def test_the_oldest_hdf5_readers_can_open_it(tmp_path: Path) -> None:
    head = made.write(tmp_path / "a.h5").read_bytes()[:9]
    assert head == b"\x89HDF\r\n\x1a\n" + b"\0"  # superblock version 0: HDF5 1.0 and later


def test_arrays_read_back_equal_to_the_last_bit(tmp_path: Path) -> None:
    with h5py.File(made.write(tmp_path / "a.h5", 4, 8)) as file:
        for row, index in enumerate(range(4, 12)):
            frame = made.frame(index)
            for name, array in frame.arrays.items():
                if not name.endswith("/rgb"):
                    assert file[name][row].tobytes() == array.tobytes(), name
            assert file["frame"][row] == index
            assert file["state"].asstr()[row] == frame.state.to_json()
            for number, slot in enumerate(frame.state.slots):
                assert file["objects/present"][row, number] == slot.present
                pose = slot.T_world_object if slot.present else np.full((4, 4), np.nan)
                np.testing.assert_array_equal(file["objects/T_world_object"][row, number], pose)
            for name, camera in frame.state.cameras.items():
                for field in ("K", "T_world_camera", "distortion"):
                    np.testing.assert_array_equal(file[f"cameras/{name}/{field}"][row], getattr(camera, field))


def test_jpeg_is_quality_95_without_chroma_subsampling_to_an_independent_decoder(tmp_path: Path) -> None:
    reference = io.BytesIO()
    PIL.Image.new("RGB", (8, 8)).save(reference, "JPEG", quality=95, subsampling=0)
    tables = PIL.Image.open(reference).quantization  # type: ignore[attr-defined]
    with h5py.File(made.write(tmp_path / "a.h5")) as file:
        for camera in made.CAMERAS:
            data, offset = file[f"cameras/{camera}/rgb/data"][:], file[f"cameras/{camera}/rgb/offset"][:]
            for row in range(4):
                image = PIL.Image.open(io.BytesIO(data[offset[row] : offset[row + 1]].tobytes()))
                assert isinstance(image, PIL.JpegImagePlugin.JpegImageFile)
                assert PIL.JpegImagePlugin.get_sampling(image) == 0
                assert image.quantization == tables
                truth = made.frame(row)[f"{camera}/rgb"].astype(int)
                assert np.abs(np.asarray(image).astype(int) - truth).max() <= 6


def test_linear_pixels_are_kept_as_their_hash(tmp_path: Path) -> None:
    with h5py.File(made.write(tmp_path / "a.h5")) as file:
        for camera in made.CAMERAS:
            for row, kept in enumerate(file[f"cameras/{camera}/linear_sha256"].asstr()):
                assert kept == hashlib.sha256(made.frame(row).linear[camera].tobytes()).hexdigest()


def test_header_says_what_made_the_shard(tmp_path: Path) -> None:
    with h5py.File(made.write(tmp_path / "a.h5", 8, 4)) as file:
        attributes = dict(file.attrs)
    assert {name: attributes[name] for name in ("format", "version", "conventions", "seed")} == {
        "format": "twin.hdf5", "version": 1, "conventions": 1, "seed": made.SEED,
    }  # fmt: skip
    assert (attributes["frame_first"], attributes["frame_count"]) == (8, 4)
    assert json.loads(attributes["classes"]) == {"mug": 1, "bottle": 2}
    assert json.loads(attributes["licences"]) == ["CC-BY-4.0", "CC0-1.0"]


def test_assets_are_those_of_the_blocks_that_the_frames_belong_to(tmp_path: Path) -> None:
    with h5py.File(made.write(tmp_path / "a.h5", 4, 8)) as file:  # blocks 0 and 1
        names = file["assets/name"].asstr()[:].tolist()
        assert names == ["mug-00000000", "bottle-a", "bottle-b", "mug-00000001"]
        for row, index in enumerate(range(4, 12)):
            for number, slot in enumerate(made.state(index).slots):
                which = file["objects/asset"][row, number]
                shown = made.block(index // made.BLOCK).slots[number].members[slot.member].asset.name
                assert (names[which] if which >= 0 else None) == (shown if slot.present else None)
        assert json.loads(file["assets/keypoints"].asstr()[0]) == ["tip", "foot"]
        symmetries = json.loads(file["assets/symmetries"].asstr()[0])
        assert symmetries["continuous"] == [{"axis": [0.0, 0.0, 1.0], "offset": [0.0, 0.0, 0.0]}]
        np.testing.assert_allclose(file["assets/extent"][1], np.array([[0, 0, 0], [0.1, 0.1, 0.1]]), rtol=1e-6)


@given(st.data())
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_labels_and_any_bit_patterns_survive(tmp_path: Path, data: st.DataObject) -> None:
    labels = tuple(data.draw(st.sets(st.sampled_from(sorted(set(LABELS) - {"rgb"})), min_size=1)))
    frame = made.frame(0, labels)
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    arrays = {name: noise(array, random) for name, array in frame.arrays.items()}
    with ShardWriter(tmp_path / "a.h5", made.header(0, 1, labels)) as writer:
        writer.add_block(made.block(0))
        writer.append(Frame(frame.state, arrays))
    with h5py.File(tmp_path / "a.h5") as file:
        for name, array in arrays.items():
            assert file[name][0].tobytes() == array.tobytes()


def noise(like: Array, random: np.random.Generator) -> Array:
    return np.frombuffer(random.bytes(like.nbytes), like.dtype).reshape(like.shape)


def test_the_same_frames_give_the_same_bytes_in_any_process(tmp_path: Path) -> None:
    """Two processes with other hash seeds and, between them, another second of the clock."""
    program = """
        import sys, time
        from pathlib import Path
        from tests.writers import made
        history = made.write(Path(sys.argv[1] + ".history"), 40, 3) if sys.argv[2] == "late" else None
        if history:
            time.sleep(1.1)
        made.write(Path(sys.argv[1]), 0, 20)
    """
    for name, seed in (("early", "1"), ("late", "2")):
        run_program(program, tmp_path / name, name, environment={"PYTHONHASHSEED": seed})
    assert (tmp_path / "early").read_bytes() == (tmp_path / "late").read_bytes()


def test_an_exception_drops_the_part_and_keeps_an_older_shard(tmp_path: Path) -> None:
    path = made.write(tmp_path / "a.h5", 0, 2)
    before = path.read_bytes()
    with pytest.raises(ZeroDivisionError), ShardWriter(path, made.header(0, 4)) as writer:
        writer.add_block(made.block(0))
        writer.append(made.frame(0))
        assert part(path).exists()
        raise ZeroDivisionError
    assert path.read_bytes() == before
    assert sorted(tmp_path.iterdir()) == [path]


def test_an_interrupt_at_any_time_leaves_nothing_and_crashes_nothing(tmp_path: Path) -> None:
    """Python itself loses an interrupt that comes while it frees weakly referenced objects: hence not always 40."""
    program = """
        import signal, sys
        from pathlib import Path
        from tests.writers import made
        from twin.writers.hdf5 import ShardWriter
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        folder = Path(sys.argv[1])
        frames = [made.frame(index) for index in range(4)]
        interrupted = 0
        for number in range(40):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.0007 * (number + 1))
                for _ in range(100):
                    with ShardWriter(folder / f"{number}.h5", made.header(0, 4)) as writer:
                        writer.add_block(made.block(0))
                        for frame in frames:
                            writer.append(frame)
            except KeyboardInterrupt:
                interrupted += 1
        print(interrupted, [path.name for path in folder.glob("*.part")])
    """
    interrupted, parts = run_program(program, tmp_path).split(" ", 1)
    assert (int(interrupted) >= 35, parts) == (True, "[]\n")


def test_a_scene_without_objects_has_empty_tables(tmp_path: Path) -> None:
    state = made.state(0)
    empty = Frame(type(state)(**{**state.__dict__, "slots": ()}), {})
    header = made.header(0, 1, ("pose", "keypoints", "boxes"))
    arrays: dict[str, Any] = {}
    for camera in made.CAMERAS:
        arrays[f"cameras/{camera}/T_camera_object"] = np.zeros((0, 4, 4))
        arrays |= {f"cameras/{camera}/{name}": np.zeros((0, 4), np.float32) for name in ("box2d_visible", "box2d_full")}
        arrays[f"cameras/{camera}/keypoints/uv"] = np.zeros((0, 3, 2), np.float32)
        arrays[f"cameras/{camera}/keypoints/xyz_camera"] = np.zeros((0, 3, 3), np.float32)
        arrays[f"cameras/{camera}/keypoints/state"] = np.zeros((0, 3), np.uint8)
    block = type(made.block(0))(0, made.SEED, made.block(0).scene, (), {})
    with ShardWriter(tmp_path / "a.h5", header) as writer:
        writer.add_block(block)
        writer.append(Frame(empty.state, arrays))
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["objects/name"].shape == (0,)
        assert file["cameras/front/T_camera_object"].shape == (1, 0, 4, 4)
