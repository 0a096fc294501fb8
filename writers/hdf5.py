"""Write frames to a shard, laid out as :mod:`twin.shard` draws it.

    with ShardWriter(path, header) as writer:
        for frame in frames:
            writer.add_block(block)      # the block of the frame; at once where it is known
            writer.append(frame)

The shard is ``<path>.part`` until its last frame is written and synced. Images go to the disk as they come, one chunk
a frame; all smaller columns wait in memory. No signal handler raises inside HDF5, which would not survive it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from twin.clock import Clock
from twin.errors import ShardError, listed
from twin.frame import Frame, FrameState
from twin.shard import AssetRow, Column, ShardHeader, columns
from twin.stage.block import Block
from twin.writers.assets import block_rows
from twin.writers.atomic import commit, disk_errors, part
from twin.writers.check import FrameCheck
from twin.writers.pixels import jpeg, linear_sha256
from twin.writers.shard_file import ShardFile
from twin.writers.signals import undisturbed
from twin.writers.tables import state_rows


class ShardWriter:
    """Write one shard, frame by frame, in frame order.

    Args:
        path: The shard to make; an older one of that name stays until the new one is whole.
        header: What the shard says of itself.

    Raises:
        TransientError: from any method, where the disk is full; only the ``.part`` file is lost.
    """

    def __init__(self, path: Path, header: ShardHeader) -> None:
        self.path, self.header, self.clock = path, header, Clock()
        self._rows = 0
        self._assets: dict[AssetRow, int] = {}
        self._blocks: dict[int, tuple[tuple[int, ...], ...]] = {}
        self._file: ShardFile | None = None
        self._check: FrameCheck | None = None

    def add_block(self, block: Block) -> None:
        """Make a block's assets known; the same block again costs nothing."""
        if block.index not in self._blocks:
            rows = block_rows(block)
            self._blocks[block.index] = tuple(tuple(self._asset(row) for row in slot) for slot in rows)

    def append(self, frame: Frame) -> None:
        """Write the next frame.

        Raises:
            ShardError: where the frame is not the next one, or an array is missing, unknown or of the wrong kind;
                nothing of the frame is written then.
        """
        self._check_order(frame.state)
        check = self._frame_check(frame.state)
        check.state(frame.state)
        derived = state_rows(frame.state, self._members(frame.state))
        check.arrays(frame, derived)
        file = self._opened(frame.state, check.layout)
        arrays = {**frame.arrays, **derived}
        with self.clock("encode"):
            encoded = {name: jpeg(arrays[name]) for name in file.jpegs}
            texts = {"suite": "", "split": "", "state": frame.state.to_json()}
            hashes = {f"cameras/{name}/linear_sha256": linear_sha256(linear) for name, linear in frame.linear.items()}
        with self.clock("write"):
            self._run(lambda: file.append(self._rows, arrays, encoded, {**texts, **hashes}))
        self._rows += 1

    def finish(self) -> None:
        """Write what waited in memory, sync, and put the shard in its place.

        Raises:
            ShardError: where frames are missing.
        """
        if self._file is None or self._rows != self.header.frame_count:
            found = f"{self._rows} of {self.header.frame_count} frames were written"
            raise ShardError(found, where=str(self.path))
        file, assets = self._file, list(self._assets)
        with self.clock("write"):
            self._run(lambda: file.write_tables(assets))
            self._run(file.close)
            with disk_errors(self.path):
                commit(part(self.path), self.path)

    def abort(self) -> None:
        """Drop the shard where it is not finished."""
        undisturbed(self._close)
        part(self.path).unlink(missing_ok=True)

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.finish()
        finally:
            self.abort()

    def _run(self, call: Callable[[], None]) -> None:
        """Call into HDF5; raise what the disk said."""
        with disk_errors(self.path):
            undisturbed(call)
            if self._file is not None and self._file.disk.fault is not None:
                raise self._file.disk.fault

    def _frame_check(self, state: FrameState) -> FrameCheck:
        """Fix what every frame must look like, once the first state tells the cameras and slots."""
        if self._file is not None and self._check is not None:
            return self._check
        cameras = {name: (camera.width, camera.height) for name, camera in state.cameras.items()}
        layout = columns(self.header.labels, cameras, len(state.slots), self.header.keypoint_count)
        self._check = FrameCheck(layout, state, linear="rgb" in self.header.labels)
        return self._check

    def _opened(self, state: FrameState, layout: Mapping[str, Column]) -> ShardFile:
        """Return the file, made at the first frame; an interrupt finds it whole or not at all."""
        if self._file is None:
            self._run(lambda: self._create(state, layout))
        assert self._file is not None
        return self._file

    def _create(self, state: FrameState, layout: Mapping[str, Column]) -> None:
        self._file = ShardFile(part(self.path), self.header, layout, state)

    def _close(self) -> None:
        """Close and forget the file: Python would lose an interrupt while it frees what h5py keeps."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _asset(self, row: AssetRow) -> int:
        return self._assets.setdefault(row, len(self._assets))

    def _members(self, state: FrameState) -> Sequence[Sequence[int]]:
        """Return the rows of ``assets/`` by slot and member of a state's block."""
        where, members = f"frame {state.frame}", self._blocks.get(state.block)
        if members is None:
            expected = f"one of the blocks added so far: {listed(map(str, self._blocks))}"
            raise ShardError(f"block {state.block} is unknown", where=where, expected=expected)
        if len(members) != len(state.slots):
            found = f"{len(state.slots)} slots are filled from block {state.block}"
            raise ShardError(found, where=where, expected=f"its {len(members)} slots")
        for slot, pool in zip(state.slots, members, strict=True):
            if slot.present and not 0 <= slot.member < len(pool):
                found = f"slot '{slot.name}' shows member {slot.member}"
                raise ShardError(found, where=where, expected=f"one of the {len(pool)} of block {state.block}")
        return members

    def _check_order(self, state: FrameState) -> None:
        due = self.header.frame_first + self._rows
        if self._rows == self.header.frame_count:
            raise ShardError(
                f"frame {state.frame} is one too many", where=str(self.path), expected=f"{self._rows} frames"
            )
        if (state.frame, state.seed) != (due, self.header.seed):
            found = f"frame {state.frame} of seed {state.seed} came"
            raise ShardError(found, where=str(self.path), expected=f"frame {due} of seed {self.header.seed}")
