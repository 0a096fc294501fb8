"""Hold all triangles in flat arrays, and say what lies where a ray hit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from twin.engines.mitsuba.device import Dr, dr, floats, mi, words
from twin.stage.geometry import Mesh

_SMOOTH = 1


@dataclass(frozen=True)
class Triangles:
    """Every mesh of a stage, one behind the other.

    Args:
        faces: Vertices of each face, relative to the first one of its mesh, and one word unused.
        vertices: Point [m] in the frame of its body, u, normal (zeros where the mesh is flat) and v of each vertex.
        meshes: First vertex, first face, material row and smoothness of each mesh.
    """

    faces: Dr
    vertices: Dr
    meshes: Dr


@dataclass(frozen=True)
class Placement:
    """Where the bodies of one frame are, by the number that Mitsuba gives their shapes.

    Args:
        first_mesh: Row of the body's first mesh in ``Triangles.meshes``.
        transforms: Rows of ``T_world_body``, twelve numbers each.
    """

    first_mesh: Dr
    transforms: Dr


@dataclass
class Hit:
    """A point on a surface, in world coordinates.

    Args:
        point: Where it is [m].
        facet: Normal of the triangle.
        normal: Shading normal, on the same side as the facet's.
        tangent: Direction in which u grows, unit length, at right angles to the shading normal.
        bitangent: Direction in which v grows, likewise.
        uv: Texture coordinates.
        material: Material row.
    """

    point: Dr
    facet: Dr
    normal: Dr
    tangent: Dr
    bitangent: Dr
    uv: Dr
    material: Dr


def triangles(meshes: Sequence[Mesh], material_rows: Mapping[str, int]) -> Triangles:
    """Bring meshes to the device; a material that is not among the rows is the last one."""
    vertices = np.cumsum([0, *(len(mesh.points) for mesh in meshes)])[:-1]
    faces = np.cumsum([0, *(len(mesh.faces) for mesh in meshes)])[:-1]
    last = len(material_rows)
    rows = [
        (vertex, face, material_rows.get(mesh.material, last), _SMOOTH if mesh.normals is not None else 0)
        for mesh, vertex, face in zip(meshes, vertices, faces, strict=True)
    ]
    return Triangles(words(_joined(map(_padded, meshes))), floats(_joined(map(_vertices, meshes))), words(rows))


def _padded(mesh: Mesh) -> npt.NDArray[np.uint32]:
    return np.pad(mesh.faces, ((0, 0), (0, 1)))


def _vertices(mesh: Mesh) -> npt.NDArray[np.float32]:
    normals = np.zeros_like(mesh.points) if mesh.normals is None else mesh.normals
    uv = np.zeros((len(mesh.points), 2), dtype=np.float32) if mesh.uv is None else mesh.uv
    return np.concatenate([mesh.points, uv[:, :1], normals, uv[:, 1:]], axis=1)


def _joined(arrays: Iterable[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    flat = [array.ravel() for array in arrays]
    return np.concatenate(flat) if flat else np.zeros(0)


def placement(bodies: Sequence[tuple[object, int, npt.NDArray[np.float64]]]) -> Placement:
    """Say where bodies are.

    Args:
        bodies: Mitsuba shape or instance, row of its first mesh, and ``T_world_body``, shape (4, 4).
    """
    numbers = [int(dr.reinterpret_array(mi.UInt32, mi.ShapePtr(shape))[0]) for shape, _, _ in bodies]
    first_mesh = np.zeros(max(numbers, default=0) + 1, dtype=np.uint32)
    transforms = np.zeros((len(first_mesh), 3, 4))
    for number, (_, row, T) in zip(numbers, bodies, strict=True):
        first_mesh[number], transforms[number] = row, T[:3]
    return Placement(words(first_mesh), floats(transforms))


def hit(triangles: Triangles, placement: Placement, ray: Dr, found: Dr, active: Dr) -> Hit:
    """Compute the surface that a ray hit.

    Args:
        triangles: The stage's meshes.
        placement: Where its bodies are.
        ray: The ray, to tell front from back: the normals face its origin unless the surface may refract.
        found: Mitsuba's preliminary intersection.
        active: Where there is one.
    """
    single, many = (dr.reinterpret_array(mi.UInt32, shape) for shape in (found.shape, found.instance))
    body = dr.select(many != 0, many, single)
    inner = dr.select(many != 0, found.shape_index, 0)
    row = dr.gather(mi.UInt32, placement.first_mesh, body, active) + inner
    info = dr.gather(mi.Vector4u, triangles.meshes, row, active)
    face = dr.gather(mi.Vector4u, triangles.faces, info.y + found.prim_index, active) + info.x
    T = [dr.gather(mi.Vector4f, placement.transforms, body * 3 + k, active) for k in range(3)]
    (p0, n0, uv0), (p1, n1, uv1), (p2, n2, uv2) = (_vertex(triangles, face[k], active) for k in range(3))
    b1, b2 = found.prim_uv.x, found.prim_uv.y
    b0 = 1.0 - b1 - b2
    e1, e2 = _turned(T, p1 - p0), _turned(T, p2 - p0)
    local = p0 * b0 + p1 * b1 + p2 * b2
    point = _turned(T, local) + mi.Vector3f(T[0].w, T[1].w, T[2].w)
    facet = dr.normalize(dr.cross(e1, e2))
    smooth = _turned(T, n0 * b0 + n1 * b1 + n2 * b2)
    length = dr.norm(smooth)
    normal = dr.select((info.w == _SMOOTH) & (length > 1e-6), smooth / dr.maximum(length, 1e-12), facet)
    normal = dr.select(dr.dot(normal, facet) < 0.0, -normal, normal)
    tangent, bitangent = _tangents(normal, e1, e2, uv1 - uv0, uv2 - uv0)
    return Hit(mi.Point3f(point), facet, normal, tangent, bitangent, mi.Point2f(uv0 * b0 + uv1 * b1 + uv2 * b2), info.z)


def _vertex(triangles: Triangles, index: Dr, active: Dr) -> tuple[Dr, Dr, Dr]:
    low, high = (dr.gather(mi.Vector4f, triangles.vertices, index * 2 + half, active) for half in range(2))
    return mi.Vector3f(low.xyz), mi.Vector3f(high.xyz), mi.Vector2f(low.w, high.w)


def _turned(T: Sequence[Dr], vector: Dr) -> Dr:
    return mi.Vector3f(*(row.x * vector.x + row.y * vector.y + row.z * vector.z for row in T))


def _tangents(normal: Dr, e1: Dr, e2: Dr, du1: Dr, du2: Dr) -> tuple[Dr, Dr]:
    """Solve for the directions in which u and v grow; any frame where uv says nothing."""
    determinant = du1.x * du2.y - du1.y * du2.x
    tangent = (e1 * du2.y - e2 * du1.y) * dr.sign(determinant)
    tangent = tangent - normal * dr.dot(normal, tangent)
    length = dr.norm(tangent)
    known = (dr.abs(determinant) > 1e-12) & (length > 1e-12)
    other, _ = mi.coordinate_system(normal)
    tangent = dr.select(known, tangent / dr.maximum(length, 1e-20), other)
    bitangent = dr.cross(normal, tangent)
    return tangent, dr.select(determinant < 0.0, -bitangent, bitangent)
