"""Run synthetic frames through the jobs: ``python -m tests.jobs.made FOLDER FRAMES SHARD_SIZE SECONDS_A_FRAME``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.writers import made
from twin.assets.asset import Asset
from twin.jobs.inline import Outcome, generate
from twin.jobs.run import Identity, Run, open_run
from twin.jobs.task import Make, ShardReport, ShardTask
from twin.writers.hdf5 import ShardWriter

IDENTITY = Identity(
    scene="tabletop",
    spec={"world": {"table": {"material": "core/wood/oak"}}},
    digest="d" * 64,
    seed=made.SEED,
    engine="blank",
    engine_version="blank 1",
    twin_version="0.1.0",
)


def maker(seconds: float = 0.0, log: Callable[[ShardTask], None] = lambda task: None) -> Make:
    """Return a shard maker that takes its time and tells what it makes."""

    def make(task: ShardTask) -> ShardReport:
        log(task)
        with ShardWriter(task.file, made.header(task.first, task.count)) as writer:
            for index in task.frames:
                time.sleep(seconds)
                writer.add_block(made.block(index // made.BLOCK))
                writer.append(made.frame(index))
        return ShardReport({"render": 0.5 * task.count}, {"require": 2})

    return make


def run(folder: Path, frames: int, shard_size: int | None = 8, **changes: Any) -> Run:
    """Open a run of the made scene; ``changes`` replace parts of its identity."""
    return open_run(folder, replace(IDENTITY, **changes), frames, shard_size=shard_size)


def fill(folder: Path, frames: int, shard_size: int | None = 8) -> tuple[Outcome, list[int]]:
    """Make what is missing in a folder; return the outcome and the shards that were made."""
    opened, shards = run(folder, frames, shard_size), list[int]()
    return generate(opened, opened.plan, maker(log=lambda task: shards.append(task.shard))), shards


def block_assets(index: int) -> list[Asset]:
    """Return the assets of a block, as the pipeline does."""
    return [member.asset for slot in made.block(index).slots for member in slot.members]


def shard_bytes(folder: Path) -> dict[str, bytes]:
    """Return every shard of a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("shard-*.h5"))}


if __name__ == "__main__":
    target, frame_count, size, pause = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    started = run(target, frame_count, size)
    generate(started, started.plan, maker(pause, lambda task: print(task.shard, flush=True)))
