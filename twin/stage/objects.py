"""Write an asset as a USD file of its own, which slots reference."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from pxr import Kind, Sdf, Usd, UsdGeom, UsdPhysics, UsdShade, Vt

from twin.assets.asset import Asset, Part, Surface
from twin.errors import AssetError
from twin.stage.author import author, declare, place
from twin.stage.files import publish, store_images
from twin.stage.hulls import hull
from twin.stage.looks import look, values
from twin.stage.networks import define_network
from twin.stage.opinions import is_metric, surface_images
from twin.stage.polygons import Values
from twin.stage.surfaces import named_surfaces, prim_name, surface_name
from twin.stage.tidy import Tidy, flat_shaded, tidied

FORMAT = 1
"""Version of the files' layout; it is part of their names."""

ROOT = "/Asset"


def store_asset(asset: Asset, folder: Path, mdl: bool) -> str:
    """Write an asset below ``folder/objects`` unless it is there, and its images below ``folder/textures``.

    Returns:
        The file's path relative to ``folder``, named by its content.
    """
    images = [pair for surface in named_surfaces(asset).values() for pair in surface_images(surface)]
    store_images(images, folder)
    name = f"objects/{asset_key(asset, mdl)}.usdc"
    publish(folder / name, lambda part: _write(asset, part, mdl))
    return name


def asset_key(asset: Asset, mdl: bool) -> str:
    """Return the name of an asset's file: a hash of all that is in it."""
    sizes = [surface.texture_size for surface in named_surfaces(asset).values()]
    return hashlib.sha256(f"{FORMAT} {mdl} {sizes!r} {asset.sha256}".encode()).hexdigest()[:32]


def _write(asset: Asset, part: Path, mdl: bool) -> None:
    layer = Sdf.Layer.CreateAnonymous(".usdc")
    stage = Usd.Stage.Open(layer)
    stage_metadata(stage, ROOT)
    root = UsdGeom.Xform.Define(stage, ROOT).GetPrim()
    Usd.ModelAPI(root).SetKind(Kind.Tokens.component)
    Usd.ModelAPI(root).SetAssetName(asset.name)
    root.SetCustomDataByKey("twin:licence", asset.licence)
    root.SetCustomDataByKey("twin:credit", asset.credit)
    for surface in named_surfaces(asset).items():
        _material(stage, *surface, mdl)
    for piece in asset.parts:
        _part(stage, asset, piece)
    for number, points in enumerate(asset.colliders):
        _collider(stage, number, points)
    _keypoints(stage, asset)
    layer.Export(str(part))


def stage_metadata(stage: Usd.Stage, default: str) -> None:
    """Say units, up axis and default prim."""
    UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.z)
    UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    UsdPhysics.SetStageKilogramsPerUnit(stage, 1.0)
    stage.GetRootLayer().defaultPrim = default.removeprefix("/")


def _material(stage: Usd.Stage, name: str, surface: Surface, mdl: bool) -> None:
    UsdGeom.Scope.Define(stage, f"{ROOT}/materials")
    network = look(f"{ROOT}/materials/{name}", [surface], metric=is_metric(surface))
    define_network(stage, network, mdl)
    author(stage, values(network, surface), "..", skip="" if mdl else "omnipbr")


def _part(stage: Usd.Stage, asset: Asset, part: Part) -> None:
    UsdGeom.Scope.Define(stage, f"{ROOT}/geometry")
    tidy = tidied(part.points, part.faces, part.normals, part.uv)
    if not len(tidy.faces):
        raise AssetError("no triangle of the part has an area", where=f"{asset.name}: {part.name}")
    mesh = define_mesh(stage, f"{ROOT}/geometry/{part.name}", tidy)
    mesh.CreateDoubleSidedAttr(part.double_sided)
    bind(mesh.GetPrim(), f"{ROOT}/materials/{surface_name(asset, part.surface)}")


def bind(prim: Usd.Prim, material: str) -> None:
    """Bind a prim to a material by path."""
    UsdShade.MaterialBindingAPI.Apply(prim)
    prim.CreateRelationship("material:binding", custom=False).SetTargets([Sdf.Path(material)])


def define_mesh(stage: Usd.Stage, path: str, tidy: Tidy) -> UsdGeom.Mesh:
    """Define a triangle mesh that is not subdivided."""
    mesh = UsdGeom.Mesh.Define(stage, path)
    mesh.CreatePointsAttr(_vec3(tidy.points))
    mesh.CreateFaceVertexCountsAttr(Vt.IntArray.FromNumpy(np.full(len(tidy.faces), 3, dtype=np.int32)))
    mesh.CreateFaceVertexIndicesAttr(_ints(tidy.faces.ravel()))
    mesh.CreateSubdivisionSchemeAttr(UsdGeom.Tokens.none)
    mesh.CreateExtentAttr(_vec3(np.stack([tidy.points.min(axis=0), tidy.points.max(axis=0)])))
    _primvar(mesh, "normals", Sdf.ValueTypeNames.Normal3fArray, _vec3(tidy.normals.rows), tidy.normals)
    if tidy.uv is not None:
        rows = Vt.Vec2fArray.FromNumpy(np.ascontiguousarray(tidy.uv.rows, dtype=np.float32))
        _primvar(mesh, "st", Sdf.ValueTypeNames.TexCoord2fArray, rows, tidy.uv)
    return mesh


def _primvar(mesh: UsdGeom.Mesh, name: str, kind: Sdf.ValueTypeName, rows: Any, values: Values) -> None:
    primvar = UsdGeom.PrimvarsAPI(mesh).CreatePrimvar(name, kind, values.interpolation)
    primvar.Set(rows)
    if values.indices is not None:
        primvar.SetIndices(_ints(values.indices))


def _ints(values: Any) -> Vt.IntArray:
    return Vt.IntArray.FromNumpy(np.ascontiguousarray(values, dtype=np.int32))


def _vec3(values: Any) -> Vt.Vec3fArray:
    return Vt.Vec3fArray.FromNumpy(np.ascontiguousarray(values, dtype=np.float32))


def _collider(stage: Usd.Stage, number: int, points: Any) -> None:
    scope = UsdGeom.Scope.Define(stage, f"{ROOT}/colliders")
    scope.CreatePurposeAttr(UsdGeom.Tokens.guide)
    mesh = define_mesh(stage, f"{ROOT}/colliders/piece_{number}", flat_shaded(*hull(points)))
    prim = mesh.GetPrim()
    UsdPhysics.CollisionAPI.Apply(prim).CreateCollisionEnabledAttr(True)
    UsdPhysics.MeshCollisionAPI.Apply(prim).CreateApproximationAttr(UsdPhysics.Tokens.convexHull)


def _keypoints(stage: Usd.Stage, asset: Asset) -> None:
    for number, (name, position) in enumerate(asset.keypoints.items()):
        UsdGeom.Scope.Define(stage, f"{ROOT}/keypoints")
        valid = prim_name(name)
        prim = UsdGeom.Xform.Define(
            stage, f"{ROOT}/keypoints/{valid if valid == name else f'{valid}_{number}'}"
        ).GetPrim()
        T = np.eye(4)
        T[:3, 3] = position
        place(prim, T)
        declare(prim, "twin:keypoint", "string", name, custom=True)
