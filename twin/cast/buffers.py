"""Hold what ray casting found, for the label functions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Silhouette:
    """The whole outline of one object, on a raster padded by max(H, W) on every side.

    Args:
        all: Pixels of the whole object, in the frame or not.
        in_frame: Pixels inside the frame.
        box: Half-open ``(x0, y0, x1, y1)`` of the whole silhouette [px], frame coordinates; zeros where empty.
        mask: Amodal mask inside the frame, cropped to ``origin`` and its own shape, bool.
        origin: (x, y) of the mask's top-left pixel in the frame.
    """

    all: int
    in_frame: int
    box: tuple[int, int, int, int]
    mask: npt.NDArray[np.bool_]
    origin: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Truth:
    """What one camera sees at its pixel centres, on the first surface hit.

    Args:
        instance: Slot + 1, 0 elsewhere, uint16 (H, W).
        semantic: Class id, 0 where unlabelled, uint16 (H, W).
        depth: Planar z [m], float32 (H, W), +inf where nothing was hit.
        normals: Unit surface normal in the camera frame, float32 (H, W, 3); zeros where nothing was hit. It is the
            smooth normal interpolated between the vertices where the mesh has vertex normals, else the face's; on the
            side that faces the camera, and where interpolation would turn it away bent back to grazing. Normal maps
            do not enter.
        mesh: Row of the geometry's mesh list that was hit, int32 (H, W), -1 where none (see ``CastScene.meshes``).
        triangle: Face of that mesh, int32 (H, W).
        barycentric: Weights of its second and third vertex, float32 (H, W, 2).
        silhouettes: One for each slot, None where the slot is empty or no silhouettes were asked for.
        keypoint_depth: For each slot the planar depth [m] of the first hit on the ray exactly through each keypoint of
            its member, in the member's order, float64 (K,): +inf where nothing was hit, NaN where the keypoint is
            not in the frame; None where the slot is empty. So a keypoint's state never depends on pixel rounding.
    """

    instance: npt.NDArray[np.uint16]
    semantic: npt.NDArray[np.uint16]
    depth: npt.NDArray[np.float32]
    normals: npt.NDArray[np.float32]
    mesh: npt.NDArray[np.int32]
    triangle: npt.NDArray[np.int32]
    barycentric: npt.NDArray[np.float32]
    silhouettes: tuple[Silhouette | None, ...]
    keypoint_depth: tuple[npt.NDArray[np.float64] | None, ...] = ()
