"""Small scenes for the tests of draws, and their geometry without USD."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twin.assets.library import Library
from twin.conventions import apply
from twin.frame import FrameState
from twin.randomizers.draw import draw_block, draw_state
from twin.registry import loads
from twin.spec.scene import Scene
from twin.stage.block import Block
from twin.stage.fixtures import BuiltFixture
from twin.stage.geometry import Geometry, Mesh
from twin.stage.paths import fixture_path

LIBRARY = Library(cache=Path("/nonexistent"))
"""A library with nothing fetched: these scenes are made of primitives."""

TABLETOP: dict[str, Any] = {
    "twin": 1,
    "world": {"table": {"kind": "table", "size": [1.2, 0.8], "height": 0.7}},
    "lights": {
        "sky": {"kind": "dome", "intensity": {"uniform": [0.5, 2.0]}, "rotation": {"uniform": ["0 deg", "360 deg"]}},
        "lamp": {
            "kind": "sphere",
            "position": [{"uniform": [-1, 1]}, 0, 2],
            "intensity": {"uniform": [1, 9], "every": 3},
        },
    },
    "objects": {
        "brick": {
            "asset": {"kind": "box", "size": [{"uniform": [0.05, 0.1]}, 0.05, 0.04]},
            "count": {"integers": [1, 4]},
            "material": {"roughness": {"uniform": [0, 1]}},
        },
        "can": {"asset": {"kind": "cylinder", "radius": 0.03, "height": {"uniform": [0.05, 0.12]}}},
    },
    "placement": {"drop": {"kind": "scatter", "objects": ["brick", "can"], "on": "table", "settle": 1.5}},
    "cameras": {
        "front": {
            "fov": {"uniform": ["50 deg", "70 deg"]},
            "pose": {
                "kind": "orbit",
                "target": "can",
                "distance": {"uniform": [0.5, 1.2]},
                "elevation": {"uniform": ["20 deg", "70 deg"]},
            },
        },
        "wrist": {"fov": "60 deg", "pose": {"kind": "fixed", "position": [0, -0.8, 1.3], "look_at": "table"}},
    },
    "engine": {"kind": "blank"},
    "pool": {"size": 3, "every": 20},
}


def changed(base: Mapping[str, Any], **paths: Any) -> dict[str, Any]:
    """Return a copy of raw scene data with values set by path: ``objects__brick__count=2``; None deletes."""
    data: dict[str, Any] = copy.deepcopy(dict(base))
    for path, value in paths.items():
        *parents, last = path.split("__")
        place = data
        for name in parents:
            place = place.setdefault(name, {})
        if value is None:
            place.pop(last, None)
        else:
            place[last] = value
    return data


def scene(data: Mapping[str, Any]) -> Scene:
    return loads(dict(data), folder=Path.cwd(), library=LIBRARY).scene


def geometry(block: Block) -> Geometry:
    """Return the block's fixtures as the compiled stage has them."""
    world = []
    for name, fixture in block.fixtures.items():
        assert isinstance(fixture, BuiltFixture)
        for part in fixture.asset(name).parts:
            points = apply(fixture.pose(), part.points).astype("f4")
            path = f"{fixture_path(name)}/asset/geometry/{part.name}"
            world.append(Mesh(path, points, part.faces, None, None, ""))
    return Geometry(Path("/nonexistent"), tuple(world), (), {}, {}, {})


class Studio:
    """A scene with its blocks kept, as a worker keeps them."""

    def __init__(self, data: Mapping[str, Any], seed: int = 7) -> None:
        self.scene, self.seed = scene(data), seed
        self.blocks: dict[int, tuple[Block, Geometry]] = {}

    def block(self, index: int) -> tuple[Block, Geometry]:
        if index not in self.blocks:
            block = draw_block(self.scene, self.seed, index, LIBRARY)
            self.blocks[index] = (block, geometry(block))
        return self.blocks[index]

    def state(self, frame: int, attempt: int = 0, **options: Any) -> FrameState:
        block, stage = self.block(frame // self.scene.pool.every)
        return draw_state(block, stage, LIBRARY, frame, attempt, **options)
