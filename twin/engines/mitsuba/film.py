"""Expose an image: trace its samples in passes that memory can hold, and average them pixel by pixel."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from twin.engines.mitsuba import camera as cameras
from twin.engines.mitsuba import path
from twin.engines.mitsuba.camera import Lens
from twin.engines.mitsuba.device import count, dr, mi
from twin.engines.mitsuba.path import World
from twin.engines.mitsuba.sampling import Sampler, hashed
from twin.frame import CameraState

Image: TypeAlias = npt.NDArray[np.float32]

_FILTER = 7


def expose(world: World, camera: CameraState, seed: int, spp: int, wavefront: int) -> tuple[Image, Image, Image]:
    """Return the noisy radiance, the albedo and the normal, each of shape (H, W, 3).

    A sample's numbers follow from (seed, pixel, sample) alone, and a pixel's samples are added in their order; so
    neither the cut into passes nor the number of threads shows in the result.

    Args:
        world: The frame.
        camera: The camera.
        seed: Seed of the image.
        spp: Samples a pixel.
        wavefront: Most samples traced at once.
    """
    lens = cameras.upload(camera)
    pixels = camera.width * camera.height
    at_once = min(spp, wavefront)
    bunch = max(wavefront // at_once, 1)
    total = np.zeros((9, pixels))
    for first in range(0, pixels, bunch):
        size = min(bunch, pixels - first)
        for start in range(0, spp, at_once):
            total[:, first : first + size] += _pass(world, lens, seed, first, size, start, min(at_once, spp - start))
    colour, albedo, normal = (total / spp).astype(np.float32).reshape(3, 3, camera.height, camera.width)
    return tuple(np.moveaxis(image, 0, -1) for image in (colour, albedo, normal))  # type: ignore[return-value]


def _pass(
    world: World, lens: Lens, seed: int, first: int, size: int, start: int, samples: int
) -> npt.NDArray[np.float64]:
    """Trace some samples of some pixels, and add them up, shape (9, size)."""
    number = dr.arange(mi.UInt32, size * samples)
    each = number // count(samples)
    pixel = each + count(first)
    sampler = Sampler(hashed(pixel ^ hashed(count(seed))), number - each * count(samples) + count(start))
    origin, direction, shown = cameras.rays(lens, pixel, sampler.pair(mi.UInt32(_FILTER)))
    found = path.trace(world, sampler, origin, direction, shown)
    channels = [channel for colour in found for channel in colour]
    channels = [dr.select(dr.isfinite(channel), channel, 0.0) for channel in channels]
    dr.eval(channels)
    return np.stack([np.asarray(dr.block_sum(channel, samples), dtype=np.float64) for channel in channels])
