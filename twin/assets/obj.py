"""Read Wavefront OBJ files and their materials (MTL); bounded, and with the line in every complaint.

Vertices that share position, texture coordinate and normal become one. A material's colour is ignored where it has a
colour map, since exporters leave arbitrary greys there. Its Phong exponent becomes the roughness of a microfacet
surface with the same highlight: alpha = sqrt(2 / (Ns + 2)), roughness = sqrt(alpha).
Source: Walter et al., "Microfacet Models for Refraction through Rough Surfaces", EGSR 2007.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twin.assets.limits import COUNT_LIMIT, PART_LIMIT, check_geometry, inside, to_linear
from twin.assets.meshes import Piece, texture
from twin.errors import AssetError

_MTL_BYTES = 4 << 20


@dataclass
class _Obj:
    """What the lines of an OBJ file hold."""

    v: list[list[float]] = field(default_factory=list)
    vt: list[list[float]] = field(default_factory=list)
    vn: list[list[float]] = field(default_factory=list)
    corners: dict[str, list[tuple[int, int, int]]] = field(default_factory=dict)
    libraries: list[str] = field(default_factory=list)


def read_obj(file: Path, made: Path) -> tuple[Piece, ...]:
    """Read an OBJ file, one piece for each material.

    Raises:
        AssetError: where it is broken, absurdly large, or refers to what it must not.
    """
    data = _parse(file)
    materials = _materials(file, data.libraries, made)
    if len(data.corners) > PART_LIMIT:
        raise AssetError(
            f"the mesh has {len(data.corners)} materials", where=str(file), expected=f"at most {PART_LIMIT}"
        )
    arrays = tuple(_table(rows, width) for rows, width in ((data.v, 3), (data.vt, 2), (data.vn, 3)))
    default = {"diffuseColor": (0.5, 0.5, 0.5), "roughness": 0.5, "metallic": 0.0}
    groups = [(name, rows) for name, rows in data.corners.items() if rows]
    if not groups:
        raise AssetError(
            f"the mesh has {len(data.v)} vertices and 0 triangles", where=str(file), expected="some of both"
        )
    return tuple(_piece(arrays, rows, materials.get(name, default), file) for name, rows in groups)


def referred(file: Path) -> tuple[Path, ...]:
    """Return the existing files that an OBJ file and its materials name, in order, each once."""
    found: dict[Path, None] = {}
    for name in _parse(file).libraries:
        library = inside(name, file.parent, where=str(file))
        if library.is_file():
            found[library] = None
            for _, key, value in _mtl_lines(library):
                if key.startswith("map_"):
                    found[inside(_map_name(value), file.parent, where=str(library))] = None
    return tuple(path for path in found if path.is_file())


def _table(rows: list[list[float]], width: int) -> npt.NDArray[np.float64]:
    return np.array(rows, dtype=np.float64).reshape(-1, width)


def _parse(file: Path) -> _Obj:
    data, current = _Obj(), ""
    with file.open(encoding="utf-8", errors="replace") as stream:
        for number, line in enumerate(stream, start=1):
            key, _, rest = line.partition(" ")
            try:
                if key in ("v", "vt", "vn"):
                    width = 2 if key == "vt" else 3
                    values = [float(word) for word in rest.split()[:width]]
                    if len(values) < width:
                        raise ValueError(f"'{key}' needs {width} numbers")
                    getattr(data, key).append(values)
                elif key == "f":
                    _face(data, data.corners.setdefault(current, []), rest)
                elif key == "usemtl":
                    current = rest.strip()
                elif key == "mtllib":
                    data.libraries.append(rest.strip())
            except ValueError as error:
                raise AssetError(f"the line cannot be read: {error}", where=f"{file}:{number}") from None
            if len(data.v) > COUNT_LIMIT:
                raise AssetError(f"the mesh has more than {COUNT_LIMIT} vertices", where=str(file))
    return data


def _face(data: _Obj, corners: list[tuple[int, int, int]], text: str) -> None:
    """Add one polygon as a fan of triangles."""
    counts = (len(data.v), len(data.vt), len(data.vn))
    polygon = [_corner(word, counts) for word in text.split()]
    if len(polygon) < 3:
        raise ValueError(f"a face needs 3 corners, not {len(polygon)}")
    for second, third in itertools.pairwise(polygon[1:]):
        corners.extend((polygon[0], second, third))
    if len(corners) > 3 * COUNT_LIMIT:
        raise ValueError(f"the mesh has more than {COUNT_LIMIT} triangles")


def _corner(word: str, counts: tuple[int, int, int]) -> tuple[int, int, int]:
    """Read ``v/vt/vn`` as indices from zero, -1 where left out; negative ones count from the end."""
    fields = ([*word.split("/"), "", ""])[:3]
    found = []
    for text, count in zip(fields, counts, strict=True):
        index = int(text) if text else 0
        index = index - 1 if index > 0 else count + index if index < 0 else -1
        if text and not 0 <= index < count:
            raise ValueError(f"the corner '{word}' refers to number {text} of {count}")
        found.append(index)
    if found[0] < 0:
        raise ValueError(f"the corner '{word}' names no vertex")
    return found[0], found[1], found[2]


def _piece(
    arrays: tuple[npt.NDArray[np.float64], ...], rows: list[tuple[int, int, int]], inputs: dict[str, Any], file: Path
) -> Piece:
    corners = np.array(rows, dtype=np.int64)
    unique, index = np.unique(corners, axis=0, return_inverse=True)
    points, faces = arrays[0][unique[:, 0]], index.reshape(-1, 3)
    check_geometry(points, faces, where=str(file))
    uv = arrays[1][unique[:, 1]] if len(arrays[1]) and (unique[:, 1] >= 0).all() else None
    normals = arrays[2][unique[:, 2]] if len(arrays[2]) and (unique[:, 2] >= 0).all() else None
    return Piece(points, faces, normals, uv, inputs)


def _mtl_lines(file: Path) -> Iterator[tuple[int, str, str]]:
    """Yield (line number, key, rest) of a material file."""
    if file.stat().st_size > _MTL_BYTES:
        raise AssetError(
            f"the material file has {file.stat().st_size} bytes", where=str(file), expected=f"at most {_MTL_BYTES}"
        )
    for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        key, _, rest = line.strip().partition(" ")
        yield number, key, rest.strip()


def _map_name(text: str) -> str:
    """Return the file of a map line, whose options (``-bm 0.5``) stand before it."""
    words = text.split()
    return text if not text.startswith("-") else (words[-1] if words else "")


def _materials(file: Path, libraries: list[str], made: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name in libraries:
        library = inside(name, file.parent, where=str(file))
        if library.is_file():
            found |= _library(library, file.parent, made)
    return found


def _library(library: Path, folder: Path, made: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    inputs: dict[str, Any] = {}
    for number, key, rest in _mtl_lines(library):
        where = f"{library}:{number}"
        try:
            if key == "newmtl":
                inputs = found.setdefault(rest, {"diffuseColor": (0.5, 0.5, 0.5), "roughness": 0.5, "metallic": 0.0})
            elif key == "map_Kd":
                inputs["diffuseColor"] = texture(_map_name(rest), folder, made, where=where)
            elif key == "map_d":
                image = texture(_map_name(rest), folder, made, where=where, colorspace="raw")
                inputs |= {"opacity": replace(image, channel="r"), "opacityThreshold": 0.5}
            elif key == "Kd" and isinstance(inputs.get("diffuseColor"), tuple):
                inputs["diffuseColor"] = tuple(to_linear([float(word) for word in rest.split()[:3]]))
            elif key == "Ns":
                inputs["roughness"] = round(float((2.0 / (max(0.0, float(rest)) + 2.0)) ** 0.25), 6)
            elif key == "Ni":
                inputs["ior"] = min(3.0, max(1.0, float(rest)))
            elif key == "d" and float(rest) < 1.0 and "opacity" not in inputs:
                inputs["opacity"] = max(0.0, float(rest))
        except ValueError as error:
            raise AssetError(f"the line cannot be read: {error}", where=where) from None
    return found
