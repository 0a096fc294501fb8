"""Make frames and shards: the whole program, top to bottom.

    scene -- draw_block, compile_stage --> a stage a block -- draw_state --> a state a frame
    state -- cast, labels --> exact labels          state -- engine, sensor --> pixels
    frames -- ShardWriter --> shard -- manifest entry --> done

A frame is a pure function of (scene digest, seed, frame index): nothing here remembers anything but caches.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from twin.assets.library import Library
from twin.cast.buffers import Truth
from twin.cast.scene import CastScene
from twin.clock import Clock
from twin.engines.base import EngineKind, Renderer, StageFile
from twin.frame import Array, Frame, FrameState, Json
from twin.labels.compute import compute
from twin.randomizers.draw import draw_block, draw_state
from twin.randomizers.require import give_up, unmet
from twin.sensors.develop import develop
from twin.spec.load import LoadedScene
from twin.stage.block import Block
from twin.stage.compile import compile_stage
from twin.stage.layer import write_frame_layer

ATTEMPTS = 50
"""Redraws of one frame before its requirements count as impossible."""


@dataclass
class OpenBlock:
    """One block at work: its stage on disk, its ray-casting scene, and the engine once pixels are wanted."""

    block: Block
    stage: StageFile
    cast: CastScene
    renderer: Renderer | None = None


class Studio:
    """A scene at work: it compiles blocks as frames need them and makes frames in any order.

    Args:
        loaded: The scene to shoot.
        seed: Seed of every draw.
        folder: Where stages are compiled to; a temporary folder where None.
        library: Where assets come from.

    Use it as a context manager, or call :meth:`close`.
    """

    def __init__(
        self, loaded: LoadedScene, *, seed: int = 0, folder: Path | None = None, library: Library | None = None
    ) -> None:
        self.loaded, self.seed, self.library = loaded, seed, library or Library()
        self._temporary = tempfile.TemporaryDirectory(prefix="twin-") if folder is None else None
        self.folder = Path(self._temporary.name) if self._temporary else Path(str(folder))
        self._open: OpenBlock | None = None

    @property
    def wants_pixels(self) -> bool:
        """Whether an engine is needed at all."""
        return "rgb" in self.loaded.scene.labels

    def frame(self, index: int, *, given: FrameState | None = None, redraw: Collection[str] = ()) -> Frame:
        """Make one frame.

        Args:
            index: Frame index in the run.
            given: State to take values and poses from, instead of drawing and settling them.
            redraw: Value paths (or prefixes of them) that are drawn all the same.

        Raises:
            DrawError: where the requirements cannot be met.
            EngineError: where the engine is missing or cannot render the stage.
        """
        clock = Clock()
        opened = self.block(index // self.loaded.scene.pool.every, clock)
        state, truth, arrays = self._drawn(opened, index, given, redraw, clock)
        linear = self._render(opened, state, clock) if self.wants_pixels else {}
        with clock("develop"):
            images = {f"cameras/{name}/rgb": develop(pixels, state.cameras[name].exposure) for name, pixels in linear.items()}
        return Frame(state, {**arrays, **images}, linear, clock.seconds)

    def _drawn(
        self, opened: OpenBlock, index: int, given: FrameState | None, redraw: Collection[str], clock: Clock
    ) -> tuple[FrameState, Mapping[str, Truth], dict[str, Array]]:
        """Draw until the requirements hold; a given state is taken as it is."""
        scene, failures = opened.block.scene, []
        for attempt in range(ATTEMPTS):
            with clock("draw"):
                state = draw_state(
                    opened.block, opened.stage.geometry, self.library, index, attempt,
                    given=given, redraw=redraw, clock=clock,
                )  # fmt: skip
            with clock("cast"):
                truth = opened.cast.cast(state, silhouettes=_needs_silhouettes(scene.labels) or bool(scene.require))
            with clock("label"):
                arrays = self._labels(opened, state, truth)
            missed = unmet(scene, state, {name: arrays[f"cameras/{name}/visibility"] for name in truth}) if scene.require else []
            if not missed or given is not None:
                kept = {name: value for name, value in arrays.items() if self._wanted(name)}
                return state, truth, kept
            failures.append(missed)
        raise give_up(scene, index, failures)

    def _labels(self, opened: OpenBlock, state: FrameState, truth: Mapping[str, Truth]) -> dict[str, Array]:
        """Compute the labels of every camera, and what every frame carries."""
        slots, scene = opened.stage.geometry.slots, opened.block.scene
        wanted = {*scene.labels, *(["visibility"] if scene.require else [])} - {"rgb"}
        arrays = dict(frame_arrays(state))
        for name, buffers in truth.items():
            fields = compute(state, name, buffers, slots, wanted, self.keypoint_count)
            arrays.update({f"cameras/{name}/{field}": value for field, value in fields.items()})
        return arrays
