"""Build small blocks by hand: primitive assets, a library of a few images, one of each thing a stage can hold."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from pathlib import Path
from struct import pack
from typing import Any

import numpy as np

from twin import conventions
from twin.assets.asset import Asset, Image, Part, Surface
from twin.frame import CameraState, FrameState, SlotState
from twin.randomizers.distributions import Choice
from twin.spec.scene import Camera, CameraPose, Engine, Fixture, Light, Object, Scene, World
from twin.stage.block import Block, PoolMember, SlotPool
from twin.stage.solids import bevelled_box


def pair(*values: Any) -> Any:
    """Return a distribution over some values, as it stands in a scene that was not read from a file."""
    return Choice.model_construct(choice=values)


def png(path: Path, rgb: tuple[int, ...], size: int = 4) -> Path:
    """Write a plain PNG of one colour (3 channels) or one grey (1 channel)."""
    row = b"\0" + bytes(rgb) * size
    kind = {1: 0, 3: 2, 4: 6}[len(rgb)]
    chunks = [
        (b"IHDR", pack(">2I5B", size, size, 8, kind, 0, 0, 0)),
        (b"IDAT", zlib.compress(row * size)),
        (b"IEND", b""),
    ]
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        pack(">I", len(body)) + name + body + pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def hdr(path: Path, radiance: tuple[float, float, float]) -> Path:
    """Write a plain Radiance HDR of 8 x 4 pixels, uncompressed."""
    mantissa, exponent = np.frexp(max(radiance))
    pixel = bytes([*(int(c * mantissa * 256 / max(radiance)) for c in radiance), int(exponent) + 128])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 4 +X 8\n" + pixel * 32)
    return path


def image(path: Path, **options: Any) -> Image:
    return Image(path, hashlib.sha256(path.read_bytes()).hexdigest(), **options)


class Shelf:
    """A library of made materials and HDRIs."""

    def __init__(self, folder: Path) -> None:
        wood, rough = png(folder / "wood.png", (180, 120, 60)), png(folder / "rough.png", (128,))
        bumps = png(folder / "bumps.png", (128, 128, 255))
        normal = image(bumps, colorspace="raw", scale=(2, 2, 2, 1), bias=(-1, -1, -1, 0))
        self.surfaces = {
            "wood": Surface(
                "wood",
                {
                    "diffuseColor": image(wood),
                    "roughness": image(rough, colorspace="raw", channel="r"),
                    "normal": normal,
                },
                0.5,
            ),
            "orm": Surface(
                "orm",
                {
                    "diffuseColor": (0.1, 0.2, 0.3),
                    "roughness": image(wood, colorspace="raw", channel="g", scale=(1, 0.5, 1, 1), bias=(0, 0.25, 0, 0)),
                    "metallic": image(wood, colorspace="raw", channel="b"),
                },
                0.25,
            ),
            "steel": Surface("steel", {"diffuseColor": (0.6, 0.6, 0.6), "roughness": 0.2, "metallic": 1.0}),
        }
        self.skies = {
            "noon": image(hdr(folder / "noon.hdr", (1.0, 2.0, 4.0)), colorspace="raw"),
            "dusk": image(hdr(folder / "dusk.hdr", (4.0, 2.0, 1.0)), colorspace="raw"),
        }

    def material(self, name: str) -> Surface:
        return self.surfaces[name]

    def hdri(self, name: str) -> Image:
        return self.skies[name]


def box_asset(name: str, size: tuple[float, float, float], surface: Surface, label: str = "thing") -> Asset:
    """Return a box that stands on its origin, with a keypoint on each end of a diagonal."""
    solid = bevelled_box(size, 0.002, (0.0, 0.0, size[2] / 2))
    part = Part("body", solid.points, solid.faces, solid.normals, solid.uv, surface, double_sided=False)
    half = np.asarray(size, dtype=np.float32) / 2
    low = np.array([-half[0], -half[1], 0], dtype=np.float32)
    high = np.array([half[0], half[1], size[2]], dtype=np.float32)
    corners = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
    return Asset(name, label, (part,), (corners.astype(np.float32),), {"low": low, "high-end": high})


def scaled(asset: Asset, scale: tuple[float, float, float]) -> PoolMember:
    """Return a pool member the way a draw makes it: points scaled, winding kept outward."""
    factor = np.asarray(scale, dtype=np.float64)
    flip = np.prod(factor) < 0
    parts = tuple(
        Part(
            p.name,
            (p.points * factor).astype(np.float32),
            p.faces[:, ::-1].copy() if flip else p.faces,
            None if p.normals is None else _unit(p.normals / factor),
            p.uv,
            p.surface,
            p.double_sided,
        )
        for p in asset.parts
    )
    keypoints = {name: (np.asarray(at) * factor).astype(np.float32) for name, at in asset.keypoints.items()}
    colliders = tuple((np.asarray(piece) * factor).astype(np.float32) for piece in asset.colliders)
    return PoolMember(Asset(asset.name, asset.label, parts, colliders, keypoints, density=asset.density), scale, asset)


def _unit(values: Any) -> Any:
    return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)


def block(
    *,
    lights: Mapping[str, Light] | None = None,
    fixtures: Mapping[str, Fixture] | None = None,
    objects: Mapping[str, Object] | None = None,
    slots: tuple[SlotPool, ...] = (),
    camera: Mapping[str, Any] | None = None,
    usd: str | None = None,
) -> Block:
    """Return a block around some parts of a scene."""
    lens = Camera.model_construct(pose=CameraPose.model_construct(), **(camera or {"fov": 1.0}))
    world = World.model_construct(usd=usd)
    object.__setattr__(world, "__pydantic_extra__", dict(fixtures or {}))
    scene = Scene.model_construct(
        twin=1,
        world=world,
        lights=dict(lights or {}),
        objects=dict(objects or {}),
        cameras={"front": lens},
        engine=Engine.model_construct(),
    )
    return Block(0, 7, scene, slots, dict(fixtures or {}))


def camera_state(width: int = 64, height: int = 48) -> CameraState:
    K = conventions.intrinsics(60.0, 66.0, 30.0, 25.0)
    T = conventions.look_at([0.7, -0.9, 1.4], [0.0, 0.1, 0.8])
    return CameraState(width, height, K, np.array([0.1, -0.02, 0.001, 0.002, 0.003, 0.0, 0.0, 0.0]), T)


def state(block: Block, poses: Mapping[str, tuple[int, Any]], opinions: Mapping[str, Any] | None = None) -> FrameState:
    """Return a frame: slot name -> (member, pose); slots that are not named are empty."""
    slots = tuple(
        SlotState(s.name, s.name in poses, *(poses[s.name] if s.name in poses else (0, np.full((4, 4), np.nan))))
        for s in block.slots
    )
    return FrameState(3, 7, 0, 0, slots, {"front": camera_state()}, dict(opinions or {}), {})
