"""Describe a block's assets as rows of a shard."""

from __future__ import annotations

import json

from twin.assets.asset import Asset, Symmetries
from twin.shard import AssetRow
from twin.stage.block import Block


def block_rows(block: Block) -> tuple[tuple[AssetRow, ...], ...]:
    """List the assets of a block, by slot and member."""
    known: dict[int, AssetRow] = {}
    for slot in block.slots:
        for member in slot.members:
            known.setdefault(id(member.asset), asset_row(member.asset))
    return tuple(tuple(known[id(member.asset)] for member in slot.members) for slot in block.slots)


def asset_row(asset: Asset) -> AssetRow:
    """Describe one asset."""
    return AssetRow(
        name=asset.name,
        label=asset.label,
        extent=tuple(float(value) for value in asset.extent.ravel()),
        sha256=asset.sha256,
        keypoints=json.dumps(list(asset.keypoints)),
        symmetries=symmetries_json(asset.symmetries),
        licence=asset.licence,
    )


def symmetries_json(symmetries: Symmetries) -> str:
    """Serialise symmetries as ``discrete`` 4x4 transforms and ``continuous`` axes with offsets [m]."""
    discrete = [transform.tolist() for transform in symmetries.discrete]
    continuous = [{"axis": list(axis), "offset": list(offset)} for axis, offset in symmetries.continuous]
    return json.dumps({"discrete": discrete, "continuous": continuous})
