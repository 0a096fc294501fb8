"""Fix the layout of a shard, shared by its writer, its readers and its verifier.

    shard-000000.h5
    ├── @format="twin.hdf5" @version=1 @conventions=1
    ├── @scene @scene_digest @seed @engine @engine_version @twin_version @frame_first @frame_count
    ├── @classes (JSON: name -> id) @licences (JSON: list)
    ├── frame, sequence, step, pair        (N,)          i8      -1 where there is none
    ├── time                               (N,)          f8 [s]
    ├── suite, split                       (N,)          utf8
    ├── state                              (N,)          utf8    JSON of the complete FrameState
    ├── objects/
    │   ├── name                           (S,)          utf8    slot names
    │   ├── present                        (N,S)         bool
    │   ├── asset                          (N,S)         i4      row of assets/, -1 where absent
    │   └── T_world_object                 (N,S,4,4)     f8      NaN where absent
    ├── assets/
    │   ├── name, class, sha256            (A,)          utf8
    │   ├── extent                         (A,2,3)       f4 [m]  box of the object frame: least, greatest corner
    │   ├── keypoints, symmetries          (A,)          utf8    JSON: names; transforms and axes
    └── cameras/<name>/
        ├── K (N,3,3) f8   T_world_camera (N,4,4) f8   distortion (N,8) f8
        ├── rgb/data u1 flat, rgb/offset (N+1,) i8               JPEG bytes   linear_sha256 (N,) utf8
        ├── depth                          (N,H,W)       f4 [m]  +inf where nothing was hit
        ├── instance, semantic             (N,H,W)       u2      0 is background
        ├── normals                        (N,H,W,3)     f2      camera frame, 0 where nothing was hit
        ├── T_camera_object                (N,S,4,4)     f8      NaN where absent
        ├── box2d_visible, box2d_full      (N,S,4)       f4 [px] half-open x0 y0 x1 y1; zeros where there is none
        ├── visibility                     (N,S,3)       f4      visible, in_frame, visible_in_frame
        └── keypoints/uv (N,S,K,2) f4 [px]  keypoints/xyz_camera (N,S,K,3) f4 [m]  keypoints/state (N,S,K) u1

K is the most keypoints of any asset of the run; the rest is NaN with state 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FORMAT = "twin.hdf5"
VERSION = 1


@dataclass(frozen=True)
class Field:
    """One dataset of a camera group.

    Args:
        name: Path below ``cameras/<name>/``.
        dtype: NumPy dtype of one frame's array.
        shape: Symbolic shape of one frame: H, W, S (slots), K (keypoints) and numbers.
        image: Whether a frame is one compressed chunk (otherwise many frames share a chunk).
    """

    name: str
    dtype: str
    shape: tuple[str | int, ...]
    image: bool = False


LABELS: Mapping[str, tuple[Field, ...]] = {
    "rgb": (Field("rgb", "u1", ("H", "W", 3), image=True),),
    "depth": (Field("depth", "f4", ("H", "W"), image=True),),
    "instance": (Field("instance", "u2", ("H", "W"), image=True),),
    "semantic": (Field("semantic", "u2", ("H", "W"), image=True),),
    "normals": (Field("normals", "f2", ("H", "W", 3), image=True),),
    "pose": (Field("T_camera_object", "f8", ("S", 4, 4)),),
    "boxes": (Field("box2d_visible", "f4", ("S", 4)), Field("box2d_full", "f4", ("S", 4))),
    "visibility": (Field("visibility", "f4", ("S", 3)),),
    "keypoints": (
        Field("keypoints/uv", "f4", ("S", "K", 2)),
        Field("keypoints/xyz_camera", "f4", ("S", "K", 3)),
        Field("keypoints/state", "u1", ("S", "K")),
    ),
}
"""Label name in a spec -> the datasets that it writes for each camera."""

CAMERA_FIELDS: tuple[Field, ...] = (
    Field("K", "f8", (3, 3)),
    Field("T_world_camera", "f8", (4, 4)),
    Field("distortion", "f8", (8,)),
)
"""Datasets that every camera has, whatever labels were asked for."""
