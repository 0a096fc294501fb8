"""Let rays pass where a material's opacity is below its threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twin.cast.posed import Posed
from twin.cast.solid import Hits
from twin.cast.texture import Textures, interpolate_uv
from twin.stage.geometry import Material, Mesh, Texture

Array = npt.NDArray[np.float64]

LAYERS = 64
"""A ray passes at most so many cut-out surfaces of one object; one that passes them all hits nothing."""

_STEP = 4e-6
"""A ray goes on so far behind the surface that it passed, relative to 1 m + depth: beyond float32's rounding."""


@dataclass(frozen=True, eq=False)
class Cutout:
    """A material with holes: rays pass where ``opacity < threshold``."""

    opacity: float | Texture
    threshold: float


class Cutouts:
    """Find the holes of a frame's materials; images are read once."""

    def __init__(self) -> None:
        self._textures = Textures()

    def trace(self, thing: Posed, materials: Mapping[str, Material], T_solid_camera: Array, x: Array, y: Array) -> Hits:
        """Cast rays as :meth:`Solid.trace` does, on to the first surface that is not cut away."""
        holes, solid = holes_of(thing.meshes, materials), thing.solid
        hits = solid.trace(T_solid_camera, x, y)
        for layer in range(LAYERS if holes else 0):
            passing = np.flatnonzero(self._passes(thing, holes, hits))
            if not len(passing):
                break
            depth = hits.depth[passing]
            start = depth + _STEP * (1 + depth)
            last = layer == LAYERS - 1
            onward = Hits.none(len(passing)) if last else solid.trace(T_solid_camera, x[passing], y[passing], start)
            hits = hits.replaced(passing, onward)
        return hits

    def _passes(self, thing: Posed, holes: Mapping[int, Cutout], hits: Hits) -> npt.NDArray[np.bool_]:
        passes = np.zeros(len(hits.face), dtype=bool)
        hit = np.flatnonzero(hits.face >= 0)
        mesh = thing.solid.mesh_of(hits.face[hit])
        for row, cutout in holes.items():
            own = hit[mesh == row]
            face = hits.face[own] - thing.solid.first[row]
            uv = interpolate_uv(thing.meshes[row], face, hits.barycentric[:, own])
            passes[own] = self._opacity(cutout.opacity, uv) < cutout.threshold
        return passes

    def _opacity(self, opacity: float | Texture, uv: Array) -> Array:
        if isinstance(opacity, Texture):
            return self._textures.sample(opacity, uv)[:, 0]
        return np.full(len(uv), float(opacity))


def holes_of(meshes: Sequence[Mesh], materials: Mapping[str, Material]) -> dict[int, Cutout]:
    """Return the materials with holes by mesh number."""
    found = ((row, _cutout(materials.get(mesh.material))) for row, mesh in enumerate(meshes))
    return {row: cutout for row, cutout in found if cutout is not None}


def _cutout(material: Material | None) -> Cutout | None:
    inputs = material.inputs if material else {}
    opacity, threshold = inputs.get("opacity", 1.0), inputs.get("opacityThreshold", 0.0)
    if not isinstance(threshold, float | int) or threshold <= 0 or isinstance(opacity, tuple):
        return None
    return Cutout(opacity, float(threshold)) if isinstance(opacity, Texture) or opacity < threshold else None
