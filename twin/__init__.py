"""Turn one declarative scene spec into a USD digital twin and labelled training data.

    import twin
    scene = twin.load("scenes/tabletop.yaml")
    frame = scene.frame(3)
    frame["front/depth"]          # float32 (H, W), planar z in metres

Everything is imported when it is first used, so ``import twin`` is fast and needs no renderer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twin.errors import (
    AssetError,
    DrawError,
    EngineError,
    RunError,
    ShardError,
    SpecError,
    TransientError,
    TwinError,
)

if TYPE_CHECKING:
    from twin.api import Twin, build, generate, load, loads
    from twin.data import Dataset, open_dataset
    from twin.frame import Frame, FrameState

__version__ = "0.1.0"

__all__ = [
    "AssetError",
    "Dataset",
    "DrawError",
    "EngineError",
    "Frame",
    "FrameState",
    "RunError",
    "ShardError",
    "SpecError",
    "TransientError",
    "Twin",
    "TwinError",
    "__version__",
    "build",
    "generate",
    "load",
    "loads",
    "open_dataset",
]

_HOMES = {
    **dict.fromkeys(("Twin", "build", "generate", "load", "loads"), "twin.api"),
    **dict.fromkeys(("Dataset", "open_dataset"), "twin.data"),
    **dict.fromkeys(("Frame", "FrameState"), "twin.frame"),
}


def __getattr__(name: str) -> Any:
    """Import a public name from its home when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'twin' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
