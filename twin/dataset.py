"""Generate a dataset: open the run, make the shards that are missing, then everything that follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import twin
from twin import registry
from twin.assets.library import Library
from twin.data import open_dataset
from twin.errors import RunError, SpecError
from twin.jobs import inline
from twin.jobs.finish import finish, finishing, write_report
from twin.jobs.plan import frame_bytes, group_length
from twin.jobs.run import Identity, Run, open_run, plan_run
from twin.jobs.source import StateSource
from twin.jobs.task import ShardReport, ShardTask
from twin.pipeline import Studio, run
from twin.progress import progress_bar
from twin.randomizers.pool import keypoint_count, slot_count
from twin.shard import ShardHeader
from twin.spec.digest import texts
from twin.spec.load import LoadedScene
from twin.spec.scene import Scene
from twin.stage.layer import write_frame_layer

SHEET_FRAMES = 16


@dataclass(frozen=True)
class Generated:
    """Where the results of a call lie.

    Args:
        folder: The dataset folder.
        frames: Frames that it holds.
        made: Shards made now.
        kept: Shards that were there.
        twin: The USD twin.
        sheet: The contact sheet, None where no label is a picture.
    """

    folder: Path
    frames: int
    made: int
    kept: int
    twin: Path
    sheet: Path | None


def generate(
    scene: str | Path | None = None,
    *,
    frames: int | None = None,
    out: str | Path,
    source: str | Path | None = None,
    shard_size: int | None = None,
    seed: int | None = None,
    sets: Sequence[str] = (),
    plugins: Sequence[Path] = (),
    library: Library | None = None,
) -> Generated:
    """Generate a labelled dataset, or resume, repair or extend the one in ``out``.

    Args:
        scene: YAML file; None with ``source``.
        frames: Frames that the dataset shall have; with ``source`` as many as that one where None.
        out: Dataset folder.
        source: Dataset whose stored states are rendered again, with its scene as ``sets`` change it.
        shard_size: Frames in a shard; chosen for a new run where None.
        seed: Seed of every draw, 0 where None; ``source`` brings its own.
        sets: ``path=value`` overrides; with ``source``, drawn values below these paths are drawn anew.
        plugins: Python files with kinds of your own.
        library: Where assets come from.

    Raises:
        SpecError: where the scene is wrong.
        RunError: where ``out`` holds another run.
        DrawError, ShardError: where shards failed; all others are finished, and ``report.json`` lists the failed.
    """
    library = library or Library()
    order = _order(scene, frames, source, seed, sets, plugins, library)
    with Studio(order.loaded, seed=order.seed, folder=Path(out) / "stages", library=library) as studio:
        made = _open(order, studio, Path(out), shard_size)
        outcome = _shards(made, order, studio)
        write_report(made, outcome.failed)
        if outcome.failed:
            raise next(iter(outcome.failed.values()))
        with finishing(made):
            _twin(made, studio)
        finish(made, library, studio.block_assets)
    with finishing(made):
        sheet = _sheet(made)
    return Generated(made.paths.folder, made.plan.frames, outcome.made, outcome.kept, made.paths.twin, sheet)


def plan(
    scene: str | Path | None,
    *,
    frames: int | None,
    out: Path | None,
    source: Path | None,
    shard_size: int | None,
    seed: int | None,
    sets: Sequence[str],
    plugins: Sequence[Path],
) -> list[str]:
    """Say what :func:`generate` would do, line by line, and touch nothing."""
    library = Library()
    order = _order(scene, frames, source, seed, sets, plugins, library)
    size = _frame_bytes(order.loaded.scene, keypoint_count(order.loaded.scene, library))
    cut = plan_run(out, order.frames, group=group_length(order.loaded.scene), frame_bytes=size, shard_size=shard_size)
    return [
        f"scene   {order.loaded.path}, {getattr(order.loaded.scene.engine, 'kind', '')}",
        f"frames  {order.frames} in {len(cut)} shards of {cut.shard_size}",
        f"bytes   about {order.frames * size / 1e6:,.0f} MB",
        f"output  {out or 'nowhere yet: name it with --out'}",
    ]


@dataclass(frozen=True)
class _Order:
    """What is to be made."""

    loaded: LoadedScene
    seed: int
    frames: int
    states: StateSource | None
    redraw: tuple[str, ...]


def _order(
    scene: str | Path | None,
    frames: int | None,
    source: str | Path | None,
    seed: int | None,
    sets: Sequence[str],
    plugins: Sequence[Path],
    library: Library,
) -> _Order:
    if source is None:
        if scene is None or frames is None:
            raise SpecError(
                "there is no " + ("scene" if scene is None else "number of frames"),
                hint="twin generate SCENE --frames N --out DIR",
            )
        return _Order(registry.load(scene, sets=sets, plugins=plugins, library=library), seed or 0, frames, None, ())
    if scene is not None or seed is not None:
        raise SpecError(
            "--from brings its own scene and seed",
            expected="changes as --set PATH=VALUE",
            hint="leave SCENE and --seed out",
        )
    states = StateSource(Path(source))
    kept = states.identity
    # File names in a resolved scene are absolute; the folder of its spec bounds them as before.
    folder = Path(kept.folder or Path.cwd())
    loaded = registry.loads(kept.spec, folder=folder, name=kept.scene, sets=sets, plugins=plugins, library=library)
    redraw = tuple(text.partition("=")[0].strip() for text in sets)
    return _Order(loaded, kept.seed, frames or len(states), states, redraw)


def _open(order: _Order, studio: Studio, out: Path, shard_size: int | None) -> Run:
    if order.states and order.frames > len(order.states):
        raise RunError(
            f"{order.frames} frames of a dataset that has {len(order.states)}", where=str(order.states.folder)
        )
    digest = registry.digest(order.loaded, studio.library)
    identity = Identity(
        scene=order.loaded.path.stem, spec=order.loaded.scene.model_dump(mode="json"), digest=digest, seed=order.seed,
        engine=engine_kind(studio), engine_version=engine_version(studio), twin_version=twin.__version__,
        source=order.states.key if order.states else "", folder=str(order.loaded.folder),
    )  # fmt: skip
    size = _frame_bytes(order.loaded.scene, studio.keypoint_count)
    group = group_length(order.loaded.scene)
    return open_run(out, identity, order.frames, group=group, frame_bytes=size, shard_size=shard_size)


def _shards(made: Run, order: _Order, studio: Studio) -> inline.Outcome:
    with progress_bar(order.loaded.path.stem, made.plan.frames) as step:

        def make(task: ShardTask) -> ShardReport:
            header = shard_header(studio, made.identity.digest, task.first, task.count)
            states = order.states.state if order.states else None
            return run(task, studio, header, source=states, redraw=order.redraw, watch=lambda frame: step())

        def count(done: inline.Done) -> None:
            for _ in done.task.frames if not done.made else ():
                step()

        return inline.generate(made, made.plan, make, count)


def engine_kind(studio: Studio) -> str:
    """Return the kind of engine whose pixels a dataset holds; ``none`` where it holds labels alone."""
    return str(getattr(studio.scene.engine, "kind", "")) if "rgb" in studio.scene.labels else "none"


def engine_version(studio: Studio) -> str:
    """Return the versions of what decides a dataset's pixels, or its labels where it holds no pixels."""
    from twin.cast.variant import version

    return studio.engine().version if "rgb" in studio.scene.labels else version()


