"""A small block with one of everything, compiled once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.stage.blocks import Shelf, block, box_asset, pair, scaled
from twin.spec.scene import Material, Object
from twin.stage.block import Block, SlotPool
from twin.stage.compile import compile_stage
from twin.stage.fixtures import Box, Floor, Table
from twin.stage.lights import Disk, Distant, Dome, Rect, Sphere


@dataclass(frozen=True)
class Compiled:
    """A block, what it was made from, and its stage."""

    block: Block
    library: Any
    path: Path


def everything(folder: Path) -> tuple[Block, Any]:
    """Return a block that uses every kind of light, fixture and material override."""
    shelf: Any = Shelf(folder / "sources")
    crate = box_asset("crate", (0.1, 0.2, 0.3), shelf.surfaces["orm"], "crate")
    cube = box_asset("cube", (0.1, 0.1, 0.1), shelf.surfaces["steel"], "cube")
    slots = (
        SlotPool("mug", "mug", 0, (scaled(crate, (1, 1, 1)), scaled(cube, (2, 2, 2)))),
        SlotPool("bottle.0", "bottle", 0, (scaled(cube, (-1, 1, 1)),)),
        SlotPool("bottle.1", "bottle", 1, (scaled(crate, (-0.5, 0.5, 0.5)), scaled(cube, (1, 1, 1)))),
        SlotPool("plain", "plain", 0, (scaled(crate, (1, 1, 1)),)),
    )
    changed = Material.model_construct(roughness=pair(0.2, 0.5), color=(0.1, 0.2, 0.9), ior=1.33)
    made: Any = Object.model_construct
    objects = {
        "mug": made(asset="crate", material=changed),
        "bottle": made(asset="cube", material=pair("wood", "steel", "orm")),
        "plain": made(asset="crate", material=None),
    }
    dressed = Material.model_construct(base=pair("wood", "steel"), texture_size=pair(0.5, 1.0))
    fixtures = {
        "table": Table.model_construct(kind="table", material=dressed, label="table"),
        "floor": Floor.model_construct(kind="floor", material="wood"),
        "wall": Box.model_construct(kind="box", size=(4.0, 0.1, 2.5), position=(0.0, 2.0, 0.0), yaw=0.3),
    }
    lights = {
        "sky": Dome.model_construct(kind="dome", hdri=pair("noon", "dusk"), rotation=pair(0.0, 1.0)),
        "even": Dome.model_construct(kind="dome", intensity=0.25),
        "ball": Sphere.model_construct(
            kind="sphere", position=(pair(0.5, 0.7), 0.5, 2.0), temperature=pair(3000.0, 5000.0)
        ),
        "panel": Rect.model_construct(
            kind="rect", position=(0.0, 0.0, 2.0), look_at=(0.2, 0.1, 0.0), width=pair(1.0, 2.0)
        ),
        "spot": Disk.model_construct(
            kind="disk", position=(1.0, 0.0, 2.0), rotation=(0.1, 0.2, 0.3), color=(1.0, 0.5, 0.2)
        ),
        "sun": Distant.model_construct(kind="distant", azimuth=pair(0.0, 2.0), elevation=0.5, exposure=2.0),
    }
    return block(lights=lights, fixtures=fixtures, objects=objects, slots=slots), shelf


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    folder = tmp_path_factory.mktemp("stage")
    made, library = everything(folder)
    compile_stage(made, library, folder / "twin.usda")
    return Compiled(made, library, folder / "twin.usda")
