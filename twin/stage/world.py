"""Bring an existing USD stage into the compiled one."""

from __future__ import annotations

from pathlib import Path

from pxr import Usd

from twin.stage.fixtures import Prim


def add_world(stage: Usd.Stage, file: str | None, folder: Path, prefix: str) -> None:
    """Bring in an existing stage."""
    if file is None:
        return
    raise NotImplementedError


def bind_prim(stage: Usd.Stage, name: str, fixture: Prim, look: str | None) -> None:
    """Bind."""
    raise NotImplementedError
