"""Refuse USD that reaches out of its folder, is absurdly large, or is broken, with the place and the reason."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from pxr import Sdf, Tf, Usd

from twin.assets.cache import cache_folder
from twin.errors import AssetError
from twin.spec.extends import ROOTS_VARIABLE, extra_roots

FILE_LIMIT = 4 << 30
LAYER_LIMIT = 20_000
PRIM_LIMIT = 500_000
TRIANGLE_LIMIT = 50_000_000


def allowed_roots(stage: Path) -> tuple[Path, ...]:
    """Return the folders that files of a stage may lie in: its own, the asset cache and ``TWIN_ASSET_ROOTS``."""
    return (stage.absolute().parent.resolve(), cache_folder().resolve(), *extra_roots())


def check_file(name: str, roots: Iterable[Path], where: str) -> Path:
    """Return the resolved path of a file that a stage names.

    Raises:
        AssetError: where it is remote, lies outside the roots, is missing, or is absurdly large.
    """
    if "://" in name:
        raise AssetError(f"'{name}' is not on this machine", where=where, hint="download it beside the stage")
    path = Path(name.split("[", 1)[0]).resolve()
    if not any(path.is_relative_to(root) for root in roots):
        hint = f"copy it beside the stage, or add its folder to {ROOTS_VARIABLE}"
        raise AssetError(f"'{name}' leaves the folder of the stage", where=where, hint=hint)
    if not path.is_file():
        raise AssetError(f"there is no file '{name}'", where=where)
    if path.stat().st_size > FILE_LIMIT:
        raise AssetError(f"'{name}' has {path.stat().st_size} bytes", where=where, expected=f"at most {FILE_LIMIT}")
    return path


def check_layers(path: Path, roots: Iterable[Path]) -> set[str]:
    """Open every layer that a stage is composed of, each only once its place is known to be allowed.

    Returns:
        Their absolute paths.

    Raises:
        AssetError: naming the layer that refers to a wrong file, or that cannot be read.
    """
    roots = tuple(roots)
    start = str(check_file(str(path.absolute()), roots, where=str(path)))
    found, queue = {start}, [start]
    while queue:
        layer = open_layer(queue.pop())
        for dependency in layer.GetCompositionAssetDependencies():
            name = Sdf.Layer.SplitIdentifier(dependency)[0]
            if not name:  # a reference within the layer
                continue
            full = str(check_file(anchored(layer, name), roots, where=layer.identifier))
            if full not in found:
                found.add(full)
                queue.append(full)
        if len(found) > LAYER_LIMIT:
            raise AssetError(f"the stage has more than {LAYER_LIMIT} layers", where=str(path))
    return found


def anchored(layer: Sdf.Layer, name: str) -> str:
    """Return the path of a file as the layer that names it means it."""
    return name if "://" in name else str(Sdf.ComputeAssetPathRelativeToLayer(layer, name))


def asset_file(attribute: Usd.Attribute, roots: Iterable[Path]) -> Path | None:
    """Return the file that an asset attribute names, or None where it names none.

    Raises:
        AssetError: naming the prim, where the file is missing or must not be read.
    """
    value = attribute.Get(Usd.TimeCode.EarliestTime()) if attribute else None
    if value is None or not value.path:
        return None
    layer = attribute.GetPropertyStack(Usd.TimeCode.EarliestTime())[0].layer
    return check_file(
        value.resolvedPath or anchored(layer, value.path), roots, where=str(attribute.GetPrim().GetPath())
    )


def open_layer(name: str) -> Sdf.Layer:
    """Open one layer.

    Raises:
        AssetError: where it is no USD.
    """
    try:
        layer = Sdf.Layer.FindOrOpen(name)
    except Tf.ErrorException as error:
        reason = error_text(error)
        raise AssetError(f"this is no USD that can be read: {reason}", where=name) from None
    if not layer:
        raise AssetError("this is no USD that can be read", where=name)
    return layer


def error_text(error: Tf.ErrorException) -> str:
    """Return what USD says of an error, without where in its own source it happened."""
    return " ".join(str(getattr(item, "commentary", item)) for item in error.args).strip()


def check_mesh(points: np.ndarray, counts: np.ndarray, indices: np.ndarray, where: str) -> None:
    """Refuse a mesh whose arrays do not fit together.

    Raises:
        AssetError: naming what does not fit.
    """
    if counts.size and counts.min() < 0:
        raise AssetError(f"a face has {counts.min()} corners", where=where)
    if counts.sum() != len(indices):
        raise AssetError(f"the faces have {counts.sum()} corners but {len(indices)} indices", where=where)
    if counts.sum() > 3 * TRIANGLE_LIMIT:
        raise AssetError(f"the mesh has {counts.sum()} corners", where=where, expected=f"at most {3 * TRIANGLE_LIMIT}")
    if indices.size and not (indices.min() >= 0 and indices.max() < len(points)):
        wrong = indices.max() if indices.max() >= len(points) else indices.min()
        raise AssetError(f"a face refers to point {wrong} of {len(points)}", where=where)
    if not np.isfinite(points).all():
        row = int(np.flatnonzero(~np.isfinite(points).all(axis=1))[0])
        raise AssetError(f"point {row} is {points[row].tolist()}", where=where, expected="finite coordinates")
