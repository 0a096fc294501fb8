"""Datasets survive kill -9, broken shards and second thoughts, with the real engine."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

import twin
from tests.frames import ROOT

BIN = Path(sys.executable).with_name("twin")
SCENE = ROOT / "scenes" / "first.yaml"
SETS = ["cameras.front.resolution=[96, 72]", "engine.spp=2"]
COMMAND: list[str | Path] = [
    BIN,
    "generate",
    SCENE,
    "--frames",
    "8",
    "--shard-size",
    "2",
    *(w for s in SETS for w in ("--set", s)),
    "--out",
]


def shard_hashes(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.h5"))}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "whole"
    subprocess.run([*COMMAND, folder], check=True, capture_output=True)
    return folder


@pytest.mark.slow
def test_a_killed_run_resumes_to_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    process = subprocess.Popen([*COMMAND, tmp_path], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    while not (tmp_path / "manifest" / "shard-000001.json").exists():
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    finished = len(list((tmp_path / "manifest").glob("*.json")))
    assert 2 <= finished < 4
    subprocess.run([*COMMAND, tmp_path], check=True, capture_output=True)
    assert shard_hashes(tmp_path) == shard_hashes(whole)
    assert not list(tmp_path.glob("*.part"))
    for name in ("frames.parquet", "instances.parquet", "CREDITS", "README.md", "twin.usda"):
        assert (tmp_path / name).read_bytes() == (whole / name).read_bytes(), name


@pytest.mark.slow
def test_broken_shards_are_made_anew_and_only_these(whole: Path, tmp_path: Path) -> None:
    subprocess.run([*COMMAND, tmp_path], check=True, capture_output=True)
    kept = tmp_path / "shard-000000.h5"
    before = kept.stat().st_mtime_ns
    flipped = bytearray((tmp_path / "shard-000001.h5").read_bytes())
    flipped[len(flipped) // 2] ^= 1
    (tmp_path / "shard-000001.h5").write_bytes(flipped)
    (tmp_path / "shard-000002.h5").unlink()
    (tmp_path / "manifest" / "shard-000003.json").write_text("{")
    done = subprocess.run([*COMMAND, tmp_path], check=True, capture_output=True, text=True)
    assert "3 shards made, 1 kept" in done.stdout
    assert kept.stat().st_mtime_ns == before
    assert shard_hashes(tmp_path) == shard_hashes(whole)


@pytest.mark.slow
def test_one_frame_alone_has_the_bytes_that_the_run_had(whole: Path, tmp_path: Path) -> None:
    sets = [word for text in SETS for word in ("--set", text)]
    subprocess.run([BIN, "render", SCENE, "--frame", "5", *sets, "-o", tmp_path / "alone.h5"], check=True)
    with h5py.File(tmp_path / "alone.h5") as alone, h5py.File(whole / "shard-000002.h5") as shard:
        assert shard["frame"][1] == alone["frame"][0] == 5
        names: list[str] = []
        alone["cameras/front"].visititems(
            lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None
        )
        assert {"depth", "instance", "linear_sha256", "T_camera_object", "rgb/data"} <= set(names)
        for name in names:
            if not name.startswith("rgb/"):
                np.testing.assert_array_equal(
                    alone[f"cameras/front/{name}"][0], shard[f"cameras/front/{name}"][1], err_msg=name
                )
        first, last = shard["cameras/front/rgb/offset"][1:3]
        np.testing.assert_array_equal(alone["cameras/front/rgb/data"][:], shard["cameras/front/rgb/data"][first:last])
        assert alone["state"][0] == shard["state"][1]


@pytest.mark.slow
def test_more_frames_extend_and_keep_what_is_there(whole: Path, tmp_path: Path) -> None:
    extended = [str(word) for word in COMMAND]
    extended[extended.index("8")] = "5"
    subprocess.run([*extended, tmp_path], check=True, capture_output=True)
    assert len(twin.open_dataset(tmp_path)) == 5
    subprocess.run([*COMMAND, tmp_path], check=True, capture_output=True)
    assert shard_hashes(tmp_path) == shard_hashes(whole)


@pytest.mark.slow
def test_another_scene_is_refused_with_both_digests(whole: Path) -> None:
    before = shard_hashes(whole)
    done = subprocess.run([*COMMAND, whole, "--set", "engine.max_depth=3"], capture_output=True, text=True)
    digest = json.loads((whole / "run.json").read_text())["digest"]
    assert done.returncode == 2
    assert digest[:16] in done.stderr and "as asked for now" in done.stderr
    assert shard_hashes(whole) == before
