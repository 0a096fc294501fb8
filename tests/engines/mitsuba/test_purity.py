"""A frame's pixels are a function of the frame: not of what came before, nor of who renders it, nor of how."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engines.mitsuba.stages import Stage, renderer
from tests.engines.mitsuba.wild import pixels_of, wild_frame, wild_stage, write_images

MANY = list(range(50))
PROBES = (0, 17, 49)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("wild")
    write_images(made)
    return made


@pytest.fixture(scope="module")
def in_order(folder: Path) -> list[bytes]:
    return pixels_of(folder, MANY)


def test_frames_differ(in_order: list[bytes]) -> None:
    assert len(set(in_order)) == len(MANY)


def test_alone_is_as_after_fifty_others(folder: Path, in_order: list[bytes]) -> None:
    for number in PROBES:
        assert pixels_of(folder, [number]) == [in_order[number]]


def test_order_leaves_no_trace(folder: Path, in_order: list[bytes]) -> None:
    assert pixels_of(folder, MANY[::-5]) == in_order[::-5]


def test_threads_leave_no_trace(folder: Path, in_order: list[bytes]) -> None:
    try:
        assert pixels_of(folder, MANY[:6], threads=1) == in_order[:6]
    finally:
        pixels_of(folder, [0], threads=2)


@pytest.mark.parametrize("threads", [1, 2])
def test_another_process_makes_the_same_bytes(folder: Path, in_order: list[bytes], threads: int) -> None:
    words = [sys.executable, "-m", "tests.engines.mitsuba.wild", str(folder), str(threads), *map(str, reversed(PROBES))]
    found = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()
    assert found == [hashlib.sha256(in_order[number]).hexdigest() for number in reversed(PROBES)]


def test_passes_leave_no_trace(folder: Path, in_order: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """Cutting the image into passes of a few pixels changes nothing."""
    monkeypatch.setattr("twin.engines.mitsuba.renderer.WAVEFRONT", 1000)
    assert pixels_of(folder, [3]) == [in_order[3]]


def test_a_pixels_samples_may_come_in_many_passes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.engines.mitsuba.stages import camera, image, state

    frame = state(camera((0, -1, 1), (0, 0, 0), (12, 8), 12.0), wild_frame(3).slots)
    whole = image(wild_stage(folder), frame, spp=64)
    monkeypatch.setattr("twin.engines.mitsuba.renderer.WAVEFRONT", 20)
    np.testing.assert_allclose(image(wild_stage(folder), frame, spp=64), whole, rtol=1e-4, atol=1e-5)


def test_another_stage_opened_before_leaves_no_trace(folder: Path, in_order: list[bytes]) -> None:
    from tests.engines.mitsuba.stages import dome, geometry, material, quad

    with renderer(spp=4) as engine:
        engine.open(Stage(geometry([quad(1.0, 0.0, "/x")], None, [material("/x")], [dome()])), ["front"], ["linear"])
        engine.open(Stage(wild_stage(folder)), ["front"], ["linear"])
        assert engine.render(wild_frame(5)).linear["front"].tobytes() == in_order[5]


def test_seed_and_camera_name_change_the_noise(folder: Path) -> None:
    from dataclasses import replace

    frame = wild_frame(1)
    two = replace(frame, cameras={"front": frame.cameras["front"], "side": frame.cameras["front"]})
    with renderer(spp=4, denoise=False) as engine:
        engine.open(Stage(wild_stage(folder)), ["front", "side"], ["linear"])
        found = engine.render(two).linear
        other = engine.render(replace(two, seed=8)).linear
    assert not np.array_equal(found["front"], found["side"])
    assert not np.array_equal(found["front"], other["front"])
    np.testing.assert_allclose(found["front"].mean(), found["side"].mean(), rtol=0.1)


def misses(engine: Any, frame: Any) -> int:
    """Count the kernels that had to be compiled, or fetched from disk, for one frame."""
    import drjit as dr

    with dr.scoped_set_flag(dr.JitFlag.KernelHistory, True):
        engine.render(frame)
        history = dr.kernel_history()
    jitted = [entry for entry in history if "cache_hit" in entry]
    assert jitted
    return sum(not entry["cache_hit"] or bool(entry.get("cache_disk")) for entry in jitted)


def test_no_kernel_is_compiled_after_the_first_frame(folder: Path) -> None:
    """Twenty frames with new lights, images of other sizes, materials, members, counts, lenses and image sizes."""
    with renderer(spp=4) as engine:
        engine.open(Stage(wild_stage(folder)), ["front"], ["linear"])
        engine.render(wild_frame(100))
        assert [misses(engine, wild_frame(number)) for number in range(20)] == [0] * 20


@pytest.mark.slow
def test_memory_stays_flat(folder: Path) -> None:
    """Sixty frames after twenty of warming up may hold 5 % more memory at most."""
    with renderer(spp=4) as engine:
        engine.open(Stage(wild_stage(folder)), ["front"], ["linear"])
        resident = []
        for number in range(80):
            engine.render(wild_frame(number))
            resident.append(int(Path("/proc/self/statm").read_text().split()[1]))
    assert max(resident[20:]) < 1.05 * max(resident[10:20])
