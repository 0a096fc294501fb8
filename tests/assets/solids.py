"""Judge shapes with code of the tests' own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from scipy.spatial import ConvexHull, cKDTree

from twin.assets.asset import Asset, Part

Array = npt.NDArray[np.float64]


def welded(parts: Iterable[Part]) -> tuple[Array, npt.NDArray[np.int64]]:
    """Join parts into one mesh in which equal positions are one vertex."""
    parts = tuple(parts)
    offsets = np.cumsum([0, *(len(part.points) for part in parts)])
    points = np.concatenate([part.points for part in parts])
    faces = np.concatenate([part.faces.astype(np.int64) + o for part, o in zip(parts, offsets, strict=False)])
    unique, index = np.unique(points, axis=0, return_inverse=True)
    return unique.astype(np.float64), index.reshape(-1)[faces]


def open_edges(faces: npt.NDArray[np.int64]) -> int:
    """Count directed edges that are not met exactly once by their reverse."""
    edges = Counter((int(f[i]), int(f[(i + 1) % 3])) for f in faces for i in range(3))
    return sum(1 for (a, b), n in edges.items() if n != 1 or edges.get((b, a)) != 1)


def euler(points: Array, faces: npt.NDArray[np.int64]) -> int:
    """Return V - E + F: 2 for a ball, 0 for a ring or a mug."""
    edges = {tuple(sorted((int(f[i]), int(f[(i + 1) % 3])))) for f in faces for i in range(3)}
    return len(np.unique(faces)) - len(edges) + len(faces)


def volume(points: Array, faces: npt.NDArray[np.int64]) -> float:
    """Return the enclosed volume [m3] by the divergence theorem; negative where inside out."""
    a, b, c = (points[faces[:, k]] for k in range(3))
    return float((a * np.cross(b, c)).sum() / 6)


def hull_volume(asset: Asset) -> float:
    """Return the summed volume of the colliders [m3]."""
    return float(sum(ConvexHull(piece).volume for piece in asset.colliders))


def distance_to_vertices(asset: Asset, names: Iterable[str]) -> float:
    """Return the greatest distance [m] of keypoints from the nearest vertex."""
    tree = cKDTree(np.concatenate([part.points for part in asset.parts]))
    return max(float(tree.query(asset.keypoints[name])[0]) for name in names)


def hausdorff(one: Array, two: Array) -> float:
    """Return the Hausdorff distance [m] of two vertex sets."""
    return float(max(cKDTree(one).query(two)[0].max(), cKDTree(two).query(one)[0].max()))


def check_part(part: Part) -> None:
    """Assert what every part of a made asset promises."""
    assert np.isfinite(part.points).all() and part.faces.max() < len(part.points)
    assert part.uv is not None and part.uv.min() >= 0.0 and part.uv.max() <= 1.0
    a, b, c = (part.points[part.faces[:, k]].astype(np.float64) for k in range(3))
    face_normal = np.cross(b - a, c - a)
    assert (np.linalg.norm(face_normal, axis=1) > 0).all(), "no triangle is degenerate"
    if part.normals is not None:
        assert np.abs(np.linalg.norm(part.normals, axis=1) - 1).max() < 1e-4
        mean = part.normals[part.faces].mean(axis=1)
        agree = (mean * face_normal).sum(axis=1) / np.linalg.norm(face_normal, axis=1)
        assert agree.min() > 0.2, "vertex normals point the way the faces do"
