"""Make frames and shards: the whole program, top to bottom.

    scene -- draw_block, compile_stage --> a stage a block -- draw_state --> a state a frame
    state -- cast, labels --> exact labels          state -- engine, sensor --> pixels
    frames -- ShardWriter --> shard -- manifest entry --> done

A frame is a pure function of (scene digest, seed, frame index): nothing here remembers anything but caches.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from twin.assets.asset import Asset
from twin.assets.library import Library
from twin.cast.buffers import Truth
from twin.cast.scene import CastScene
from twin.clock import Clock
from twin.engines.base import EngineKind, Renderer, StageFile
from twin.frame import Array, Frame, FrameState
from twin.jobs.task import ShardReport, ShardTask
from twin.labels.compute import FROM_SILHOUETTES, compute
from twin.randomizers.draw import draw_block, draw_state
from twin.randomizers.pool import keypoint_count
from twin.randomizers.require import Shortfall, give_up, is_held, unmet
from twin.sensors.develop import develop
from twin.shard import ShardHeader
from twin.spec.load import LoadedScene
from twin.stage.block import Block
from twin.stage.compile import compile_stage
from twin.writers.hdf5 import ShardWriter

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
    """A scene at work: it compiles blocks as frames need them, and makes frames in any order.

    Args:
        loaded: The scene.
        seed: Seed of every draw.
        folder: Where stages are compiled to; a temporary folder where None.
        library: Where assets come from.
    """

    def __init__(
        self, loaded: LoadedScene, *, seed: int = 0, folder: Path | None = None, library: Library | None = None
    ) -> None:
        self.loaded, self.scene, self.seed, self.library = loaded, loaded.scene, seed, library or Library()
        self._temporary = tempfile.TemporaryDirectory(prefix="twin-") if folder is None else None
        self.folder = folder or Path(self._temporary.name if self._temporary else "")
        self.keypoint_count = keypoint_count(self.scene, self.library)
        self._engine: Renderer | None = None
        self._open: OpenBlock | None = None

    @property
    def cameras(self) -> tuple[str, ...]:
        """Camera names, in the order of the spec."""
        return tuple(self.scene.cameras)

    def engine(self) -> Renderer:
        """Start the engine, once.

        Raises:
            EngineError: where it cannot run here.
        """
        if self._engine is None:
            assert isinstance(self.scene.engine, EngineKind)
            self._engine = self.scene.engine.renderer()
        return self._engine

    def block(self, index: int) -> OpenBlock:
        """Open a block; the one before it is closed."""
        if self._open is None or self._open.block.index != index:
            block = draw_block(self.scene, self.seed, index, self.library)
            stage = StageFile(self.stage_path(index), self.scene.classes)
            compile_stage(block, self.library, stage.path)
            self._open = OpenBlock(block, stage, CastScene(stage.geometry))
        return self._open

    def stage_path(self, index: int) -> Path:
        """Return the file that a block's stage is compiled to."""
        return self.folder / f"block-{index:06d}.usda"

    def block_assets(self, index: int) -> list[Asset]:
        """Return the assets of a block, in slot and member order."""
        opened = self._open.block if self._open and self._open.block.index == index else None
        block = opened or draw_block(self.scene, self.seed, index, self.library)
        return [member.asset for slot in block.slots for member in slot.members]

    def state(self, index: int) -> FrameState:
        """Draw one frame and make no picture of it."""
        return self._satisfied(self.block(index // self.scene.pool.every), index, None, (), Clock())[0]

    def frame(self, index: int, *, given: FrameState | None = None, redraw: Collection[str] = ()) -> Frame:
        """Make one frame.

        Args:
            index: Frame index in the run.
            given: State whose values and poses are taken, instead of drawing and settling anew.
            redraw: Value paths, or prefixes of them, that are drawn all the same.

        Raises:
            DrawError: where the requirements cannot be met.
            EngineError: where the engine is missing or cannot render the stage.
        """
        clock = Clock()
        with clock("open"):
            opened = self.block(index // self.scene.pool.every)
        state, labels = self._satisfied(opened, index, given, redraw, clock)
        linear = self._rendered(opened, state, clock)
        with clock("develop"):
            images = {f"cameras/{name}/rgb": develop(linear[name], state.cameras[name].exposure) for name in linear}
        return Frame(state, {**images, **labels}, linear, clock.seconds)

    def _satisfied(
        self, opened: OpenBlock, index: int, given: FrameState | None, redraw: Collection[str], clock: Clock
    ) -> tuple[FrameState, dict[str, Array]]:
        """Draw until the requirements hold, and return the state with its labels; a given state is taken as it is."""
        failures: list[list[Shortfall]] = []
        for attempt in range(ATTEMPTS):
            with clock("draw"):
                state = draw_state(
                    opened.block, opened.stage.geometry, self.library, index, attempt,
                    given=given, redraw=redraw, clock=clock,
                )  # fmt: skip
            labels = self._labels(opened, state, clock)
            missed = (
                [] if given else unmet(self.scene, state, {name: labels[_visibility(name)] for name in self._judged})
            )
            if not missed:
                return state, {name: labels[name] for name in labels if self._asked(name)}
            failures.append(missed)
            if any(is_held(self.scene, self.scene.require[shortfall.name]) for shortfall in missed):
                break
        raise give_up(self.scene, index, failures)

    def _asked(self, name: str) -> bool:
        """Say whether a label is to be delivered; visibility may be there for the requirements alone."""
        return "visibility" in self.scene.labels or not name.endswith("/visibility")

    @property
    def _judged(self) -> set[str]:
        """Cameras that requirements look through."""
        return {requirement.camera for requirement in self.scene.require.values()}

    def _labels(self, opened: OpenBlock, state: FrameState, clock: Clock) -> dict[str, Array]:
        """Cast rays and compute the labels of every camera."""
        wanted = {*self.scene.labels, *(["visibility"] if self.scene.require else [])}
        with clock("cast"):
            truths = opened.cast.cast(state, silhouettes=bool(wanted & FROM_SILHOUETTES))
        with clock("label"):
            return {
                f"cameras/{camera}/{field}": array
                for camera, truth in truths.items()
                for field, array in self._camera_labels(opened, state, camera, truth, wanted).items()
            }

    def _camera_labels(
        self, opened: OpenBlock, state: FrameState, camera: str, truth: Truth, wanted: Collection[str]
    ) -> dict[str, Array]:
        return compute(state, camera, truth, opened.stage.geometry.slots, wanted, self.keypoint_count)

    def _rendered(self, opened: OpenBlock, state: FrameState, clock: Clock) -> Mapping[str, Array]:
        """Render the frame's linear pixels, where any are wanted."""
        if "rgb" not in self.scene.labels:
            return {}
        if opened.renderer is None:
            with clock("open"):
                renderer = self.engine()
                renderer.open(opened.stage, self.cameras, ("linear",))
            opened.renderer = renderer  # only once it shows this block's stage
        with clock("render"):
            pixels = opened.renderer.render(state)
            clock.add(pixels.seconds)
        return pixels.linear

    def close(self) -> None:
        """Close the engine and remove temporary files; closing twice is harmless."""
        if self._engine:
            self._engine.close()
        self._engine = self._open = None
        if self._temporary:
            self._temporary.cleanup()

    def __enter__(self) -> Studio:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _visibility(camera: str) -> str:
    return f"cameras/{camera}/visibility"


Source = Callable[[int], FrameState]
"""Return the stored state of a frame that is rendered again."""


def run(
    task: ShardTask,
    studio: Studio,
    header: ShardHeader,
    *,
    source: Source | None = None,
    redraw: Collection[str] = (),
    watch: Callable[[int], None] = lambda frame: None,
) -> ShardReport:
    """Make one shard, whole or not at all.

    Args:
        task: Which frames, and where the shard belongs.
        studio: The scene at work.
        header: What the shard says of itself.
        source: Stored states to render again, instead of drawing.
        redraw: Value paths that are drawn all the same.
        watch: Called with the index of each finished frame.
    """
    clock, redraws = Clock(), Counter[str]()
    with ShardWriter(task.file, header) as writer:
        for index in task.frames:
            frame = studio.frame(index, given=source(index) if source else None, redraw=redraw)
            writer.add_block(studio.block(frame.state.block).block)
            writer.append(frame)
            clock.add(frame.seconds)
            redraws.update(_redraws(frame.state))
            watch(index)
    clock.add(writer.clock.seconds)
    return ShardReport(clock.seconds, redraws)


def _redraws(state: FrameState) -> dict[str, int]:
    """Count what was drawn again for a frame, by reason."""
    counts = Counter({"require": state.attempt})
    for reasons in state.redraws.values():
        counts.update(reasons)
    return {reason: count for reason, count in counts.items() if count}
