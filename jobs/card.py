"""Write what people read first in a dataset folder: the card and the credits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from twin.data.dataset import Dataset
from twin.frame import Json
from twin.jobs.licences import card_licence, strictest
from twin.jobs.run import Identity

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def card(identity: Identity, dataset: Dataset, models: Sequence[Mapping[str, Json]], licences: Sequence[str]) -> str:
    """Compose README.md: a head that dataset hubs read, and a page for people."""
    licence = strictest(licences)
    size = next((name for limit, name in _SIZES if len(dataset) < limit), "n>1M")
    counts: dict[str, int] = {}
    for model in models:
        counts[model["class"]] = counts.get(model["class"], 0) + 1
    rows = [f"| {name} | {number} | {counts.get(name, 0)} |" for name, number in dataset.classes.items()]
    arrays = [f"| `{name}` | {np.dtype(column.dtype)} | {column.shape} |" for name, column in dataset.fields.items()]
    return _CARD.format(
        licence=card_licence(licence), licence_name=licence, size=size, scene=identity.scene, frames=len(dataset),
        shards=len(dataset.entries), assets=len(models), engine=identity.engine_version, twin=identity.twin_version,
        digest=identity.digest, seed=identity.seed, example=_example(dataset),
        classes="\n".join(rows), arrays="\n".join(arrays),
    )  # fmt: skip


_CARD = """\
---
pretty_name: {scene}
license: {licence}
task_categories: [object-detection, image-segmentation, depth-estimation, robotics]
tags: [synthetic, 6d-pose, hdf5, usd]
size_categories: [{size}]
configs:
- config_name: frames
  data_files: frames.parquet
- config_name: instances
  data_files: instances.parquet
---

# {scene}

{frames} labelled frames in {shards} shards, showing {assets} assets. Licence: {licence_name}, the strictest of what
is shown; [CREDITS](CREDITS) says who made it.

Made by twin {twin} with {engine}, scene digest `{digest}`, seed {seed}.
Every frame can be made again alone from `run.json`, which holds the whole scene.

```python
import twin
dataset = twin.open_dataset(".")
dataset.frame(0)["{example}"]
```

- `shard-*.h5`: images, labels and the complete state of every frame
- `frames.parquet`, `instances.parquet`: one row a frame, one row a visible instance, for queries
- `models/`: mesh, surface points, keypoints and symmetries of every asset shown
- `manifest/`: size and hash of every finished shard

| class | id | assets |
|---|---|---|
{classes}

Arrays of a frame (metres, radians; OpenCV cameras; `T_a_b` maps b to a; boxes half-open `x0 y0 x1 y1`):

| array | dtype | shape |
|---|---|---|
{arrays}
"""


def _example(dataset: Dataset) -> str:
    return max(dataset.fields, key=lambda name: (name.endswith("/rgb"), name.endswith("/depth"), name))


def credits(models: Sequence[Mapping[str, Json]], others: str) -> str:
    """Compose CREDITS: the assets shown, grouped by who made them, and the library's text on all else."""
    groups: dict[tuple[str, str], list[str]] = {}
    for model in models:
        credit = model["credit"] or "Made by twin from parameters"
        groups.setdefault((credit, model["licence"]), []).append(model["name"])
    blocks = [
        f"{credit}\n{licence}: {', '.join(sorted(set(names)))}\n" for (credit, licence), names in sorted(groups.items())
    ]
    return "\n".join(filter(None, [*blocks, others]))
