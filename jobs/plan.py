"""Cut a run into shards: ranges that are computed, never listed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from twin.errors import RunError
from twin.shard import columns
from twin.spec.scene import Scene
from twin.spec.values import walk

SHARD_FRAMES = 1024
"""Most frames in a shard by default."""

SHARD_BYTES = 1 << 28
"""Estimated bytes that a shard stays under by default."""

LEAST_FRAMES = 32
"""A short run is not cut finer than this by default."""

GROUP_LIMIT = 1 << 14
"""Longest view group that is kept in one shard."""

_STORED = {"rgb": 0.2, "depth": 0.5, "normals": 0.3, "instance": 0.02, "semantic": 0.02}
"""Stored bytes over raw bytes, by image channel; tables are stored raw."""


@dataclass(frozen=True)
class Range:
    """The frames of one shard: ``first`` to ``first + count``.

    Args:
        shard: Number of the shard.
        first: Its first frame.
        count: Number of its frames.
    """

    shard: int
    first: int
    count: int


@dataclass(frozen=True)
class RunPlan:
    """Say which frames each shard of a run holds.

    Args:
        frames: Number of frames of the run.
        shard_size: Frames in a shard; the last one may hold fewer. A multiple of ``group``.
        group: Frames that must stay together: the length of a view group or a sequence.
    """

    frames: int
    shard_size: int
    group: int = 1

    def __post_init__(self) -> None:
        if self.frames < 1 or self.shard_size < 1:
            raise RunError(
                f"a run of {self.frames} frames in shards of {self.shard_size}", expected="at least one of each"
            )
        if self.shard_size % self.group:
            expected = f"a multiple of {self.group}: views of one group stay in one shard"
            hint = f"--shard-size {rounded(self.shard_size, self.group)}"
            raise RunError(f"a shard size of {self.shard_size} frames", expected=expected, hint=hint)

    def __len__(self) -> int:
        """Return the number of shards."""
        return -(-self.frames // self.shard_size)

    def __getitem__(self, shard: int) -> Range:
        """Return the frames of one shard."""
        if not 0 <= shard < len(self):
            raise IndexError(shard)
        first = shard * self.shard_size
        return Range(shard, first, min(self.shard_size, self.frames - first))

    def __iter__(self) -> Iterator[Range]:
        return map(self.__getitem__, range(len(self)))


def rounded(size: int, group: int) -> int:
    """Round a shard size to a multiple of the group: down, but never to nothing."""
    return max(group, size // group * group)


def default_size(frames: int, group: int, frame_bytes: int) -> int:
    """Choose a shard size: an eighth of the run, at least 32 frames, at most 1,024 frames or 256 MB.

    Args:
        frames: Number of frames of the first run; a longer one keeps the size.
        group: Frames that must stay together.
        frame_bytes: Estimated stored size of a frame, see :func:`frame_bytes`.

    Raises:
        RunError: where one view group alone would be too long for a shard.
    """
    if group > GROUP_LIMIT:
        hint = "choose lengths for 'every' that divide each other"
        raise RunError(f"the scene repeats only after {group} frames", expected=f"at most {GROUP_LIMIT}", hint=hint)
    eighth = 1 << max(0, math.ceil(math.log2(frames / 8)))
    limit = min(SHARD_FRAMES, max(1, SHARD_BYTES // frame_bytes))
    return rounded(min(limit, max(LEAST_FRAMES, eighth)), group)


def group_length(scene: Scene) -> int:
    """Return the frames after which every held draw of a scene starts anew: the least common multiple."""
    lengths = [distribution.every for _, distribution, scoped in walk(scene) if not scoped]
    return math.lcm(*lengths, *(placement.every for placement in scene.placement.values()))


def frame_bytes(labels: Iterable[str], cameras: Mapping[str, tuple[int, int]], slots: int, keypoints: int) -> int:
    """Estimate the stored size of one frame [bytes]; arguments as in :func:`twin.shard.columns`."""
    total = 4096.0 + 512 * slots
    for name, column in columns(labels, cameras, slots, keypoints).items():
        raw = math.prod(column.shape) * np.dtype(column.dtype).itemsize
        total += raw * _STORED.get(name.rpartition("/")[2], 1.0)
    return int(total)
