"""Draw the pool of assets of each object slot, once a block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from twin.assets.asset import Asset, Part, Symmetries
from twin.assets.library import Library
from twin.assets.made import MadeAsset
from twin.errors import SpecError
from twin.randomizers.streams import BLOCK, Draw, Index, plain, stream_name
from twin.seeds import Bits
from twin.spec.scene import AssetKind, Object, Pool, Scene
from twin.spec.values import Distribution, substitute
from twin.stage.block import PoolMember, SlotPool
from twin.stage.reach import names, nominal

Factors = npt.NDArray[np.float64]


@dataclass
class Workshop:
    """Fetch and make the assets of a block, each distinct one once.

    Args:
        library: Where named assets come from.
    """

    library: Library
    _sources: dict[str, Asset] = field(default_factory=dict)
    _fitted: dict[tuple[Any, ...], tuple[Asset, Asset]] = field(default_factory=dict)

    def source(self, asset: AssetKind | str, index: Index, stream: str) -> Asset:
        """Return an asset before it is scaled."""
        key = asset if isinstance(asset, str) else f"{type(asset).__qualname__} {asset.model_dump_json()}"
        if key not in self._sources:
            made, own_chance = self._make(asset, index, stream)
            if own_chance:
                return made
            self._sources[key] = made
        return self._sources[key]

    def fitted(self, source: Asset, drawn: Object, scale: tuple[float, float, float]) -> Asset:
        """Return an asset with an object's scale, mirror, label and density applied."""
        key = (id(source), scale, drawn.label, drawn.density)
        if key not in self._fitted:
            self._fitted[key] = (
                source,
                fitted(source, drawn, scale),
            )  # the source stays alive, so its id stays its own
        return self._fitted[key][1]

    def _make(self, asset: AssetKind | str, index: Index, stream: str) -> tuple[Asset, bool]:
        """Make an asset, and say whether it took chance of its own, so that no other slot may share it."""
        if isinstance(asset, str):
            return self.library.object(asset), False
        if not isinstance(asset, MadeAsset):
            raise SpecError(f"the asset kind '{getattr(asset, 'kind', '?')}' has no code that builds it")
        bits = index.bits(stream, BLOCK)
        return asset.build(self.library, bits), bits.used > 0


def slot_count(thing: Object) -> int:
    """Return how many of an object can be present at once."""
    count = thing.count
    return max(count.support()) if isinstance(count, Distribution) else count


def slot_names(name: str, thing: Object) -> tuple[str, ...]:
    """Return the names of an object's slots: its own where it is never there twice."""
    count = slot_count(thing)
    return (name,) if count == 1 else tuple(f"{name}.{number}" for number in range(count))


def keypoint_count(scene: Scene, library: Library) -> int:
    """Return the most keypoints of any asset that a scene can show; a kind's keypoints do not depend on its draws."""
    return max((_most_keypoints(thing.asset, library) for thing in scene.objects.values()), default=0)


def _most_keypoints(asset: Any, library: Library) -> int:
    if isinstance(asset, AssetKind):
        return len(nominal(asset).build(library, Bits(0, 0, "")).keypoints)  # type: ignore[attr-defined]
    return max(library.keypoint_count(name) for name in names(asset))


def object_slots(
    name: str, thing: Object, draws: Mapping[str, Draw], pool: Pool, index: Index, workshop: Workshop
) -> tuple[SlotPool, ...]:
    """Draw the slots of one object and the members of each.

    Args:
        name: Name of the object.
        thing: The object, with its distributions.
        draws: The block-scoped draws of the object by path.
        pool: How many members a slot has where anything of them is random.
        index: Seed and block.
        workshop: Where assets come from.
    """
    size = pool.size if draws else 1
    return tuple(
        SlotPool(
            slot, name, number, tuple(_member(name, thing, draws, index, workshop, number, m) for m in range(size))
        )
        for number, slot in enumerate(slot_names(name, thing))
    )


def _member(
    name: str, thing: Object, draws: Mapping[str, Draw], index: Index, workshop: Workshop, slot: int, member: int
) -> PoolMember:
    path = f"objects.{name}"
    values = {key: draw.value(index, slot, member) for key, draw in draws.items()}
    drawn: Object = substitute(thing, values, path)
    source = workshop.source(drawn.asset, index, stream_name(f"{path}.asset", slot, member))  # type: ignore[arg-type]
    scale = _factors(drawn)
    named = {stream_name(key, slot): plain(value) for key, value in values.items()}
    return PoolMember(workshop.fitted(source, drawn, scale), scale, source, named)


def _factors(drawn: Object) -> tuple[float, float, float]:
    scale: Any = drawn.scale
    return (-scale if drawn.mirror else scale, scale, scale)


def fitted(asset: Asset, drawn: Object, scale: tuple[float, float, float]) -> Asset:
    """Apply an object's scale, mirror, label and density to an asset, whose frame stays rigid.

    Args:
        asset: The asset as the library has it.
        drawn: The object, without distributions.
        scale: Factors along the asset's axes: equal sizes, x negative for a mirrored one.
    """
    label = drawn.label or asset.label
    density: Any = asset.density if drawn.density is None else drawn.density
    if scale == (1.0, 1.0, 1.0) and label == asset.label and density == asset.density:
        return asset
    factors = np.array(scale, dtype=np.float32)
    return replace(
        asset,
        label=label,
        density=density,
        parts=tuple(_scaled_part(part, factors) for part in asset.parts),
        colliders=tuple(piece * factors for piece in asset.colliders),
        keypoints={name: point * factors for name, point in asset.keypoints.items()},
        symmetries=_scaled_symmetries(asset.symmetries, np.array(scale)),
    )


def _scaled_part(part: Part, factors: npt.NDArray[np.float32]) -> Part:
    mirrored = factors[0] < 0
    return replace(
        part,
        points=part.points * factors,
        faces=np.ascontiguousarray(part.faces[:, ::-1]) if mirrored else part.faces,
        normals=None if part.normals is None else part.normals * np.sign(factors),
    )


def _scaled_symmetries(symmetries: Symmetries, scale: Factors) -> Symmetries:
    """Conjugate symmetries with the scale: uniform scaling keeps rotations, a mirror reflects their axes."""
    into, back = np.diag([*scale, 1.0]), np.diag([*(1 / scale), 1.0])
    signs = np.sign(scale)
    return Symmetries(
        tuple(into @ T @ back for T in symmetries.discrete),
        tuple((_triple(axis, signs), _triple(offset, scale)) for axis, offset in symmetries.continuous),
    )


def _triple(values: tuple[float, float, float], factors: Factors) -> tuple[float, float, float]:
    x, y, z = (float(value * factor) for value, factor in zip(values, factors, strict=True))
    return x, y, z
