"""Hold all triangles in flat arrays, and say what lies where a ray hit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import drjit as dr
import mitsuba as mi
import numpy as np
import numpy.typing as npt

from twin.engines.mitsuba.device import Dr, floats, words
from twin.stage.geometry import Mesh

_SMOOTH = 1


@dataclass(frozen=True)
class Triangles:
    """Every mesh of a stage, one behind the other.

    Args:
        faces: Vertex indices, relative to the first vertex of the mesh.
        points: Vertices [m], in the frame of their own body.
        normals: Vertex normals, zeros where the mesh is flat.
        uv: Texture coordinates, zeros where the mesh has none.
        meshes: First vertex, first face, material row and flags of each mesh.
    """

    faces: Dr
    points: Dr
    normals: Dr
    uv: Dr
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
    return Triangles(
        faces=words(_stacked([mesh.faces for mesh in meshes])),
        points=floats(_stacked([mesh.points for mesh in meshes])),
        normals=floats(_stacked([_or_zeros(mesh.normals, mesh, 3) for mesh in meshes])),
        uv=floats(_stacked([_or_zeros(mesh.uv, mesh, 2) for mesh in meshes])),
        meshes=words(rows),
    )


def _or_zeros(values: npt.NDArray[np.float32] | None, mesh: Mesh, width: int) -> npt.NDArray[np.float32]:
    return np.zeros((len(mesh.points), width), dtype=np.float32) if values is None else values


def _stacked(arrays: Sequence[npt.NDArray[np.generic]]) -> npt.NDArray[np.generic]:
    return np.concatenate([array.ravel() for array in arrays]) if arrays else np.zeros(0)


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
    corners = dr.gather(mi.Vector3u, triangles.faces, info.y + found.prim_index, active) + info.x
    T = [dr.gather(mi.Vector4f, placement.transforms, body * 3 + k, active) for k in range(3)]
    p0, p1, p2 = (dr.gather(mi.Vector3f, triangles.points, corner, active) for corner in corners)
    n0, n1, n2 = (dr.gather(mi.Vector3f, triangles.normals, corner, active) for corner in corners)
    uv0, uv1, uv2 = (dr.gather(mi.Vector2f, triangles.uv, corner, active) for corner in corners)
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
