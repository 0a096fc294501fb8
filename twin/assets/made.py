"""Open the family of made assets: kinds that build an asset from parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from twin.assets.asset import Asset, Float, Part, Symmetries
from twin.errors import AssetError
from twin.seeds import Bits
from twin.spec.scene import AssetKind

if TYPE_CHECKING:
    from twin.assets.library import Library

Z_AXIS = ((0.0, 0.0, 1.0), (0.0, 0.0, 0.0))
"""Symmetry of a solid of revolution that stands on its base."""


class MadeAsset(AssetKind):
    """An asset kind with code: it builds an asset from its drawn parameters."""

    def build(self, library: Library, bits: Bits) -> Asset:
        """Build the asset; ``bits`` are chance of its own, such as a glaze pattern.

        Raises:
            AssetError: where the parameters do not fit each other, with the numbers.
        """
        raise NotImplementedError

    @property
    def label_name(self) -> str:
        """Semantic class of what is built."""
        raise NotImplementedError


def made_asset(
    kind: str,
    parts: tuple[Part, ...],
    colliders: Sequence[Float],
    *,
    keypoints: Mapping[str, Float] | None = None,
    symmetries: Symmetries | None = None,
    density: float,
) -> Asset:
    """Return an asset that is named by its kind and its content, so that equal ones share a name."""
    asset = Asset(
        kind, kind, parts, tuple(colliders), dict(keypoints or {}), symmetries or Symmetries(), density, "CC0-1.0", ""
    )
    return replace(asset, name=f"{kind}-{asset.sha256[:8]}")


def unfit(kind: str, name: str, value: float, least: float, most: float) -> None:
    """Refuse a length [m] that does not fit the other measures of a made object.

    Raises:
        AssetError: with the value and what would fit, in centimetres.
    """
    if not least <= value <= most:
        room = f"{least * 100:.4g} to {most * 100:.4g} cm" if least <= most else "other measures: nothing fits these"
        raise AssetError(f"a {kind} whose {name} is {value * 100:.4g} cm does not fit together", expected=room)
