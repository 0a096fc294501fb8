"""Every kind that the schema offers has an effect: a scene with it makes another frame than the scene without it."""

import copy
from typing import Any

import numpy as np
import pytest

from tests.frames import ROOT, frame_hash
from twin import api, registry
from twin.shard import LABELS
from twin.spec.kinds import Kind
from twin.spec.values import Distribution

BASE: dict[str, Any] = {
    "twin": 1,
    "classes": {"thing": 1, "table": 2, "floor": 3},
    "world": {"ground": {"kind": "floor", "size": [4, 4]}},
    "lights": {"sky": {"kind": "dome", "intensity": 0.3}},
    "objects": {"thing": {"asset": {"kind": "box", "size": [0.1, 0.12, 0.2]}, "label": "thing"}},
    "placement": {"put": {"kind": "fixed", "objects": ["thing"], "position": [0, 0, 0]}},
    "cameras": {
        "front": {
            "resolution": [48, 36],
            "fov": "50 deg",
            "pose": {"kind": "fixed", "position": [0.5, -0.8, 0.6], "look_at": [0, 0, 0.1]},
        }
    },
    "engine": {"kind": "blank"},
}
LAMP = {"position": [0.3, -0.4, 1.2], "intensity": 20}

EFFECTS: dict[tuple[str, str], dict[str, Any]] = {
    ("Fixture", "floor"): {"world.ground": {"kind": "floor", "size": [4, 4], "height": 0.05}},
    ("Fixture", "table"): {"world.table": {"kind": "table", "size": [1, 1], "height": 0.05, "legs": None}},
    ("Fixture", "box"): {"world.wall": {"kind": "box", "size": [1, 0.1, 0.4], "position": [0, 0.4, 0]}},
    ("Fixture", "prim"): {
        "world.usd": str(ROOT / "scenes" / "worlds" / "lab.usda"),
        "world.bench": {"kind": "prim", "prim": "/World/Bench/Top", "material": {"color": [0.9, 0.1, 0.1]}},
        "placement.put.position": [0, 0, 0.9],
        "cameras.front.pose": {"kind": "fixed", "position": [0.5, -0.8, 1.5], "look_at": [0, 0, 0.9]},
    },
    ("Light", "dome"): {"lights.sky": {"kind": "dome", "intensity": 0.6}},
    ("Light", "sphere"): {"lights.lamp": {"kind": "sphere", "radius": 0.1, **LAMP}},
    ("Light", "rect"): {"lights.lamp": {"kind": "rect", **LAMP}},
    ("Light", "disk"): {"lights.lamp": {"kind": "disk", **LAMP}},
    ("Light", "distant"): {"lights.sun": {"kind": "distant", "azimuth": "30 deg", "intensity": 2}},
    ("AssetKind", "box"): {"objects.thing.asset.size": [0.2, 0.1, 0.1]},
    ("AssetKind", "sphere"): {"objects.thing.asset": {"kind": "sphere", "radius": 0.1}},
    ("AssetKind", "cylinder"): {"objects.thing.asset": {"kind": "cylinder", "radius": 0.05, "height": 0.2}},
    ("AssetKind", "mug"): {"objects.thing.asset": {"kind": "mug"}},
    ("AssetKind", "bottle"): {"objects.thing.asset": {"kind": "bottle"}},
    ("AssetKind", "mesh"): {
        "objects.thing.asset": {"kind": "mesh", "file": str(ROOT / "scenes" / "assets" / "lattice.obj"), "up": "z"}
    },
    ("Placement", "fixed"): {"placement.put.rotation": ["0 deg", "0 deg", "40 deg"]},
    ("Placement", "scatter"): {
        "placement.put": {
            "kind": "scatter",
            "objects": ["thing"],
            "on": "ground",
            "region": [0.4, 0.4],
            "settle": "0.5 s",
        }
    },
    ("CameraPose", "fixed"): {"cameras.front.pose.position": [0.4, -0.9, 0.6]},
    ("CameraPose", "orbit"): {"cameras.front.pose": {"kind": "orbit", "target": "thing", "distance": 0.9}},
    ("CameraPose", "mount"): {
        "cameras.side": {
            "resolution": [48, 36],
            "fov": "50 deg",
            "pose": {"kind": "mount", "on": "front", "position": [0.1, 0, 0]},
        }
    },
    ("Engine", "blank"): {"engine": {"kind": "blank"}, "lights.sky.intensity": 0.4},
    ("Engine", "mitsuba"): {"engine": {"kind": "mitsuba", "spp": 1, "denoise": False}},
}

registry.assemble()
KINDS = sorted(
    (family.__name__, kind) for family in Kind.__subclasses__() for kind in family.kinds if "test" not in kind
)


def changed(changes: dict[str, Any]) -> dict[str, Any]:
    data = copy.deepcopy(BASE)
    for path, value in changes.items():
        *parents, last = path.split(".")
        node = data
        for name in parents:
            node = node[name]
        node[last] = value
    return data


def shot(data: dict[str, Any], index: int = 0) -> str:
    with api.loads(data, folder=ROOT) as scene:
        return frame_hash(scene.frame(index))


@pytest.fixture(scope="module")
def plain() -> str:
    return shot(BASE)


def test_the_table_names_every_kind() -> None:
    assert sorted(EFFECTS) == KINDS


@pytest.mark.parametrize("kind", sorted(EFFECTS), ids="-".join)
def test_each_kind_changes_the_frame(kind: tuple[str, str], plain: str) -> None:
    assert shot(changed(EFFECTS[kind])) != plain


DRAWS: dict[str, tuple[str, Any]] = {
    "uniform": ("lights.sky.intensity", {"uniform": [0.1, 1]}),
    "loguniform": ("lights.sky.intensity", {"loguniform": [0.1, 1]}),
    "normal": ("cameras.front.exposure", {"normal": [0, 0.5], "min": -2, "max": 2}),
    "integers": ("objects.thing.count", {"integers": [0, 1]}),
    "choice": ("objects.thing.material", {"color": {"choice": [[1, 0, 0], [0, 1, 0], [0, 0, 1]]}}),
    "constant": ("lights.sky.intensity", {"constant": 0.7}),
}


def test_the_table_names_every_distribution() -> None:
    assert sorted(DRAWS) == sorted(Distribution.kinds)


@pytest.mark.parametrize("key", sorted(DRAWS))
def test_each_distribution_varies_its_value_over_frames(key: str) -> None:
    path, value = DRAWS[key]
    with api.loads(changed({path: value}), folder=ROOT) as scene:
        drawn = [scene.studio.state(index).values for index in range(12)]
    (name,) = {name for values in drawn for name in values}
    distinct = {str(values[name]) for values in drawn}
    assert (len(distinct) == 1) if key == "constant" else (len(distinct) > 1)


@pytest.mark.parametrize("label", sorted(LABELS))
def test_each_label_changes_when_the_object_moves(label: str) -> None:
    frames = []
    for height in (0.0, 0.07):
        data = changed({"labels": [label], "placement.put.position": [0, 0, height]})
        with api.loads(data, folder=ROOT) as scene:
            frames.append(scene.frame(0).arrays)
    assert {name.removeprefix("cameras/front/") for name in frames[0]} == {field.name for field in LABELS[label]}
    differing = [name for name in frames[0] if not np.array_equal(frames[0][name], frames[1][name], equal_nan=True)]
    still = {"cameras/front/visibility", "cameras/front/keypoints/state"}
    assert differing or set(frames[0]) <= still
