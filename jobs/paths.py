"""Own every file name of a dataset folder: nothing else builds such paths."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from twin.shard import MANIFEST_NAME, RUN_NAME, entry_name, shard_name, shard_number


@dataclass(frozen=True)
class RunPaths:
    """Name the files of one dataset.

    out/
    ├── run.json              what made it
    ├── shard-000000.h5       frames
    ├── manifest/             shard-000000.json: the only truth about what is finished
    ├── twin.usda             the USD twin of the first block
    ├── stages/               compiled stages of the blocks
    ├── models/               one folder an asset that was shown
    ├── frames.parquet        one row a frame
    ├── instances.parquet     one row a visible instance
    ├── README.md CREDITS report.json contact_sheet.png
    └── .locks/               who works on what, while they do

    Args:
        folder: The dataset folder.
    """

    folder: Path

    def shard(self, shard: int) -> Path:
        """Return the file of a shard."""
        return self.folder / shard_name(shard)

    def entry(self, shard: int) -> Path:
        """Return the manifest entry of a shard."""
        return self.manifest / entry_name(shard)

    def lock(self, name: str) -> Path:
        """Return the lock file of a shard's name or of another piece of work."""
        return self.folder / ".locks" / f"{name}.lock"

    def model(self, asset: str, sha256: str) -> Path:
        """Return the folder of an asset's model, named for people and kept apart by the asset's hash."""
        readable = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in asset)[-80:]
        return self.models / f"{readable.strip('_.')}-{sha256[:12]}"

    def shards(self) -> Iterator[int]:
        """Yield the numbers of the shard files that are there, in no order."""
        return _numbers(self.folder, ".h5")

    def entries(self) -> Iterator[int]:
        """Yield the numbers of the manifest entries that are there, in no order."""
        return _numbers(self.manifest, ".json")

    @property
    def run(self) -> Path:
        """What made the dataset."""
        return self.folder / RUN_NAME

    @property
    def manifest(self) -> Path:
        """Folder of the manifest entries."""
        return self.folder / MANIFEST_NAME

    @property
    def twin(self) -> Path:
        """The USD twin."""
        return self.folder / "twin.usda"

    @property
    def stages(self) -> Path:
        """Folder of the compiled stages."""
        return self.folder / "stages"

    @property
    def models(self) -> Path:
        """Folder of the models of every asset that was shown."""
        return self.folder / "models"

    @property
    def frames(self) -> Path:
        """Index with one row a frame."""
        return self.folder / "frames.parquet"

    @property
    def instances(self) -> Path:
        """Index with one row a visible instance."""
        return self.folder / "instances.parquet"

    @property
    def card(self) -> Path:
        """The dataset card."""
        return self.folder / "README.md"

    @property
    def credits(self) -> Path:
        """Who made what is shown, and under which licence."""
        return self.folder / "CREDITS"

    @property
    def report(self) -> Path:
        """What the run did, for machines."""
        return self.folder / "report.json"

    @property
    def sheet(self) -> Path:
        """The contact sheet."""
        return self.folder / "contact_sheet.png"


def _numbers(folder: Path, suffix: str) -> Iterator[int]:
    if folder.is_dir():
        for path in folder.iterdir():
            number = shard_number(path.name)
            if number is not None and path.suffix == suffix:
                yield number
