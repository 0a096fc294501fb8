"""A dataset is read as it was written, by any process, and every fault of a file is a clear error."""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.jobs.made import fill
from tests.programs import run_program
from tests.writers import made
from twin.data import Dataset, Shard, open_dataset
from twin.data.dataset import OPEN_SHARDS
from twin.errors import ShardError

FRAMES = 25


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("data") / "out"
    fill(target, FRAMES, 2)  # 13 shards: more than stay open
    return target


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "out"))


def message(call: Callable[[], object], folder: Path) -> str:
    with pytest.raises(ShardError) as caught:
        call()
    return str(caught.value).replace(str(folder), "OUT")


def test_every_array_of_every_frame_is_what_was_written(folder: Path) -> None:
    dataset = open_dataset(folder)
    assert len(dataset) == FRAMES
    for index in np.random.default_rng(0).permutation(FRAMES).tolist():
        arrays, frame = dataset.frame(index), made.frame(index)
        assert dict(dataset.fields).keys() == set(arrays)
        for name, array in frame.arrays.items():
            assert (arrays[name].dtype, arrays[name].shape) == (array.dtype, array.shape)
            if name.endswith("rgb"):
                assert np.abs(arrays[name].astype(int) - array).max() <= 6
            else:
                assert arrays[name].tobytes() == array.tobytes()
        assert arrays["frame"] == index
        assert arrays["objects/present"].tolist() == [slot.present for slot in frame.state.slots]
        assert dataset.state(index) == json.loads(frame.state.to_json())
    assert dataset.classes == {"mug": 1, "bottle": 2}
    assert dataset.run["seed"] == made.SEED


def test_fields_tell_dtype_and_shape_of_every_array(folder: Path) -> None:
    dataset = open_dataset(folder)
    arrays = dataset.frame(3)
    for name, column in dataset.fields.items():
        assert (arrays[name].dtype, arrays[name].shape) == (np.dtype(column.dtype), column.shape)
    assert {name for name, column in dataset.fields.items() if column.image} == {
        f"cameras/{camera}/{label}"
        for camera in made.CAMERAS
        for label in ("rgb", "depth", "instance", "semantic", "normals")
    }


def test_only_a_few_shards_stay_open(folder: Path) -> None:
    dataset = open_dataset(folder)
    open_before = len(os.listdir("/proc/self/fd"))
    for index in range(FRAMES):
        dataset.frame(index)["cameras/front/depth"]
    assert len(os.listdir("/proc/self/fd")) - open_before == OPEN_SHARDS
    dataset.close()
    assert len(os.listdir("/proc/self/fd")) == open_before
    assert dataset.frame(0)["frame"] == 0


def test_frames_are_found_by_their_number(copy: Path) -> None:
    (copy / "manifest/shard-000003.json").unlink()  # frames 6 and 7
    dataset = open_dataset(copy)
    assert len(dataset) == FRAMES - 2
    for frame in (0, 5, 8, 24):
        assert dataset.frame(dataset.find(frame))["frame"] == frame
    for frame in (6, 7, 25, -1):
        assert message(lambda frame=frame: dataset.find(frame), copy) == (  # type: ignore[misc]
            f"OUT: there is no frame {frame}\n  expected: frames 0 to 24"
        )


def _depth(dataset: Dataset, index: int) -> bytes:
    return dataset.frame(index)["cameras/front/depth"].tobytes()


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_an_open_dataset_goes_to_other_processes(folder: Path, method: str) -> None:
    dataset = open_dataset(folder)
    expected = [_depth(dataset, index) for index in range(4)]
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.starmap(_depth, [(dataset, index) for index in range(4)]) == expected
    again = pickle.loads(pickle.dumps(dataset))
    assert _depth(again, 1) == expected[1]


def test_an_inherited_dataset_opens_its_own_files_after_a_fork(folder: Path) -> None:
    dataset = open_dataset(folder)
    expected = _depth(dataset, 0)
    if (child := os.fork()) == 0:
        os._exit(_depth(dataset, 0) != expected or dataset._process != os.getpid())
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_reading_needs_no_renderer_no_usd_and_no_torch() -> None:
    program = """
        import sys, twin.data
        heavy = {"pxr", "mitsuba", "drjit", "mujoco", "torch", "trimesh", "pydantic", "pyarrow", "twin.frame"}
        print(sorted(heavy & set(sys.modules)))
    """
    assert run_program(program) == "[]\n"


