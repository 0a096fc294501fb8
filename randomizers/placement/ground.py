"""Collect what stands still around a placement, as convex pieces for physics."""

from __future__ import annotations

import weakref
from collections.abc import Iterator


from twin.conventions import Array, apply
from twin.physics.collider import Piece, piece
from twin.physics.statics import static_pieces
from twin.randomizers.placement.base import Situation
from twin.randomizers.placement.surface import fixture_meshes
from twin.stage.block import Block
from twin.stage.fixtures import BuiltFixture
from twin.stage.geometry import Geometry, Mesh

_pieces: weakref.WeakKeyDictionary[Geometry, tuple[Piece, ...]] = weakref.WeakKeyDictionary()


def ground(situation: Situation, reach: Array) -> tuple[Piece, ...]:
    """Return the static pieces that touch a box [m], shape (2, 3): exact for built fixtures, else from the meshes."""
    if situation.geometry not in _pieces:
        _pieces[situation.geometry] = tuple(_world_pieces(situation.block, situation.geometry))
    return tuple(found for found in _pieces[situation.geometry] if _touches(found.points, reach))


def _world_pieces(block: Block, geometry: Geometry) -> Iterator[Piece]:
    built: set[Mesh] = set()
    for name, fixture in block.fixtures.items():
        if isinstance(fixture, BuiltFixture):
            built.update(fixture_meshes(name, block.fixtures, geometry))
            for corners in fixture.colliders():
                yield piece(apply(fixture.pose(), corners))
    yield from static_pieces([mesh for mesh in geometry.world if mesh not in built])


def _touches(points: Array, reach: Array) -> bool:
    return bool((points.max(axis=0) >= reach[0]).all() and (points.min(axis=0) <= reach[1]).all())


