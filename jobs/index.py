"""Index finished shards in two Parquet tables, for queries: one row a frame, one row a visible instance.

frames.parquet      frame, shard, row, block, attempt, sequence, step, time, value/<path> ...
instances.parquet   frame, shard, row, camera, slot, instance, class, asset, sha256, distance [m],
                    visible, in_frame, visible_in_frame, x0 y0 x1 y1 [px] of what is visible, full_x0 ... of the whole
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from twin.data.dataset import Dataset
from twin.data.shard import Array, Shard
from twin.frame import Json
from twin.jobs.paths import RunPaths
from twin.jobs.values import ValueColumns
from twin.writers.atomic import replacing

GROUP_ROWS = 1 << 14
"""Rows of a Parquet row group: what is held in memory at most."""

_STATE = {"block": pa.int64(), "attempt": pa.int32(), "sequence": pa.int64(), "step": pa.int64(), "time": pa.float64()}
_PLACE = [pa.field("frame", pa.int64()), pa.field("shard", pa.int32()), pa.field("row", pa.int32())]
_FRACTIONS = ("visible", "in_frame", "visible_in_frame")
_BOXES = {"box2d_visible": ("x0", "y0", "x1", "y1"), "box2d_full": ("full_x0", "full_y0", "full_x1", "full_y1")}
_FLOATS = ("distance", *_FRACTIONS, *(name for names in _BOXES.values() for name in names))

INSTANCES = pa.schema(
    [
        *_PLACE,
        pa.field("camera", pa.string()),
        pa.field("slot", pa.string()),
        pa.field("instance", pa.int32()),
        pa.field("class", pa.string()),
        pa.field("asset", pa.string()),
        pa.field("sha256", pa.string()),
        *(pa.field(name, pa.float32()) for name in _FLOATS),
    ]
)
"""Columns of ``instances.parquet``; what was not labelled is null."""


def states(dataset: Dataset) -> Iterator[tuple[int, int, dict[str, Json]]]:
    """Yield (shard, row, state) of every frame, one shard open at a time."""
    for position, entry in enumerate(dataset.entries):
        shard = dataset.shard(position)
        for row in range(shard.count):
            yield entry.shard, row, json.loads(shard.text(row, "state"))


def write_index(paths: RunPaths, dataset: Dataset, columns: ValueColumns) -> None:
    """Write both tables.

    Args:
        paths: File names of the dataset.
        dataset: Its finished shards.
        columns: The drawn values of all its frames, seen before.
    """
    schema = pa.schema([*_PLACE, *(pa.field(name, kind) for name, kind in _STATE.items()), *columns.fields()])
    with replacing(paths.frames) as file, _Rows(file, schema) as rows:
        for shard, row, state in states(dataset):
            place = {"frame": state["frame"], "shard": shard, "row": row}
            rows.add([place | {name: state[name] for name in _STATE} | columns.row(state["values"])])
    with replacing(paths.instances) as file, _Rows(file, INSTANCES) as rows:
        for position, entry in enumerate(dataset.entries):
            rows.add(_instances(dataset.shard(position), entry.shard))


class _Rows:
    """Write rows to a Parquet file in groups of a fixed size, wherever the shards are cut."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._schema, self._rows = schema, list[Mapping[str, Any]]()
        self._writer = pq.ParquetWriter(path, schema)

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._rows.extend(rows)
        while len(self._rows) >= GROUP_ROWS:
            self._write(self._rows[:GROUP_ROWS])
            del self._rows[:GROUP_ROWS]

    def _write(self, rows: list[Mapping[str, Any]]) -> None:
        self._writer.write_table(pa.Table.from_pylist(rows, schema=self._schema))

    def __enter__(self) -> _Rows:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._rows:
            self._write(self._rows)
        self._writer.close()


def _instances(shard: Shard, number: int) -> list[dict[str, Any]]:
    """List the visible instances of a shard by frame, camera and slot."""
    present, asset = shard.table("objects/present"), shard.table("objects/asset")
    slots, frames = shard.names("objects/name"), shard.table("frame")
    columns = {name: shard.names(f"assets/{name}") for name in ("class", "name", "sha256")}
    cameras = sorted({name.split("/")[1] for name in shard.fields if name.startswith("cameras/")})
    labels = {camera: _camera_columns(shard, camera) for camera in cameras}
    rows = []
    for row, camera in ((row, camera) for row in range(shard.count) for camera in cameras):
        for slot in np.flatnonzero(present[row] & _visible(labels[camera], row, present[row])):
            which = asset[row, slot]
            rows.append(
                {
                    "frame": int(frames[row]), "shard": number, "row": row, "camera": camera,
                    "slot": slots[slot], "instance": int(slot) + 1, "class": columns["class"][which],
                    "asset": columns["name"][which], "sha256": columns["sha256"][which],
                }
                | {name: float(values[row, slot]) for name, values in labels[camera].items()}
            )  # fmt: skip
    return rows


def _visible(labels: Mapping[str, Array], row: int, present: Array) -> Array:
    """Tell which slots a camera sees: by visibility, else by box, else by presence."""
    if "visible" in labels:
        return np.asarray(labels["visible"][row] > 0)
    if "x1" in labels:
        return np.asarray(labels["x1"][row] > labels["x0"][row])
    return present


def _camera_columns(shard: Shard, camera: str) -> dict[str, Array]:
    """Return the instance columns of one camera, each (N, S)."""
    found = {"distance": _distance(shard, camera)}
    for field, names in {"visibility": _FRACTIONS, **_BOXES}.items():
        if f"cameras/{camera}/{field}" in shard.fields:
            values = shard.table(f"cameras/{camera}/{field}")
            found |= {name: values[..., number] for number, name in enumerate(names)}
    return found


def _distance(shard: Shard, camera: str) -> Array:
    eyes = shard.table(f"cameras/{camera}/T_world_camera")[:, None, :3, 3]
    return np.asarray(np.linalg.norm(shard.table("objects/T_world_object")[..., :3, 3] - eyes, axis=-1))
