"""A stage of which every frame changes everything that a frame may change."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from tests.engines.mitsuba.stages import (
    UPRIGHT,
    Stage,
    ball,
    box,
    camera,
    dome,
    empty,
    geometry,
    light,
    material,
    quad,
    renderer,
    slot,
    state,
)  # fmt: skip
from twin.conventions import intrinsics, rotation_axis, transform
from twin.frame import FrameState
from twin.stage.geometry import Geometry, Texture

SIDES = (16, 33, 64)
SKIES = ((32, 16), (64, 32), (100, 50))


def write_images(folder: Path) -> None:
    """Write textures and skies of different sizes."""
    rng = np.random.default_rng(0)
    for side in SIDES:
        Image.fromarray(rng.integers(0, 256, (side, side + 3, 3), dtype=np.uint8)).save(folder / f"texture{side}.png")
    for width, height in SKIES:
        pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"sky{width}.png")


def wild_stage(folder: Path) -> Geometry:
    paint = Texture(folder / "texture16.png", "sRGB", path="/m/paint/t", uv_path="/m/paint/uv")
    mats = [
        material("/m/floor", diffuseColor=(0.4, 0.4, 0.4), roughness=0.5),
        material("/m/paint", diffuseColor=paint, roughness=0.3, metallic=0.0),
        material("/m/any", diffuseColor=(0.6, 0.2, 0.1), roughness=0.3, metallic=0.0, opacity=1.0, ior=1.5),
    ]
    pool = [[ball(0.1, 8, "/m/any")], [box((0.2, 0.1, 0.1), "/m/paint"), ball(0.08, 6, "/m/any", (0, 0, 0.1))]]
    lights = [
        dome(0.5, texture_file=str(folder / "sky32.png")),
        light("sphere", transform(np.eye(3), [0.5, 0.5, 1.0]), "/lamp", radius=0.1, intensity=5.0),
        light("rect", transform(np.eye(3), [-0.5, 0.0, 1.0]), "/panel", width=0.5, height=0.5, intensity=2.0),
    ]
    made = geometry([quad(2.0, 0.0, "/m/floor")], dict.fromkeys("abc", pool), mats, lights)
    return replace(made, folder=folder)


def wild_frame(number: int) -> FrameState:
    rng = np.random.default_rng(number)

    def real(low: float, high: float) -> float:
        return float(rng.uniform(low, high))

    side, (sky, _) = SIDES[rng.integers(3)], SKIES[rng.integers(3)]
    turn = transform(rotation_axis([0, 0, 1], real(0, 6)) @ UPRIGHT, [0, 0, 0])
    lamp = transform(np.eye(3), [real(-1, 1), real(-1, 1), 1.0])
    opinions = {
        "/dome": {
            "inputs:intensity": real(0, 2), "inputs:color": rng.uniform(size=3).tolist(),
            "inputs:texture:file": {"asset": f"sky{sky}.png"}, "xformOp:transform": turn.T.tolist(),
        },
        "/lamp": {"inputs:radius": real(0.01, 0.2), "xformOp:transform": lamp.T.tolist()},
        "/panel": {"inputs:width": real(0.1, 1), "inputs:intensity": real(0, 9)},
        "/m/any/surface": {
            "inputs:diffuseColor": rng.uniform(size=3).tolist(), "inputs:roughness": real(0, 1),
            "inputs:metallic": real(0, 1), "inputs:opacity": real(0, 1) if number % 3 == 0 else 1.0,
        },
        "/m/paint/t": {"inputs:file": {"asset": f"texture{side}.png"}, "inputs:scale": [real(0, 1)] * 3 + [1.0]},
        "/m/paint/uv": {"inputs:scale": [real(0.5, 4), 2.0]},
    }  # fmt: skip
    slots = [
        slot(name, (real(-0.3, 0.3), real(-0.3, 0.3), 0.1), real(0, 6), int(rng.integers(2)))
        if rng.uniform() < 0.7
        else empty(name)
        for name in "abc"
    ]
    K = intrinsics(real(50, 90), real(50, 90), real(25, 35), real(15, 25))
    lens = np.r_[rng.uniform(-0.1, 0.1, 2), np.zeros(6)] if number % 2 else np.zeros(8)
    view = camera((real(-1, 1), -1.0, real(0.5, 1.0)), (0, 0, 0.1), (60 + number % 2 * 8, 40), K=K, distortion=lens)
    return state(view, slots, number, opinions)


def pixels_of(folder: Path, numbers: list[int], threads: int = 2, **settings: object) -> list[bytes]:
    """Render frames in one renderer, in this order; return the bytes of their linear pixels."""
    with renderer(**{"spp": 4, **settings}) as engine:
        import drjit as dr  # only now: it must find LLVM

        engine.open(Stage(wild_stage(folder)), ["front"], ["linear"])
        dr.set_thread_count(threads)
        return [engine.render(wild_frame(number)).linear["front"].tobytes() for number in numbers]


if __name__ == "__main__":
    import hashlib

    found = pixels_of(Path(sys.argv[1]), [int(word) for word in sys.argv[3:]], int(sys.argv[2]))
    print(" ".join(hashlib.sha256(each).hexdigest() for each in found))
