"""Read a dataset folder, frame by frame.

dataset = open_dataset("out/tabletop")
frame = dataset.frame(3)
frame["cameras/front/depth"]        # read when it is asked for
"""

from __future__ import annotations

import json
import os
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

from twin.data.manifest import Entry, fault, read_entry, read_run, shard_numbers, size_fault
from twin.data.shard import Array, Shard
from twin.errors import ShardError, listed
from twin.shard import Column

OPEN_SHARDS = 8
"""Shards that a dataset keeps open."""

_REMAKE = "run 'twin generate' on the folder again: it makes exactly these anew"


def open_dataset(folder: str | Path) -> Dataset:
    """Open a dataset folder.

    Raises:
        ShardError: where there is none, or a finished shard is missing or of the wrong size.
    """
    return Dataset(Path(folder))


class Dataset:
    """The frames of a folder's finished shards, in frame order.

    It can be pickled and used after a fork: shards are opened where they are read.

    Args:
        folder: The dataset folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run = read_run(folder)
        self.entries = _read_entries(folder)
        self._ends = list(accumulate(entry.count for entry in self.entries))
        self._shards: OrderedDict[int, Shard] = OrderedDict()
        self._process = os.getpid()

    def __len__(self) -> int:
        """Return the number of frames."""
        return self._ends[-1]

    @property
    def fields(self) -> Mapping[str, Column]:
        """Every array of a frame: name, dtype, shape."""
        return self.shard(0).fields

    @property
    def classes(self) -> Mapping[str, int]:
        """Class ids by name."""
        classes: Mapping[str, int] = self.shard(0).header["classes"]
        return classes

    def frame(self, index: int) -> FrameArrays:
        """Return the arrays of one frame, 0 <= index < len."""
        return FrameArrays(self, *self.locate(index))

    def state(self, index: int) -> dict[str, Any]:
        """Return everything that was drawn for one frame, as the shard keeps it."""
        number, row = self.locate(index)
        state: dict[str, Any] = json.loads(self.shard(number).text(row, "state"))
        return state

    def find(self, frame: int) -> int:
        """Return the index of a frame by its number in the run.

        Raises:
            ShardError: where no finished shard holds it.
        """
        position = bisect_right(self.entries, frame, key=lambda entry: entry.first) - 1
        entry = self.entries[max(position, 0)]
        if not entry.first <= frame < entry.first + entry.count:
            held = f"frames {self.entries[0].first} to {self.entries[-1].first + self.entries[-1].count - 1}"
            raise ShardError(f"there is no frame {frame}", where=str(self.folder), expected=held)
        return self._ends[position] - entry.count + frame - entry.first

    def locate(self, index: int) -> tuple[int, int]:
        """Return the position of the shard that holds a frame, and its row there."""
        if not 0 <= index < len(self):
            raise IndexError(f"frame {index} of {len(self)}")
        position = bisect_right(self._ends, index)
        return position, index - self._ends[position] + self.entries[position].count

    def shard(self, position: int) -> Shard:
        """Return an open shard by its position in :attr:`entries`; the least recently used ones are closed."""
        if self._process != os.getpid():
            self._shards, self._process = OrderedDict(), os.getpid()
        if position not in self._shards:
            self._shards[position] = self._open(self.entries[position])
            if len(self._shards) > OPEN_SHARDS:
                self._shards.popitem(last=False)[1].close()
        self._shards.move_to_end(position)
        return self._shards[position]

    def verify(self) -> None:
        """Hash every shard.

        Raises:
            ShardError: naming each whose bytes are not the manifest's.
        """
        found = {entry.file: fault(self.folder, entry) for entry in self.entries}
        _refuse(self.folder, {file: reason for file, reason in found.items() if reason})

    def close(self) -> None:
        """Close every open shard; they open again when they are read."""
        while self._shards:
            self._shards.popitem()[1].close()

    def _open(self, entry: Entry) -> Shard:
        shard = Shard(self.folder / entry.file)
        if (shard.first, shard.count) != (entry.first, entry.count):
            shard.close()
            found = f"the shard holds {shard.count} frames from {shard.first} on"
            expected = f"{entry.count} frames from {entry.first} on, as its manifest entry says"
            raise ShardError(found, where=str(shard.path), expected=expected, hint=_REMAKE)
        return shard

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_shards": OrderedDict()}


class FrameArrays(Mapping[str, Array]):
    """One frame of a dataset: a mapping that reads, and decodes, an array when it is asked for.

    Args:
        dataset: Where it is from.
        position: Position of its shard.
        row: Its row there.
    """

    def __init__(self, dataset: Dataset, position: int, row: int) -> None:
        self._dataset, self._position, self._row = dataset, position, row

    def __getitem__(self, name: str) -> Array:
        shard = self._dataset.shard(self._position)
        if name not in shard.fields:
            raise KeyError(name)
        return shard.read(self._row, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._dataset.shard(self._position).fields)

    def __len__(self) -> int:
        return len(self._dataset.shard(self._position).fields)


def _read_entries(folder: Path) -> tuple[Entry, ...]:
    entries = tuple(read_entry(folder, shard) for shard in shard_numbers(folder))
    if not entries:
        raise ShardError("the dataset has no finished shard yet", where=str(folder), hint="run 'twin generate' on it")
    found = {entry.file: size_fault(folder, entry) for entry in entries}
    _refuse(folder, {file: reason for file, reason in found.items() if reason})
    return entries


def _refuse(folder: Path, broken: Mapping[str, str]) -> None:
    if broken:
        found = listed((f"{file}: {reason}" for file, reason in broken.items()), 4)
        raise ShardError(f"{len(broken)} broken: {found}", where=str(folder), hint=_REMAKE)
