"""Keep one JSON entry a finished shard, written last: the only truth about what a folder holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from twin.data.manifest import Entry, fault, file_sha256, read_entry
from twin.errors import ShardError
from twin.jobs.paths import RunPaths
from twin.jobs.task import ShardReport, ShardTask
from twin.writers.atomic import write_text


def record(task: ShardTask, report: ShardReport) -> Entry:
    """Hash a finished shard and write its entry."""
    entry = Entry(
        shard=task.shard,
        file=task.file.name,
        bytes=task.file.stat().st_size,
        sha256=file_sha256(task.file),
        first=task.first,
        count=task.count,
        seconds={name: round(value, 4) for name, value in sorted(report.seconds.items())},
        redraws=dict(sorted(report.redraws.items())),
    )
    task.paths.manifest.mkdir(exist_ok=True)
    write_text(task.paths.entry(task.shard), json.dumps(asdict(entry), indent=1) + "\n")
    return entry


def whole(task: ShardTask) -> Entry | None:
    """Return the entry of a shard that is there with at least the task's frames; None where it must be made."""
    try:
        entry = read_entry(task.paths.folder, task.shard)
    except ShardError:
        return None
    covers = entry.first == task.first and entry.count >= task.count
    return entry if covers and not fault(task.paths.folder, entry) else None


def entries(paths: RunPaths) -> Iterator[Entry]:
    """Yield every readable entry in shard order, without looking at the files."""
    for shard in sorted(paths.entries()):
        try:
            yield read_entry(paths.folder, shard)
        except ShardError:
            continue


def faults(paths: RunPaths) -> Iterator[tuple[str, str]]:
    """Yield (file, what is wrong) of every broken entry, damaged shard and shard without an entry; hashes all."""
    known = set(paths.entries())
    for shard in sorted(known | set(paths.shards())):
        path = paths.shard(shard)
        try:
            reason = fault(paths.folder, read_entry(paths.folder, shard))
        except ShardError as error:
            reason, path = error.found, paths.entry(shard) if shard in known else path
        if reason:
            yield str(path.relative_to(paths.folder)), reason
