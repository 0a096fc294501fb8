"""Write plain values as typed USD attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pxr import Gf, Sdf, Usd, UsdGeom

from twin.errors import SpecError
from twin.frame import Json

_GF: Mapping[str, Callable[[Any], Any]] = {
    "float": float,
    "double": float,
    "bool": bool,
    "int": int,
    "token": str,
    "string": str,
    "token[]": list,
    "float2": lambda value: Gf.Vec2f(*value),
    "float3": lambda value: Gf.Vec3f(*value),
    "color3f": lambda value: Gf.Vec3f(*value),
    "normal3f": lambda value: Gf.Vec3f(*value),
    "float4": lambda value: Gf.Vec4f(*value),
    "int2": lambda value: Gf.Vec2i(*value),
    "matrix4d": lambda value: Gf.Matrix4d(*(tuple(row) for row in value)),
}


def author(stage: Usd.Stage, opinions: Mapping[str, Mapping[str, Json]], assets: str, *, skip: str = "") -> None:
    """Set values on attributes that the stage already declares; their types decide how a value is read.

    Args:
        stage: The stage, with its edit target set.
        opinions: Prim path -> attribute -> value.
        assets: Folder that asset paths are relative to, as the stage's layer spells it.
        skip: Prims of this name may be missing.

    Raises:
        SpecError: where the stage has no such attribute.
    """
    with Sdf.ChangeBlock():
        for path in sorted(opinions):
            prim = stage.GetPrimAtPath(path)
            if not prim and skip and path.rsplit("/", 1)[1] == skip:
                continue
            for name, value in opinions[path].items():
                attribute = prim.GetAttribute(name) if prim else None
                if not attribute:
                    hint = "the frame belongs to another scene or block"
                    raise SpecError(f"the stage has no attribute '{name}' there", where=path, hint=hint)
                attribute.Set(_typed(str(attribute.GetTypeName()), value, assets))


def _typed(kind: str, value: Json, assets: str) -> Any:
    if kind == "asset":
        return Sdf.AssetPath(f"{assets}/{value['asset']}" if value["asset"] else "")
    return _GF[kind](value)


def declare(prim: Usd.Prim, name: str, kind: str, value: Any = None, *, custom: bool = False) -> Usd.Attribute:
    """Create an attribute of a USD type such as ``color3f``, and set it where a value is given."""
    attribute = prim.CreateAttribute(name, Sdf.ValueTypeNames.Find(kind), custom)
    if value is not None:
        attribute.Set(_typed(kind, value, ""))
    return attribute


def place(prim: Usd.Prim, T: Any = None) -> None:
    """Give a prim one ``xformOp:transform``; ``T`` is a column-vector 4x4."""
    matrix = Gf.Matrix4d(1.0) if T is None else Gf.Matrix4d(*(tuple(row) for row in T.T.tolist()))
    UsdGeom.Xformable(prim).MakeMatrixXform().Set(matrix)
