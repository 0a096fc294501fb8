"""Make the convex pieces that physics collides: one hull, the staves of a vessel, or a decomposition (CoACD).

A decomposition is slow, and another processor may cut elsewhere, so those of the catalogue's objects ship with twin
(``colliders.npz``, under the objects' own licence); a user's own are kept in the cache under the hash of the geometry
and of what cuts it.
Source: Wei et al., "Approximate Convex Decomposition for 3D Meshes with Collision-Aware Concavity and Tree Search",
SIGGRAPH 2022.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from twin.assets.asset import Float, Part
from twin.assets.cache import made
from twin.assets.shapes.solid import hull_points, snapped
from twin.assets.vessel import staves
from twin.cpu import cpu_family
from twin.errors import AssetError, extra_missing

ColliderKind = Literal["hull", "coacd", "vessel"]
HULL_VERTICES = 64
PIECE_LIMIT = 32
PIECE_VERTICES = 32
SETTINGS: dict[str, Any] = {
    "threshold": 0.05, "max_convex_hull": PIECE_LIMIT, "preprocess_mode": "on", "preprocess_resolution": 20,
    "resolution": 1000, "mcts_iterations": 30, "mcts_nodes": 20, "mcts_max_depth": 2, "decimate": True,
    "max_ch_vertex": PIECE_VERTICES, "seed": 1,
}  # fmt: skip
"""Settings of CoACD for a user's mesh; those that ship were made with finer ones."""
_SHIPPED = Path(__file__).with_name("colliders.npz")


def colliders(parts: tuple[Part, ...], kind: ColliderKind, folder: Path, *, where: str) -> tuple[Float, ...]:
    """Return the convex pieces of an asset, vertices [m] of shape (N, 3) each; made at most once, kept in ``folder``.

    Raises:
        AssetError: where the mesh is flat or otherwise bounds no volume.
    """
    points, faces = _geometry(parts)
    if kind == "hull":
        return (hull(points, where=where),)
    if kind == "vessel":
        return staves(points, faces, where=where)
    key = geometry_key(points, faces)
    shipped = _shipped().get(key)
    if shipped is not None:
        return shipped
    file = folder / f"{key}-{_cutter()}.npz"
    return load(made(file, lambda path: save({key: decompose(points, faces, where=where)}, path)))[key]


def _cutter() -> str:
    """Hash what decides how a mesh is cut: settings, program and processor."""
    try:
        program = version("coacd")
    except PackageNotFoundError:
        raise extra_missing("coacd", "render") from None
    return hashlib.sha256(repr((sorted(SETTINGS.items()), program, cpu_family())).encode()).hexdigest()[:16]


def geometry_key(points: npt.NDArray[np.float64], faces: npt.NDArray[np.int64]) -> str:
    """Return the hash that names a geometry's decomposition."""
    digest = hashlib.sha256(np.ascontiguousarray(points, dtype="<f8").tobytes())
    digest.update(np.ascontiguousarray(faces, dtype="<i8").tobytes())
    return digest.hexdigest()[:32]


def _geometry(parts: tuple[Part, ...]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return all parts as one mesh with equal positions welded."""
    points = snapped(np.concatenate([part.points for part in parts]))
    offsets = np.cumsum([0, *(len(part.points) for part in parts)])
    faces = np.concatenate([part.faces.astype(np.int64) + offset for part, offset in zip(parts, offsets, strict=False)])
    unique, index = np.unique(points, axis=0, return_inverse=True)
    return unique, index.reshape(-1)[faces]


def hull(points: npt.NDArray[np.float64], *, where: str) -> Float:
    """Return the corners of the convex hull, thinned to a bounded number.

    Thinning keeps the farthest corners in evenly spread directions, so it loses little volume and no chance is in it.

    Raises:
        AssetError: where the points lie in a plane.
    """
    try:
        from scipy.spatial import ConvexHull, QhullError
    except ImportError:
        raise extra_missing("scipy", "render") from None
    try:
        corners = np.unique(points[ConvexHull(points).vertices], axis=0)
    except QhullError:
        extent = np.ptp(points, axis=0).round(6).tolist()
        raise AssetError(
            f"the mesh bounds no volume: its extent is {extent} m", where=where, expected="a body with some thickness"
        ) from None
    if len(corners) > HULL_VERTICES:
        spread = np.argmax(_directions(4 * HULL_VERTICES) @ corners.T, axis=1)
        chosen = np.unique([*spread, *corners.argmin(axis=0), *corners.argmax(axis=0)])
        corners = _farthest(corners[chosen], HULL_VERTICES)
    return hull_points(corners)


def _directions(count: int) -> npt.NDArray[np.float64]:
    """Return unit vectors spread evenly over the sphere: a Fibonacci lattice."""
    k = np.arange(count) + 0.5
    z, angle = 1 - 2 * k / count, np.pi * (1 + 5**0.5) * k
    r = np.sqrt(1 - z * z)
    return np.stack([r * np.cos(angle), r * np.sin(angle), z], axis=-1)


def _farthest(points: npt.NDArray[np.float64], count: int) -> npt.NDArray[np.float64]:
    """Choose points one after another, each farthest from those chosen; the six extreme ones come first."""
    chosen = list(dict.fromkeys([*points.argmin(axis=0).tolist(), *points.argmax(axis=0).tolist()]))
    distance = np.min([((points - points[k]) ** 2).sum(axis=1) for k in chosen], axis=0)
    while len(chosen) < min(count, len(points)):
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, ((points - points[chosen[-1]]) ** 2).sum(axis=1))
    return points[sorted(chosen)]


def decompose(points: npt.NDArray[np.float64], faces: npt.NDArray[np.int64], *, where: str) -> tuple[Float, ...]:
    """Cut a mesh into convex pieces; seeded, and equal over runs and thread counts on one machine."""
    hull(points, where=where)  # refuses what bounds no volume, before a native library sees it
    try:
        import coacd
    except ImportError:
        raise extra_missing("coacd", "render") from None
    coacd.set_log_level("error")
    pieces = [hull_points(vertices) for vertices, _ in coacd.run_coacd(coacd.Mesh(points, faces), **SETTINGS)]
    return tuple(sorted((piece for piece in pieces if len(piece) >= 4), key=lambda piece: piece.tobytes()))


def save(decompositions: dict[str, tuple[Float, ...]], file: Path) -> None:
    """Write decompositions by key."""
    rows: dict[str, Any] = {}
    for key, pieces in sorted(decompositions.items()):
        rows[f"{key}/points"] = np.concatenate(pieces)
        rows[f"{key}/counts"] = np.array([len(piece) for piece in pieces], dtype=np.int32)
    with file.open("wb") as stream:
        np.savez_compressed(stream, **rows)


def load(file: Path) -> dict[str, tuple[Float, ...]]:
    """Read what :func:`save` wrote."""
    with np.load(file, allow_pickle=False) as rows:
        keys = sorted({name.partition("/")[0] for name in rows.files})
        return {key: tuple(np.split(rows[f"{key}/points"], np.cumsum(rows[f"{key}/counts"])[:-1])) for key in keys}


@lru_cache(maxsize=1)
def _shipped() -> dict[str, tuple[Float, ...]]:
    return load(_SHIPPED) if _SHIPPED.exists() else {}
