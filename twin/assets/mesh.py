"""Use a mesh file as an object."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from twin.assets.asset import Asset, Float
from twin.assets.colliders import ColliderKind, colliders
from twin.assets.made import MadeAsset, made_asset
from twin.assets.meshes import oriented, parts, read_pieces
from twin.seeds import Bits
from twin.spec.scene import File, Name
from twin.spec.units import Density, Length
from twin.spec.values import Random, drawn

if TYPE_CHECKING:
    from twin.assets.library import Library


class Mesh(MadeAsset):
    """A mesh file: OBJ, GLB, STL or PLY, with its textures beside or inside it."""

    kind: Literal["mesh"]
    file: File = Field(description="Mesh file, written './name', relative to this file.")
    scale: Annotated[float, Field(gt=0, le=1e6)] = Field(default=1.0, description="Metres in one unit of the file.")
    up: Literal["y", "z"] | None = Field(default=None, description="Up axis of the file; y of a .glb, else z.")
    label: Name | None = Field(default=None, description="Semantic class; the file's name where left out.")
    density: Random[Density] = Field(default=500.0, description="Density [kg/m3].")
    collider: ColliderKind = Field(
        default="hull", description="One convex hull, convex pieces by CoACD, or the staves of a round vessel."
    )
    keypoints: dict[Name, tuple[Length, Length, Length]] = Field(
        default={}, description="Positions [m] by name: Z up, from the centre of the base."
    )

    @property
    def label_name(self) -> str:
        """Semantic class of what is built."""
        return self.label or Path(self.file).stem

    def build(self, library: Library, bits: Bits) -> Asset:
        """Read the file; metres, Z up, origin at the centre of the base."""
        file = Path(self.file).absolute()
        up = self.up or ("y" if file.suffix.lower() == ".glb" else "z")
        shapes = parts(oriented(read_pieces(file, library.made), self.scale, up), smooth=False)
        pieces = colliders(shapes, self.collider, library.made, where=str(file))
        keypoints: dict[str, Float] = {
            name: np.array(point, dtype=np.float32) for name, point in self.keypoints.items()
        }
        return made_asset(self.label_name, shapes, pieces, keypoints=keypoints, density=drawn(self.density))
