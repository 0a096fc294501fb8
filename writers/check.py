"""Check a frame against the layout of its shard before a byte of it is written."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from twin.errors import ShardError, listed, nearest
from twin.frame import Array, Frame, FrameState
from twin.shard import Column


class FrameCheck:
    """Hold what every frame of a shard must look like: the first frame's slots and cameras.

    Args:
        layout: Every numeric dataset that has a row a frame.
        state: State of the shard's first frame.
        linear: Whether every camera has linear pixels.
    """

    def __init__(self, layout: Mapping[str, Column], state: FrameState, *, linear: bool) -> None:
        self.layout, self._linear = layout, linear
        self._slots, self._cameras = _slots(state), _cameras(state)

    def state(self, state: FrameState) -> None:
        """Check that a state has the shard's slots and cameras.

        Raises:
            ShardError: naming both.
        """
        where = f"frame {state.frame}"
        if _slots(state) != self._slots:
            found = f"its slots are {listed(_slots(state))}"
            raise ShardError(found, where=where, expected=f"the slots of the shard, {listed(self._slots)}")
        if _cameras(state) != self._cameras:
            found = f"its cameras are {_named(_cameras(state))}"
            raise ShardError(found, where=where, expected=f"the cameras of the shard, {_named(self._cameras)}")

    def arrays(self, frame: Frame, derived: Mapping[str, Array]) -> None:
        """Check one frame's arrays; ``derived`` are those that follow from its state.

        Raises:
            ShardError: naming the first array that is missing, unknown or of another dtype or shape.
        """
        where = f"frame {frame.state.frame}"
        for name, array in frame.arrays.items():
            if name not in self.layout:
                raise ShardError(
                    f"the shard has no place for the array '{name}'", where=where, hint=nearest(name, self.layout)
                )
            if name in derived and not np.array_equal(array, derived[name], equal_nan=True):
                raise ShardError(f"the array '{name}' is not what the frame's state says", where=where)
        for name, column in self.layout.items():
            if name not in derived:
                _check_array(frame.arrays.get(name), name, column.dtype, column.shape, where)
        for camera, (width, height) in self._cameras.items() if self._linear else ():
            _check_array(frame.linear.get(camera), f"linear pixels of {camera}", "f4", (height, width, 3), where)


def _check_array(array: Array | None, name: str, dtype: str, shape: tuple[int, ...], where: str) -> None:
    expected = f"{np.dtype(dtype).name} {shape}"
    if array is None:
        raise ShardError(f"the array '{name}' is missing", where=where, expected=expected)
    if array.dtype != np.dtype(dtype) or array.shape != shape:
        raise ShardError(f"the array '{name}' is {array.dtype.name} {array.shape}", where=where, expected=expected)


def _slots(state: FrameState) -> tuple[str, ...]:
    return tuple(slot.name for slot in state.slots)


def _cameras(state: FrameState) -> dict[str, tuple[int, int]]:
    return {name: (camera.width, camera.height) for name, camera in state.cameras.items()}


def _named(cameras: Mapping[str, tuple[int, int]]) -> str:
    return listed(f"{name} {width}x{height}" for name, (width, height) in cameras.items())
