"""Hold a solid at its place in one frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twin.cast.solid import Solid
from twin.stage.geometry import Mesh

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Posed:
    """A solid in a frame.

    Args:
        solid: The triangles.
        meshes: The meshes that they come from.
        row: Row of the first of these in ``CastScene.meshes``.
        classes: Class id of each mesh.
        instance: Slot + 1, or 0 for the world.
        T_world_solid: Pose, shape (4, 4).
        keypoints: Keypoints in the solid's frame [m], shape (K, 3).
    """

    solid: Solid
    meshes: tuple[Mesh, ...]
    row: int
    classes: npt.NDArray[np.uint16]
    instance: int
    T_world_solid: Array
    keypoints: Array
