"""Name the surfaces of an asset as USD prims."""

from __future__ import annotations

import re
from functools import lru_cache

from twin.assets.asset import Asset, Surface


@lru_cache(maxsize=4096)
def named_surfaces(asset: Asset) -> dict[str, Surface]:
    """Return an asset's different surfaces by prim name, in the order of its parts."""
    found: dict[str, Surface] = {}
    for part in asset.parts:
        if part.surface not in found.values():
            found[_free(prim_name(part.surface.name), found)] = part.surface
    return found


def surface_name(asset: Asset, surface: Surface) -> str:
    """Return the prim name of one of an asset's surfaces."""
    return next(name for name, own in named_surfaces(asset).items() if own == surface)


def prim_name(text: str) -> str:
    """Turn any text into a valid prim name; ``core/wood/oak`` becomes ``core_wood_oak``."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", text)
    return name if re.match(r"[A-Za-z_]", name) else f"_{name}"


def _free(name: str, taken: dict[str, Surface]) -> str:
    number = 2
    free = name
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free
