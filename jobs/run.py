"""Keep what made a dataset in ``run.json``, and refuse to mix two runs in one folder."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import h5py

from twin.conventions import CONVENTIONS_VERSION
from twin.cpu import cpu_family
from twin.data import manifest as data_manifest
from twin.errors import RunError, ShardError, listed
from twin.frame import Json
from twin.jobs.lock import locked
from twin.jobs.paths import RunPaths
from twin.jobs.plan import RunPlan, default_size
from twin.shard import entry_name, shard_name
from twin.writers.atomic import disk_errors, write_text

FRAME_BYTES = 1 << 18
"""Stored size of a frame where nobody estimates it."""


DECIDING = ("numpy", "mujoco", "scipy", "coacd", "trimesh", "usd-core", "pillow", "mitsuba", "drjit")
"""Libraries that can change states, labels or pixels: their versions must be those that started a run."""


def _libraries() -> dict[str, str]:
    found = {"python": platform.python_version(), "h5py": h5py.version.version, "hdf5": h5py.version.hdf5_version}
    return found | {name: _version(name) for name in DECIDING}


def _version(name: str) -> str:
    """Return the version of an installed package, whose import may take seconds; empty where there is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


@dataclass(frozen=True)
class Identity:
    """What a frame of the run follows from.

    Args:
        scene: Name of the scene.
        spec: The resolved scene, as JSON; the order of its keys numbers the instances.
        digest: Digest of the resolved scene and of every file it refers to.
        seed: Seed of every draw.
        engine: Kind of the engine.
        engine_version: Versions of the engine and of what decides its pixels.
        twin_version: Version of twin.
        source: Identity of the dataset whose stored states are rendered, empty where frames are drawn.
        conventions: Version of the label conventions.
        cpu: CPU family, on which floating point rounds alike.
        folder: Folder of the spec, below which its files lie; recorded and not compared.
        libraries: Versions of what it is made with; those of :data:`DECIDING` are compared.
    """

    scene: str
    spec: Json
    digest: str
    seed: int
    engine: str
    engine_version: str
    twin_version: str
    source: str = ""
    conventions: int = CONVENTIONS_VERSION
    cpu: str = field(default_factory=cpu_family)
    folder: str = ""
    libraries: Mapping[str, str] = field(default_factory=_libraries)


@dataclass(frozen=True)
class Run:
    """A dataset folder at work.

    Args:
        paths: Its file names.
        identity: What its frames follow from.
        plan: Which shards hold which frames.
    """

    paths: RunPaths
    identity: Identity
    plan: RunPlan


_MINE = "--out another folder, or the scene and seed that made this one"
_COMPARED = {
    "digest": ("scene digest", _MINE),
    "seed": ("seed", _MINE),
    "source": ("source of states", _MINE),
    "engine": ("engine", _MINE),
    "engine_version": ("engine version", "--out another folder, or install the versions that made this one"),
    "twin_version": ("twin version", "--out another folder, or install the twin that made this one"),
    "conventions": ("label conventions", "--out another folder"),
    "cpu": ("CPU family", "--out another folder, or go on with the run on the machines that started it"),
}
"""What must be the same for frames to be byte-identical: its name, and what to try."""


def open_run(
    folder: Path,
    identity: Identity,
    frames: int,
    *,
    group: int = 1,
    frame_bytes: int = FRAME_BYTES,
    shard_size: int | None = None,
) -> Run:
    """Start a run in a new folder, or go on with the one that the folder holds.

    Args:
        folder: The dataset folder; made where there is none.
        identity: What the frames follow from.
        frames: Number of frames that the dataset shall have.
        group: Frames that must stay together, see :func:`twin.jobs.plan.group_length`.
        frame_bytes: Estimated stored size of a frame, for the shard size of a new run.
        shard_size: Frames in a shard; None chooses for a new run, and keeps the size of an old one.

    Raises:
        RunError: where the folder holds another run, naming both.
    """
    paths = RunPaths(Path(folder))
    with disk_errors(paths.folder):
        _make_folder(paths)
        with locked(paths.lock("run"), wait=True):
            if not paths.run.exists():
                size = shard_size or default_size(frames, group, frame_bytes)
                _start(paths, identity, RunPlan(frames, size, group))
            kept, size = read_run(paths.folder)
    _compare(paths, kept, identity)
    if shard_size not in (None, size):
        found = f"the shards of this folder hold {size} frames, not {shard_size}"
        raise RunError(found, where=str(folder), hint="leave --shard-size out")
    return Run(paths, kept, RunPlan(frames, size, group))


