"""Open the family of made assets: kinds that build an asset from parameters."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from twin.assets.asset import Asset, Float, Part, Symmetries
from twin.seeds import Bits
from twin.spec.scene import AssetKind

if TYPE_CHECKING:
    from twin.assets.library import Library


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
    return replace(asset, name=f"{kind}-{hashlib.sha256(asset.sha256.encode()).hexdigest()[:8]}")


def unfit(kind: str, field: str, value: float, expected: str) -> str:
    """Compose the sentence for a parameter that does not fit the others."""
    return f"a {kind} with {field} of {value * 100:.4g} cm does not fit; expected {expected}"
