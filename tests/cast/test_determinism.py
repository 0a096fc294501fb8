"""The same frame has the same bytes: in any process, order, company and number of threads, with no kernel compiled."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import fields

import numpy as np
import pytest

from tests.cast.made import Ball, Box, Shape, camera, stage, state
from twin import conventions
from twin.cast.buffers import Silhouette, Truth
from twin.cast.scene import CastScene
from twin.cast.variant import mitsuba
from twin.frame import FrameState
from twin.stage.geometry import Geometry

FRAMES = (3, 11, 4, 7)


def geometry() -> Geometry:
    """Make a table, and slots that choose between small and large meshes; the largest has 300,000 triangles."""
    table = Box((0.5, 0.5, 0.02), (0, 0, -0.02), label="table").meshes("/table")
    corners = ((0.05, 0.05, 0.02), (-0.05, 0.05, 0.02))
    pools: list[list[Shape]] = [
        [Ball(0.05 + 0.01 * i, subdivisions=4), Box((0.05, 0.05, 0.02), keypoints=corners)] for i in range(4)
    ]
    return stage(table, [*pools, [Ball(0.08, keypoints=((0.0, 0.0, 0.08),), subdivisions=7)]])


def frame(index: int) -> FrameState:
    random = np.random.default_rng(index)
    poses = [
        conventions.transform(conventions.rotation_rpy(*random.uniform(-3, 3, 3)), random.uniform(-0.2, 0.2, 3))
        for _ in range(5)
    ]
    slots = [
        (int(random.integers(2)) if i < 4 else 0, T) if random.random() < 0.8 else None for i, T in enumerate(poses)
    ]
    eye = conventions.look_at(random.uniform([-0.5, -0.5, 0.3], [0.5, 0.5, 1.3]), [0, 0, 0])
    size = (160, 120 + int(random.integers(30)))
    bent = camera(
        eye, conventions.intrinsics(150 + random.uniform(0, 9), 150, 80, 60), size, [-0.2, 0.05, 0, 0, 0, 0, 0, 0]
    )
    return state(slots, {"eye": camera(eye, conventions.intrinsics(150, 150, 80, 60), size), "bent": bent})


def digest(truths: dict[str, Truth]) -> str:
    """Hash every byte of every camera's truth."""
    total = hashlib.sha256()
    for name in sorted(truths):
        for field in fields(Truth):
            _feed(total, getattr(truths[name], field.name))
    return total.hexdigest()


def _feed(total: hashlib._Hash, value: object) -> None:
    if isinstance(value, np.ndarray):
        total.update(f"{value.dtype}{value.shape}".encode() + value.tobytes())
    elif isinstance(value, tuple):
        for item in value:
            _feed(total, item)
    elif isinstance(value, Silhouette):
        _feed(total, tuple(getattr(value, field.name) for field in fields(Silhouette)))
    else:
        total.update(repr(value).encode())


def digests(order: list[int]) -> dict[int, str]:
    scene = CastScene(geometry())
    return {index: digest(scene.cast(frame(index))) for index in order}


def in_a_process(threads: int, order: list[int]) -> dict[int, str]:
    """Cast frames in a fresh process: print a line a frame."""
    code = (
        "from twin.cast.variant import mitsuba\nmitsuba()\nimport drjit\n"
        f"drjit.set_thread_count({threads})\n"
        "from tests.cast.test_determinism import digests\n"
        f"for index, text in digests({order}).items(): print(index, text)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {int(index): text for index, text in (line.split() for line in done.stdout.splitlines())}


@pytest.fixture(scope="module")
def expected() -> dict[int, str]:
    return digests(list(FRAMES))


def test_frames_differ(expected: dict[int, str]) -> None:
    assert len(set(expected.values())) == len(FRAMES)


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2])
def test_another_process_makes_the_same_bytes(expected: dict[int, str], threads: int) -> None:
    assert in_a_process(threads, list(reversed(FRAMES))) == expected


def test_a_frame_does_not_know_what_came_before(expected: dict[int, str]) -> None:
    order = [*range(50, 75), *reversed(FRAMES), *FRAMES]
    made = digests(order)
    assert {index: made[index] for index in FRAMES} == expected


def test_a_frame_alone_is_the_same(expected: dict[int, str]) -> None:
    assert digests([FRAMES[2]])[FRAMES[2]] == expected[FRAMES[2]]


def test_no_kernel_is_compiled_after_the_first_frames() -> None:
    mitsuba()
    import drjit as dr

    scene = CastScene(geometry())
    scene.cast(frame(0))
    with dr.scoped_set_flag(dr.JitFlag.KernelHistory, True):
        dr.kernel_history_clear()
        for index in range(1, 21):
            scene.cast(frame(index))
        kernels = [entry for entry in dr.kernel_history() if entry["type"] == dr.KernelType.JIT]
        dr.kernel_history_clear()
    assert len(kernels) > 100
    assert [entry["hash"] for entry in kernels if not entry["cache_hit"]] == []
