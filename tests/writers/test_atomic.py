"""Whoever finds a file finds all of it, however many write it at once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from twin.writers.atomic import replacing, sweep, write_text


def test_two_that_write_one_file_never_meet(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    with replacing(path) as first, replacing(path) as second:
        assert first != second and first.parent == second.parent == tmp_path
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first"  # the outer one ends last
    assert os.listdir(tmp_path) == ["report.json"]


def test_a_file_has_the_mode_that_the_user_asks_for(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "x")
    (tmp_path / "b").write_text("x")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_a_failed_write_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    write_text(path, "old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["report.json"]


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    path = tmp_path / "frames.parquet"
    for name in ("frames.parquet", "frames.parquet.0123.part", "shard-000000.h5.part", "frames.parquet.txt"):
        (tmp_path / name).write_text("")
    sweep(path)
    assert sorted(os.listdir(tmp_path)) == ["frames.parquet", "frames.parquet.txt", "shard-000000.h5.part"]
