"""Hold an asset as plain arrays: metres, Z up, origin at the centre of its base."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]
Index = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Image:
    """An image file as a material input: ``sample * scale + bias``.

    Args:
        file: Absolute path of a PNG, JPEG or HDR file.
        sha256: Hash of the file.
        colorspace: ``sRGB`` or ``raw``.
        channel: ``rgb``, ``r``, ``g``, ``b`` or ``a``.
        scale: Multiplier of each channel.
        bias: Offset of each channel.
    """

    file: Path
    sha256: str
    colorspace: str = "sRGB"
    channel: str = "rgb"
    scale: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    bias: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Surface:
    """A material, in UsdPreviewSurface's terms.

    Args:
        name: Library name, or a name within its asset.
        inputs: Numbers, linear RGB colours or images by UsdPreviewSurface input name.
        texture_size: Width of one texture repeat [m] where uv is in metres; None where uv is the asset's own.
        licence: SPDX expression.
        credit: Who made it.
    """

    name: str
    inputs: Mapping[str, float | tuple[float, float, float] | Image]
    texture_size: float | None = None
    licence: str = "CC0-1.0"
    credit: str = ""


@dataclass(frozen=True, eq=False)
class Part:
    """A triangle mesh with one surface.

    Args:
        name: Valid USD prim name, unique in the asset.
        points: Vertices [m], shape (V, 3).
        faces: Vertex indices, shape (F, 3), counter-clockwise from outside.
        normals: Vertex normals, shape (V, 3), or None for flat shading.
        uv: Texture coordinates, shape (V, 2), or None.
        surface: How it looks.
        double_sided: Whether its back faces are seen: set where the mesh is not watertight.
    """

    name: str
    points: Float
    faces: Index
    normals: Float | None
    uv: Float | None
    surface: Surface
    double_sided: bool = True


@dataclass(frozen=True, eq=False)
class Symmetries:
    """What leaves an asset looking the same, as BOP defines it.

    Args:
        discrete: Rigid transforms other than the identity, shape (4, 4) each.
        continuous: (axis, offset [m]) pairs: any rotation about the axis through the offset.
    """

    discrete: tuple[npt.NDArray[np.float64], ...] = ()
    continuous: tuple[tuple[tuple[float, float, float], tuple[float, float, float]], ...] = ()


@dataclass(frozen=True, eq=False)
class Asset:
    """An object that a slot can show.

    Args:
        name: Library name (``core/bowl/white_bowl``), or kind and content hash of a made one (``mug-3fa91c22``).
        label: Semantic class name.
        parts: Visible meshes, in the object frame.
        colliders: Convex pieces for physics: vertices [m], shape (N, 3) each, in the object frame.
        keypoints: Positions [m] by name, shape (3,), in the object frame.
        symmetries: What leaves it looking the same.
        density: [kg/m3]; mass is density times the volume of the colliders.
        licence: SPDX expression of the strictest part.
        credit: Who made it; goes into every dataset's CREDITS.
    """

    name: str
    label: str
    parts: tuple[Part, ...]
    colliders: tuple[Float, ...]
    keypoints: Mapping[str, Float] = field(default_factory=dict)
    symmetries: Symmetries = field(default_factory=Symmetries)
    density: float = 500.0
    licence: str = "CC0-1.0"
    credit: str = ""

    @property
    def extent(self) -> Float:
        """Least and greatest corner [m], shape (2, 3)."""
        points = np.concatenate([part.points for part in self.parts])
        return np.stack([points.min(axis=0), points.max(axis=0)])

    @property
    def sha256(self) -> str:
        """Hash of everything that shows, collides or is labelled; equal assets have equal hashes on every machine."""
        digest = hashlib.sha256(f"{self.name}\0{self.label}\0{self.density!r}".encode())
        for part in self.parts:
            for array in (part.points, part.faces, part.normals, part.uv):
                digest.update(b"\0" if array is None else np.ascontiguousarray(array).tobytes())
            digest.update(f"{part.name}\0{part.double_sided}\0{_inputs(part.surface)}".encode())
        for piece in self.colliders:
            digest.update(np.ascontiguousarray(piece).tobytes())
        for name, point in self.keypoints.items():  # their order numbers the labels
            digest.update(name.encode() + np.asarray(point, dtype=np.float32).tobytes())
        for kind in (self.symmetries.discrete, self.symmetries.continuous):
            digest.update(f"\0{len(kind)}\0".encode() + np.asarray(kind, dtype=np.float64).tobytes())
        return digest.hexdigest()


def _inputs(surface: Surface) -> list[tuple[str, Any]]:
    """List a surface's inputs with images as their hashes, never as paths."""

    def plain(value: object) -> Any:
        if isinstance(value, Image):
            return value.sha256, value.colorspace, value.channel, value.scale, value.bias
        return value

    return [(name, plain(value)) for name, value in sorted(surface.inputs.items())]
