"""Offer twin in Python: load a scene, make frames in memory, build its USD, generate a dataset.

    scene = twin.load("scenes/tabletop.yaml", sets=["engine.spp=4"])
    frame = scene.frame(3)
    frame["front/rgb"]                # uint8 (H, W, 3)

The command line calls the same functions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from twin import registry
from twin.assets.library import Library
from twin.dataset import generate, shard_header
from twin.errors import SpecError
from twin.frame import Frame
from twin.pipeline import Studio
from twin.progress import progress_bar
from twin.spec.load import LoadedScene
from twin.spec.values import walk

__all__ = ["Twin", "build", "generate", "load", "loads", "schema_text"]


def load(
    path: str | Path,
    *,
    seed: int = 0,
    sets: Sequence[str] = (),
    plugins: Sequence[Path] = (),
    library: Library | None = None,
) -> Twin:
    """Load a scene spec.

    Args:
        path: YAML file.
        seed: Seed of every draw.
        sets: ``path=value`` overrides, as ``--set`` takes them.
        plugins: Python files with kinds of your own.
        library: Where assets come from; the user's cache where None.

    Raises:
        SpecError: naming everything that is wrong, with file, line and column.
    """
    library = library or Library()
    return Twin(registry.load(path, sets=sets, plugins=plugins, library=library), seed=seed, library=library)


def loads(
    data: Mapping[str, Any], *, folder: Path | None = None, seed: int = 0, library: Library | None = None
) -> Twin:
    """Load a scene from a dict; file names in it start from ``folder``, the working folder where None."""
    library = library or Library()
    return Twin(registry.loads(data, folder=folder or Path.cwd(), library=library), seed=seed, library=library)


class Twin:
    """A scene, ready to be looked at, built and rendered; nothing is compiled before it is needed.

    Args:
        loaded: The scene and where it came from.
        seed: Seed of every draw.
        library: Where assets come from.

    Use it as a context manager, or call :meth:`close`, to free the engine.
    """

    def __init__(self, loaded: LoadedScene, *, seed: int = 0, library: Library | None = None) -> None:
        self.loaded, self.seed, self.library = loaded, seed, library or Library()
        self._studio: Studio | None = None

    @property
    def studio(self) -> Studio:
        """The scene at work."""
        if self._studio is None:
            self._studio = Studio(self.loaded, seed=self.seed, library=self.library)
        return self._studio

    @property
    def digest(self) -> str:
        """Digest of the resolved scene and of every file it refers to."""
        return registry.digest(self.loaded, self.library)

    def frame(self, index: int) -> Frame:
        """Make one frame in memory.

        Raises:
            DrawError: where the scene's requirements cannot be met.
            EngineError: where the engine cannot run here.
        """
        return self.studio.frame(index)

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """Make frames one by one, without end where ``stop`` is None."""
        index = start
        while stop is None or index < stop:
            yield self.frame(index)
            index += 1

    def build(self, out: Path, *, frame: int | None = None, mdl: bool = True) -> list[Path]:
        """Compile the scene to USD; see :func:`build`."""
        from twin.stage.compile import compile_stage
        from twin.stage.layer import write_frame_layer

        _check_out(out, (".usda",))
        first = (frame or 0) // self.loaded.scene.pool.every * self.loaded.scene.pool.every
        shown = self.studio.state(first)
        block = self.studio.block(shown.block).block
        out.parent.mkdir(parents=True, exist_ok=True)
        compile_stage(block, self.library, out, state=shown, mdl=mdl)
        if frame is None:
            return [out]
        layer = out.with_name(f"{out.stem}.frame-{frame:06d}.usda")
        write_frame_layer(self.studio.state(frame), block, out, layer)
        return [layer, out]

    def render_frame(self, index: int, out: Path | None = None, *, overlay: bool = False) -> list[Path]:
        """Render one frame alone: a PNG a camera, or a one-frame shard where ``out`` ends in ``.h5``."""
        from twin.report.overlay import backdrop, draw_overlay
        from twin.report.sheet import write_png

        if out:
            _check_out(out, (".png",) if overlay else (".png", ".h5"))
        frame = self.frame(index)
        if out and out.suffix == ".h5":
            return [self._write_shard(frame, out)]
        path = out or Path(f"{self.loaded.path.stem}.frame-{index:06d}.png")
        names, draw = self.studio.cameras, draw_overlay if overlay else backdrop
        targets = [path if len(names) == 1 else path.with_name(f"{path.stem}.{name}.png") for name in names]
        return [write_png(draw(frame.camera(name)), target) for name, target in zip(names, targets, strict=True)]

    def render_sheet(self, count: int, out: Path | None = None, *, overlay: bool = False) -> Path:
        """Render the first frames as one contact sheet PNG; every camera has its own picture."""
        from twin.report.overlay import backdrop, draw_overlay
        from twin.report.sheet import write_sheet

        if out:
            _check_out(out, (".png",))
        draw, pictures = draw_overlay if overlay else backdrop, []
        with progress_bar(f"rendering {self.loaded.path.name}", count) as step:
            for index in range(count):
                frame = self.frame(index)
                pictures += [
                    (_caption(index, name, self.studio.cameras), draw(frame.camera(name)))
                    for name in self.studio.cameras
                ]
                step()
        return write_sheet(pictures, out or Path(f"{self.loaded.path.stem}.sheet.png"))

    def _write_shard(self, frame: Frame, out: Path) -> Path:
        from twin.writers.hdf5 import ShardWriter

        out.parent.mkdir(parents=True, exist_ok=True)
        with ShardWriter(out, shard_header(self.studio, self.digest, frame.state.frame, 1)) as writer:
            writer.add_block(self.studio.block(frame.state.block).block)
            writer.append(frame)
        return out

    def resolved(self) -> str:
        """Return the resolved spec as YAML, each value with its origin."""
        return registry.describe_resolved(self.loaded)

    def summary(self) -> str:
        """Say in one line what the scene holds."""
        scene = self.loaded.scene
        counts = {
            "object": len(scene.objects), "light": len(scene.lights), "camera": len(scene.cameras),
            "drawn value": sum(1 for _ in walk(scene)),
        }  # fmt: skip
        return ", ".join(f"{number} {name}{'' if number == 1 else 's'}" for name, number in counts.items())

    def close(self) -> None:
        """Free the engine and temporary files; closing twice is harmless."""
        if self._studio:
            self._studio.close()
        self._studio = None

    def __enter__(self) -> Twin:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def build(
    scene: str | Path,
    out: str | Path = "twin.usda",
    *,
    frame: int | None = None,
    mdl: bool = True,
    seed: int = 0,
    sets: Sequence[str] = (),
    plugins: Sequence[Path] = (),
) -> list[Path]:
    """Compile a scene to a USD digital twin.

    Args:
        scene: YAML file.
        out: USD file to write; its assets go into ``<stem>_assets`` beside it.
        frame: Frame that also gets a layer of its own, which sublayers the twin: opening it shows the frame.
        mdl: Whether each material gets an OmniPBR shader beside its UsdPreviewSurface.
        seed: Seed of every draw.
        sets: ``path=value`` overrides.
        plugins: Python files with kinds of your own.

    Returns:
        The files written, the one to open first.
    """
    with load(scene, seed=seed, sets=sets, plugins=plugins) as loaded:
        return loaded.build(Path(out), frame=frame, mdl=mdl)


def schema_text(plugins: Sequence[Path] = ()) -> str:
    """Return the JSON Schema of scene specs as text, kinds of plugins included."""
    registry.assemble(plugins)
    return json.dumps(registry.schema(), indent=1, ensure_ascii=False)


def _check_out(out: Path, suffixes: Sequence[str]) -> None:
    """Refuse a file name that would not be what it says, before any work is done."""
    if out.suffix not in suffixes or out.is_dir():
        found = "this is a folder" if out.is_dir() else f"no '{out.suffix}' file is written here"
        raise SpecError(found, where=str(out), expected=f"a file that ends in {' or '.join(suffixes)}")


def _caption(index: int, camera: str, cameras: Sequence[str]) -> str:
    return f"frame {index}" if len(cameras) == 1 else f"frame {index}, {camera}"
