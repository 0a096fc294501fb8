"""Run small programs in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]


def start_program(
    program: str, *arguments: object, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start a Python program that may import from the repository."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_program(program: str, *arguments: object, environment: Mapping[str, str] | None = None) -> str:
    """Run a program to its end and return what it printed; fail with its errors where it fails."""
    process = start_program(program, *arguments, environment=environment)
    with process:
        try:
            output, errors = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert process.returncode == 0, f"exit code {process.returncode}\n{errors}"
    return output
