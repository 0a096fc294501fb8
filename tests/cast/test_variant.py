"""Finding LLVM."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from twin.cast import variant
from twin.errors import EngineError


def test_mitsuba_runs_on_llvm() -> None:
    mi = variant.mitsuba()
    assert mi.variant() == "llvm_ad_rgb"
    assert variant.obstacle() == ""


def test_a_named_library_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    library = tmp_path / "libLLVM.so"
    library.touch()
    monkeypatch.setenv("DRJIT_LIBLLVM_PATH", str(library))
    assert variant.libllvm() == library


def test_a_named_library_that_is_missing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRJIT_LIBLLVM_PATH", "/nowhere/libLLVM.so")
    with pytest.raises(EngineError) as caught:
        variant.mitsuba()
    assert str(caught.value) == (
        "$DRJIT_LIBLLVM_PATH names no file: /nowhere/libLLVM.so\n"
        "  expected: libLLVM.so of the wheel karellen-llvm-core, or a system LLVM of 19 or newer\n"
        "  try: pip install karellen-llvm-core, or set DRJIT_LIBLLVM_PATH to a libLLVM.so"
    )
    assert variant.obstacle() == "$DRJIT_LIBLLVM_PATH names no file: /nowhere/libLLVM.so"


def test_the_newest_system_library_is_taken_and_old_ones_never(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DRJIT_LIBLLVM_PATH", raising=False)
    monkeypatch.setattr(variant, "_wheel_libraries", list)
    monkeypatch.setattr(variant, "_SYSTEM", (str(tmp_path),))
    for name in ("llvm-15/lib/libLLVM-15.so", "x86_64-linux-gnu/libLLVM-16.so.1"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert variant.libllvm() is None
    assert variant.obstacle() == "no LLVM library of 19 or newer is here"
    for name in ("llvm-19/lib/libLLVM.so.19.1", "llvm-20/lib/libLLVM.so"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert variant.libllvm() == tmp_path / "llvm-20/lib/libLLVM.so"


def test_nothing_but_the_call_imports_mitsuba() -> None:
    code = (
        "import sys, twin.cast.scene, twin.cast.plain, twin.engines.blank\n"
        "print(sorted({'mitsuba', 'drjit', 'pxr'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
