"""Flatten what was drawn into columns: the values of all frames of a dataset, under one schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import pyarrow as pa

from twin.frame import Json

PREFIX = "value/"
"""Before the path of a drawn value in ``frames.parquet``."""

PARTS = 16
"""Longest list or mapping whose items get columns of their own, ``lights.key.color.0``."""

_INT64 = 1 << 63


def flatten(values: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    """Yield (path, scalar) of every drawn scalar; items of short lists and mappings have their own paths."""
    for path, value in values.items():
        if isinstance(value, Mapping | list):
            items = value if isinstance(value, Mapping) else {str(number): item for number, item in enumerate(value)}
            if len(items) <= PARTS:
                yield from flatten({f"{path}.{name}": item for name, item in items.items()})
        elif value is not None:
            yield path, value


class ValueColumns:
    """Find one type for each path over many frames: bool, int64, double, or text where they differ."""

    def __init__(self) -> None:
        self._types: dict[str, pa.DataType] = {}

    def see(self, values: Mapping[str, Json]) -> None:
        """Take in the values of one frame."""
        for path, value in flatten(values):
            known, own = self._types.get(path), _type(value)
            if known != own:
                numbers = {known, own} <= {pa.int64(), pa.float64()}
                self._types[path] = own if known is None else pa.float64() if numbers else pa.string()

    def fields(self) -> list[pa.Field]:
        """Return the columns, sorted by path."""
        return [pa.field(PREFIX + path, self._types[path]) for path in sorted(self._types)]

    def row(self, values: Mapping[str, Json]) -> dict[str, Json]:
        """Return one frame's values by column name; a column that it does not have is left out."""
        return {PREFIX + path: self._cell(path, value) for path, value in flatten(values)}

    def _cell(self, path: str, value: Json) -> Json:
        if self._types[path] == pa.string() and not isinstance(value, str):
            return json.dumps(value)
        return float(value) if self._types[path] == pa.float64() else value


def _type(value: Json) -> pa.DataType:
    if isinstance(value, bool):
        return pa.bool_()
    if isinstance(value, int):
        return pa.int64() if -_INT64 <= value < _INT64 else pa.string()
    return pa.float64() if isinstance(value, float) else pa.string()
