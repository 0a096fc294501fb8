"""The command line ends in one plain message and the right exit code."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

BIN = Path(sys.executable).with_name("twin")

SCENE = """\
twin: 1
classes: {ball: 1}
world: {floor: {kind: floor, size: [2, 2]}}
lights: {sky: {kind: dome, intensity: {uniform: [0.5, 1]}}}
objects: {ball: {asset: {kind: sphere, radius: 10 cm}, label: ball}}
placement: {rest: {kind: fixed, objects: [ball], position: [0, 0, {uniform: [0, 10 cm]}]}}
cameras:
  front: {resolution: [64, 48], fov: 60 deg, pose: {kind: orbit, target: ball, distance: 0.8 m, elevation: 30 deg}}
engine: {kind: blank}
"""


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    path = tmp_path / "ball.yaml"
    path.write_text(SCENE)
    return path


def twin(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "100"}
    return subprocess.run([BIN, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, env=environment)


def test_help_is_grouped_by_use() -> None:
    done = twin("--help")
    assert done.returncode == 0
    order = [
        done.stdout.index(word) for word in ("Design", "check", "build", "Generate", "generate", "Machine", "doctor")
    ]
    assert order == sorted(order)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["generat"], "Did you mean 'generate'"),
        (["render", "x.yaml"], "exactly one of --frame N and --sheet N"),
        (["check"], "name a scene spec"),
        (["render", "x.yaml", "--frame", "-1"], "greater than or equal to 0"),
        (["check", "nowhere.yaml"], "nowhere.yaml"),
        (["generate", "x.yaml", "--frames", "3"], "--out"),
        (["assets", "show", "core/bowl/wite"], "core/bowl/"),
        (["assets", "fetch", "cor"], "core"),
    ],
)
def test_wrong_usage_exits_with_2_and_says_what_is_right(arguments: list[str], says: str) -> None:
    done = twin(*arguments)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr and not done.stdout
    assert "Traceback" not in done.stderr


def test_a_wrong_spec_names_its_line_and_the_nearest_name(scene: Path) -> None:
    scene.write_text(SCENE.replace("kind: dome", "kind: dom"))
    done = twin("check", scene.name, cwd=scene.parent)
    assert done.returncode == 2
    assert "ball.yaml:4:" in done.stderr and "did you mean 'dome'?" in done.stderr


def test_check_prints_a_summary_a_schema_and_a_resolved_spec(scene: Path) -> None:
    assert "1 object, 1 light, 1 camera, 3 drawn values" in twin("check", scene).stdout
    assert twin("check", "--schema").stdout.startswith("{")
    resolved = twin("check", scene.name, "--resolved", "--set", "engine.kind=mitsuba", cwd=scene.parent).stdout
    assert "ball.yaml:4:" in resolved and "--set engine.kind" in resolved and "default" in resolved


def test_generate_prints_where_results_lie_and_resumes(scene: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = twin("generate", scene, "--frames", 3, "--out", out)
    assert first.returncode == 0, first.stderr
    assert str(out / "twin.usda") in first.stdout and str(out / "contact_sheet.png") in first.stdout
    before = (out / "shard-000000.h5").read_bytes()
    again = twin("generate", scene, "--frames", 3, "--out", out)
    assert "0 shards made, 1 kept" in again.stdout
    assert (out / "shard-000000.h5").read_bytes() == before


def test_another_seed_is_refused_with_both_named(scene: Path, tmp_path: Path) -> None:
    assert twin("generate", scene, "--frames", 1, "--out", tmp_path / "out", "--seed", 1).returncode == 0
    done = twin("generate", scene, "--frames", 1, "--out", tmp_path / "out", "--seed", 2)
    assert done.returncode == 2
    assert "another seed: 1" in done.stderr and "expected: 2" in done.stderr and "--out another folder" in done.stderr


def test_a_dry_run_touches_nothing(scene: Path, tmp_path: Path) -> None:
    done = twin("generate", scene, "--frames", 1000, "--out", tmp_path / "out", "--dry-run")
    assert done.returncode == 0 and "1000 in " in done.stdout
    assert not (tmp_path / "out").exists()


def test_a_requirement_that_cannot_hold_exits_with_4(scene: Path, tmp_path: Path) -> None:
    scene.write_text(SCENE + "require: {seen: {visible: ball, camera: front, min: 1.0}}\n")
    out = tmp_path / "out"
    sets = ["--set", "cameras.front.pose={kind: fixed, position: [0, 0, 3], rotation: [0 deg, 0 deg, 0 deg]}"]
    done = twin("generate", scene, "--frames", 1, "--out", out, *sets)
    assert done.returncode == 4, done.stderr
    assert "require.seen" in done.stderr and "lower 'require.seen.min'" in done.stderr
    assert not list(out.glob("*.h5*"))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_a_folder_that_resumes_to_the_same_bytes(
    scene: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    arguments = ["generate", str(scene), "--frames", "60", "--shard-size", "4", "--out"]
    nowhere = subprocess.DEVNULL
    process = subprocess.Popen([BIN, *arguments, tmp_path / "cut"], stdout=nowhere, stderr=nowhere)
    while not (tmp_path / "cut" / "manifest" / "shard-000001.json").exists():
        assert process.poll() is None, "the run ended before it could be stopped"
        time.sleep(0.01)
    process.send_signal(number)
    assert process.wait(20) == code
    assert not list((tmp_path / "cut").glob("*.part"))
    finished = len(list((tmp_path / "cut" / "manifest").glob("*.json")))
    assert 2 <= finished < 15
    assert twin(*arguments, tmp_path / "cut").returncode == 0
    assert twin(*arguments, tmp_path / "whole").returncode == 0
    for shard in sorted((tmp_path / "whole").glob("*.h5")):
        assert (tmp_path / "cut" / shard.name).read_bytes() == shard.read_bytes()


def test_doctor_names_every_engine() -> None:
    done = twin("doctor")
    assert all(word in done.stdout for word in ("mitsuba", "blank", "isaac"))
    assert done.returncode in (0, 3)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["render", "ball.yaml", "--frame", "0", "-o", "x.jpg"], "no '.jpg' file is written here"),
        (["render", "ball.yaml", "--sheet", "1", "-o", "x.h5"], "no '.h5' file is written here"),
        (["build", "ball.yaml", "-o", "x.txt"], "no '.txt' file is written here"),
        (
            ["generate", "ball.yaml", "--frames", "1", "--out", "mine"],
            "the folder holds other things and no dataset: notes",
        ),
        (["render", "ball.yaml", "--frame", "0", "--seed", "99999999999999999999"], "Invalid value for '--seed'"),
    ],
)
def test_what_would_be_written_is_checked_first(scene: Path, arguments: list[str], says: str) -> None:
    (scene.parent / "mine").mkdir()
    (scene.parent / "mine" / "notes").write_text("my own")
    before = sorted(scene.parent.rglob("*"))
    done = twin(*arguments, cwd=scene.parent)
    assert done.returncode == 2 and says in done.stderr, done.stderr
    assert [path for path in sorted(scene.parent.rglob("*")) if ".locks" not in str(path)] == before


def test_a_place_that_cannot_be_written_is_one_message(scene: Path) -> None:
    done = twin("render", scene, "--frame", 0, "-o", "/proc/x.png")
    assert done.returncode == 2 and "the file cannot be used" in done.stderr and "Traceback" not in done.stderr


def test_labels_without_a_picture_make_a_dataset_without_a_sheet(scene: Path, tmp_path: Path) -> None:
    done = twin("generate", scene, "--frames", 1, "--out", tmp_path / "out", "--set", "labels=[pose]")
    assert done.returncode == 0 and "sheet" not in done.stdout
