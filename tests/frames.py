"""Make frames of a scene and print their hashes, in a process of its own.

python -m tests.frames SCENE '{"frames": [3, 1], "before": 0, "cores": 1, "sets": []}'
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from twin.frame import Frame
from twin.spec.scene import Scene

ROOT = Path(__file__).resolve().parent.parent


def frame_hash(frame: Frame) -> str:
    """Hash everything that a frame is: its state, its labels and pictures, and its linear pixels."""
    digest = hashlib.sha256(frame.state.to_json().encode())
    for name, array in sorted({**frame.arrays, **{f"linear/{c}": p for c, p in frame.linear.items()}}.items()):
        digest.update(f"{name} {array.dtype} {array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def small(scene: Scene, engine: bool = True) -> list[str]:
    """Return overrides that make frames small and quick; a camera with intrinsics in pixels keeps its size."""
    sizes = {name: camera.resolution for name, camera in scene.cameras.items() if camera.intrinsics is None}
    sets = [f"cameras.{name}.resolution=[{w // 4}, {h // 4}]" for name, (w, h) in sizes.items()]
    return [*sets, "engine.spp=4"] if engine else sets


def hashes_elsewhere(
    scene: Path, frames: Sequence[int], *, before: int = 0, cores: int = 0, sets: Sequence[str] = ()
) -> dict[str, str]:
    """Return frame -> hash, made in this order in another process.

    Args:
        scene: Scene file.
        frames: Frames to make.
        before: Number of other frames to make first.
        cores: Cores that the process may use; all where 0.
        sets: Overrides.
    """
    order = json.dumps({"frames": list(frames), "before": before, "cores": cores, "sets": list(sets)})
    command = [sys.executable, "-m", "tests.frames", str(scene), order]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    hashes: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return hashes


def main() -> None:
    """Make the frames that the command line asks for."""
    order: dict[str, Any] = json.loads(sys.argv[2])
    if order["cores"]:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: order["cores"]])
    import twin

    with twin.load(sys.argv[1], sets=order["sets"]) as scene:
        for index in range(1000, 1000 + order["before"]):
            scene.frame(index)
        print(json.dumps({str(index): frame_hash(scene.frame(index)) for index in order["frames"]}))


if __name__ == "__main__":
    main()