def test_lookups_beyond_the_dataset_are_refused(folder: Path) -> None:
    dataset = open_dataset(folder)
    with pytest.raises(IndexError, match="frame 25 of 25"):
        dataset.frame(25)
    with pytest.raises(IndexError):
        dataset.frame(-1)
    with pytest.raises(KeyError):
        dataset.frame(0)["cameras/front/dept"]
    assert message(lambda: Shard(folder / "shard-000000.h5").read(0, "cameras/front/dept"), folder) == (
        "OUT/shard-000000.h5: there is no array 'cameras/front/dept'\n  try: did you mean 'cameras/front/depth'?"
    )


REMAKE = "run 'twin generate' on the folder again: it makes exactly these anew"
SHARD_REMAKE = "run 'twin generate' on its folder again: it makes this shard anew"


def test_missing_truncated_and_empty_shards_are_named_at_once(copy: Path) -> None:
    sizes = [path.stat().st_size for path in sorted(copy.glob("*.h5"))]
    (copy / "shard-000002.h5").unlink()
    os.truncate(copy / "shard-000004.h5", 100)
    os.truncate(copy / "shard-000007.h5", 0)
    assert message(lambda: open_dataset(copy), copy) == (
        f"OUT: 3 broken: shard-000002.h5: the file is missing, "
        f"shard-000004.h5: the file has 100 bytes, the manifest says {sizes[4]}, "
        f"shard-000007.h5: the file has 0 bytes, the manifest says {sizes[7]}\n  try: {REMAKE}"
    )


