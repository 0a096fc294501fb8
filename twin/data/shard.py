"""Open one shard for reading, and trust nothing in it.

A shard may come from a stranger: nothing outside of the file is ever followed (external links, external storage,
virtual datasets), sizes are bounded before anything is read, and every fault of the file is a ShardError.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import h5py
import numpy as np
import numpy.typing as npt
import simplejpeg

from twin.errors import ShardError, nearest
from twin.shard import FORMAT, VERSION, Column

Array: TypeAlias = npt.NDArray[Any]

OBJECT_LIMIT = 10_000
"""Most groups and datasets in a shard."""

ROW_LIMIT = 1 << 28
"""Most elements in one frame's row of a dataset."""

READ_LIMIT = 1 << 30
"""Most bytes that are read at once of a column, a text or an encoded image."""

FRAME_LIMIT = 1 << 20
"""Most frames in a shard."""

_REMAKE = "run 'twin generate' on its folder again: it makes this shard anew"


class Shard:
    """One open shard.

    Args:
        path: The file.

    Raises:
        ShardError: where it is missing, empty, truncated, no shard of twin, of a future version, or hostile.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = self._open()
        try:
            with self._faults():
                self._check_version()
                self._objects = self._list_objects()
                self.count = self._number("frame_count", FRAME_LIMIT)
                self.first = self._number("frame_first", 1 << 63)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file; closing twice is harmless."""
        self._file.close()

    @cached_property
    def header(self) -> Mapping[str, Any]:
        """Attributes of the shard; ``classes`` and ``licences`` as plain values."""
        with self._faults():
            values = {
                name: value.item() if hasattr(value, "item") else value for name, value in self._file.attrs.items()
            }
            return values | {name: json.loads(values[name]) for name in ("classes", "licences")}

    @cached_property
    def fields(self) -> Mapping[str, Column]:
        """Every array that has a row a frame, by its name; images are decoded, uint8 (H, W, 3)."""
        found = {}
        for name, item in sorted(self._objects.items()):
            if isinstance(item, h5py.Group) and "encoding" in item.attrs:
                found[name] = Column("u1", self._image_shape(item), image=True)
            elif self._has_rows(name, item):
                found[name] = Column(item.dtype.str, item.shape[1:], image=bool(item.chunks))
        return found

    def read(self, row: int, name: str) -> Array:
        """Return one array of one frame; images decoded.

        Raises:
            ShardError: where there is no such array, or its bytes are damaged.
        """
        column = self._column(name)
        with self._faults():
            if isinstance(self._objects[name], h5py.Group):
                return self._image(row, name, column.shape)
            return np.asarray(self._objects[name][row])

    def text(self, row: int, name: str) -> str:
        """Return one frame's text: ``state``, ``suite``, ``split`` or ``cameras/<name>/linear_sha256``."""
        with self._faults():
            return bytes(self._texts(name, rows=1)[row]).decode()

    def names(self, name: str) -> tuple[str, ...]:
        """Return a whole text column, such as ``objects/name`` or ``assets/class``."""
        with self._faults():
            return tuple(bytes(line).decode() for line in self._texts(name)[:])

    def table(self, name: str) -> Array:
        """Return a whole small column, such as ``objects/asset`` or ``assets/extent``."""
        with self._faults():
            return np.asarray(self._bounded(name)[:])

    def encoded(self, row: int, name: str) -> bytes:
        """Return the encoded bytes of an image, as they are stored."""
        offsets = self._offsets(name)
        start, end = int(offsets[row]), int(offsets[row + 1])
        if end - start > READ_LIMIT:
            raise ValueError(f"an encoded image of {end - start} bytes")
        return bytes(self._dataset(f"{name}/data")[start:end])

    def _image(self, row: int, name: str, shape: tuple[int, ...]) -> Array:
        data = self.encoded(row, name)
        height, width, _, _ = simplejpeg.decode_jpeg_header(data)
        if (height, width, 3) != shape:
            raise ValueError(f"an image of {width}x{height}, not {shape[1]}x{shape[0]}")
        image: Array = simplejpeg.decode_jpeg(data, colorspace="RGB", fastdct=False, fastupsample=False)
        return image

    def _offsets(self, name: str) -> Array:
        if name not in self._known_offsets:
            offsets = self._bounded(f"{name}/offset")[:]
            size = self._dataset(f"{name}/data").shape[0]
            if (
                offsets.shape != (self.count + 1,)
                or offsets[0] != 0
                or offsets[-1] > size
                or (np.diff(offsets) < 0).any()
            ):
                raise ValueError(f"the offsets of '{name}' leave its data")
            self._known_offsets[name] = offsets
        return self._known_offsets[name]

    @cached_property
    def _known_offsets(self) -> dict[str, Array]:
        return {}

    def _column(self, name: str) -> Column:
        if name not in self.fields:
            raise ShardError(f"there is no array '{name}'", where=str(self.path), hint=nearest(name, self.fields))
        return self.fields[name]

    def _dataset(self, name: str) -> h5py.Dataset:
        item = self._objects.get(name)
        if not isinstance(item, h5py.Dataset):
            raise ValueError(f"there is no dataset '{name}'")
        return item

    def _bounded(self, name: str, rows: int | None = None) -> h5py.Dataset:
        """Return a dataset of which so many rows, or all of them, are not too large to read."""
        item = self._dataset(name)
        count = math.prod(item.shape[1:]) * (item.shape[0] if rows is None else rows)  # exact, where numpy overflows
        if count * item.dtype.itemsize > READ_LIMIT:
            raise ValueError(f"the dataset '{name}' of shape {item.shape} is too large")
        return item

    def _texts(self, name: str, rows: int | None = None) -> h5py.Dataset:
        item = self._bounded(name, rows)
        if item.dtype.kind not in "SO":  # of a number, bytes() would make that many zeros
            raise ValueError(f"the dataset '{name}' is no text")
        return item

    def _open(self) -> h5py.File:
        if not self.path.is_file():
            raise ShardError("the shard is missing", where=str(self.path), hint=_REMAKE)
        if self.path.stat().st_size == 0:
            raise ShardError("the shard is empty", where=str(self.path), hint=_REMAKE)
        try:
            return h5py.File(self.path, "r", locking=False)
        except OSError as error:
            found = f"this is no HDF5 file, or not a whole one ({_reason(error)})"
            raise ShardError(found, where=str(self.path), hint=_REMAKE) from None

    def _check_version(self) -> None:
        found = self._file.attrs.get("format")
        if not isinstance(found, str) or found != FORMAT:
            raise ShardError("this HDF5 file is no shard of twin", where=str(self.path), expected=f"@format={FORMAT!r}")
        version = self._number("version", 1 << 31)
        if version > VERSION:
            hint = "a newer twin reads it: pip install --upgrade twin"
            raise ShardError(
                f"the shard has version {version}", where=str(self.path), expected=f"at most {VERSION}", hint=hint
            )

    def _number(self, name: str, limit: int) -> int:
        value = self._file.attrs.get(name)
        if not isinstance(value, np.integer) or not 0 <= value < limit:
            raise ValueError(f"@{name} is {value!r}")
        return int(value)

    def _list_objects(self) -> dict[str, Any]:
        """Walk hard links only, so that nothing outside of the file is named."""
        found: dict[str, Any] = {}

        def visit(name: str, item: Any) -> None:
            if len(found) == OBJECT_LIMIT:
                raise ValueError(f"more than {OBJECT_LIMIT} groups and datasets")
            if isinstance(item, h5py.Dataset) and (item.external or item.is_virtual):
                raise ValueError(f"the dataset '{name}' keeps its data in other files")
            found[name] = item

        self._file.visititems(visit)
        return found

    def _has_rows(self, name: str, item: Any) -> bool:
        """Tell whether a dataset is an array with a row a frame, of a kind and size that is read."""
        if not isinstance(item, h5py.Dataset) or name.startswith("assets/") or item.dtype.kind not in "biuf":
            return False
        if item.shape[:1] != (self.count,) or name.endswith(("rgb/data", "rgb/offset")):
            return False
        if np.prod(item.shape[1:], dtype=float) > ROW_LIMIT:
            raise ShardError(f"the array '{name}' has {item.shape[1:]} values a frame", where=str(self.path))
        return True

    def _image_shape(self, group: h5py.Group) -> tuple[int, ...]:
        with self._faults():
            shape = int(group.attrs["height"]), int(group.attrs["width"]), 3
            if group.attrs["encoding"] != "jpeg" or not 0 < shape[0] * shape[1] <= ROW_LIMIT:
                raise ValueError(f"images of encoding {group.attrs['encoding']!r} and shape {shape}")
            return shape

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            found = f"the shard is damaged ({_reason(error)})"
            raise ShardError(found, where=str(self.path), hint=_REMAKE) from error


def _reason(error: Exception) -> str:
    """Return the first words of a message: HDF5 goes on with addresses and times."""
    text = str(error.args[-1] if error.args else type(error).__name__)
    return (text.partition(" (")[0] if isinstance(error, OSError) else text)[:200]
