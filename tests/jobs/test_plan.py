"""Plans cut every run into whole view groups, and cost no memory."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.writers import made
from twin.errors import RunError
from twin.jobs.plan import RunPlan, default_size, frame_bytes, group_length, rounded
from twin.registry import loads
from twin.shard import LABELS


@given(frames=st.integers(1, 5000), groups=st.integers(1, 40), group=st.integers(1, 30))
def test_shards_cover_every_frame_once_in_order_and_split_no_group(frames: int, groups: int, group: int) -> None:
    plan = RunPlan(frames, groups * group, group)
    due = 0
    for number, shard in enumerate(plan):
        assert (shard.shard, shard.first) == (number, due)
        assert shard.first % group == 0
        assert 1 <= shard.count <= plan.shard_size
        due += shard.count
    assert due == frames
    assert number + 1 == len(plan)


@given(frames=st.integers(1, 3000), more=st.integers(0, 3000), size=st.integers(1, 100))
def test_extending_moves_no_frame_to_another_shard(frames: int, more: int, size: int) -> None:
    short, long = RunPlan(frames, size), RunPlan(frames + more, size)
    for shard in short:
        assert (long[shard.shard].first, long[shard.shard].count >= shard.count) == (shard.first, True)
    assert all(long[number] == short[number] for number in range(len(short) - 1))


def test_ten_million_frames_are_planned_in_constant_memory() -> None:
    tracemalloc.start()
    plan = RunPlan(10_000_000, default_size(10_000_000, 5, 250_000), 5)
    frames = sum(shard.count for shard in plan)
    last = plan[len(plan) - 1]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert frames == 10_000_000
    assert last.first + last.count == frames
    assert peak < 20_000


@given(frames=st.integers(1, 10**7), group=st.integers(1, 2000), size=st.integers(10_000, 10**9))
def test_default_size_is_a_multiple_of_the_group_within_its_limits(frames: int, group: int, size: int) -> None:
    chosen = default_size(frames, group, size)
    assert chosen % group == 0
    assert chosen <= max(group, 1024)
    assert chosen == group or chosen * size <= 1 << 28
    RunPlan(frames, chosen, group)


def test_a_short_demo_is_one_shard_and_a_long_run_is_shared_among_workers() -> None:
    assert len(RunPlan(16, default_size(16, 1, 300_000))) == 1
    assert default_size(100, 1, 300_000) == 32
    assert default_size(1_000, 1, 300_000) == 128
    assert default_size(50_000, 1, 200_000) == 1024
    assert default_size(50_000, 1, 1_000_000) == 268
    assert default_size(50_000, 25, 1_000_000) == 250


def test_estimate_is_near_what_is_stored(tmp_path: Path) -> None:
    estimate = frame_bytes(LABELS, made.CAMERAS, len(made.SLOTS), made.KEYPOINTS) * 64
    fixed = len(made.CAMERAS) * (1 << 18)  # one JPEG chunk a camera
    assert 0.5 < estimate / (made.write(tmp_path / "a.h5", 0, 64).stat().st_size - fixed) < 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: RunPlan(10, 32, 5),
            "a shard size of 32 frames\n"
            "  expected: a multiple of 5: views of one group stay in one shard\n"
            "  try: --shard-size 30",
        ),
        (lambda: RunPlan(0, 32), "a run of 0 frames in shards of 32\n  expected: at least one of each"),
        (
            lambda: default_size(10, 77_777, 1000),
            "the scene repeats only after 77777 frames\n"
            "  expected: at most 16384\n"
            "  try: choose lengths for 'every' that divide each other",
        ),
    ],
)
def test_impossible_plans_are_refused(call: object, message: str) -> None:
    with pytest.raises(RunError) as caught:
        call()  # type: ignore[operator]
    assert str(caught.value) == message


def test_rounding_never_reaches_zero() -> None:
    assert [rounded(size, 25) for size in (1, 24, 25, 26, 99)] == [25, 25, 25, 25, 75]


def test_groups_end_where_every_held_draw_ends(tmp_path: Path) -> None:
    """Pools and what shapes a stage are held by block, which shards may cut."""
    scene = {
        "twin": 1,
        "classes": {"mug": 1},
        "lights": {"sky": {"kind": "dome", "rotation": {"uniform": ["0 deg", "90 deg"], "every": 6}}},
        "objects": {"mug": {"asset": {"kind": "mug"}, "scale": {"uniform": [1, 2]}}},
        "world": {"table": {"kind": "table"}},
        "placement": {"drop": {"kind": "scatter", "objects": ["mug"], "on": "table", "every": 4}},
        "cameras": {"front": {"fov": "60 deg", "pose": {"kind": "fixed", "position": [0, -1, 1], "look_at": "table"}}},
        "pool": {"every": 8},
        "engine": {"kind": "blank"},
    }
    loaded = loads(scene, folder=tmp_path)
    assert group_length(loaded.scene) == 12
