"""Read meshes and analytic shapes as welded triangles.

A subdivision surface is taken as its control cage, which is what RTX shows at its default refinement level; without
normals of its own a ``catmullClark`` mesh is shaded smoothly, any other mesh flat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pxr import Gf, Usd, UsdGeom

from twin.errors import AssetError
from twin.stage import gprims
from twin.stage.geometry import Mesh
from twin.stage.guard import check_mesh
from twin.stage.polygons import Corners, Values, compact, is_flat, triangles, vertex_normals, welded
from twin.stage.solids import Solid

TIME = Usd.TimeCode.EarliestTime()


@dataclass(frozen=True)
class Binding:
    """What the material of a mesh decides about it.

    Args:
        material: Path, empty where nothing is bound.
        uv: Name of the primvar that its images use.
        turn: Rotation [rad] and translation of the uv that the mesh takes on, after ``scale``; None for none.
        scale: Repeats that are taken on with the turn.
    """

    material: str
    uv: str = "st"
    turn: tuple[float, float, float] | None = None
    scale: tuple[float, float] = (1.0, 1.0)


def read_mesh(prim: Usd.Prim, matrix: Gf.Matrix4d, label: str, bind: Callable[[Usd.Prim], Binding]) -> Iterator[Mesh]:
    """Yield the triangles of a mesh, one value for each material on it.

    Raises:
        AssetError: where its arrays do not fit together or hold what is no number.
    """
    schema, path = UsdGeom.Mesh(prim), str(prim.GetPath())
    points = _floats(schema.GetPointsAttr().Get(TIME), 3)
    counts, indices = (
        _ints(schema.GetFaceVertexCountsAttr().Get(TIME)),
        _ints(schema.GetFaceVertexIndicesAttr().Get(TIME)),
    )
    check_mesh(points, counts, indices, path)
    holes = _ints(schema.GetHoleIndicesAttr().Get(TIME))
    if holes.size and not (holes.min() >= 0 and holes.max() < len(counts)):
        raise AssetError(f"a hole refers to face {holes.max()} of {len(counts)}", where=path)
    flip = schema.GetOrientationAttr().Get(TIME) == UsdGeom.Tokens.leftHanded
    corners = triangles(counts, indices, holes, flip)
    normals = _normals(schema, len(points), len(counts), len(indices))
    smooth = normals is None and schema.GetSubdivisionSchemeAttr().Get(TIME) == UsdGeom.Tokens.catmullClark
    sided = bool(schema.GetDoubleSidedAttr().Get(TIME))
    sizes = (len(points), len(counts), len(indices))
    for name, faces, binding in _subsets(prim, len(counts), bind):
        chosen = corners if faces is None else corners.of_faces(faces)
        uv = _uv(prim, binding.uv, sizes)
        if normals is not None and is_flat(normals, points, chosen):
            normals = None
        yield _finished(f"{path}{name}", points, chosen, (normals, uv), smooth, matrix, (sided, label, binding))


def read_shape(prim: Usd.Prim, matrix: Gf.Matrix4d, label: str, bind: Callable[[Usd.Prim], Binding]) -> Mesh:
    """Return the triangles of a cube, sphere, cylinder, cone, capsule or plane."""
    solid = SHAPES[str(prim.GetTypeName())](prim)
    where = str(prim.GetPath())
    check_mesh(solid.points, np.full(len(solid.faces), 3), solid.faces.ravel(), where)
    faces = solid.faces.astype(np.int64)
    corners = Corners(faces, np.arange(len(faces)), faces)
    values = Values(solid.normals, "vertex"), Values(solid.uv, "vertex")
    sided = bool(UsdGeom.Gprim(prim).GetDoubleSidedAttr().Get(TIME))
    return _finished(where, solid.points, corners, values, False, matrix, (sided, label, bind(prim)))


def _finished(
    path: str,
    points: Any,
    corners: Corners,
    values: tuple[Values | None, Values | None],
    smooth: bool,
    matrix: Gf.Matrix4d,
    about: tuple[bool, str, Binding],
) -> Mesh:
    """Weld, transform and wrap up one mesh."""
    sided, label, binding = about
    points, faces, found = compact(*welded(points, corners, list(values)))
    normals, uv = found
    if smooth and len(faces):
        normals = vertex_normals(points, faces)
    T = np.array(matrix).T
    if np.linalg.det(T[:3, :3]) < 0:
        faces = faces[:, ::-1]
    placed = points if np.array_equal(T, np.eye(4)) else (points @ T[:3, :3].T + T[:3, 3]).astype(np.float32)
    if normals is not None:
        normals = _turned(normals, T, placed, faces)
    if uv is not None and binding.turn is not None:
        uv = _moved(uv, binding)
    return Mesh(path, placed, faces.astype(np.uint32, order="C"), normals, uv, binding.material, sided, label)


def _turned(normals: Any, T: Any, points: Any, faces: Any) -> Any:
    """Transform normals as planes; where one is no direction, the mean of its faces stands in."""
    turned = normals if np.array_equal(T[:3, :3], np.eye(3)) else normals @ np.linalg.inv(T[:3, :3])
    length = np.sqrt(np.einsum("ij,ij->i", turned, turned))
    if np.all(np.abs(length - 1) < 1e-6):
        return turned.astype(np.float32, copy=False)
    wrong = ~(length > 1e-12)
    if wrong.any():
        turned = np.where(wrong[:, None], vertex_normals(points, faces), turned)
        length[wrong] = 1.0
    return (turned / length[:, None]).astype(np.float32)


def _moved(uv: Any, binding: Binding) -> Any:
    """Apply UsdTransform2d: scale, then rotate counter-clockwise, then translate."""
    assert binding.turn is not None
    angle, dx, dy = binding.turn
    u, v = (uv * binding.scale).T
    c, s = np.cos(angle), np.sin(angle)
    return np.stack([u * c - v * s + dx, u * s + v * c + dy], axis=1).astype(np.float32)


def _subsets(prim: Usd.Prim, count: int, bind: Callable[[Usd.Prim], Binding]) -> Iterator[tuple[str, Any, Binding]]:
    """Yield path suffix, chosen faces (None for all) and binding, for each material on a mesh."""
    rest = np.ones(count, dtype=bool)
    for subset in UsdGeom.Subset.GetGeomSubsets(UsdGeom.Imageable(prim), UsdGeom.Tokens.face, "materialBind"):
        faces = _ints(subset.GetIndicesAttr().Get(TIME))
        if faces.size and not (faces.min() >= 0 and faces.max() < count):
            raise AssetError(f"the subset refers to face {faces.max()} of {count}", where=str(subset.GetPath()))
        chosen = np.zeros(count, dtype=bool)
        chosen[faces] = True
        chosen &= rest
        rest &= ~chosen
        if chosen.any():
            yield f":{subset.GetPrim().GetName()}", chosen, bind(subset.GetPrim())
    if rest.all():
        yield "", None, bind(prim)
    elif rest.any():
        yield "", rest, bind(prim)


def _normals(schema: UsdGeom.Mesh, points: int, faces: int, corners: int) -> Values | None:
    primvar = UsdGeom.PrimvarsAPI(schema.GetPrim()).GetPrimvar("normals")
    if primvar and primvar.HasValue():
        return _values(primvar, 3, (points, faces, corners))
    rows = schema.GetNormalsAttr().Get(TIME)
    if rows is None or not len(rows):
        return None
    found = Values(_floats(rows, 3), str(schema.GetNormalsInterpolation()))
    return _fitting(found, (points, faces, corners), f"{schema.GetPath()}.normals")


def _uv(prim: Usd.Prim, name: str, sizes: tuple[int, int, int]) -> Values | None:
    primvar = UsdGeom.PrimvarsAPI(prim).FindPrimvarWithInheritance(name)
    if not primvar or not primvar.HasValue() or str(primvar.GetTypeName().scalarType) not in _UV_TYPES:
        return None
    return _values(primvar, 2, sizes)


_UV_TYPES = {"float2", "texCoord2f", "half2", "texCoord2h", "double2", "texCoord2d"}


def _values(primvar: UsdGeom.Primvar, width: int, sizes: tuple[int, int, int]) -> Values:
    where = f"{primvar.GetAttr().GetPath()}"
    rows = _floats(primvar.Get(TIME), width)
    indices = _ints(primvar.GetIndices(TIME)) if primvar.IsIndexed() else None
    if indices is not None and indices.size and not (indices.min() >= 0 and indices.max() < len(rows)):
        raise AssetError(f"an index refers to value {indices.max()} of {len(rows)}", where=where)
    return _fitting(Values(rows, str(primvar.GetInterpolation()), indices), sizes, where)


def _fitting(values: Values, sizes: tuple[int, int, int], where: str) -> Values:
    points, faces, corners = sizes
    known = {"constant": 1, "uniform": faces, "vertex": points, "varying": points, "faceVarying": corners}
    wanted = known.get(values.interpolation)
    if wanted is None:
        raise AssetError(f"'{values.interpolation}' is no interpolation", where=where)
    if values.elements() < wanted:
        raise AssetError(
            f"there are {values.elements()} values for {wanted} elements ({values.interpolation})", where=where
        )
    if not np.isfinite(values.rows).all():
        raise AssetError("a value is not finite", where=where)
    if values.interpolation in ("vertex", "varying") and values.elements() > wanted:
        raise AssetError(f"there are {values.elements()} values for {wanted} points", where=where)
    return values


def _floats(value: Any, width: int) -> Any:
    if value is None or not len(value):
        return np.zeros((0, width), dtype=np.float32)
    return np.asarray(value, dtype=np.float32).reshape(-1, width)


def _ints(value: Any) -> Any:
    return np.zeros(0, dtype=np.int64) if value is None or not len(value) else np.asarray(value, dtype=np.int64)


def _get(prim: Usd.Prim, *names: str) -> list[Any]:
    return [prim.GetAttribute(name).Get(TIME) for name in names]


def _cylinder(prim: Usd.Prim) -> Solid:
    radius, height, axis = _get(prim, "radius", "height", "axis")
    return gprims.cylinder(radius, radius, height, axis)


def _cylinder_1(prim: Usd.Prim) -> Solid:
    return gprims.cylinder(*_get(prim, "radiusBottom", "radiusTop", "height", "axis"))


def _capsule(prim: Usd.Prim) -> Solid:
    radius, height, axis = _get(prim, "radius", "height", "axis")
    return gprims.capsule(radius, radius, height, axis)


def _cone(prim: Usd.Prim) -> Solid:
    radius, height, axis = _get(prim, "radius", "height", "axis")
    return gprims.cylinder(radius, 0.0, height, axis)


SHAPES: Mapping[str, Callable[[Usd.Prim], Solid]] = {
    "Cube": lambda prim: gprims.cube(*_get(prim, "size")),
    "Sphere": lambda prim: gprims.sphere(*_get(prim, "radius")),
    "Cylinder": _cylinder,
    "Cylinder_1": _cylinder_1,
    "Capsule": _capsule,
    "Cone": _cone,
    "Plane": lambda prim: gprims.plane(*_get(prim, "width", "length", "axis")),
}
"""USD type -> its mesh. (``Capsule_1`` may have two radii whose half spheres do not meet its sides.)"""
