"""Shade frames with NumPy alone: a fast double of a renderer, for tests and for machines without Mitsuba.

First hits at pixel centres, one bounce of light, no shadows. It is no photograph, but nothing in a frame's state can
change without changing its pixels: poses, members, cameras, every number, colour and texture of a surface, every light.
Holes of cut-out materials are not seen. There is no chance in it: the same state gives the same bytes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from twin import conventions
from twin.cast.lens import Lens
from twin.cast.plain import Nearest, nearest
from twin.cast.texture import Textures
from twin.engines.base import EngineKind, Renderer, StageFile
from twin.engines.shading import Point, background, shade
from twin.errors import EngineError
from twin.frame import CameraState, FrameState, Pixels
from twin.stage.apply import apply
from twin.stage.geometry import Geometry, Light, Material, Mesh

Array = npt.NDArray[np.float64]

RAW = ("depth", "instance")
"""Raw buffers: planar depth and instance ids of its own ray caster, a cross-check of the labels."""


class Blank(EngineKind):
    """Plain shading without a renderer: the double for tests and dry runs."""

    kind: Literal["blank"]

    def renderer(self) -> Renderer:
        """Start it."""
        return BlankRenderer()

    @classmethod
    def obstacle(cls) -> str:
        """Say that nothing stands in its way."""
        return ""


@dataclass(frozen=True, eq=False)
class Triangles:
    """Everything in a frame, cut into world-frame triangles.

    Args:
        meshes: The meshes, each with its pose and instance id.
        first: Row of each mesh's first triangle.
        corners: Corners [m], shape (T, 3, 3).
    """

    meshes: Sequence[tuple[Mesh, Array, int]]
    first: npt.NDArray[np.int64]
    corners: Array


class BlankRenderer(Renderer):
    """The blank engine at work."""

    name: ClassVar[str] = "blank"

    def __init__(self) -> None:
        self._geometry: Geometry | None = None
        self._cameras: tuple[str, ...] = ()
        self._channels: tuple[str, ...] = ()
        self._textures = Textures()

    @property
    def version(self) -> str:
        """Version of the shading, and of NumPy, which rounds it."""
        return f"blank 1, numpy {np.__version__}"

    def open(self, stage: StageFile, cameras: Sequence[str], channels: Sequence[str]) -> None:
        """Load a stage."""
        self._geometry, self._cameras, self._channels = stage.geometry, tuple(cameras), tuple(channels)

    def render(self, state: FrameState) -> Pixels:
        """Render every opened camera of one frame."""
        started = time.perf_counter()
        geometry = self._opened()
        materials, lights = apply(geometry, state.opinions)
        triangles = _triangles(geometry, state)
        linear: dict[str, npt.NDArray[np.float32]] = {}
        raw: dict[str, Mapping[str, npt.NDArray[np.float32] | npt.NDArray[np.uint16]]] = {}
        for name in self._cameras:
            camera = state.cameras[name]
            lens = Lens(camera.width, camera.height, camera.K, camera.distortion)
            directions = lens.directions(lens.frame)
            seen = nearest(conventions.apply(conventions.inverse(camera.T_world_camera), triangles.corners), directions)
            linear[name] = self._image(camera, directions, seen, triangles, materials, lights)
            raw[name] = {channel: _raw(channel, seen, triangles) for channel in RAW if channel in self._channels}
        return Pixels(linear, raw, {"render": time.perf_counter() - started})

    def close(self) -> None:
        """Forget the stage and its textures."""
        self._geometry, self._textures = None, Textures()

    def _opened(self) -> Geometry:
        if self._geometry is None:
            raise EngineError("the blank engine was asked to render before a stage was opened")
        return self._geometry

    def _image(
        self,
        camera: CameraState,
        directions: Array,
        seen: Nearest,
        triangles: Triangles,
        materials: Mapping[str, Material],
        lights: Mapping[str, Light],
    ) -> npt.NDArray[np.float32]:
        rays = np.concatenate([np.nan_to_num(directions), np.ones_like(directions[..., :1])], axis=-1)
        view = rays @ camera.T_world_camera[:3, :3].T
        image = background(view, lights)
        image[np.isnan(directions[..., 0])] = 0
        for mesh, rows, columns, face, T_world_mesh in _visible(seen, triangles):
            points = camera.T_world_camera[:3, 3] + view[rows, columns] * seen.depth[rows, columns, None]
            weights = seen.weights[:, rows, columns]
            point = Point.on(mesh, face, weights, T_world_mesh, points, view[rows, columns])
            image[rows, columns] = shade(point, materials.get(mesh.material), lights, self._textures)
        return image.astype(np.float32)


def _triangles(geometry: Geometry, state: FrameState) -> Triangles:
    meshes = list(_posed(geometry, state))
    counts = [len(mesh.faces) for mesh, _, _ in meshes]
    corners = [conventions.apply(T_world_mesh, mesh.points)[mesh.faces] for mesh, T_world_mesh, _ in meshes]
    return Triangles(meshes, np.cumsum([0, *counts])[:-1], np.concatenate([*corners, np.empty((0, 3, 3))]))


def _posed(geometry: Geometry, state: FrameState) -> Iterator[tuple[Mesh, Array, int]]:
    for mesh in geometry.world:
        yield mesh, np.eye(4), 0
    for number, slot in enumerate(state.slots):
        if slot.present:
            for mesh in geometry.slots[number].members[slot.member].meshes:
                yield mesh, slot.T_world_object, number + 1


def _visible(
    seen: Nearest, triangles: Triangles
) -> Iterator[tuple[Mesh, npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64], Array]]:
    """Yield each mesh that is seen, with the rows, columns and faces of its pixels, and its pose."""
    owner = np.where(seen.triangle >= 0, np.searchsorted(triangles.first, seen.triangle, side="right") - 1, -1)
    for number in np.unique(owner[owner >= 0]).tolist():
        mesh, T_world_mesh, _ = triangles.meshes[number]
        rows, columns = np.nonzero(owner == number)
        yield mesh, rows, columns, seen.triangle[rows, columns] - triangles.first[number], T_world_mesh


def _raw(channel: str, seen: Nearest, triangles: Triangles) -> npt.NDArray[np.float32] | npt.NDArray[np.uint16]:
    if channel == "depth":
        return seen.depth.astype(np.float32)
    ids = np.array([instance for _, _, instance in triangles.meshes], dtype=np.uint16)
    owner = np.searchsorted(triangles.first, seen.triangle, side="right") - 1
    return np.where(seen.triangle >= 0, ids[owner], 0).astype(np.uint16) if len(ids) else owner.astype(np.uint16) * 0
