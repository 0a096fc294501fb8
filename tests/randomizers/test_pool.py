"""Blocks: slots, pools, and assets with an object's scale applied."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.randomizers.scenes import LIBRARY, TABLETOP, Studio, changed, scene
from twin.assets.asset import Asset, Float, Index
from twin.conventions import apply
from twin.randomizers.draw import draw_block
from twin.stage.block import Block


def block(seed: int = 7, index: int = 0, **paths: Any) -> Block:
    return draw_block(scene(changed(TABLETOP, **paths)), seed, index, LIBRARY)


def test_slots_are_named_and_sized_by_the_most_that_can_be_present() -> None:
    drawn = block(
        objects__plate={"asset": {"kind": "box"}, "count": 2}, placement__drop__objects=["brick", "can", "plate"]
    )
    names = [slot.name for slot in drawn.slots]
    assert names == ["brick.0", "brick.1", "brick.2", "brick.3", "can", "plate.0", "plate.1"]
    assert [len(slot.members) for slot in drawn.slots] == [3, 3, 3, 3, 3, 1, 1]


def test_an_object_that_is_never_there_has_no_slot() -> None:
    assert [slot.name for slot in block(objects__brick__count=0).slots] == ["can"]


def test_members_differ_between_slots_and_within_a_pool() -> None:
    widths = [member.values for slot in block().slots if slot.object == "brick" for member in slot.members]
    assert len({tuple(width.values()) for width in widths}) == 12
    assert set(widths[0]) == {"objects.brick.asset.size.0"}
    assert set(widths[3]) == {"objects.brick.asset.size.0[1]"}


def test_a_drawn_value_is_what_the_asset_shows() -> None:
    for slot in block().slots:
        for member in slot.members:
            if slot.object == "can":
                (height,) = member.values.values()
                assert member.asset.extent[1, 2] == pytest.approx(height, rel=1e-6)


def test_blocks_differ_and_repeat() -> None:
    def heights(of: Block) -> list[float]:
        return [float(member.asset.extent[1, 2]) for member in of.slots[-1].members]

    assert heights(block()) == heights(block())
    assert heights(block()) != heights(block(index=1))
    assert heights(block()) != heights(block(seed=8))


def test_equal_assets_are_built_once() -> None:
    drawn = block(objects__brick__asset={"kind": "box"}, objects__brick__count=4, objects__brick__scale=0.5)
    bricks = [slot.members[0] for slot in drawn.slots if slot.object == "brick"]
    assert len({id(member.source) for member in bricks}) == 1
    assert len({id(member.asset) for member in bricks}) == 1


def test_fixture_shapes_are_drawn_once_a_block_and_recorded() -> None:
    drawn = block(world__table__size=[{"uniform": [1, 2]}, 0.8])
    width = drawn.values["world.table.size.0"]
    assert 1 <= width <= 2
    assert drawn.fixtures["table"].size == (width, 0.8)  # type: ignore[attr-defined]
    studio = Studio(changed(TABLETOP, world__table__size=[{"uniform": [1, 2]}, 0.8]))
    assert studio.state(0).values["world.table.size.0"] == studio.state(19).values["world.table.size.0"] == width
    assert studio.state(20).values["world.table.size.0"] != width


def member(**paths: Any) -> tuple[Asset, Asset, tuple[float, float, float]]:
    drawn = block(objects__can__asset={"kind": "cylinder", "radius": 0.03, "height": 0.1}, **paths)
    found = drawn.slots[-1].members[0]
    return found.source, found.asset, found.scale


def test_scale_mirror_label_and_density_are_applied() -> None:
    source, asset, scale = member(
        objects__can__scale=2.0,
        objects__can__mirror=True,
        objects__can__label="tin",
        objects__can__density=123.0,
        classes={"tin": 1, "box": 2},
    )
    assert scale == (-2.0, 2.0, 2.0)
    assert (asset.label, asset.density) == ("tin", 123.0)
    for before, after in zip(source.parts, asset.parts, strict=True):
        assert np.array_equal(after.points, before.points * np.array([-2, 2, 2], np.float32))
        assert volume(after.points, after.faces) == pytest.approx(8 * volume(before.points, before.faces), rel=1e-5)
    for name, point in source.keypoints.items():
        assert np.array_equal(asset.keypoints[name], point * np.array([-2, 2, 2], np.float32))


def volume(points: Float, faces: Index) -> float:
    a, b, c = (points[faces[:, corner]].astype(np.float64) for corner in range(3))
    return float((a * np.cross(b, c)).sum() / 6)


def test_symmetries_of_a_scaled_mirrored_asset_map_it_onto_itself() -> None:
    source, asset, _ = member(objects__can__scale=1.5, objects__can__mirror=True)
    assert len(asset.symmetries.discrete) == len(source.symmetries.discrete) > 0
    corners = np.unique(np.round(np.concatenate([part.points for part in asset.parts]), 5), axis=0)
    for T in asset.symmetries.discrete:
        assert np.allclose(T[:3, :3] @ T[:3, :3].T, np.eye(3), atol=1e-12)
        moved = apply(T, corners)
        gaps = np.linalg.norm(moved[:, None] - corners[None], axis=2).min(axis=1)
        assert gaps.max() < 1e-4


def test_an_unscaled_asset_is_the_source_itself() -> None:
    source, asset, scale = member()
    assert asset is source
    assert scale == (1.0, 1.0, 1.0)
