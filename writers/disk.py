"""Give HDF5 a file whose disk never fails.

HDF5 cannot close a file after a failed write: it crashes the process when it exits. So the first failed write is
remembered, everything after it goes to memory, and the caller asks for :attr:`DiskFile.fault` between calls.
"""

from __future__ import annotations

import os
from pathlib import Path


class DiskFile:
    """A new binary file with the methods that h5py's ``fileobj`` driver calls."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        self._position = 0
        self._unwritten: list[tuple[int, bytes]] = []
        self.fault: OSError | None = None

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a byte from the start, or to the end."""
        self._position = offset if whence == os.SEEK_SET else self._size() + offset
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def write(self, data: bytes) -> int:
        """Write all of ``data`` at the position."""
        try:
            if self.fault is None:
                self._write_all(memoryview(data))
        except OSError as error:
            self.fault = error
        if self.fault is not None:
            self._unwritten.append((self._position, bytes(data)))
        self._position += len(data)
        return len(data)

    def _write_all(self, view: memoryview) -> None:
        position = self._position
        while view:
            written = os.pwrite(self._descriptor, view, position)
            view, position = view[written:], position + written

    def readinto(self, buffer: memoryview) -> int:
        """Read into ``buffer`` at the position; bytes never written read as zeros."""
        start, end = self._position, self._position + len(buffer)
        found = bytearray(os.pread(self._descriptor, len(buffer), start).ljust(len(buffer), b"\0"))
        for offset, data in self._unwritten:
            low, high = max(start, offset), min(end, offset + len(data))
            if low < high:
                found[low - start : high - start] = data[low - offset : high - offset]
        buffer[:] = found
        self._position = end
        return len(found)

    def read(self, size: int) -> bytes:
        """Read ``size`` bytes at the position."""
        buffer = bytearray(size)
        self.readinto(memoryview(buffer))
        return bytes(buffer)

    def truncate(self, size: int) -> int:
        """Set the length."""
        if self.fault is None:
            try:
                os.ftruncate(self._descriptor, size)
            except OSError as error:
                self.fault = error
        return size

    def flush(self) -> None:
        """Do nothing: nothing is buffered here."""

    def close(self) -> None:
        """Close the file; closing twice is harmless."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _size(self) -> int:
        return max([os.fstat(self._descriptor).st_size, *(offset + len(data) for offset, data in self._unwritten)])
