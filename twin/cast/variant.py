"""Import Mitsuba with an LLVM that it can use; the only module that decides which.

Dr.Jit looks for LLVM when its LLVM backend starts, so the path must be known before. Anything that needs Mitsuba
calls :func:`mitsuba` instead of importing it.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
import sysconfig
from importlib import metadata
from pathlib import Path
from types import ModuleType

from twin.errors import EngineError, extra_missing

VARIANT = "llvm_ad_rgb"
"""The variant that casts labels everywhere, so that they do not depend on the machine's graphics card."""

LEAST_LLVM = 19
"""Older LLVMs crash Dr.Jit 1.x (15 and 16: "Cannot select: fminimum")."""

_WHEEL = "karellen-llvm-core"
_SYSTEM = ("/usr/lib", "/usr/lib64", "/usr/local/lib")


def mitsuba(variant: str = VARIANT) -> ModuleType:
    """Return the module ``mitsuba`` with ``variant`` made current.

    Raises:
        EngineError: where Mitsuba or an LLVM that it can use is missing, saying what to install.
    """
    _point_to_llvm()
    try:
        module = importlib.import_module("mitsuba")
    except ImportError:
        raise extra_missing("mitsuba", "render") from None
    if module.variant() != variant:
        module.set_variant(variant)
    _check_llvm()
    return module


def _check_llvm() -> None:
    """Refuse an LLVM that Dr.Jit found by itself, imported before twin could show it the right one: it would crash."""
    version = importlib.import_module("drjit").detail.llvm_version()
    if version[0] < LEAST_LLVM:
        raise EngineError(
            f"Dr.Jit has loaded LLVM {'.'.join(str(part) for part in version)}",
            expected=f"LLVM {LEAST_LLVM} or newer",
            hint="import twin before drjit or mitsuba, or set DRJIT_LIBLLVM_PATH",
        )


def obstacle() -> str:
    """Say in one sentence why Mitsuba cannot run here; empty where it can. Imports nothing."""
    if importlib.util.find_spec("mitsuba") is None:
        return "the Python package 'mitsuba' is not installed"
    return "" if libllvm() else _no_llvm().found


def libllvm() -> Path | None:
    """Find the LLVM library: $DRJIT_LIBLLVM_PATH, then the wheel's, then the newest system one that works."""
    named = os.environ.get("DRJIT_LIBLLVM_PATH")
    if named:
        return Path(named) if Path(named).is_file() else None
    system = [path for folder in _SYSTEM for path in _libraries(Path(folder))]
    newest = max(system, key=lambda path: (_version(path), str(path)), default=None)
    return next(iter(_wheel_libraries()), newest)


def _point_to_llvm() -> None:
    path = libllvm()
    if path is None:
        raise _no_llvm()
    os.environ["DRJIT_LIBLLVM_PATH"] = str(path)


def _no_llvm() -> EngineError:
    named = os.environ.get("DRJIT_LIBLLVM_PATH")
    found = (
        f"$DRJIT_LIBLLVM_PATH names no file: {named}" if named else f"no LLVM library of {LEAST_LLVM} or newer is here"
    )
    return EngineError(
        found,
        expected=f"libLLVM.so of the wheel {_WHEEL}, or a system LLVM of {LEAST_LLVM} or newer",
        hint=f"pip install {_WHEEL}, or set DRJIT_LIBLLVM_PATH to a libLLVM.so",
    )


def _wheel_libraries() -> list[Path]:
    """List the wheel's libraries: where its record says, else where a prefix install puts them."""
    try:
        files = metadata.files(_WHEEL) or []
    except metadata.PackageNotFoundError:
        files = []
    folders = {Path(str(file.locate())).resolve().parent for file in files if file.name.startswith("libLLVM")}
    folders |= {Path(sys.prefix, "lib"), Path(sysconfig.get_paths()["purelib"]).parents[1]}
    return [path for folder in sorted(folders) for path in _libraries(folder, ("",))]


def _libraries(folder: Path, below: tuple[str, ...] = ("", "llvm*/lib/", "llvm*/lib64/", "*-linux-gnu/")) -> list[Path]:
    """List the libLLVM files that are new enough in a folder and the folders ``below`` it."""
    found = sorted(path for pattern in below for path in folder.glob(f"{pattern}libLLVM*.so*"))
    return [path for path in found if path.is_file() and _version(path) >= LEAST_LLVM]


def _version(path: Path) -> int:
    """Read the major version out of libLLVM-19.so, libLLVM.so.19.1 or a folder llvm-19; 0 where there is none."""
    match = re.search(r"libLLVM-(\d+)|libLLVM\.so\.(\d+)", path.name) or re.search(r"llvm-?(\d+)/", str(path))
    return next((int(group) for group in match.groups() if group), 0) if match else 0


def version() -> str:
    """Return the versions of what decides a cast: Mitsuba, Dr.Jit and LLVM. Imports nothing."""
    names = ("mitsuba", "drjit")
    found = [f"{name} {metadata.version(name)}" for name in names if importlib.util.find_spec(name)]
    path = libllvm()
    return ", ".join([*found, f"llvm {_version(path)}" if path else "no llvm"])
