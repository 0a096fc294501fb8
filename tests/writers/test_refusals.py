"""A frame that does not fit is refused with the reason, and nothing of it is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.writers import made
from twin.errors import ShardError
from twin.frame import Frame, SlotState
from twin.writers.atomic import part
from twin.writers.hdf5 import ShardWriter


def without(frame: Frame, name: str) -> Frame:
    return replace(frame, arrays={key: value for key, value in frame.arrays.items() if key != name})


def with_array(frame: Frame, name: str, array: object) -> Frame:
    return replace(frame, arrays={**frame.arrays, name: np.asarray(array)})


def fewer_slots(frame: Frame) -> Frame:
    return replace(frame, state=replace(frame.state, slots=frame.state.slots[:2]))


def beyond_pool(frame: Frame) -> SlotState:
    return replace(frame.state.slots[2], present=True, member=7)


REFUSED: list[tuple[Callable[[Frame], Frame], str]] = [
    (
        lambda frame: without(frame, "cameras/front/depth"),
        "frame 1: the array 'cameras/front/depth' is missing\n  expected: float32 (16, 24)",
    ),
    (
        lambda frame: with_array(frame, "cameras/front/depth", np.zeros((16, 24))),
        "frame 1: the array 'cameras/front/depth' is float64 (16, 24)\n  expected: float32 (16, 24)",
    ),
    (
        lambda frame: with_array(frame, "cameras/wrist/instance", np.zeros((20, 12), np.uint16)),
        "frame 1: the array 'cameras/wrist/instance' is uint16 (20, 12)\n  expected: uint16 (12, 20)",
    ),
    (
        lambda frame: with_array(frame, "cameras/front/dept", np.zeros(1)),
        "frame 1: the shard has no place for the array 'cameras/front/dept'\n"
        "  try: did you mean 'cameras/front/depth'?",
    ),
    (
        lambda frame: with_array(frame, "cameras/front/K", np.eye(3)),
        "frame 1: the array 'cameras/front/K' is not what the frame's state says",
    ),
    (
        lambda frame: replace(frame, linear={"front": frame.linear["front"]}),
        "frame 1: the array 'linear pixels of wrist' is missing\n  expected: float32 (12, 20, 3)",
    ),
    (
        lambda frame: replace(frame, state=replace(frame.state, frame=2)),
        "a.h5: frame 2 of seed 5 came\n  expected: frame 1 of seed 5",
    ),
    (
        lambda frame: replace(frame, state=replace(frame.state, seed=6)),
        "a.h5: frame 1 of seed 6 came\n  expected: frame 1 of seed 5",
    ),
    (
        lambda frame: replace(frame, state=replace(frame.state, block=3)),
        "frame 1: block 3 is unknown\n  expected: one of the blocks added so far: 0",
    ),
    (
        lambda frame: replace(frame, state=replace(frame.state, slots=(*frame.state.slots[:2], beyond_pool(frame)))),
        "frame 1: slot 'bottle.1' shows member 7\n  expected: one of the 2 of block 0",
    ),
    (
        fewer_slots,
        "frame 1: its slots are bottle.0, mug\n  expected: the slots of the shard, bottle.0, bottle.1, mug",
    ),
    (
        lambda frame: replace(frame, state=replace(frame.state, cameras={"front": frame.state.cameras["front"]})),
        "frame 1: its cameras are front 24x16\n  expected: the cameras of the shard, front 24x16, wrist 20x12",
    ),
]


@pytest.mark.parametrize(("spoil", "message"), REFUSED, ids=[message.split("\n")[0][:60] for _, message in REFUSED])
def test_a_wrong_frame_is_refused_and_a_right_one_may_follow(
    tmp_path: Path, spoil: Callable[[Frame], Frame], message: str
) -> None:
    good = made.write(tmp_path / "good.h5", 0, 2).read_bytes()
    with ShardWriter(tmp_path / "a.h5", made.header(0, 2)) as writer:
        writer.add_block(made.block(0))
        writer.append(made.frame(0))
        with pytest.raises(ShardError) as caught:
            writer.append(spoil(made.frame(1)))
        assert str(caught.value).replace(f"{tmp_path}/", "") == message
        writer.append(made.frame(1))
    assert (tmp_path / "a.h5").read_bytes() == good


def test_a_wrong_first_frame_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(ShardError, match="is missing"), ShardWriter(tmp_path / "a.h5", made.header(0, 2)) as writer:
        writer.add_block(made.block(0))
        writer.append(without(made.frame(0), "cameras/front/rgb"))
    assert list(tmp_path.iterdir()) == []


def test_too_few_and_too_many_frames_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with pytest.raises(ShardError, match="1 of 2 frames were written"):
        write_frames(path, 2, [0])
    with pytest.raises(ShardError, match="frame 1 is one too many\n  expected: 1 frames"):
        write_frames(path, 1, [0, 1])
    assert not path.exists()
    assert not part(path).exists()


def write_frames(path: Path, count: int, frames: list[int]) -> None:
    with ShardWriter(path, made.header(0, count)) as writer:
        writer.add_block(made.block(0))
        for index in frames:
            writer.append(made.frame(index))
