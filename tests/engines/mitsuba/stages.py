"""Build small stages and frames by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twin.conventions import intrinsics, look_at, rotation_axis, transform
from twin.engines.base import StageFile
from twin.engines.mitsuba.renderer import MitsubaRenderer
from twin.engines.mitsuba.settings import Mitsuba
from twin.frame import CameraState, FrameState, Pixels, SlotState
from twin.stage.geometry import Geometry, Light, Material, Member, Mesh, Slot

UPRIGHT = rotation_axis([1, 0, 0], np.pi / 2)
"""Turns the dome's +y pole to +z."""


class Stage(StageFile):
    """A stage that is already read."""

    def __init__(self, geometry: Geometry) -> None:
        super().__init__(Path("hand-made.usda"), geometry.classes)
        self.__dict__["geometry"] = geometry


def mesh(points: Any, faces: Any, material: str = "", normals: Any = None, uv: Any = None, path: str = "/mesh") -> Mesh:
    def real(values: Any) -> Any:
        return None if values is None else np.asarray(values, dtype=np.float32)

    return Mesh(path, real(points), np.asarray(faces, dtype=np.uint32), real(normals), real(uv), material)


def quad(size: float = 1.0, z: float = 0.0, material: str = "", centre: Sequence[float] = (0, 0)) -> Mesh:
    """A square in the xy plane that faces +z; uv runs from 0 to 1 along +x and +y."""
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=float)
    points = np.concatenate([(corners - 0.5) * size + centre, np.full((4, 1), z)], axis=1)
    return mesh(points, [[0, 1, 2], [0, 2, 3]], material, uv=corners)


def ball(radius: float = 0.1, rings: int = 24, material: str = "", centre: Sequence[float] = (0, 0, 0)) -> Mesh:
    """A sphere with exact normals; uv is longitude and latitude."""
    v, u = np.meshgrid(np.linspace(0, 1, rings + 1), np.linspace(0, 1, 2 * rings + 1), indexing="ij")
    theta, phi = np.pi * (1 - v), 2 * np.pi * u
    normal = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], axis=-1)
    row, column = np.meshgrid(np.arange(rings), np.arange(2 * rings), indexing="ij")
    a = (row * (2 * rings + 1) + column).ravel()
    b, c, d = a + 1, a + 2 * rings + 2, a + 2 * rings + 1
    faces = np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])
    points = normal.reshape(-1, 3)
    sides = points[faces]
    area = np.linalg.norm(np.cross(sides[:, 1] - sides[:, 0], sides[:, 2] - sides[:, 0]), axis=1)
    uv = np.stack([u, v], axis=-1).reshape(-1, 2)
    return mesh(points * radius + centre, faces[area > 1e-12], material, points, uv)


def box(size: Sequence[float] = (0.1, 0.1, 0.1), material: str = "", centre: Sequence[float] = (0, 0, 0)) -> Mesh:
    """A box of flat faces; each shows the whole texture."""
    points: list[Any] = []
    faces: list[Any] = []
    uv: list[Any] = []
    for axis in range(3):
        for side in (-1.0, 1.0):
            u, v = np.eye(3)[(axis + 1) % 3], np.eye(3)[(axis + 2) % 3]
            n = np.eye(3)[axis] * side
            u = u * side
            start = len(points)
            for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
                points.append((n + a * u + b * v) * np.asarray(size) / 2 + centre)
                uv.append(((a + 1) / 2, (b + 1) / 2))
            faces += [(start, start + 1, start + 2), (start, start + 2, start + 3)]
    return mesh(points, faces, material, uv=uv)


def material(path: str, **inputs: Any) -> Material:
    return Material(path, f"{path}/surface", inputs)


def matte(path: str, grey: float = 0.5) -> Material:
    """A Lambertian surface without any gloss."""
    return material(path, diffuseColor=(grey,) * 3, useSpecularWorkflow=1.0, specularColor=(0.0,) * 3, roughness=1.0)


def light(kind: str, T: Any = None, path: str = "/light", **inputs: Any) -> Light:
    names = {name.replace("_", ":"): value for name, value in inputs.items()}
    return Light(path, kind, names, np.eye(4) if T is None else np.asarray(T, dtype=float))


def dome(radiance: float = 1.0, **inputs: Any) -> Light:
    return light("dome", transform(UPRIGHT, [0, 0, 0]), "/dome", intensity=radiance, **inputs)


def geometry(
    world: Sequence[Mesh] = (),
    slots: Mapping[str, Sequence[Sequence[Mesh]]] | None = None,
    materials: Sequence[Material] = (),
    lights: Sequence[Light] = (),
    **more: Any,
) -> Geometry:
    made = tuple(Slot(f"/slot/{name}", name, _pool(name, pool)) for name, pool in (slots or {}).items())
    found = {m.path: m for m in materials}
    return Geometry(Path("/nowhere"), tuple(world), made, found, {x.path: x for x in lights}, {"thing": 1}, **more)


def _pool(name: str, pool: Sequence[Sequence[Mesh]]) -> tuple[Member, ...]:
    return tuple(
        Member(f"/slot/{name}/{number}", f"{name}{number}", "thing", tuple(meshes), {})
        for number, meshes in enumerate(pool)
    )


def camera(
    eye: npt.ArrayLike = (0, 0, 1), target: npt.ArrayLike = (0, 0, 0), size: tuple[int, int] = (32, 32),
    focal: float = 32.0, K: Any = None, distortion: Any = None,
) -> CameraState:  # fmt: skip
    K = intrinsics(focal, focal, size[0] / 2, size[1] / 2) if K is None else K
    return CameraState(*size, K, np.zeros(8) if distortion is None else np.asarray(distortion), look_at(eye, target))


def state(
    cameras: Mapping[str, CameraState] | CameraState, slots: Sequence[SlotState] = (), frame: int = 0,
    opinions: Mapping[str, Mapping[str, Any]] | None = None, seed: int = 7,
) -> FrameState:  # fmt: skip
    named = {"front": cameras} if isinstance(cameras, CameraState) else dict(cameras)
    return FrameState(frame, seed, 0, 0, tuple(slots), named, opinions or {}, {})


def slot(name: str, at: Sequence[float] = (0, 0, 0), turn: float = 0.0, member: int = 0) -> SlotState:
    return SlotState(name, True, member, transform(rotation_axis([0, 0, 1], turn), at))


def empty(name: str) -> SlotState:
    return SlotState(name, False, 0, np.full((4, 4), np.nan))


def renderer(**settings: Any) -> MitsubaRenderer:
    return MitsubaRenderer(Mitsuba.model_validate({"kind": "mitsuba", "device": "cpu", **settings}))


def render(stage: Geometry, frame: FrameState, **settings: Any) -> Pixels:
    with renderer(**{"denoise": False, "spp": 64, **settings}) as engine:
        engine.open(Stage(stage), tuple(frame.cameras), ["linear"])
        return engine.render(frame)


def image(stage: Geometry, frame: FrameState, **settings: Any) -> npt.NDArray[np.float32]:
    (found,) = render(stage, frame, **settings).linear.values()
    return found
