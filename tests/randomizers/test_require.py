"""Requirements: what a frame misses, and what is said when no attempt meets them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.randomizers.scenes import TABLETOP, Studio, changed, scene
from twin.randomizers.require import Shortfall, give_up, is_held, unmet

REQUIRED = changed(
    TABLETOP,
    objects__brick__count=2,
    require={
        "bricks": {"visible": "brick", "camera": "front", "min": 0.3},
        "can": {"visible": "can", "camera": "wrist", "min": 0.5},
    },
)


def missed(front: list[float], wrist: list[float], **paths: Any) -> list[Shortfall]:
    studio = Studio(changed(REQUIRED, **paths))
    state = studio.state(0)
    columns = {"front": front, "wrist": wrist}
    return unmet(
        studio.scene, state, {name: np.array([[v, 1.0, 1.0] for v in column]) for name, column in columns.items()}
    )


def test_one_visible_instance_is_enough() -> None:
    assert missed([0.0, 0.3, 0.0], [0.0, 0.0, 0.5]) == []


def test_what_is_missed_comes_with_the_best_value() -> None:
    (bricks,) = missed([0.1, 0.25, 0.9], [0.0, 0.0, 0.5])
    assert bricks == Shortfall("bricks", "brick", "front", 0.25, 2, 0.3)
    assert str(bricks) == (
        "require.bricks: 'brick' in camera 'front': of 2 present the best is visible to 25.0%, required are 30.0%"
    )


def test_an_absent_object_is_missed_even_where_nothing_is_required_of_it() -> None:
    found = missed([], [], objects__brick__count=0, objects__can__count=0, require__bricks__min=0)
    assert [str(shortfall) for shortfall in found] == [
        "require.bricks: 'brick' in camera 'front': none is present, required are 0.0%",
        "require.can: 'can' in camera 'wrist': none is present, required are 50.0%",
    ]


@pytest.mark.parametrize(
    ("edits", "held"),
    [
        ({}, {"bricks": False, "can": False}),
        ({"placement__drop__every": 5}, {"bricks": False, "can": True}),
        (
            {"placement__drop__every": 5, "cameras__wrist__pose__position": [{"uniform": [0, 1]}, -0.8, 1.3]},
            {"can": False},
        ),
        ({"placement__drop__every": 5, "cameras__wrist__pose": {"kind": "mount", "on": "front"}}, {"can": False}),
    ],
)
def test_held_requirements_are_known(edits: dict[str, Any], held: dict[str, bool]) -> None:
    loaded = scene(changed(REQUIRED, **edits))
    assert {name: is_held(loaded, loaded.require[name]) for name in held} == held


def test_a_constant_scene_is_held() -> None:
    fixed = {"kind": "fixed", "objects": ["can"], "position": [0, 0, 0.7]}
    data = changed(REQUIRED, objects__brick=None, require__bricks=None, placement__drop=fixed)
    loaded = scene(changed(data, objects__can__asset={"kind": "box"}))
    assert is_held(loaded, loaded.require["can"])
    loaded = scene(data)
    assert not is_held(loaded, loaded.require["can"]), "its pool has several members"


def test_giving_up_says_what_failed_with_numbers_and_remedies() -> None:
    loaded = scene(changed(REQUIRED, placement__drop__every=5))
    failures = [
        [Shortfall("can", "can", "wrist", 0.1, 1, 0.5)],
        [Shortfall("can", "can", "wrist", 0.42, 1, 0.5), Shortfall("bricks", "brick", "front", 0.0, 0, 0.3)],
    ]
    assert str(give_up(loaded, 17, failures)) == (
        "frame 17: require.bricks: 'brick' in camera 'front': none is present, required are 30.0%; "
        "missed in 1 of 2 attempts; "
        "require.can: 'can' in camera 'wrist': of 1 present the best is visible to 42.0%, required are 50.0%; "
        "missed in 2 of 2 attempts\n"
        "  expected: all of 'require' at once\n"
        "  try: \n"
        "    1. lower 'require.bricks.min', which is 0.3\n"
        "    2. lower 'require.can.min', which is 0.5\n"
        "    3. let the camera see more of 'brick': widen the range of its elevation or its distance\n"
        "    4. let the camera see more of 'can': widen the range of its elevation or its distance\n"
        "    5. draw its poses more often: all that 'can' depends on is held for 5 frames"
    )
