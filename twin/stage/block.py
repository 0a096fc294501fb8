"""Hold what one stage contains: the pools of assets that a block's frames choose among."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from twin.assets.asset import Asset
from twin.frame import Json
from twin.spec.scene import Fixture, Scene


@dataclass(frozen=True, eq=False)
class PoolMember:
    """One asset of a slot's pool.

    Args:
        asset: The asset with the object's scale, mirror, label and density already applied (its frame stays rigid,
            its points are scaled); USD keeps the scale on a child prim.
        scale: Factors along the asset's own axes, negative x where mirrored: what the child prim carries.
        source: The asset before scaling, which the USD references and other slots may share.
        values: What was drawn for it, by the paths that a frame which shows it records.
    """

    asset: Asset
    scale: tuple[float, float, float]
    source: Asset
    values: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class SlotPool:
    """An object slot of the block.

    Args:
        name: ``mug`` for slot 0 of an object that is never there twice, else ``bottle.0``, ``bottle.1``, ...
        object: Name of the object in the spec.
        number: Position among the object's slots: the suffix ``[number]`` of its streams (none for 0).
        members: The pool, in draw order.
    """

    name: str
    object: str
    number: int
    members: tuple[PoolMember, ...]


@dataclass(frozen=True, eq=False)
class Block:
    """Everything that is fixed for ``pool.every`` frames.

    Args:
        index: ``frame // pool.every``.
        seed: Seed of the run.
        scene: The spec with block-scoped fixture values drawn; other distributions are still in place.
        slots: Object slots in instance-id order.
        fixtures: Fixtures by name, drawn.
        values: What was drawn once for the block, by path.
    """

    index: int
    seed: int
    scene: Scene
    slots: tuple[SlotPool, ...]
    fixtures: Mapping[str, Fixture]
    values: Mapping[str, Json] = field(default_factory=dict)
