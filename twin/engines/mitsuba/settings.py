"""Define the engine ``mitsuba``: its settings, and whether it can run here."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from twin.cast import variant
from twin.engines.base import EngineKind, Renderer


class Mitsuba(EngineKind):
    """Path tracing by Mitsuba 3 on the CPU or an NVIDIA GPU, denoised by Intel Open Image Denoise."""

    kind: Literal["mitsuba"]
    spp: int = Field(
        default=16, ge=1, le=65536, description="Paths traced through each pixel; powers of two stratify best."
    )
    max_depth: int = Field(default=6, ge=1, le=64, description="Most surfaces that a path of light scatters at.")
    denoise: bool = Field(default=True, description="Whether to remove noise from the image.")
    quality: Literal["fast", "high"] = Field(default="high", description="Effort of the denoiser.")
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="Where to trace: `auto` is an NVIDIA GPU if there is one."
    )

    def renderer(self) -> Renderer:
        """Start Mitsuba.

        Raises:
            EngineError: where Mitsuba, LLVM, the GPU or the denoiser is missing.
        """
        from twin.engines.mitsuba.renderer import MitsubaRenderer

        return MitsubaRenderer(self)

    @classmethod
    def obstacle(cls) -> str:
        """Say in one sentence why the engine cannot run here; empty where it can."""
        return variant.obstacle()
