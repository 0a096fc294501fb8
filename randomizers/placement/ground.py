"""Collect what stands still around a placement, as convex pieces for physics."""

from __future__ import annotations

import weakref
from collections.abc import Iterator

import numpy as np

from twin.conventions import Array, apply
from twin.physics.collider import Piece, piece
from twin.physics.statics import static_pieces
from twin.randomizers.placement.base import Situation
from twin.randomizers.placement.surface import fixture_meshes
from twin.stage.fixtures import BuiltFixture
from twin.stage.geometry import Mesh

_pieces: weakref.WeakKeyDictionary[Mesh, tuple[Piece, ...]] = weakref.WeakKeyDictionary()


def ground(situation: Situation, reach: Array) -> tuple[Piece, ...]:
    """Return the static pieces that touch a box [m], shape (2, 3): exact for built fixtures, else from the meshes."""
    built: set[Mesh] = set()
    found: list[Piece] = []
    for name, fixture in situation.block.fixtures.items():
        if isinstance(fixture, BuiltFixture):
            built.update(fixture_meshes(name, situation.block.fixtures, situation.geometry))
            found += [piece(apply(fixture.pose(), corners)) for corners in fixture.colliders()]
    others = [mesh for mesh in situation.geometry.world if mesh not in built]
    found += _of_meshes(mesh for mesh in others if _touches(mesh.points.astype(np.float64), reach))
    return tuple(part for part in found if _touches(part.points, reach))


def _of_meshes(meshes: Iterator[Mesh]) -> Iterator[Piece]:
    for mesh in meshes:
        if mesh not in _pieces:
            _pieces[mesh] = static_pieces([mesh])
        yield from _pieces[mesh]


def _touches(points: Array, reach: Array) -> bool:
    """Say whether the box around some points touches another; NaN vertices are left to the triangles that use them."""
    return not ((np.nanmax(points, axis=0) < reach[0]).any() or (np.nanmin(points, axis=0) > reach[1]).any())
