"""Make frames without a renderer: every array is a function of the frame index alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import cast

import numpy as np

from twin.assets.asset import Asset, Part, Surface, Symmetries
from twin.frame import CameraState, Frame, FrameState, SlotState
from twin.shard import LABELS, ShardHeader, columns
from twin.spec.scene import Scene
from twin.stage.block import Block, PoolMember, SlotPool
from twin.writers.hdf5 import ShardWriter

CAMERAS = {"front": (24, 16), "wrist": (20, 12)}
SLOTS = ("mug", "bottle.0", "bottle.1")
KEYPOINTS = 3
BLOCK = 8
SEED = 5


def asset(name: str, size: float = 0.1) -> Asset:
    points = size * np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    faces = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]], np.uint32)
    part = Part("body", points, faces, None, None, Surface("paint", {"diffuseColor": (0.8, 0.1, 0.1)}))
    turned = np.diag([-1.0, -1.0, 1.0, 1.0])
    return Asset(
        name=name,
        label=name.split("-")[0],
        parts=(part,),
        colliders=(points,),
        keypoints={"tip": points[3], "foot": points[0]},
        symmetries=Symmetries(discrete=(turned,), continuous=(((0.0, 0.0, 1.0), (0.0, 0.0, 0.0)),)),
        licence="CC-BY-4.0" if name.startswith("bottle") else "CC0-1.0",
        credit=f"The makers of {name}",
    )


def block(index: int) -> Block:
    """One mug of its own in each block, and two bottles that all blocks share."""
    pools = {
        "mug": [asset(f"mug-{index:08x}", 0.1 + 0.01 * index)],
        "bottle": [asset("bottle-a"), asset("bottle-b", 0.2)],
    }
    slots = []
    for slot in SLOTS:
        name, _, number = slot.partition(".")
        members = tuple(PoolMember(made, (1.0, 1.0, 1.0), made) for made in pools[name])
        slots.append(SlotPool(slot, name, int(number or 0), members))
    return Block(index, SEED, cast(Scene, None), tuple(slots), {})


def state(index: int) -> FrameState:
    random = np.random.default_rng(index)
    slots = []
    for number, name in enumerate(SLOTS):
        pose = np.eye(4)
        pose[:3, 3] = random.normal(size=3)
        present = (index + number) % 4 != 0
        member = index % 2 if number else 0
        slots.append(SlotState(name, present, member if present else 0, pose if present else np.full((4, 4), np.nan)))
    cameras = {}
    for name, (width, height) in CAMERAS.items():
        K = np.array([[20.0 + index, 0, width / 2], [0, 20.0, height / 2], [0, 0, 1]])
        cameras[name] = CameraState(width, height, K, np.linspace(0, 0.1, 8), np.eye(4) * [1, 1, 1, 1], 0.5)
    values = {"lights.sky.rotation": float(random.uniform()), "lights.sky.hdri": f"core/hdri/sky_{index % 3}"}
    values |= {"objects.bottle.count": index % 3, "lights.sky.color": [0.1 * index, 0.2, 0.3]}
    opinions = {"/World/lights/sky": {"inputs:intensity": float(index)}}
    return FrameState(index, SEED, index // BLOCK, index % 2, tuple(slots), cameras, opinions, values)


def frame(index: int, labels: Iterable[str] = tuple(LABELS)) -> Frame:
    made, random = state(index), np.random.default_rng([index, 1])
    arrays, linear = {}, {}
    for name, column in columns(labels, CAMERAS, len(SLOTS), KEYPOINTS).items():
        if not name.startswith("cameras/") or name.rpartition("/")[2] in ("K", "T_world_camera", "distortion"):
            continue
        values = random.uniform(0, 200, column.shape)
        if column.image and column.shape[2:] == (3,) and column.dtype == "u1":
            values = np.linspace(0, 250, values.size).reshape(column.shape) + index % 5
        arrays[name] = values.astype(column.dtype)
        if name.endswith("depth"):
            arrays[name][: column.shape[0] // 2] = np.inf
        if name.endswith("visibility"):
            arrays[name] = (
                np.where([[slot.present] for slot in made.slots], (index % 7) / 10, 0).astype("f4").repeat(3, 1)
            )
    if "rgb" in labels:
        for name, (width, height) in CAMERAS.items():
            linear[name] = random.uniform(0, 4, (height, width, 3)).astype(np.float32)
    return Frame(made, arrays, linear, {"render": 0.5})


def header(first: int, count: int, labels: Iterable[str] = tuple(LABELS)) -> ShardHeader:
    return ShardHeader(
        scene="tabletop",
        scene_digest="d" * 64,
        seed=SEED,
        engine="blank",
        engine_version="blank 1",
        twin_version="0.1.0",
        frame_first=first,
        frame_count=count,
        classes={"mug": 1, "bottle": 2},
        labels=tuple(labels),
        keypoint_count=KEYPOINTS,
        licences=("CC0-1.0",),
    )


def write(path: Path, first: int = 0, count: int = 4, labels: Iterable[str] = tuple(LABELS)) -> Path:
    labels = tuple(labels)
    with ShardWriter(path, header(first, count, labels)) as writer:
        for index in range(first, first + count):
            writer.add_block(block(index // BLOCK))
            writer.append(frame(index, labels))
    return path
