"""Make everything beside the shards, once they are all there: index, models, card, credits, report.

All of it follows from finished shards and the library, so making it again changes nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from twin.assets.library import Library
from twin.data.dataset import Dataset, open_dataset
from twin.data.shard import Shard
from twin.errors import TwinError
from twin.frame import Json
from twin.jobs.card import card, credits
from twin.jobs.index import states, write_index
from twin.jobs.lock import locked
from twin.jobs.models import BlockAssets, read_models, write_models
from twin.jobs.run import Run
from twin.jobs.values import ValueColumns
from twin.writers.atomic import write_text

FAMILIES = ("object", "material", "hdri")


@dataclass
class Survey:
    """What the frames of a dataset show.

    Args:
        columns: The drawn values.
        assets: Name, and the first block that shows it, of each asset, by its sha256.
        named: Library names among the drawn values and in the scene.
    """

    columns: ValueColumns = field(default_factory=ValueColumns)
    assets: dict[str, tuple[str, int]] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)


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
    with locked(run.paths.lock("finish"), wait=True):
        dataset = open_dataset(run.paths.folder)
        try:
            survey = _survey(dataset, run, library)
            write_index(run.paths, dataset, survey.columns)
            write_models(run.paths, survey.assets, block_assets)
            models = read_models(run.paths, survey.assets)
            licences = _licences(dataset)
            write_text(run.paths.card, card(run.identity, dataset, models, licences))
            write_text(run.paths.credits, credits(models, library.credits(survey.named)))
        finally:
            dataset.close()


def write_report(run: Run, failed: Mapping[int, TwinError]) -> None:
    """Write ``report.json``: what is there, what it took, and what failed.

    Args:
        run: The run.
        failed: What went wrong in this call, by shard.
    """
    entries = list(manifest_entries(run))
    seconds, redraws = Counter[str](), Counter[str]()
    for entry in entries:
        seconds.update(entry.seconds)
        redraws.update(entry.redraws)
    report = {
        "frames": sum(entry.count for entry in entries),
        "frames_asked": run.plan.frames,
        "shards": len(entries),
        "shards_asked": len(run.plan),
        "bytes": sum(entry.bytes for entry in entries),
        "seconds": {name: round(value, 3) for name, value in sorted(seconds.items())},
        "redraws": dict(sorted(redraws.items())),
        "failed": {str(shard): str(error) for shard, error in sorted(failed.items())},
    }
    write_text(run.paths.report, json.dumps(report, indent=1) + "\n")
