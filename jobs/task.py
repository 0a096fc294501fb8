"""Describe one shard to make, as JSON that can be read, sent and run by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeAlias

from twin.errors import RunError
from twin.jobs.paths import RunPaths
from twin.jobs.plan import Range


@dataclass(frozen=True)
class ShardTask:
    """One shard of one dataset folder.

    Args:
        folder: The dataset folder.
        shard: Number of the shard.
        first: Its first frame.
        count: Number of its frames.
    """

    folder: str
    shard: int
    first: int
    count: int

    @staticmethod
    def of(paths: RunPaths, part: Range) -> ShardTask:
        """Name a range of frames in a folder."""
        return ShardTask(str(paths.folder), part.shard, part.first, part.count)

    @property
    def paths(self) -> RunPaths:
        """File names of the dataset."""
        return RunPaths(Path(self.folder))

    @property
    def file(self) -> Path:
        """The shard to write."""
        return self.paths.shard(self.shard)

    @property
    def frames(self) -> range:
        """The frames to make."""
        return range(self.first, self.first + self.count)

    def to_json(self) -> str:
        """Serialise the task."""
        return json.dumps(asdict(self), sort_keys=True)

    @staticmethod
    def from_json(text: str) -> ShardTask:
        """Read what :meth:`to_json` wrote.

        Raises:
            RunError: where it is something else.
        """
        try:
            return ShardTask(**json.loads(text))
        except (ValueError, TypeError) as error:
            raise RunError(
                f"this is no shard task: {error}", expected='{"count", "first", "folder", "shard"}'
            ) from None


@dataclass(frozen=True)
class ShardReport:
    """What making a shard took.

    Args:
        seconds: Wall time by stage [s].
        redraws: Frames that were drawn again, by reason.
    """

    seconds: Mapping[str, float] = field(default_factory=dict)
    redraws: Mapping[str, int] = field(default_factory=dict)


Make: TypeAlias = Callable[[ShardTask], ShardReport]
"""Write the shard at ``task.file``, whole or not at all."""