def test_a_flipped_bit_is_found_on_request(copy: Path) -> None:
    open_dataset(copy).verify()
    data = bytearray((copy / "shard-000005.h5").read_bytes())
    data[len(data) // 2] ^= 1
    (copy / "shard-000005.h5").write_bytes(data)
    assert message(open_dataset(copy).verify, copy) == (
        "OUT: 1 broken: shard-000005.h5: the file's bytes have changed: its sha256 is not the manifest's\n"
        f"  try: {REMAKE}"
    )


def test_folders_without_a_dataset_are_refused(tmp_path: Path) -> None:
    assert message(lambda: open_dataset(tmp_path), tmp_path) == (
        "OUT: there is no dataset here\n  expected: a folder with run.json"
    )
    (tmp_path / "run.json").write_text('{"format": "twin.run", "version": 1}')
    assert message(lambda: open_dataset(tmp_path), tmp_path) == (
        "OUT: the dataset has no finished shard yet\n  try: run 'twin generate' on it"
    )


def spoil(path: Path, change: Callable[[h5py.File], object]) -> Path:
    with h5py.File(path, "r+") as file:
        change(file)
    return path


def set_attribute(name: str, value: object) -> Callable[[h5py.File], object]:
    return lambda file: file.attrs.__setitem__(name, value)


def link_elsewhere(file: h5py.File) -> None:
    del file["cameras/front/depth"]
    file["cameras/front/depth"] = h5py.ExternalLink("secret.h5", "/depth")


def data_elsewhere(file: h5py.File) -> None:
    del file["cameras/front/depth"]
    file.create_dataset("cameras/front/depth", (2, 16, 24), "f4", external=[("secret.bin", 0, 3072)])


def virtual_data(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((2, 16, 24), "f4")
    layout[:] = h5py.VirtualSource("secret.h5", "depth", (2, 16, 24))
    del file["cameras/front/depth"]
    file.create_virtual_dataset("cameras/front/depth", layout)


def huge_rows(file: h5py.File) -> None:
    file.create_dataset("cameras/front/huge", (2, 1 << 20, 1 << 20), "f4", chunks=(1, 16, 16))


def huge_image(file: h5py.File) -> None:
    file["cameras/front/rgb"].attrs["width"] = 1 << 40


def wild_offsets(file: h5py.File) -> None:
    file["cameras/front/rgb/offset"][...] = [0, 1 << 40, 5]


def other_image_size(file: h5py.File) -> None:
    file["cameras/front/rgb"].attrs["width"] = 25


def garbled_jpeg(file: h5py.File) -> None:
    file["cameras/front/rgb/data"][:] = 0


def unwritten(name: str, dtype: str) -> Callable[[h5py.File], object]:
    """Put a dataset of 8 EiB in a few bytes: its chunks were never written."""

    def change(file: h5py.File) -> None:
        del file[name]
        file.create_dataset(name, (1 << 60,), dtype, chunks=(1 << 10,))

    return change


def overflowing(file: h5py.File) -> None:
    """Put a size of 2**64, which is 0 to numpy."""
    del file["objects/name"]
    file.create_dataset("objects/name", (4, 1 << 31, 1 << 31), "S1", chunks=(1, 1, 1 << 10))


def unwritten_image(file: h5py.File) -> None:
    unwritten("cameras/front/rgb/data", "u1")(file)
    file["cameras/front/rgb/offset"][...] = [0, 1 << 59, 1 << 60]


def number_as_text(file: h5py.File) -> None:
    del file["state"]
    file["state"] = np.array([1 << 50, 1 << 50])


def long_text(file: h5py.File) -> None:
    del file["state"]
    file.create_dataset("state", (2,), f"S{(1 << 31) - 8}", chunks=(1,))


HOSTILE: list[tuple[Callable[[h5py.File], object], str]] = [
    (set_attribute("format", "other"), "this HDF5 file is no shard of twin\n  expected: @format='twin.hdf5'"),
    (set_attribute("format", 3), "this HDF5 file is no shard of twin\n  expected: @format='twin.hdf5'"),
    (
        set_attribute("version", 2),
        "the shard has version 2\n  expected: at most 1\n  try: a newer twin reads it: pip install --upgrade twin",
    ),
    (set_attribute("version", "x"), f"the shard is damaged (@version is 'x')\n  try: {SHARD_REMAKE}"),
    (set_attribute("frame_count", -1), f"the shard is damaged (@frame_count is np.int64(-1))\n  try: {SHARD_REMAKE}"),
    (data_elsewhere, "the shard is damaged (the dataset 'cameras/front/depth' keeps its data in other files)"),
    (virtual_data, "the shard is damaged (the dataset 'cameras/front/depth' keeps its data in other files)"),
    (link_elsewhere, "there is no array 'cameras/front/depth'"),
    (huge_rows, "the array 'cameras/front/huge' has (1048576, 1048576) values a frame"),
    (huge_image, "the shard is damaged (images of encoding 'jpeg' and shape (16, 1099511627776, 3))"),
    (wild_offsets, "the shard is damaged (the offsets of 'cameras/front/rgb' leave its data)"),
    (other_image_size, "the shard is damaged (an image of 24x16, not 25x16)"),
    (garbled_jpeg, "the shard is damaged ("),
    (
        unwritten("cameras/front/rgb/offset", "i8"),
        "the shard is damaged (the dataset 'cameras/front/rgb/offset' of shape",
    ),
    (unwritten_image, "the shard is damaged (an encoded image of 576460752303423488 bytes)"),
    (
        unwritten("objects/name", "S8"),
        "the shard is damaged (the dataset 'objects/name' of shape (1152921504606846976,) ",
    ),
    (unwritten("objects/asset", "i4"), "the shard is damaged (the dataset 'objects/asset' of shape (11529215046068469"),
    (
        overflowing,
        "the shard is damaged (the dataset 'objects/name' of shape (4, 2147483648, 2147483648) is too large)",
    ),
    (number_as_text, "the shard is damaged (the dataset 'state' is no text)"),
    (long_text, "the shard is damaged (the dataset 'state' of shape (2,) is too large)"),
    (lambda file: file.__delitem__("state"), "the shard is damaged (there is no dataset 'state')"),
]


def read_all(path: Path) -> None:
    shard = Shard(path)
    try:
        for name in {*shard.fields, "cameras/front/depth"}:
            shard.read(0, name)
        shard.text(0, "state")
        shard.names("objects/name")
        shard.table("objects/asset")
    finally:
        shard.close()


@pytest.mark.parametrize(("change", "expected"), HOSTILE, ids=[text[:50] for _, text in HOSTILE])
def test_a_hostile_shard_is_refused(
    folder: Path, tmp_path: Path, change: Callable[[h5py.File], object], expected: str
) -> None:
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["depth"] = np.ones((2, 16, 24), "f4")
    (tmp_path / "secret.bin").write_bytes(b"secret" * 512)
    path = spoil(Path(shutil.copy(folder / "shard-000000.h5", tmp_path)), change)
    assert message(lambda: read_all(path), tmp_path).startswith(f"OUT/shard-000000.h5: {expected}")


def test_files_that_are_no_shards_are_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.h5").write_bytes(b"no HDF5 at all")
    assert message(lambda: Shard(tmp_path / "a.h5"), tmp_path) == (
        f"OUT/a.h5: this is no HDF5 file, or not a whole one (Unable to synchronously open file)\n  try: {SHARD_REMAKE}"
    )
    (tmp_path / "b.h5").write_bytes(b"")
    assert message(lambda: Shard(tmp_path / "b.h5"), tmp_path) == f"OUT/b.h5: the shard is empty\n  try: {SHARD_REMAKE}"
    assert (
        message(lambda: Shard(tmp_path / "c.h5"), tmp_path) == f"OUT/c.h5: the shard is missing\n  try: {SHARD_REMAKE}"
    )
    data = (folder / "shard-000000.h5").read_bytes()
    (tmp_path / "d.h5").write_bytes(data[: len(data) // 2])
    assert message(lambda: Shard(tmp_path / "d.h5"), tmp_path).startswith(
        "OUT/d.h5: this is no HDF5 file, or not a whole"
    )


def test_a_shard_of_another_range_is_refused(copy: Path) -> None:
    entry = json.loads((copy / "manifest/shard-000002.json").read_text())
    entry["bytes"] = Path(shutil.copy(copy / "shard-000001.h5", copy / "shard-000002.h5")).stat().st_size
    (copy / "manifest/shard-000002.json").write_text(json.dumps(entry))
    assert message(lambda: open_dataset(copy).frame(4)["frame"], copy) == (
        "OUT/shard-000002.h5: the shard holds 2 frames from 2 on\n"
        f"  expected: 2 frames from 4 on, as its manifest entry says\n  try: {REMAKE}"
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda item: st.lists(item) | st.dictionaries(st.text(), item),
)
ENTRY_NAMES = ("shard", "file", "bytes", "sha256", "first", "count", "seconds", "redraws")


@given(change=st.dictionaries(st.sampled_from(ENTRY_NAMES), JSON, min_size=1) | JSON)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_manifest_entry_causes_anything_but_a_shard_error(folder: Path, tmp_path: Path, change: object) -> None:
    target = tmp_path / "out"
    shutil.rmtree(target, ignore_errors=True)
    (target / "manifest").mkdir(parents=True)
    for name in ("run.json", "shard-000000.h5"):
        shutil.copy(folder / name, target / name)
    entry = json.loads((folder / "manifest/shard-000000.json").read_text())
    spoiled = entry | change if isinstance(change, dict) else change
    (target / "manifest/shard-000000.json").write_text(json.dumps(spoiled))
    try:
        dataset = open_dataset(target)
        dataset.frame(0)["frame"]
        dataset.close()
    except ShardError as error:
        assert str(target) in str(error)
    else:
        assert {name: spoiled[name] for name in ("shard", "file", "bytes", "first", "count")} == {  # type: ignore[index]
            name: entry[name] for name in ("shard", "file", "bytes", "first", "count")
        }


@given(position=st.floats(0, 1), length=st.integers(1, 64), seed=st.integers(0, 2**32))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_bytes_cause_nothing_but_shard_errors(
    folder: Path, tmp_path: Path, position: float, length: int, seed: int
) -> None:
    data = bytearray((folder / "shard-000000.h5").read_bytes())
    start = int(position * (len(data) - length))
    data[start : start + length] = np.random.default_rng(seed).bytes(length)
    (tmp_path / "a.h5").write_bytes(data)
    try:
        read_all(tmp_path / "a.h5")
    except ShardError as error:
        assert "a.h5" in str(error)
