"""Define what an engine is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import ClassVar

from twin.frame import FrameState, Pixels
from twin.spec.scene import Engine
from twin.stage.geometry import Geometry


class StageFile:
    """A compiled stage on disk, read into plain arrays at most once.

    Args:
        path: The USD file.
        classes: Class ids by class name.
    """

    def __init__(self, path: Path, classes: Mapping[str, int]) -> None:
        self.path, self.classes = path, classes

    @cached_property
    def geometry(self) -> Geometry:
        """The stage as plain arrays."""
        from twin.stage.read import read

        return read(self.path, self.classes)


class Renderer(ABC):
    """An engine at work: opened once a block, it renders frame states in any order with the same result.

    It has no chance of its own but pixel noise, seeded by the state's seed and frame. After ``open`` the topology is
    fixed: a state chooses members and values, and never creates or deletes.
    """

    name: ClassVar[str]

    @property
    @abstractmethod
    def version(self) -> str:
        """Versions of the engine and of what decides its pixels, such as ``mitsuba 3.9.1, llvm 23.1, oidn 2.5.1``."""

    @abstractmethod
    def open(self, stage: StageFile, cameras: Sequence[str], channels: Sequence[str]) -> None:
        """Load a stage for these cameras; ``channels`` are ``linear`` and the engine's raw buffers.

        Raises:
            EngineError: naming each construct that the engine cannot render.
        """

    @abstractmethod
    def render(self, state: FrameState) -> Pixels:
        """Render every opened camera of one frame."""

    def close(self) -> None:  # noqa: B027 - many engines have nothing to free
        """Free what ``open`` took; closing twice is harmless."""

    def __enter__(self) -> Renderer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class EngineKind(Engine):
    """Base of the ``engine:`` block of a spec: an engine's settings, and how to start it."""

    def renderer(self) -> Renderer:
        """Start the engine with these settings.

        Raises:
            EngineError: where it cannot run here, saying what is missing.
        """
        raise NotImplementedError

    @classmethod
    def obstacle(cls) -> str:
        """Say in one sentence why the engine cannot run here; empty where it can."""
        raise NotImplementedError
