"""Build stages and states by hand, and know them analytically: boxes and spheres, in float64, at pixel centres."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from twin import conventions
from twin.frame import CameraState, FrameState, Json, SlotState
from twin.stage.geometry import Geometry, Material, Member, Mesh, Slot

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

CLASSES = {"table": 7, "box": 1, "ball": 2}
STRAIGHT = np.zeros(8)


@dataclass(frozen=True)
class Box:
    """A box of half extents [m] around a centre, with its keypoints."""

    half: tuple[float, float, float]
    centre: tuple[float, float, float] = (0.0, 0.0, 0.0)
    keypoints: tuple[tuple[float, float, float], ...] = ()
    label: str = "box"

    def meshes(self, path: str) -> tuple[Mesh, ...]:
        corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * self.half + self.centre
        quads = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
        faces = [[q[0], q[i], q[i + 1]] for q in quads for i in (1, 2)]
        return (mesh(path, corners, faces, label=self.label),)

    def depth(self, origin: Array, rays: Array) -> Array:
        """Slabs: the first t > 0 at which origin + t ray crosses the surface."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ends = [(np.array(self.centre) + side * np.array(self.half) - origin) / rays for side in (-1, 1)]
        near, far = np.nanmax(np.minimum(*ends), axis=-1), np.nanmin(np.maximum(*ends), axis=-1)
        first = np.where(near > 0, near, far)
        return np.where((near <= far) & (first > 0), first, np.inf)


@dataclass(frozen=True)
class Ball:
    """A sphere, finely tessellated: chords leave it by less than 4e-5 of its radius."""

    radius: float
    centre: tuple[float, float, float] = (0.0, 0.0, 0.0)
    keypoints: tuple[tuple[float, float, float], ...] = ()
    label: str = "ball"
    subdivisions: int = 6

    def meshes(self, path: str) -> tuple[Mesh, ...]:
        vertices, faces = icosphere(self.subdivisions)
        return (mesh(path, vertices * self.radius + self.centre, faces, label=self.label, normals=vertices),)

    def depth(self, origin: Array, rays: Array) -> Array:
        offset = origin - self.centre
        a, b = (rays * rays).sum(-1), rays @ offset
        root = b * b - a * (offset @ offset - self.radius**2)
        with np.errstate(invalid="ignore"):
            near, far = ((-b + sign * np.sqrt(root)) / a for sign in (-1, 1))
        first = np.where(near > 0, near, far)
        return np.where((root >= 0) & (first > 0), first, np.inf)


Shape = Box | Ball


@cache
def icosphere(subdivisions: int) -> tuple[Array, npt.NDArray[np.int64]]:
    import trimesh

    sphere = trimesh.creation.icosphere(subdivisions=subdivisions)
    return np.asarray(sphere.vertices), np.asarray(sphere.faces)


def mesh(
    path: str,
    points: npt.ArrayLike,
    faces: npt.ArrayLike,
    *,
    normals: npt.ArrayLike | None = None,
    uv: npt.ArrayLike | None = None,
    material: str = "",
    label: str = "",
) -> Mesh:
    def floats(values: npt.ArrayLike | None) -> npt.NDArray[np.float32] | None:
        return None if values is None else np.asarray(values, dtype=np.float32)

    corners = np.asarray(points, dtype=np.float32)
    return Mesh(path, corners, np.asarray(faces, dtype=np.uint32), floats(normals), floats(uv), material, label=label)


def stage(
    world: Sequence[Mesh],
    pools: Sequence[Sequence[Shape]],
    materials: Iterable[Material] = (),
    folder: Path = Path("/"),
) -> Geometry:
    slots = [
        Slot(f"/S{number}", f"s{number}", tuple(member(f"/S{number}/m{i}", shape) for i, shape in enumerate(pool)))
        for number, pool in enumerate(pools)
    ]
    by_path = {material.path: material for material in materials}
    return Geometry(folder, tuple(world), tuple(slots), by_path, {}, CLASSES)


def member(path: str, shape: Shape) -> Member:
    keypoints = {f"k{i}": np.array(point, dtype=np.float32) for i, point in enumerate(shape.keypoints)}
    return Member(path, path, shape.label, shape.meshes(path), keypoints)


def mirrored(source: Member, factors: tuple[float, float, float]) -> Member:
    """Scale a member's points as the stage reader does for a scaled or mirrored asset."""
    scaled = np.array(factors, dtype=np.float32)
    meshes = tuple(mesh(m.path, m.points * scaled, m.faces, label=m.label) for m in source.meshes)
    return Member(source.path, source.asset, source.label, meshes, {k: p * scaled for k, p in source.keypoints.items()})


def camera(
    T_world_camera: Array, K: Array, size: tuple[int, int] = (320, 240), distortion: npt.ArrayLike = STRAIGHT
) -> CameraState:
    return CameraState(*size, K, np.asarray(distortion, dtype=np.float64), T_world_camera)


def state(
    slots: Sequence[tuple[int, Array] | None],
    cameras: Mapping[str, CameraState],
    opinions: Mapping[str, Mapping[str, Json]] | None = None,
) -> FrameState:
    states = tuple(
        SlotState(f"s{number}", False, 0, np.full((4, 4), np.nan))
        if slot is None
        else SlotState(f"s{number}", True, slot[0], slot[1])
        for number, slot in enumerate(slots)
    )
    return FrameState(0, 0, 0, 0, states, cameras, opinions or {}, {})


@dataclass(frozen=True, eq=False)
class Analytic:
    """What a camera sees of shapes, by formula.

    Args:
        depth: Planar z of each shape alone on the padded raster, shape (shapes, rows, columns).
        ids: Instance id of each shape.
        margin: Padding of the raster [px].
    """

    depth: Array
    ids: tuple[int, ...]
    margin: int

    @property
    def frame(self) -> tuple[Array, npt.NDArray[np.int64]]:
        """Depth and instance id of the frame's pixels."""
        rows, columns = self.depth.shape[1:]
        inside = self.depth[:, self.margin : rows - self.margin, self.margin : columns - self.margin]
        nearest = inside.argmin(axis=0)
        depth = inside.min(axis=0)
        return depth, np.where(np.isfinite(depth), np.array(self.ids)[nearest], 0)

    def silhouette(self, instance: int) -> Mask:
        return np.asarray(np.isfinite(self.depth[self.ids.index(instance)]))


def analytic(shapes: Sequence[tuple[int, Shape, Array]], view: CameraState) -> Analytic:
    """Cast by formula at shapes given as (instance id, shape, T_world_shape)."""
    margin = max(view.width, view.height)
    uv = conventions.pixel_centers(view.width, view.height, margin)
    directions = conventions.pixel_directions(uv, view.K, view.distortion)
    seen = np.isfinite(directions[..., 0])
    depths = []
    for _, shape, T_world_shape in shapes:
        T = np.asarray(np.linalg.inv(T_world_shape) @ view.T_world_camera, dtype=np.float64)
        depth = np.full(directions.shape[:2], np.inf)
        depth[seen] = shape.depth(T[:3, 3], directions[seen] @ T[:3, :3].T)
        depths.append(depth)
    return Analytic(np.array(depths), tuple(instance for instance, _, _ in shapes), margin)
