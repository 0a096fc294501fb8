"""Joint draws of object poses; importing this package registers the kinds."""

from twin.randomizers.placement.base import Item, Placed, PlacementKind, Situation
from twin.randomizers.placement.fixed import FixedPlacement
from twin.randomizers.placement.scatter import ScatterPlacement

__all__ = ["FixedPlacement", "Item", "Placed", "PlacementKind", "ScatterPlacement", "Situation"]
