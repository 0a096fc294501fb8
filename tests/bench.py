"""Measure what a frame costs, on this machine: ``make bench``. Read the figures as ratios.

    python -m tests.bench [--frames 20] [--memory-frames 200]

Prints seconds a frame by stage for the tabletop scene at 640x480 and 16 samples a pixel, the share of everything but
rendering and denoising, how much faster labels alone are, and the resident memory along a run.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import defaultdict
from pathlib import Path

from twin import api

SCENE = Path(__file__).resolve().parent.parent / "scenes" / "tabletop.yaml"
IMAGE_LABELS = "labels=[depth, instance, semantic, normals, pose, boxes, visibility, keypoints]"
SIZE = "cameras.front.resolution=[640, 480]"


def rss_mib() -> float:
    """Return the resident memory of this process [MiB]."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def seconds_by_stage(out: Path, frames: int, sets: list[str]) -> dict[str, float]:
    """Generate a dataset and return seconds a frame by stage, from its manifest."""
    api.generate(SCENE, frames=frames, out=out, sets=sets)
    total: dict[str, float] = defaultdict(float)
    for entry in sorted((out / "manifest").glob("*.json")):
        for stage, seconds in json.loads(entry.read_text())["seconds"].items():
            total[stage] += seconds / frames
    return dict(total)


def memory_along(frames: int) -> list[tuple[int, float]]:
    """Return (frame, resident MiB) every twenty frames of one process."""
    marks = []
    with api.load(SCENE, sets=["cameras.front.resolution=[320, 240]", "engine.spp=4"]) as scene:
        for index in range(frames + 1):
            scene.frame(index)
            if index % 20 == 0:
                marks.append((index, rss_mib()))
    return marks


def main() -> None:
    """Print all figures."""
    import tempfile

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=20)
    parser.add_argument("--memory-frames", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        full = seconds_by_stage(Path(folder) / "full", options.frames, [SIZE])
        labels = seconds_by_stage(Path(folder) / "labels", options.frames, [SIZE, IMAGE_LABELS])
    pixels = full.get("render", 0.0) + full.get("denoise", 0.0)
    whole, alone = sum(full.values()), sum(labels.values())
    print(f"{'stage':<10} {'s/frame':>8}")
    for stage, seconds in sorted(full.items(), key=lambda item: -item[1]):
        print(f"{stage:<10} {seconds:8.3f}")
    print(f"{'sum':<10} {whole:8.3f}   everything but render and denoise: {100 * (whole - pixels) / whole:.1f} %")
    print(f"labels only {alone:.3f} s/frame: {whole / alone:.1f} times faster")
    start = time.perf_counter()
    for frame, mib in memory_along(options.memory_frames):
        print(f"memory at frame {frame:>4}: {mib:7.0f} MiB  ({time.perf_counter() - start:.0f} s)")


if __name__ == "__main__":
    main()
