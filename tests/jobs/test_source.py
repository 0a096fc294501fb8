"""Stored states come back exactly, by frame number, to be rendered again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.jobs import made
from tests.jobs.made import fill
from tests.writers import made as frames
from twin.errors import RunError, ShardError
from twin.jobs.inline import generate
from twin.jobs.source import StateSource


def test_states_come_back_exactly(tmp_path: Path) -> None:
    fill(tmp_path, 10)
    source = StateSource(tmp_path)
    assert len(source) == 10
    for index in (9, 0, 5):
        assert source.state(index).to_json() == frames.state(index).to_json()
    with pytest.raises(ShardError) as caught:
        source.state(10)
    assert str(caught.value) == f"{tmp_path}: there is no frame 10\n  expected: frames 0 to 9"
    source.close()


def test_the_key_changes_with_what_the_states_follow_from(tmp_path: Path) -> None:
    changes: list[dict[str, Any]] = [{}, {"engine": "other"}, {"digest": "e" * 64}, {"source": "x"}]
    changes.append({"libraries": {**made.IDENTITY.libraries, "mujoco": "0.1"}})
    keys = []
    for number, change in enumerate(changes):
        run = made.run(tmp_path / str(number), 8, **change)
        generate(run, run.plan, made.maker())
        keys.append(StateSource(run.paths.folder).key)
    assert keys[0] == keys[1]  # another engine renders the same states
    assert len(set(keys)) == 4


def test_a_folder_without_a_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="there is no dataset here"):
        StateSource(tmp_path)
    made.run(tmp_path, 8)
    with pytest.raises(ShardError, match="the dataset has no finished shard yet"):
        StateSource(tmp_path)
