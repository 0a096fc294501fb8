"""Whatever happens to a run, running it again gives the shards that an undisturbed run would have given."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.jobs import made
from tests.jobs.made import fill, shard_bytes
from tests.programs import ROOT
from tests.writers import made as frames
from twin.data.dataset import open_dataset
from twin.errors import DrawError, EngineError
from twin.jobs.inline import generate
from twin.jobs.manifest import faults
from twin.jobs.paths import RunPaths
from twin.jobs.task import ShardReport, ShardTask

FRAMES, SIZE = 25, 8


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed") / "out"
    assert fill(folder, FRAMES)[1] == [0, 1, 2, 3]
    return folder


@pytest.fixture
def finished(undisturbed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(undisturbed, tmp_path / "out"))


def start(folder: Path, pause: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.jobs.made", str(folder), str(FRAMES), str(SIZE), str(pause)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(3000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen within 30 s")


def test_running_again_makes_nothing_anew(finished: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in finished.glob("shard-*")}
    outcome, shards = fill(finished, FRAMES)
    assert (outcome.made, outcome.kept, outcome.failed, shards) == (0, 4, {}, [])
    assert {path: path.stat().st_mtime_ns for path in finished.glob("shard-*")} == before


def test_extending_makes_the_partial_shard_again_and_keeps_the_others(undisturbed: Path, tmp_path: Path) -> None:
    assert fill(tmp_path / "out", 10)[1] == [0, 1]
    assert fill(tmp_path / "out", FRAMES, None)[1] == [1, 2, 3]
    assert shard_bytes(tmp_path / "out") == shard_bytes(undisturbed)


def test_asking_for_fewer_frames_keeps_what_is_there(finished: Path) -> None:
    assert fill(finished, 3)[1] == []
    assert len(open_dataset(finished)) == FRAMES


def truncate(out: RunPaths) -> None:
    os.truncate(out.shard(1), 1000)


def flip(out: RunPaths) -> None:
    data = bytearray(out.shard(1).read_bytes())
    data[len(data) // 2] ^= 1
    out.shard(1).write_bytes(data)


def other_shard(out: RunPaths) -> None:
    shutil.copy(out.shard(0), out.shard(1))


def other_entry(out: RunPaths) -> None:
    shutil.copy(out.entry(0), out.entry(1))


def shifted_entry(out: RunPaths) -> None:
    entry = json.loads(out.entry(1).read_text())
    out.entry(1).write_text(json.dumps(entry | {"first": 9}))


DAMAGE: list[tuple[Callable[[RunPaths], object], str]] = [
    (truncate, "shard-000001.h5: the file has 1000 bytes, the manifest says"),
    (flip, "shard-000001.h5: the file's bytes have changed: its sha256 is not the manifest's"),
    (other_shard, "shard-000001.h5: the file"),
    (lambda out: out.shard(1).unlink(), "shard-000001.h5: the file is missing"),
    (lambda out: out.shard(1).write_bytes(b""), "shard-000001.h5: the file has 0 bytes, the manifest says"),
    (lambda out: out.entry(1).unlink(), "shard-000001.h5: the shard has no manifest entry"),
    (lambda out: out.entry(1).write_text("{"), "manifest/shard-000001.json: this is no manifest entry"),
    (
        lambda out: out.entry(1).write_text("[]"),
        "manifest/shard-000001.json: this is no manifest entry (not a JSON object)",
    ),
    (other_entry, "manifest/shard-000001.json: the entry speaks of shard 0 in 'shard-000000.h5'"),
    (shifted_entry, ""),
]


@pytest.mark.parametrize(("damage", "reason"), DAMAGE)
def test_exactly_the_broken_shard_is_made_anew(
    undisturbed: Path, finished: Path, damage: Callable[[RunPaths], object], reason: str
) -> None:
    assert list(faults(RunPaths(finished))) == []
    damage(RunPaths(finished))
    found = [f"{file}: {why}" for file, why in faults(RunPaths(finished))]
    assert len(found) == bool(reason)
    assert all(line.startswith(reason) for line in found)
    assert fill(finished, FRAMES)[1] == [1]
    assert shard_bytes(finished) == shard_bytes(undisturbed)
    assert list(faults(RunPaths(finished))) == []


def test_foreign_files_are_left_alone_and_parts_are_removed(undisturbed: Path, finished: Path) -> None:
    for name in ("notes.txt", "shard-1.h5", "manifest/readme.md", "shard-000007.txt"):
        (finished / name).write_text("mine")
    (finished / "shard-000002.h5.part").write_bytes(b"half")
    assert fill(finished, FRAMES)[1] == []
    assert (finished / "notes.txt").read_text() == (finished / "manifest/readme.md").read_text() == "mine"
    assert not list(finished.rglob("*.part"))
    assert list(faults(RunPaths(finished))) == []


def test_a_killed_run_goes_on_to_the_same_bytes(undisturbed: Path, tmp_path: Path) -> None:
    """SIGKILL in the middle of the second shard, then of the third."""
    out = tmp_path / "out"
    for shard in (1, 2):
        process = start(out, 0.05)
        wait_for((out / f"shard-00000{shard}.h5.part").exists)
        time.sleep(0.1)
        process.kill()
        process.communicate()
        assert (out / f"shard-00000{shard}.h5.part").exists()
        assert not (out / f"shard-00000{shard}.h5").exists()
    assert fill(out, FRAMES)[1] == [2, 3]
    assert shard_bytes(out) == shard_bytes(undisturbed)
    assert not list(out.rglob("*.part")) + list(out.rglob("*.lock"))


def test_an_interrupted_run_leaves_no_part_and_no_lock(undisturbed: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = start(out, 0.05)
    wait_for((out / "shard-000001.h5.part").exists)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert sorted(path.name for path in out.rglob("*") if path.is_file()) == [
        "run.json",
        "shard-000000.h5",
        "shard-000000.json",
    ]
    assert fill(out, FRAMES)[1] == [1, 2, 3]
    assert shard_bytes(out) == shard_bytes(undisturbed)


def test_two_processes_share_one_folder(undisturbed: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    processes = [start(out, 0.02) for _ in range(2)]
    outputs = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    shares = [[int(line) for line in output.split()] for output, _ in outputs]
    assert sorted(shares[0] + shares[1]) == [0, 1, 2, 3]
    assert all(shares)
    assert shard_bytes(out) == shard_bytes(undisturbed)
    assert [int(open_dataset(out).frame(index)["frame"]) for index in range(FRAMES)] == list(range(FRAMES))


def test_a_shard_whose_holder_dies_is_taken_over(undisturbed: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    slow = start(out, 0.5)
    wait_for((out / "shard-000000.h5.part").exists)
    other = start(out, 0.0)
    wait_for((out / "manifest/shard-000003.json").exists)
    slow.kill()
    slow.communicate()
    output, errors = other.communicate(timeout=60)
    assert (output.split(), other.returncode) == (["1", "2", "3", "0"], 0), errors
    assert shard_bytes(out) == shard_bytes(undisturbed)


def test_a_failed_draw_spoils_only_its_own_shard(tmp_path: Path) -> None:
    run, make = made.run(tmp_path / "out", FRAMES), made.maker()

    def failing(task: ShardTask) -> ShardReport:
        if task.shard == 1:
            raise DrawError("no room on the table", where="frame 9")
        return make(task)

    outcome = generate(run, run.plan, failing)
    assert (outcome.made, {shard: str(error) for shard, error in outcome.failed.items()}) == (
        3,
        {1: "frame 9: no room on the table"},
    )
    assert fill(tmp_path / "out", FRAMES)[1] == [1]


def test_a_missing_engine_ends_the_run(tmp_path: Path) -> None:
    run = made.run(tmp_path / "out", FRAMES)
    tried: list[int] = []

    def missing(task: ShardTask) -> ShardReport:
        tried.append(task.shard)
        raise EngineError("no libLLVM")

    with pytest.raises(EngineError):
        generate(run, run.plan, missing)
    assert tried == [0]
    assert not list(run.paths.folder.rglob("*.lock"))


def test_progress_tells_what_was_made_and_what_was_there(tmp_path: Path) -> None:
    fill(tmp_path / "out", 8)
    run, told = made.run(tmp_path / "out", 16), list[tuple[int, bool, int]]()
    generate(run, run.plan, made.maker(), lambda done: told.append((done.task.shard, done.made, done.entry.count)))
    assert told == [(0, False, 8), (1, True, 8)]


def test_a_task_is_json_that_another_process_can_run(tmp_path: Path) -> None:
    run = made.run(tmp_path / "out", FRAMES)
    task = ShardTask.of(run.paths, run.plan[3])
    again = ShardTask.from_json(task.to_json())
    assert (again, list(again.frames), again.file) == (task, [24], run.paths.shard(3))
    assert json.loads(task.to_json())["shard"] == 3


def test_frames_of_a_shard_do_not_depend_on_the_cut(tmp_path: Path) -> None:
    fill(tmp_path / "a", FRAMES, 8)
    fill(tmp_path / "b", FRAMES, 5)
    first, second = open_dataset(tmp_path / "a"), open_dataset(tmp_path / "b")
    for index in range(FRAMES):
        one, two = first.frame(index), second.frame(index)
        assert {name: one[name].tobytes() for name in one if name != "objects/asset"} == {
            name: two[name].tobytes() for name in two if name != "objects/asset"
        }
        assert one["cameras/front/depth"].tobytes() == frames.frame(index)["front/depth"].tobytes()
