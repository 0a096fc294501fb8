"""Cast rays at one rigid set of triangles, in its own frame.

A solid is built once and serves every frame: moving it moves the rays instead. One mesh in one Mitsuba scene, so the
face that was hit is all that the tracer is asked for; depth, barycentrics and normals follow from it in float64 and do
not carry the tracer's rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from twin.cast.variant import mitsuba
from twin.stage.geometry import Mesh

Array = npt.NDArray[np.float64]

_LANES = 64
"""Rays are padded to whole vectors in aligned memory; otherwise Dr.Jit compiles a kernel for each alignment."""

_CELLS = 4


@dataclass(frozen=True, eq=False)
class Hits:
    """What rays hit first.

    Args:
        depth: Planar z in the camera frame [m], shape (N,), +inf where nothing was hit.
        face: Face of the solid, shape (N,), -1 where nothing was hit.
        barycentric: Weights of the face's second and third vertex, shape (2, N).
        normals: Surface normals in the camera frame, shape (3, N) (see :class:`twin.cast.buffers.Truth`).
    """

    depth: Array
    face: npt.NDArray[np.int32]
    barycentric: npt.NDArray[np.float32]
    normals: npt.NDArray[np.float32]

    @staticmethod
    def none(count: int) -> Hits:
        """Return ``count`` misses."""
        face = np.full(count, -1, dtype=np.int32)
        zeros = np.zeros((5, count), dtype=np.float32)
        return Hits(np.full(count, np.inf), face, zeros[:2], zeros[2:])

    def replaced(self, where: npt.NDArray[np.int64], new: Hits) -> Hits:
        """Return these hits with ``new`` in the places of some rays."""
        out = Hits(self.depth.copy(), self.face.copy(), self.barycentric.copy(), self.normals.copy())
        out.depth[where], out.face[where] = new.depth, new.face
        out.barycentric[:, where], out.normals[:, where] = new.barycentric, new.normals
        return out


class Solid:
    """Triangle meshes that move as one.

    Args:
        meshes: The meshes; ``first[i]`` is the solid's face at which mesh i begins.
    """

    def __init__(self, meshes: Sequence[Mesh]) -> None:
        self._meshes = tuple(meshes)
        counts = np.array([0, *(len(mesh.faces) for mesh in meshes)])
        self.first = np.cumsum(counts)[:-1]
        self.face_count = int(counts.sum())

    def mesh_of(self, face: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        """Return which of the meshes holds each face, shape (N,)."""
        return np.searchsorted(self.first, face, side="right") - 1

    @cached_property
    def hull(self) -> Array:
        """Points whose convex hull holds the solid, shape (N, 3): corners of its vertices' boxes, cell by cell."""
        if not self.face_count:
            return np.empty((0, 3))
        points = np.concatenate([mesh.points for mesh in self._meshes]).astype(np.float64)
        low, high = points.min(axis=0), points.max(axis=0)
        cell = np.minimum((points - low) / np.maximum(high - low, 1e-30) * _CELLS, _CELLS - 1).astype(int)
        order = np.argsort(key := cell @ (_CELLS * _CELLS, _CELLS, 1), kind="stable")
        starts = np.flatnonzero(np.diff(key[order], prepend=-1))
        lows, highs = (f.reduceat(points[order], starts, axis=0) for f in (np.minimum, np.maximum))
        picks = np.array(np.meshgrid(*[(0, 1)] * 3)).reshape(3, -1).T
        return np.concatenate([np.where(pick, highs, lows) for pick in picks])

    def trace(self, T_solid_camera: Array, x: Array, y: Array, start: Array | None = None) -> Hits:
        """Cast rays from the camera along (x, y, 1), given as ideal coordinates of shape (N,).

        Args:
            T_solid_camera: Rigid transform, shape (4, 4).
            x: Ideal x = X / Z of each ray.
            y: Ideal y = Y / Z of each ray.
            start: Planar z [m] at which each ray begins; zeros by default.
        """
        if not self.face_count or not len(x):
            return Hits.none(len(x))
        rays = _aligned(3, len(x))
        rays[0, : len(x)], rays[1, : len(x)], rays[2, : len(x)] = x, y, 0.0 if start is None else start
        return self._tracer.trace(T_solid_camera, rays, len(x))

    @cached_property
    def _tracer(self) -> _Tracer:
        return _Tracer(self._meshes)