def shard_header(studio: Studio, digest: str, first: int, count: int) -> ShardHeader:
    """Compose what a shard says of itself."""
    scene = studio.scene
    return ShardHeader(
        scene=studio.loaded.path.stem, scene_digest=digest, seed=studio.seed, engine=engine_kind(studio),
        engine_version=engine_version(studio), twin_version=twin.__version__, frame_first=first, frame_count=count,
        classes=scene.classes, labels=scene.labels, keypoint_count=studio.keypoint_count,
        licences=studio.library.licences(texts(scene.model_dump(mode="json"))),
    )  # fmt: skip


def _frame_bytes(scene: Scene, keypoints: int) -> int:
    cameras = {name: camera.resolution for name, camera in scene.cameras.items()}
    return frame_bytes(scene.labels, cameras, sum(map(slot_count, scene.objects.values())), keypoints)


def _twin(made: Run, studio: Studio) -> None:
    """Write the USD twin: the first stored frame as a layer over the first block's stage."""
    stored = StateSource(made.paths.folder)
    state = stored.state(0)
    stored.close()
    write_frame_layer(state, studio.block(0).block, studio.stage_path(0), made.paths.twin)


def _sheet(made: Run) -> Path | None:
    """Lay out the first frames as a contact sheet, where there are pictures."""
    from twin.report.overlay import PICTURES, backdrop
    from twin.report.sheet import write_sheet

    dataset, pictures = open_dataset(made.paths.folder), []
    for index in range(min(SHEET_FRAMES, len(dataset))):
        frame = dataset.frame(index)
        for camera in sorted({name.split("/")[1] for name in frame if name.startswith("cameras/")}):
            arrays = {name.split("/", 2)[2]: frame[name] for name in frame if name.startswith(f"cameras/{camera}/")}
            if not arrays.keys().isdisjoint(PICTURES):
                pictures.append((f"frame {index}, {camera}", backdrop(arrays)))
    dataset.close()
    return write_sheet(pictures, made.paths.sheet) if pictures else None
