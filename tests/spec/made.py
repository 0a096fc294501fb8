# ruff: noqa: E501 - specs and messages stand as they are written
"""A small library and a small spec that the tests of the spec language share."""

from __future__ import annotations

import hashlib
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from twin import registry
from twin.errors import SpecError
from twin.spec.load import LoadedScene

NAMES = {
    "object": {"core/bowl/white": "train", "core/bowl/black": "test", "core/plate/red": "train"},
    "material": {"core/wood/oak": "train", "core/wood/pine": "train", "core/stone/granite": "train"},
    "hdri": {"core/hdri/studio": "train", "core/hdri/forest": "test", "core/hdri/lane": "train"},
}


class SmallLibrary:
    """Names with splits and hashes, and no files."""

    def __init__(self, names: dict[str, dict[str, str]] | None = None) -> None:
        self.rows = NAMES if names is None else names

    def names(self, family: str) -> tuple[str, ...]:
        return tuple(self.rows[family])

    def match(self, family: str, pattern: str, split: str | None = None) -> tuple[str, ...]:
        rows = self.rows[family].items()
        return tuple(sorted(name for name, own in rows if fnmatchcase(name, pattern) and split in (None, own)))

    def label(self, name: str) -> str:
        return name.split("/")[-2] if name.startswith("core/") else Path(name).stem

    def sha256(self, family: str, name: str) -> str:
        content = Path(name).read_bytes() if name.startswith("/") else f"{family} {name}".encode()
        return hashlib.sha256(content).hexdigest()


SPEC = """\
twin: 1
let: {wear: {uniform: [0, 1]}}
classes: {mug: 1, table: 2}
world:
  table: {kind: table, material: {base: {choice: core/wood/*}, roughness: $wear}, label: table}
lights:
  sky: {kind: dome, hdri: {choice: core/hdri/*, split: train}, rotation: {uniform: [0 deg, 360 deg]}}
objects:
  mug: {asset: {kind: mug, handle_width: {uniform: [3 cm, 4 cm]}}, material: {metallic: $wear}}
  bowl: {asset: {choice: [core/bowl/*, core/plate/red]}, label: mug, count: {integers: [1, 3]}, scale: {loguniform: [0.5, 2]}}
placement:
  drop: {kind: scatter, objects: [mug, bowl], on: table, settle: 2 s, every: 5}
cameras:
  front:
    fov: {normal: [60 deg, 5 deg], min: 50 deg, max: 70 deg}
    pose: {kind: orbit, target: mug, distance: {uniform: [0.5 m, 1.2 m]}, elevation: {constant: 40 deg}}
  wrist: {resolution: [320, 240], fov: 1 rad, pose: {kind: mount, on: front, position: [0, -6 cm, 1.5 in]}}
require: {target: {visible: mug, camera: front, min: 0.3}}
labels: [rgb, depth, pose]
pool: {size: 2, every: 20}
engine: {kind: blank}
"""


def load(text: str, folder: Path, *sets: str, name: str = "x.yaml") -> LoadedScene:
    """Write a spec into a folder and load it."""
    (folder / name).write_text(text)
    return registry.load(folder / name, sets=sets, library=SmallLibrary())


def message(text: str, folder: Path, *sets: str) -> str:
    """Return what is said about a wrong spec."""
    with pytest.raises(SpecError) as caught:
        load(text, folder, *sets)
    return str(caught.value)


def changed(old: str, new: str) -> str:
    """Return the spec with one text replaced."""
    assert SPEC.count(old) == 1, f"'{old}' is there {SPEC.count(old)} times"
    return SPEC.replace(old, new)