def plan_run(
    folder: Path | None, frames: int, *, group: int = 1, frame_bytes: int = FRAME_BYTES, shard_size: int | None = None
) -> RunPlan:
    """Return the plan that :func:`open_run` would have, and touch nothing."""
    if folder is not None and RunPaths(folder).run.exists():
        shard_size = read_run(folder)[1]
    return RunPlan(frames, shard_size or default_size(frames, group, frame_bytes), group)


def read_run(folder: Path) -> tuple[Identity, int]:
    """Return what made a dataset, and the frames in its shards.

    Raises:
        RunError: where there is no run.json, or one that this version does not know.
    """
    try:
        data = data_manifest.read_run(folder)
        size = int(data["shard_size"])
        return Identity(**{name: data[name] for name in Identity.__dataclass_fields__}), size
    except ShardError as error:
        raise RunError(error.found, where=error.where, expected=error.expected, hint=error.hint) from None
    except (ValueError, TypeError, KeyError) as error:
        found = f"this is no run record of twin ({error!r})"
        raise RunError(found, where=str(RunPaths(folder).run), hint="--out another folder") from None


def _make_folder(paths: RunPaths) -> None:
    try:
        paths.folder.mkdir(parents=True, exist_ok=True)
        if not os.access(paths.folder, os.W_OK):
            raise PermissionError(13, "Permission denied")
    except (FileExistsError, NotADirectoryError, PermissionError) as error:
        found = f"the folder cannot be written to ({error.strerror})"
        raise RunError(found, where=str(paths.folder), hint="--out another folder") from None


def _start(paths: RunPaths, identity: Identity, plan: RunPlan) -> None:
    stray = [*map(shard_name, paths.shards()), *map(entry_name, paths.entries())]
    if stray:
        found = f"the folder holds shards but no {paths.run.name}: {listed(stray, 3)}"
        raise RunError(found, where=str(paths.folder), hint="--out another folder, or move them away")
    others = [path.name for path in paths.folder.iterdir() if not path.name.startswith(".")]
    if others:
        found = f"the folder holds other things and no dataset: {listed(others, 3)}"
        raise RunError(found, where=str(paths.folder), expected="a new or an empty folder", hint="--out another folder")
    head = {"format": data_manifest.RUN_FORMAT, "version": data_manifest.RUN_VERSION}
    data = {**head, **asdict(identity), "shard_size": plan.shard_size}
    write_text(paths.run, json.dumps(data, indent=1) + "\n")


def _compare(paths: RunPaths, kept: Identity, asked: Identity) -> None:
    for name, (title, hint) in _COMPARED.items():
        ours, theirs = getattr(asked, name), getattr(kept, name)
        if ours != theirs:
            found = f"the folder holds a run with another {title}: {_shown(theirs)}"
            raise RunError(found, where=str(paths.folder), expected=f"{_shown(ours)}, as asked for now", hint=hint)
    for name in DECIDING:
        ours, theirs = (identity.libraries.get(name) or "none" for identity in (asked, kept))
        if ours != theirs:
            found = f"the folder holds a run made with {name} {theirs}"
            hint = "--out another folder, or install the version that made this one"
            raise RunError(found, where=str(paths.folder), expected=f"{ours}, which is installed here", hint=hint)


def _shown(value: object) -> str:
    return repr(value[:16] + "…" if isinstance(value, str) and len(value) == 64 else value)
