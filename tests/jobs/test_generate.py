"""The command itself keeps its promises where processes meet and where datasets are rendered again."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import twin
from twin.dataset import generate

BIN = Path(sys.executable).with_name("twin")
SCENE = """\
twin: 1
classes: {ball: 1}
world: {floor: {kind: floor, size: [2, 2]}}
lights: {sky: {kind: dome, intensity: {uniform: [0.5, 1]}}}
objects:
  zebra: {asset: {kind: sphere, radius: 10 cm}, label: ball}
  apple: {asset: {kind: sphere, radius: 5 cm}, label: ball}
placement:
  right: {kind: fixed, objects: [zebra], position: [0.2, 0, {uniform: [0, 10 cm]}]}
  left: {kind: fixed, objects: [apple], position: [-0.2, 0, {uniform: [0, 10 cm]}]}
cameras:
  wrist: {resolution: [48, 32], fov: 60 deg, pose: {kind: orbit, target: zebra, distance: 0.8 m, elevation: 30 deg}}
  front: {resolution: [64, 48], fov: 60 deg, pose: {kind: orbit, target: zebra, distance: 0.8 m, elevation: 30 deg}}
engine: {kind: blank}
"""
ROUNDS, FRAMES = 3, 6


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    path = tmp_path / "balls.yaml"
    path.write_text(SCENE)
    return path


def test_a_dataset_rendered_again_keeps_the_numbers_of_its_instances(scene: Path, tmp_path: Path) -> None:
    first = twin.open_dataset(generate(scene, frames=1, out=tmp_path / "a").folder)
    again = twin.open_dataset(generate(source=tmp_path / "a", out=tmp_path / "b").folder)
    assert first.shard(0).names("objects/name") == again.shard(0).names("objects/name")
    before, after = dict(first.frame(0)), dict(again.frame(0))
    assert np.unique(before["cameras/front/instance"]).size >= 3  # floor or sky, and both balls
    for name, array in before.items():
        np.testing.assert_array_equal(after[name], array, err_msg=name)


def command(scene: Path, out: Path) -> list[str]:
    return [str(BIN), "generate", str(scene), "--frames", str(FRAMES), "--shard-size", "1", "--out", str(out)]


def contents(folder: Path) -> dict[str, str]:
    """Hash every file but the report, whose times differ, and the manifest's, which hold times too."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.parent.name != "manifest")
    names = {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    return {name: found for name, found in names.items() if name != "report.json"}


@pytest.mark.slow
def test_two_processes_share_a_folder_from_start_to_end(scene: Path, tmp_path: Path) -> None:
    subprocess.run(command(scene, tmp_path / "alone"), check=True, capture_output=True)
    expected = contents(tmp_path / "alone")
    assert {"contact_sheet.png", "frames.parquet", "run.json", "twin.usda", "shard-000005.h5"} <= set(expected)
    for number in range(ROUNDS):
        out = tmp_path / f"shared-{number}"
        pipe = subprocess.PIPE
        both = [subprocess.Popen(command(scene, out), text=True, stdout=pipe, stderr=pipe) for _ in range(2)]
        said = [process.communicate(timeout=120) for process in both]
        assert [process.returncode for process in both] == [0, 0], said
        assert contents(out) == expected
        dataset = twin.open_dataset(out)
        assert [int(dataset.frame(index)["frame"]) for index in range(len(dataset))] == list(range(FRAMES))
        dataset.close()
