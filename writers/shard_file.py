"""Hold the HDF5 file of a shard while it is written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import h5py
import numpy as np

from twin.conventions import CONVENTIONS_VERSION
from twin.frame import Array, FrameState
from twin.shard import FORMAT, TEXT_FIELDS, VERSION, AssetRow, Column, ShardHeader
from twin.writers.disk import DiskFile
from twin.writers.tables import Tables, write_text

JPEG_CHUNK = 1 << 18
"""Bytes in a chunk of the flat JPEG array."""


class ShardFile:
    """Write a shard's datasets, in one fixed order.

    Args:
        path: File to write.
        header: What the shard says of itself.
        layout: Every numeric dataset that has a row a frame.
        state: State of the first frame: its slots and cameras are the shard's.
    """

    def __init__(self, path: Path, header: ShardHeader, layout: Mapping[str, Column], state: FrameState) -> None:
        self.disk = DiskFile(path)
        self._file = h5py.File(self.disk, "w")
        self._slots, self._licences = [slot.name for slot in state.slots], header.licences
        _write_header(self._file, header)
        images = {name: column for name, column in layout.items() if column.image}
        self.jpegs = {
            name: JpegColumn(self._file, name, header.frame_count, images.pop(name).shape)
            for name in list(images)
            if name.endswith("/rgb")
        }
        self._images = {name: _create_images(self._file, name, header, column) for name, column in images.items()}
        hashes = [f"cameras/{name}/linear_sha256" for name in state.cameras] if self.jpegs else []
        small = {name: column for name, column in layout.items() if not column.image}
        self._tables = Tables(small, [*TEXT_FIELDS, *hashes], header.frame_count)

    def append(
        self, row: int, arrays: Mapping[str, Array], jpegs: Mapping[str, bytes], texts: Mapping[str, str]
    ) -> None:
        """Write one frame's images, and keep its small values."""
        for name, dataset in self._images.items():
            dataset[row] = arrays[name]
        for name, column in self.jpegs.items():
            column.append(row, jpegs[name])
        self._tables.append(row, arrays, texts)

    def write_tables(self, assets: Sequence[AssetRow]) -> None:
        """Write everything that waited for the last frame."""
        self._tables.write(self._file)
        for column in self.jpegs.values():
            column.write_offsets()
        write_text(self._file, "objects/name", self._slots)
        _write_assets(self._file, assets)
        self._file.attrs["licences"] = json.dumps(sorted({*self._licences, *(asset.licence for asset in assets)}))

    def close(self) -> None:
        """Close the file; closing twice is harmless."""
        self._file.close()
        self.disk.close()


class JpegColumn:
    """Write one camera's encoded images: a flat byte array that grows, and offsets that wait.

    Args:
        file: The shard.
        name: Name of the group.
        count: Number of frames.
        shape: Shape of a decoded image, (H, W, 3).
    """

    def __init__(self, file: h5py.File, name: str, count: int, shape: tuple[int, ...]) -> None:
        self._group = file.create_group(name)
        self._group.attrs["encoding"] = "jpeg"
        self._group.attrs["width"], self._group.attrs["height"] = np.int64(shape[1]), np.int64(shape[0])
        self._data = self._group.create_dataset("data", (0,), "u1", maxshape=(None,), chunks=(JPEG_CHUNK,))
        self._offsets = np.zeros(count + 1, np.int64)

    def append(self, row: int, data: bytes) -> None:
        """Write one image."""
        start, end = int(self._offsets[row]), int(self._offsets[row]) + len(data)
        self._data.resize((end,))
        self._data[start:end] = np.frombuffer(data, np.uint8)
        self._offsets[row + 1] = end

    def write_offsets(self) -> None:
        """Write where each image begins and ends."""
        self._group.create_dataset("offset", data=self._offsets)


def _write_header(file: h5py.File, header: ShardHeader) -> None:
    numbers = {"version": VERSION, "conventions": CONVENTIONS_VERSION, "seed": header.seed}
    numbers |= {"frame_first": header.frame_first, "frame_count": header.frame_count}
    file.attrs["format"] = FORMAT
    for name, number in numbers.items():
        file.attrs[name] = np.int64(number)
    for name in ("scene", "scene_digest", "engine", "engine_version", "twin_version"):
        file.attrs[name] = getattr(header, name)
    file.attrs["classes"] = json.dumps(dict(header.classes))


def _create_images(file: h5py.File, name: str, header: ShardHeader, column: Column) -> h5py.Dataset:
    return file.create_dataset(
        name, (header.frame_count, *column.shape), column.dtype,
        chunks=(1, *column.shape), compression="gzip", compression_opts=1, shuffle=True,
    )  # fmt: skip


def _write_assets(file: h5py.File, assets: Sequence[AssetRow]) -> None:
    for name, attribute in (("name", "name"), ("class", "label"), ("sha256", "sha256")):
        write_text(file, f"assets/{name}", [getattr(asset, attribute) for asset in assets])
    extents = np.array([asset.extent for asset in assets], np.float32).reshape(-1, 2, 3)
    file.create_dataset("assets/extent", data=extents)
    write_text(file, "assets/keypoints", [asset.keypoints for asset in assets])
    write_text(file, "assets/symmetries", [asset.symmetries for asset in assets])
