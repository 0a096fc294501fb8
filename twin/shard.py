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
    │   ├── keypoints, symmetries          (A,)          utf8    JSON: list of names; {"discrete": [4x4, ...],
    │                                                            "continuous": [{"axis": xyz, "offset": xyz [m]}, ...]}
    └── cameras/<name>/
        ├── K (N,3,3) f8   T_world_camera (N,4,4) f8   distortion (N,8) f8
        ├── rgb/data u1 flat, rgb/offset (N+1,) i8               JPEG bytes of row i: data[offset[i]:offset[i + 1]]
        ├── rgb/@encoding="jpeg" @width @height                  quality 95, 4:4:4
        ├── linear_sha256                  (N,)          utf8    hash of the scene-linear float32 pixels, beside rgb
        ├── depth                          (N,H,W)       f4 [m]  +inf where nothing was hit
        ├── instance, semantic             (N,H,W)       u2      0 is background
        ├── normals                        (N,H,W,3)     f2      camera frame, 0 where nothing was hit
        ├── T_camera_object                (N,S,4,4)     f8      NaN where absent
        ├── box2d_visible, box2d_full      (N,S,4)       f4 [px] half-open x0 y0 x1 y1; zeros where there is none
        ├── visibility                     (N,S,3)       f4      visible, in_frame, visible_in_frame
        └── keypoints/uv (N,S,K,2) f4 [px]  keypoints/xyz_camera (N,S,K,3) f4 [m]  keypoints/state (N,S,K) u1

K is the most keypoints of any asset of the run; the rest is NaN with state 0. Text is fixed-length utf8. The default
``libver`` and no filter but gzip and shuffle, so that every HDF5 since 1.8 reads it. ``assets/`` lists, in slot and
member order and each once, the assets of the blocks that the shard's frames belong to. No time stamp and no padding
is left to chance: the same frames give the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
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

OBJECT_FIELDS: tuple[Field, ...] = (
    Field("present", "?", ("S",)),
    Field("asset", "i4", ("S",)),
    Field("T_world_object", "f8", ("S", 4, 4)),
)
"""Datasets below ``objects/`` that have a row a frame."""

INDEX_FIELDS: tuple[Field, ...] = (
    Field("frame", "i8", ()),
    Field("sequence", "i8", ()),
    Field("step", "i8", ()),
    Field("pair", "i8", ()),
    Field("time", "f8", ()),
)
"""Numbers at the top of a shard, one a frame."""

TEXT_FIELDS = ("suite", "split", "state")
"""Text at the top of a shard, one a frame."""


@dataclass(frozen=True)
class Column:
    """One dataset of a shard with its sizes filled in.

    Args:
        dtype: NumPy dtype.
        shape: Shape of one frame's row.
        image: Whether a row is one compressed chunk.
    """

    dtype: str
    shape: tuple[int, ...]
    image: bool = False


def columns(
    labels: Iterable[str], cameras: Mapping[str, tuple[int, int]], slots: int, keypoints: int
) -> dict[str, Column]:
    """Lay out every numeric dataset that has a row a frame, by its name in the shard.

    Args:
        labels: Label names; ``rgb`` stands here as the decoded image.
        cameras: Width and height [px] by camera name.
        slots: Number of object slots.
        keypoints: Most keypoints of any asset.
    """
    sizes = {"S": slots, "K": keypoints}
    wanted = set(labels)
    layout = {field.name: _column(field, sizes) for field in INDEX_FIELDS}
    layout |= {f"objects/{field.name}": _column(field, sizes) for field in OBJECT_FIELDS}
    for camera, (width, height) in cameras.items():
        fields = [*CAMERA_FIELDS, *(field for label, group in LABELS.items() if label in wanted for field in group)]
        for field in fields:
            layout[f"cameras/{camera}/{field.name}"] = _column(field, sizes | {"W": width, "H": height})
    return layout


def _column(field: Field, sizes: Mapping[str, int]) -> Column:
    shape = tuple(size if isinstance(size, int) else sizes[size] for size in field.shape)
    return Column(field.dtype, shape, field.image)


@dataclass(frozen=True)
class ShardHeader:
    """What a shard says of itself in its attributes, and what decides its datasets.

    Args:
        scene: Name of the scene.
        scene_digest: Digest of the resolved scene.
        seed: Seed of the run.
        engine: Kind of the engine.
        engine_version: Versions of the engine and of what decides its pixels.
        twin_version: Version of twin.
        frame_first: Index of the first frame.
        frame_count: Number of frames.
        classes: Class ids by name.
        labels: Label names, keys of :data:`LABELS`.
        keypoint_count: Most keypoints of any asset of the run.
        licences: SPDX expressions of what is shown beside the objects: materials and skies of the run.
    """

    scene: str
    scene_digest: str
    seed: int
    engine: str
    engine_version: str
    twin_version: str
    frame_first: int
    frame_count: int
    classes: Mapping[str, int]
    labels: tuple[str, ...]
    keypoint_count: int
    licences: tuple[str, ...] = ()


@dataclass(frozen=True)
class AssetRow:
    """One row of ``assets/``.

    Args:
        name: Name of the asset.
        label: Semantic class name, the column ``class``.
        extent: Least and greatest corner [m], six numbers.
        sha256: Hash of everything that shows or collides.
        keypoints: JSON list of keypoint names.
        symmetries: JSON mapping with ``discrete`` and ``continuous``.
        licence: SPDX expression; goes into ``@licences``.
    """

    name: str
    label: str
    extent: tuple[float, ...]
    sha256: str
    keypoints: str
    symmetries: str
    licence: str


def shard_name(shard: int) -> str:
    """Return the file name of a shard, ``shard-000012.h5``."""
    return f"shard-{shard:06d}.h5"


def entry_name(shard: int) -> str:
    """Return the file name of a shard's manifest entry, ``shard-000012.json``."""
    return f"shard-{shard:06d}.json"


def shard_number(name: str) -> int | None:
    """Return the number in the name of a shard or of its entry, or None where the name is neither."""
    match = re.fullmatch(r"shard-(\d{6,12})\.(h5|json)", name)
    return int(match[1]) if match and entry_name(int(match[1])).startswith(f"shard-{match[1]}.") else None


RUN_NAME = "run.json"
"""The file of a dataset folder that says which run it holds."""

MANIFEST_NAME = "manifest"
"""The folder with one JSON entry a finished shard: the only truth about what is there."""
