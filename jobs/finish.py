"""Make everything beside the shards, once they are all there: index, models, card, credits, report.

All of it follows from finished shards and the library, so making it again changes nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from twin.assets.library import Library
from twin.data.dataset import Dataset, open_dataset
from twin.data.shard import Shard
from twin.errors import TwinError
from twin.frame import Json
from twin.jobs import manifest
from twin.jobs.card import card, credits
from twin.jobs.index import states, write_index
from twin.jobs.lock import locked
from twin.jobs.models import BlockAssets, read_models, write_models
from twin.jobs.run import Run
from twin.jobs.values import ValueColumns
from twin.writers.atomic import sweep, write_text


@dataclass
class Survey:
    """What the frames of a dataset show.

    Args:
        columns: The drawn values.
        assets: Name, and the first block that shows it, of each asset, by its sha256.
        named: Library materials and skies among the drawn values and in the scene.
    """

    columns: ValueColumns = field(default_factory=ValueColumns)
    assets: dict[str, tuple[str, int]] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)


@contextmanager
def finishing(run: Run) -> Iterator[None]:
    """Be the only process that writes beside the shards; waits for others, and must not be entered twice.

    :func:`finish` and :func:`write_report` enter it themselves.
    """
    paths = run.paths
    with locked(paths.lock("finish"), wait=True):
        for path in (paths.frames, paths.instances, paths.card, paths.credits, paths.report, paths.sheet):
            sweep(path)
        yield


def finish(run: Run, library: Library, block_assets: BlockAssets) -> None:
    """Write the index, the models, the card and the credits of a run whose shards are all there.

    Args:
        run: The run.
        library: Where assets come from.
        block_assets: Returns the assets of a block, as :func:`twin.randomizers.draw.draw_block` gives them.

    Raises:
        ShardError: where a shard is broken.
        RunError: where a block no longer gives an asset that its frames show.
    """
    with finishing(run):
        dataset = open_dataset(run.paths.folder)
        try:
            survey = _survey(dataset, run, library)
            write_index(run.paths, dataset, survey.columns)
            write_models(run.paths, survey.assets, block_assets)
            models = read_models(run.paths, survey.assets)
            licences = {*_licences(dataset), *library.licences(survey.named)}
            write_text(run.paths.card, card(run.identity, dataset, models, sorted(licences)))
            write_text(run.paths.credits, credits(models, library.credits(survey.named)))
        finally:
            dataset.close()


def _survey(dataset: Dataset, run: Run, library: Library) -> Survey:
    """Look at every frame once."""
    survey = Survey()
    known = {*library.names("material"), *library.names("hdri")}
    survey.named.update(known.intersection(_texts(run.identity.spec)))
    for _, _, state in states(dataset):
        survey.columns.see(state["values"])
        survey.named.update(known.intersection(_texts(state["values"])))
    for position in range(len(dataset.entries)):
        for sha256, place in _shown(dataset.shard(position)):
            survey.assets.setdefault(sha256, place)
    return survey


def _shown(shard: Shard) -> Iterator[tuple[str, tuple[str, int]]]:
    """Yield (sha256, (name, block of its first frame)) of every asset that a shard's frames show."""
    used = shard.table("objects/asset")
    names, hashes = shard.names("assets/name"), shard.names("assets/sha256")
    for number in np.unique(used[used >= 0]):
        row = int(np.flatnonzero((used == number).any(axis=1))[0])
        yield hashes[number], (names[number], int(json.loads(shard.text(row, "state"))["block"]))


def _texts(value: Json) -> Iterator[str]:
    """Yield every string inside a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)


def _licences(dataset: Dataset) -> list[str]:
    """Return the licences of everything that the shards show."""
    headers = (dataset.shard(position).header for position in range(len(dataset.entries)))
    return sorted({licence for header in headers for licence in header["licences"]})


def write_report(run: Run, failed: Mapping[int, TwinError]) -> None:
    """Write ``report.json``: what is there, what it took, and what failed.

    Args:
        run: The run.
        failed: What went wrong in this call, by shard.
    """
    with finishing(run):
        write_text(run.paths.report, json.dumps(_report(run, failed), indent=1) + "\n")


def _report(run: Run, failed: Mapping[int, TwinError]) -> dict[str, Json]:
    """Add up the manifest."""
    entries = list(manifest.entries(run.paths))
    seconds, redraws = Counter[str](), Counter[str]()
    for entry in entries:
        seconds.update(entry.seconds)
        redraws.update(entry.redraws)
    return {
        "frames": sum(entry.count for entry in entries),
        "frames_asked": run.plan.frames,
        "shards": len(entries),
        "shards_asked": len(run.plan),
        "bytes": sum(entry.bytes for entry in entries),
        "seconds": {name: round(value, 3) for name, value in sorted(seconds.items())},
        "redraws": dict(sorted(redraws.items())),
        "failed": {str(shard): str(error) for shard, error in sorted(failed.items())},
    }
