"""Make shards in this process, one after the other; other processes may do the same in the same folder.

generate(run, run.plan, make, progress)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from twin.data.manifest import Entry
from twin.errors import DrawError, ShardError, TwinError
from twin.jobs import manifest
from twin.jobs.lock import locked
from twin.jobs.plan import Range
from twin.jobs.run import Run
from twin.jobs.task import Make, ShardTask
from twin.writers.atomic import part, sweep


@dataclass(frozen=True)
class Done:
    """One shard that is there.

    Args:
        task: What was asked for.
        entry: What the manifest says.
        made: Whether it was made now; otherwise it was there already.
    """

    task: ShardTask
    entry: Entry
    made: bool


Progress: TypeAlias = Callable[[Done], None]


@dataclass
class Outcome:
    """What a call to :func:`generate` did.

    Args:
        made: Shards made now.
        kept: Shards that were there.
        failed: What went wrong, by shard.
    """

    made: int = 0
    kept: int = 0
    failed: dict[int, TwinError] = field(default_factory=dict)


def generate(run: Run, shards: Iterable[Range], make: Make, progress: Progress = lambda done: None) -> Outcome:
    """Make every shard that is not there yet, whole and unharmed.

    Shards that another process is making are left to it, and looked at again in the end. A draw that fails spoils its
    own shard only; any other error ends the call. What is finished always stays.

    Args:
        run: The run, opened.
        shards: Ranges to make: the plan, or part of it.
        make: Writes one shard.
        progress: Called after each shard.
    """
    outcome, taken = Outcome(), []
    for shard in shards:
        task = ShardTask.of(run.paths, shard)
        if not _attempt(task, make, progress, outcome, wait=False):
            taken.append(task)
    for task in taken:
        _attempt(task, make, progress, outcome, wait=True)
    return outcome


def _attempt(task: ShardTask, make: Make, progress: Progress, outcome: Outcome, *, wait: bool) -> bool:
    """Make one shard and count it; False where another process is at it."""
    try:
        done = work(task, make, wait=wait)
    except (DrawError, ShardError) as error:
        outcome.failed[task.shard] = error
        return True
    if done is None:
        return False
    outcome.made, outcome.kept = outcome.made + done.made, outcome.kept + (not done.made)
    progress(done)
    return True


def work(task: ShardTask, make: Make, *, wait: bool = True) -> Done | None:
    """Make one shard unless it is there; None where another process is at it and ``wait`` is False."""
    with locked(task.paths.lock(task.file.name), wait=wait) as mine:
        if not mine:
            return None
        part(task.file).unlink(missing_ok=True)
        sweep(task.paths.entry(task.shard))
        entry = manifest.whole(task)
        if entry is not None:
            return Done(task, entry, made=False)
        report = make(task)
        return Done(task, manifest.record(task, report), made=True)
