"""Draws on a compiled stage: fixtures of the spec and prims of an existing USD world carry what is put on them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.randomizers.scenes import LIBRARY, TABLETOP, Studio, geometry
from twin.conventions import apply
from twin.randomizers.draw import draw_block, draw_state
from twin.randomizers.placement.surface import surface
from twin.registry import load
from twin.stage.block import Block
from twin.stage.compile import compile_stage
from twin.stage.geometry import Geometry
from twin.stage.read import read

SCENES = Path(__file__).parents[2] / "scenes"


def compiled(block: Block, folder: Path) -> Geometry:
    compile_stage(block, LIBRARY, folder / "twin.usda", mdl=False)
    return read(folder / "twin.usda", block.scene.classes)


def test_a_compiled_stage_has_the_surfaces_of_its_spec(tmp_path: Path) -> None:
    block, plain = Studio(TABLETOP).block(0)
    real = compiled(block, tmp_path)
    one, other = (surface("table", block.fixtures, stage) for stage in (real, plain))
    assert one.height == pytest.approx(other.height, abs=1e-6)
    assert np.allclose(one.outline, other.outline, atol=1e-6)
    assert (
        draw_state(block, real, LIBRARY, 3, 0).to_json() == draw_state(block, geometry(block), LIBRARY, 3, 0).to_json()
    )


def test_things_rest_on_a_prim_of_an_existing_world(tmp_path: Path) -> None:
    scene = load(SCENES / "lab.yaml", library=LIBRARY).scene
    block = draw_block(scene, 5, 0, LIBRARY)
    real = compiled(block, tmp_path)
    bench = surface("bench", block.fixtures, real)
    assert bench.height > surface("ground", block.fixtures, real).height + 0.5
    for frame in (0, 4):
        state = draw_state(block, real, LIBRARY, frame, 0)
        for pool, slot in zip(block.slots, state.slots, strict=True):
            if slot.present:
                cloud = apply(slot.T_world_object, np.concatenate(pool.members[slot.member].asset.colliders))
                assert cloud[:, 2].min() > bench.height - 0.002
                assert cloud[:, 2].min() < bench.height + 0.2
                assert bench.inside(cloud.mean(axis=0)[:2]) > 0
