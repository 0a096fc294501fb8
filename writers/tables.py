"""Hold the small columns of a shard, a few kB a frame, until the shard is finished."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import h5py
import numpy as np

from twin.frame import Array, FrameState
from twin.shard import Column

TEXT_CHUNK = 1 << 18
"""Bytes of fixed-length text in a chunk."""


class Tables:
    """Collect numeric columns as rows come, and text as lists.

    Args:
        layout: The columns that are no images, by their name in the shard.
        texts: Names of the text columns.
        count: Number of frames.
    """

    def __init__(self, layout: Mapping[str, Column], texts: Sequence[str], count: int) -> None:
        self._columns = {name: np.zeros((count, *column.shape), column.dtype) for name, column in layout.items()}
        self._texts: dict[str, list[str]] = {name: [] for name in texts}

    def append(self, row: int, arrays: Mapping[str, Array], texts: Mapping[str, str]) -> None:
        """Keep one frame's values."""
        for name, column in self._columns.items():
            column[row] = arrays[name]
        for name, lines in self._texts.items():
            lines.append(texts[name])

    def write(self, file: h5py.File) -> None:
        """Write every column."""
        for name, column in self._columns.items():
            file.create_dataset(name, data=column)
        for name, lines in self._texts.items():
            write_text(file, name, lines)


def state_rows(state: FrameState, assets: Sequence[Sequence[int]]) -> dict[str, Array]:
    """Return the columns that follow from a state alone.

    Args:
        state: State of the frame.
        assets: Row of ``assets/`` by slot and member.
    """
    present = [slot.present for slot in state.slots]
    rows = [members[slot.member] if slot.present else -1 for slot, members in zip(state.slots, assets, strict=True)]
    poses = [slot.T_world_object if slot.present else np.full((4, 4), np.nan) for slot in state.slots]
    arrays = {
        "frame": np.int64(state.frame),
        "sequence": np.int64(state.sequence),
        "step": np.int64(state.step),
        "pair": np.int64(-1),
        "time": np.float64(state.time),
        "objects/present": np.array(present, dtype=bool),
        "objects/asset": np.array(rows, dtype=np.int32),
        "objects/T_world_object": np.array(poses, dtype=np.float64).reshape(-1, 4, 4),
    }
    for name, camera in state.cameras.items():
        for field in ("K", "T_world_camera", "distortion"):
            arrays[f"cameras/{name}/{field}"] = np.asarray(getattr(camera, field), dtype=np.float64)
    return {name: np.asarray(array) for name, array in arrays.items()}


def write_text(file: h5py.File, name: str, lines: Sequence[str]) -> None:
    """Write fixed-length utf8: the heap that variable-length text lives in is neither small nor compressed."""
    encoded = [line.encode() for line in lines]
    length = max([1, *(len(line) for line in encoded)])
    rows = max(1, min(len(lines), TEXT_CHUNK // length))
    dtype = h5py.string_dtype("utf-8", length)
    chunked = {"chunks": (rows,), "compression": "gzip", "compression_opts": 1} if lines else {}
    dataset = file.create_dataset(name, (len(lines),), dtype, **chunked)
    for start in range(0, len(lines), rows):
        dataset[start : start + rows] = np.array(encoded[start : start + rows], dtype)
