"""Look at the machine: which engines can run here, and why the others cannot."""

from __future__ import annotations

import os
import platform
import shutil
from importlib import metadata

import twin

PACKAGES = ("usd-core", "mitsuba", "karellen-llvm-core", "pyoidn", "mujoco", "coacd", "numpy", "h5py")


def report() -> tuple[list[str], bool]:
    """Return what to print, and whether at least one engine that makes pictures can run."""
    from twin import registry
    from twin.assets.library import Library
    from twin.engines.base import EngineKind
    from twin.spec.scene import Engine

    registry.assemble()
    lines = [f"twin {twin.__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}"]
    lines.append(
        f"cores: {len(os.sched_getaffinity(0))}, NVIDIA driver: {'found' if shutil.which('nvidia-smi') else 'none'}"
    )
    lines += ["", "engines"]
    obstacles = {name: kind.obstacle() for name, kind in sorted(Engine.kinds.items()) if issubclass(kind, EngineKind)}
    lines += [f"  {name:<10} {'ready' if not why else 'cannot run: ' + why}" for name, why in obstacles.items()]
    lines.append("  isaac      not in this version: twin's USD opens in Isaac Sim, rendering there is on its way")
    lines += ["", "packages"]
    lines += [f"  {name:<20} {_version(name)}" for name in PACKAGES]
    missing = Library().missing()
    lines += ["", f"asset packs: {'all fetched' if not missing else 'not fetched: ' + ', '.join(missing)}"]
    lines += [f"  try: twin assets fetch {pack}" for pack in missing]
    return lines, any(not why for name, why in obstacles.items() if name != "blank")


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "missing"
