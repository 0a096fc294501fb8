"""Read the stored states of a dataset, to render them again (``generate --from``)."""

from __future__ import annotations

import hashlib
from pathlib import Path

from twin.data.dataset import open_dataset
from twin.errors import ShardError
from twin.frame import FrameState
from twin.jobs.run import DECIDING, Identity, read_run


class StateSource:
    """The states of a dataset, by frame number.

    Args:
        folder: The dataset folder.

    Raises:
        RunError: where there is no dataset.
        ShardError: where a shard of it is broken.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.identity: Identity = read_run(folder)[0]
        self._dataset = open_dataset(folder)

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self._dataset)

    @property
    def key(self) -> str:
        """Hash of everything that the stored states follow from: ``Identity.source`` of a run that renders them."""
        own = self.identity
        versions = tuple(own.libraries.get(name, "") for name in DECIDING)
        parts = (own.digest, own.seed, own.twin_version, own.cpu, own.conventions, own.source, versions)
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def state(self, frame: int) -> FrameState:
        """Return what was drawn for a frame.

        Raises:
            ShardError: where no finished shard holds the frame, or what it holds is no state.
        """
        number, row = self._dataset.locate(self._dataset.find(frame))
        shard = self._dataset.shard(number)
        try:
            return FrameState.from_json(shard.text(row, "state"))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ShardError(f"the state of frame {frame} cannot be read ({error!r})", where=str(shard.path)) from None

    def close(self) -> None:
        """Close the dataset's files."""
        self._dataset.close()