class _Tracer:
    """Hold a solid's triangles on the device and trace them with one kernel, the same for all solids."""

    def __init__(self, meshes: Sequence[Mesh]) -> None:
        mi = mitsuba()
        offsets = np.cumsum([0, *(len(mesh.points) for mesh in meshes)])
        points = np.concatenate([mesh.points for mesh in meshes]).astype(np.float32)
        faces = np.concatenate([mesh.faces + np.uint32(o) for mesh, o in zip(meshes, offsets, strict=False)])
        normals = np.concatenate([_normals(mesh) for mesh in meshes])
        self._points, self._faces = mi.Float(points.ravel()), mi.UInt32(faces.astype(np.uint32).ravel())
        self._normals = mi.Float(normals.astype(np.float32).ravel())
        mesh = self._mesh(mi, len(points), len(faces))
        # Without the robust mode one ray in a million slips through an edge that two triangles share.
        self._scene = mi.load_dict({"type": "scene", "embree_use_robust_intersections": True, "mesh": mesh})

    def _mesh(self, mi: ModuleType, vertices: int, faces: int) -> Any:
        mesh = mi.Mesh("solid", vertices, faces)
        parameters = mi.traverse(mesh)
        parameters["vertex_positions"], parameters["faces"] = self._points, self._faces
        parameters.update()
        return mesh

    def trace(self, T_solid_camera: Array, rays: Array, count: int) -> Hits:
        mi, dr = mitsuba(), _drjit()
        F64, V64 = dr.llvm.Float64, dr.llvm.Array3f64
        T = [[dr.opaque(F64, float(value)) for value in row] for row in T_solid_camera[:3]]
        x, y, start = F64(rays[0]), F64(rays[1]), F64(rays[2])
        d = V64(*(row[0] * x + row[1] * y + row[2] for row in T))
        o = V64(*(row[3] for row in T))
        hit = self._scene.ray_intersect_preliminary(mi.Ray3f(mi.Point3f(o + start * d), mi.Vector3f(d)), True)
        depth, u, v, normal = self._refine(o, d, start, hit)
        face = dr.select(hit.is_valid(), mi.Int32(hit.prim_index), -1)
        n = [sum(T[row][column] * normal[row] for row in range(3)) for column in range(3)]
        out = [depth, face, mi.Float(u), mi.Float(v), *(mi.Float(value) for value in n)]
        dr.eval(out)
        depth, face, *rest = (np.array(value)[:count] for value in out)
        return Hits(depth, face, np.stack(rest[:2]), np.stack(rest[2:]))

    def _refine(self, o: Any, d: Any, start: Any, hit: Any) -> tuple[Any, Any, Any, Any]:
        """Intersect the ray with the plane of the face that was hit, in float64 (Moeller and Trumbore, 1997).

        Where the face is seen so edge-on that its plane is far from the tracer's point, the tracer's point stands.
        """
        dr, ok = _drjit(), hit.is_valid()
        p0, p1, p2 = self._corners(self._points, hit)
        e1, e2, a = p1 - p0, p2 - p0, o - p0
        facing = dr.cross(e1, e2)
        q, determinant = dr.cross(a, d), -dr.dot(d, facing)
        t, u, v = dr.dot(a, facing) / determinant, dr.dot(e2, q) / determinant, -dr.dot(e1, q) / determinant
        near = start + dr.llvm.Float64(hit.t)
        exact = dr.abs(t - near) <= 1e-4 * near
        t, u = dr.select(exact, t, near), dr.select(exact, u, dr.llvm.Float64(hit.prim_uv.x))
        v = dr.select(exact, v, dr.llvm.Float64(hit.prim_uv.y))
        normal = dr.select(ok, self._normal(d, facing, u, v, hit), 0.0)
        return dr.select(ok, t, dr.inf), dr.select(ok, u, 0.0), dr.select(ok, v, 0.0), normal

    def _normal(self, d: Any, facing: Any, u: Any, v: Any, hit: Any) -> Any:
        dr = _drjit()
        facing = dr.normalize(facing)
        facing = dr.select(dr.dot(facing, d) > 0.0, -facing, facing)
        n0, n1, n2 = self._corners(self._normals, hit)
        smooth = (1.0 - u - v) * n0 + u * n1 + v * n2
        length = dr.norm(smooth)
        normal = dr.select(length > 1e-6, smooth / length, facing)
        normal = dr.select(dr.dot(normal, facing) < 0.0, -normal, normal)
        view = dr.normalize(d)
        away = dr.dot(normal, view)  # select, since LLVM 23 cannot compile the maximum of float64
        return dr.normalize(normal - dr.select(away > 0.0, away, 0.0) * view)

    def _corners(self, values: Any, hit: Any) -> list[Any]:
        dr, ok = _drjit(), hit.is_valid()
        V64, F64, Index = dr.llvm.Array3f64, dr.llvm.Float64, type(self._faces)
        vertices = [dr.gather(Index, self._faces, hit.prim_index * 3 + corner, ok) for corner in range(3)]
        return [V64(*(F64(dr.gather(type(values), values, v * 3 + axis, ok)) for axis in range(3))) for v in vertices]


def _normals(mesh: Mesh) -> npt.NDArray[np.float32]:
    """Return vertex normals; zeros stand for flat shading."""
    return np.zeros_like(mesh.points) if mesh.normals is None else mesh.normals


def _drjit() -> ModuleType:
    import drjit

    return drjit


def _aligned(rows: int, count: int) -> Array:
    """Return zeros of shape (rows, count padded to whole vectors) whose rows begin at whole cache lines."""
    padded = -(-count // _LANES) * _LANES
    raw = np.zeros(rows * padded + 8)
    skip = (-raw.ctypes.data // 8) % 8
    return raw[skip : skip + rows * padded].reshape(rows, padded)
