"""Define what a placement is: a joint draw of the poses of the slots that it places."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np

from twin.assets.asset import Asset
from twin.conventions import Array
from twin.randomizers.placement.surface import Surface
from twin.seeds import Bits
from twin.spec.scene import Placement
from twin.stage.block import Block
from twin.stage.geometry import Geometry


@dataclass(frozen=True, eq=False)
class Item:
    """A slot that is present, with the asset that it shows.

    Args:
        slot: Slot name.
        object: Name of the object in the spec.
        asset: What it shows.
    """

    slot: str
    object: str
    asset: Asset

    @cached_property
    def points(self) -> Array:
        """Vertices of what can collide [m], shape (N, 3), in the object frame."""
        pieces = self.asset.colliders or (self.asset.extent,)
        return np.concatenate([np.asarray(piece, dtype=np.float64) for piece in pieces])


@dataclass(frozen=True, eq=False)
class Situation:
    """What a placement finds when it is asked for poses.

    Args:
        name: Name of the placement.
        items: The present slots to place, in slot order.
        obstacles: What other placements have put down before, with ``T_world_object``.
        block: The block, for its fixtures.
        geometry: The block's stage as plain arrays.
        bits: Bits of a stream below the placement's own.
        frame: Frame index, for messages.
    """

    name: str
    items: tuple[Item, ...]
    obstacles: tuple[tuple[Item, Array], ...]
    block: Block
    geometry: Geometry
    bits: Callable[[str], Bits]
    frame: int

    @property
    def where(self) -> str:
        """The place that messages name."""
        return f"placement.{self.name}, frame {self.frame}"


@dataclass(frozen=True, eq=False)
class Placed:
    """The poses that a placement found.

    Args:
        T_world_object: Rigid pose by slot name, shape (4, 4).
        redraws: Reason -> poses that were drawn again for it.
    """

    T_world_object: Mapping[str, Array]
    redraws: Mapping[str, int] = field(default_factory=dict)


class PlacementKind(Placement):
    """Base of the kinds of placement; its methods work on drawn values.

    Placements are made one after another, and each sees what those before it put down as obstacles: those that hold
    their poses longer come first, then the exact ones, then in the order of the spec.
    """

    exact: ClassVar[bool] = False

    def place(self, situation: Situation) -> Placed:
        """Draw the pose of every item.

        Raises:
            DrawError: where no poses can be found, with numbers and remedies.
        """
        raise NotImplementedError

    def focus(self, surfaces: Callable[[str], Surface]) -> Array:
        """Return where its objects are [m], shape (3,), for a camera that looks at one that is absent."""
        raise NotImplementedError
