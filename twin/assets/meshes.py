"""Read mesh files of strangers: OBJ, glTF, STL and PLY, with their textures, into plain parts.

Everything is checked before it is used: sizes, counts, indices, numbers, and where a file's references lead.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twin.assets import gltf
from twin.assets.asset import Image, Part, Surface
from twin.assets.cache import file_sha256
from twin.assets.images import check_image, file_image, limited
from twin.assets.limits import BYTE_LIMIT, COUNT_LIMIT, PART_LIMIT, TEXTURE_LIMIT, check_geometry, first_line, inside
from twin.assets.shapes.solid import smooth_normals
from twin.errors import AssetError, extra_missing, listed, nearest

SUFFIXES = (".glb", ".obj", ".ply", ".stl")
Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Piece:
    """What one material covers, in the file's own units and axes.

    Args:
        points: Vertices, shape (V, 3).
        faces: Vertex indices, shape (F, 3).
        normals: Vertex normals, shape (V, 3), or None where the file has none.
        uv: Texture coordinates, shape (V, 2), or None.
        inputs: Material inputs by UsdPreviewSurface name.
    """

    points: Float64
    faces: npt.NDArray[np.int64]
    normals: Float64 | None
    uv: Float64 | None
    inputs: Mapping[str, Any]


def read_pieces(file: Path, made: Path) -> tuple[Piece, ...]:
    """Read a mesh file, one piece for each material; embedded textures go to the folder ``made``.

    Raises:
        AssetError: where the file is hostile, broken or of a kind that cannot be read.
    """
    _check_file(file)
    if file.suffix.lower() == ".obj":
        from twin.assets.obj import read_obj

        return read_obj(file, made)
    return _read_trimesh(file, made)


def files_sha256(file: Path) -> str:
    """Return one hash over a mesh file and the files that it refers to, by content and not by place."""
    _check_file(file)
    digest = hashlib.sha256(file_sha256(file).encode())
    if file.suffix.lower() == ".obj":
        from twin.assets.obj import referred

        for other in referred(file):
            digest.update(f"\0{other.name}\0{file_sha256(other)}".encode())
    return digest.hexdigest()


def _check_file(file: Path) -> None:
    suffix = file.suffix.lower()
    if suffix not in SUFFIXES:
        hint = nearest(suffix, SUFFIXES)
        raise AssetError(
            f"'{file.name}' is no mesh that can be read", where=str(file), expected=listed(SUFFIXES), hint=hint
        )
    if not file.is_file():
        raise AssetError("there is no such mesh file", where=str(file))
    if file.stat().st_size > BYTE_LIMIT:
        raise AssetError(
            f"the mesh has {file.stat().st_size} bytes", where=str(file), expected=f"at most {BYTE_LIMIT} bytes"
        )


def _read_trimesh(file: Path, made: Path) -> tuple[Piece, ...]:
    try:
        import trimesh
    except ImportError:
        raise extra_missing("trimesh", "render") from None
    if file.suffix.lower() == ".glb":
        gltf.check_glb(file)
    try:
        with file.open("rb") as stream:  # a stream has no folder: the file cannot make us open others
            scene = trimesh.load_scene(stream, file_type=file.suffix.lower()[1:], process=False)
        count = sum(
            len(getattr(scene.geometry[scene.graph[node][1]], "faces", ())) for node in scene.graph.nodes_geometry
        )
        if count > COUNT_LIMIT:
            raise AssetError(f"the scene has {count} triangles", where=str(file), expected=f"at most {COUNT_LIMIT}")
        meshes = [mesh for mesh in scene.dump() if hasattr(mesh, "faces")]
    except AssetError:
        raise
    except Exception as error:  # whatever a broken file makes the reader raise
        raise AssetError(f"the mesh cannot be read: {first_line(error)}", where=str(file)) from None
    if not meshes:
        raise AssetError("the file holds no triangles", where=str(file))
    if len(meshes) > PART_LIMIT:
        raise AssetError(f"the file holds {len(meshes)} meshes", where=str(file), expected=f"at most {PART_LIMIT}")
    return _merged([_piece(mesh, file, made) for mesh in meshes])


def _piece(mesh: Any, file: Path, made: Path) -> Piece:
    points, faces = np.asarray(mesh.vertices, dtype=np.float64), np.asarray(mesh.faces, dtype=np.int64).reshape(-1, 3)
    check_geometry(points, faces, where=str(file))
    uv = getattr(mesh.visual, "uv", None)
    uv = None if uv is None or len(uv) != len(points) else np.asarray(uv, dtype=np.float64)
    normals = np.asarray(mesh.vertex_normals, dtype=np.float64) if file.suffix.lower() == ".glb" else None
    return Piece(points, faces, normals, uv, gltf.material(mesh, file, made))


def _merged(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Join pieces whose material is the same."""
    groups: dict[str, list[Piece]] = {}
    for piece in pieces:
        key = repr((sorted(piece.inputs.items(), key=lambda item: item[0]), piece.uv is None, piece.normals is None))
        groups.setdefault(key, []).append(piece)
    return tuple(_joined(group) for group in groups.values())


