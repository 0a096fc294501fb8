"""Render frames: an image is the mean over samples of the light along each ray."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from twin.cast import variant
from twin.engines.base import Renderer, StageFile
from twin.engines.mitsuba import denoise
from twin.engines.mitsuba.denoise import Denoiser
from twin.errors import EngineError
from twin.frame import CameraState, FrameState, Pixels
from twin.seeds import stream_hash

if TYPE_CHECKING:
    from twin.engines.mitsuba.path import World
    from twin.engines.mitsuba.settings import Mitsuba

Image = npt.NDArray[np.float32]

_VECTOR_WIDTH = "_Z21jit_llvm_vector_widthv"

WAVEFRONT = 1 << 22
"""Paths that are traced at once; more samples or pixels are traced in passes."""


class MitsubaRenderer(Renderer):
    """Mitsuba at work.

    Args:
        settings: The engine's block of the spec.

    Raises:
        EngineError: where Mitsuba, LLVM, the GPU or the denoiser is missing.
    """

    name: ClassVar[str] = "mitsuba"

    def __init__(self, settings: Mitsuba) -> None:
        self._settings = settings
        self._variant = _variant(settings.device)
        self._denoiser = Denoiser(settings.quality) if settings.denoise else None
        self._stage: Any = None
        self._cameras: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """Versions of Mitsuba, Dr.Jit, LLVM and its vector width, and the denoiser."""
        import drjit as dr

        packages = ", ".join(f"{name} {metadata.version(name)}" for name in ("mitsuba", "drjit"))
        back = "cuda" if self._variant.startswith("cuda") else f"llvm {_llvm(dr)}"
        return f"{packages}, {back}" + (f", oidn {denoise.version()}" if self._denoiser else "")

    def open(self, stage: StageFile, cameras: Sequence[str], channels: Sequence[str]) -> None:
        """Load a stage.

        Raises:
            EngineError: naming each construct that cannot be rendered.
        """
        variant.mitsuba(self._variant)
        from twin.engines.mitsuba.stage import Stage

        self._stage = None
        self._cameras = tuple(cameras) if "linear" in channels else ()
        self._stage = Stage(stage.geometry)

    def render(self, state: FrameState) -> Pixels:
        """Render every opened camera of one frame; ``raw`` holds the noisy image and the denoiser's guides."""
        variant.mitsuba(self._variant)
        if self._stage is None:
            raise EngineError("no stage is open", hint="call open() before render()")
        watch = _Watch()
        world = self._stage.world(state, self._settings.max_depth)
        watch.note("build")
        linear: dict[str, Image] = {}
        for name in self._cameras:
            seed = stream_hash(f"{state.seed}/{state.frame}/{name}")
            noisy, albedo, normal = self._trace(world, state.cameras[name], seed)
            watch.note("render")
            linear[name] = self._denoiser(noisy, albedo, normal) if self._denoiser else noisy
            watch.note("denoise")
        return Pixels(linear=linear, seconds=watch.seconds)

    def close(self) -> None:
        """Free the stage and the denoiser."""
        self._stage = None
        if self._denoiser:
            self._denoiser.close()

    def _trace(self, world: World, camera: CameraState, seed: int) -> tuple[Image, Image, Image]:
        from twin.engines.mitsuba.film import expose

        return expose(world, camera, seed, self._settings.spp, WAVEFRONT)


class _Watch:
    """Add up wall time by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def note(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._last
        self._last = now


def _variant(device: str) -> str:
    """Choose Mitsuba's variant; the LLVM one is loaded first, since Dr.Jit looks for LLVM only once."""
    variant.mitsuba()
    if device == "cpu" or (device == "auto" and not _has_cuda()):
        return variant.VARIANT
    if not _has_cuda():
        raise EngineError("no NVIDIA GPU can be used here", expected="an NVIDIA driver", hint="set 'device: cpu'")
    return "cuda_ad_rgb"


def _has_cuda() -> bool:
    import drjit as dr

    return bool(dr.has_backend(dr.JitBackend.CUDA))


def _llvm(dr: Any) -> str:
    """Return LLVM's version and its vector width, which Dr.Jit tells only to C."""
    core = ctypes.CDLL(str(Path(dr.__file__).with_name("libdrjit-core.so")))
    return f"{'.'.join(str(part) for part in dr.detail.llvm_version())} x{core[_VECTOR_WIDTH]()}"