def _joined(group: list[Piece]) -> Piece:
    offsets = np.cumsum([0, *(len(piece.points) for piece in group)])
    faces = np.concatenate([piece.faces + offset for piece, offset in zip(group, offsets, strict=False)])

    def stack(rows: list[Float64 | None]) -> Float64 | None:
        there = [row for row in rows if row is not None]
        return np.concatenate(there) if len(there) == len(rows) else None

    points = np.concatenate([piece.points for piece in group])
    return Piece(points, faces, stack([p.normals for p in group]), stack([p.uv for p in group]), group[0].inputs)


def oriented(pieces: tuple[Piece, ...], scale: float, up: str) -> tuple[Piece, ...]:
    """Bring pieces to metres and Z up, with the origin at the centre of the base."""
    turned = [piece.points * scale for piece in pieces]
    axes = [0, 1, 2] if up == "z" else [0, 2, 1]
    signs = np.array([1.0, 1.0, 1.0] if up == "z" else [1.0, -1.0, 1.0])
    turned = [points[:, axes] * signs for points in turned]
    low = np.min([points.min(axis=0) for points in turned], axis=0)
    high = np.max([points.max(axis=0) for points in turned], axis=0)
    base = np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]])
    normals = [None if piece.normals is None else piece.normals[:, axes] * signs for piece in pieces]
    rows = zip(pieces, turned, normals, strict=True)
    return tuple(Piece(points - base, piece.faces, normal, piece.uv, piece.inputs) for piece, points, normal in rows)


def parts(pieces: tuple[Piece, ...], *, smooth: bool) -> tuple[Part, ...]:
    """Turn pieces into parts; ``smooth`` gives normals to those without, else they are shaded flat."""
    return tuple(_finished(piece, f"part_{number}", smooth) for number, piece in enumerate(pieces))


def _finished(piece: Piece, name: str, smooth: bool) -> Part:
    normals = piece.normals
    if normals is None and smooth:
        normals = smooth_normals(piece.points, piece.faces)
    if normals is not None:
        length = np.linalg.norm(normals, axis=1, keepdims=True)
        usable = np.isfinite(normals).all() and bool((length > 1e-6).all())
        normals = normals / length if usable else smooth_normals(piece.points, piece.faces)
    uv = piece.uv if piece.uv is not None and np.isfinite(piece.uv).all() else None
    return Part(
        name,
        piece.points.astype(np.float32),
        piece.faces.astype(np.uint32),
        None if normals is None else normals.astype(np.float32),
        None if uv is None else uv.astype(np.float32),
        Surface(name, piece.inputs),
        double_sided=not closed(piece.points, piece.faces),
    )


def closed(points: Float64, faces: npt.NDArray[np.int64]) -> bool:
    """Say whether every edge joins two triangles that run it in opposite directions, with equal positions welded."""
    _, weld = np.unique(points, axis=0, return_inverse=True)
    corner = weld.reshape(-1)[faces]
    corner = corner[(corner[:, 0] != corner[:, 1]) & (corner[:, 1] != corner[:, 2]) & (corner[:, 2] != corner[:, 0])]
    edges = np.concatenate([corner[:, [0, 1]], corner[:, [1, 2]], corner[:, [2, 0]]]).astype(np.int64)
    size = np.int64(weld.max() + 1)
    forward, backward = np.sort(edges[:, 0] * size + edges[:, 1]), np.sort(edges[:, 1] * size + edges[:, 0])
    return bool(len(forward) and np.array_equal(forward, backward) and (np.diff(forward) > 0).all())


def texture(name: str, folder: Path, made: Path, *, where: str, colorspace: str = "sRGB") -> Image:
    """Open a texture that a material names, which must lie in the mesh's own folder.

    Raises:
        AssetError: where the name leaves the folder, or the image is missing, broken or too large.
    """
    file = inside(name, folder, where=where)
    check_image(file, where=where)
    return limited(file_image(file, colorspace=colorspace), TEXTURE_LIMIT, made)
