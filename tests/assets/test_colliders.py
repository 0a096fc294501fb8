"""Colliders are convex, bounded, and equal whenever they are made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from tests.assets.solids import hull_volume, volume, welded
from tests.programs import run_program
from twin.assets.asset import Part, Surface
from twin.assets.colliders import HULL_VERTICES, PIECE_LIMIT, PIECE_VERTICES, colliders, hull, load
from twin.assets.library import Library
from twin.assets.mug import Mug
from twin.assets.primitives import Box, Sphere
from twin.assets.shapes.solid import lathe, parts_of, turn
from twin.errors import AssetError
from twin.seeds import Bits


def bowl(radius: float = 0.08, height: float = 0.06, wall: float = 0.004) -> Part:
    """Turn a round bowl with a wall of even thickness."""
    t = np.linspace(0, np.pi / 2, 40)
    outer = [(radius * np.sin(s), height * (1 - np.cos(s))) for s in t]
    inner = [((radius - wall) * np.sin(s), wall + (height - wall) * (1 - np.cos(s))) for s in t[::-1]]
    (part,) = parts_of([lathe("body", [*outer, *inner], turn(96))], {"body": Surface("s", {})})
    return part


def test_a_hull_has_few_corners_and_loses_little(library: Library) -> None:
    (part,) = Sphere(kind="sphere", segments=200).build(library, Bits(0, 0, "x")).parts
    corners = hull(part.points.astype(np.float64), where="x")
    assert len(corners) <= HULL_VERTICES and ConvexHull(corners).volume > 0.88 * 4 / 3 * np.pi * 0.05**3
    assert np.allclose([corners.min(axis=0), corners.max(axis=0)], [part.points.min(axis=0), part.points.max(axis=0)])
    shuffled = np.random.default_rng(0).permutation(part.points.astype(np.float64))
    assert (hull(shuffled, where="x") == corners).all(), "the order of the vertices does not matter"


def test_what_bounds_no_volume_is_refused() -> None:
    with pytest.raises(AssetError, match="the mesh bounds no volume"):
        hull(np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0.0]]), where="x")


def test_staves_leave_a_vessel_open(tmp_path: Path) -> None:
    part = bowl()
    pieces = colliders((part,), "vessel", tmp_path, where="bowl")
    solid = sum(ConvexHull(piece).volume for piece in pieces)
    assert solid == pytest.approx(volume(*welded([part])), rel=0.35)
    middle = np.array([0.0, 0.0, 0.03])
    for piece in pieces:
        equations = ConvexHull(piece).equations
        assert (equations[:, :3] @ middle + equations[:, 3]).max() > 0, "no piece fills the inside"
    points = np.concatenate(pieces)
    assert np.allclose(points.max(axis=0), [0.08, 0.08, 0.06], atol=1e-3) and points[:, 2].min() == pytest.approx(
        0, abs=1e-4
    )


def test_staves_need_a_vessel(tmp_path: Path) -> None:
    ring = bowl()
    rim = ring.points[ring.faces].mean(axis=1)
    outer = np.hypot(rim[:, 0], rim[:, 1]) > 0.06
    with pytest.raises(AssetError, match="no round vessel"):
        colliders((replace(ring, faces=ring.faces[outer]),), "vessel", tmp_path, where="ring")


PROGRAM = """
    import pathlib, sys, hashlib
    from tests.assets.test_colliders import bowl
    from twin.assets.colliders import colliders
    pieces = colliders((bowl(),), "coacd", pathlib.Path(sys.argv[1]), where="bowl")
    print(hashlib.sha256(b"".join(piece.tobytes() for piece in pieces)).hexdigest())
"""


@pytest.mark.slow
def test_a_decomposition_does_not_depend_on_threads_or_runs(tmp_path: Path) -> None:
    printed = {
        run_program(PROGRAM, tmp_path / f"{n}", environment={"OMP_NUM_THREADS": threads})
        for n, threads in enumerate(("1", "2", "2"))
    }
    assert len(printed) == 1
    (file,) = (tmp_path / "0").iterdir()
    ((_, pieces),) = load(file).items()
    assert 1 < len(pieces) <= PIECE_LIMIT and max(len(piece) for piece in pieces) <= PIECE_VERTICES
    stamp = file.stat().st_mtime_ns
    assert run_program(PROGRAM, tmp_path / "0") in printed and file.stat().st_mtime_ns == stamp, "it is made once"


def test_a_decomposition_is_kept_by_what_made_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box = Box(kind="box").build(Library(tmp_path / "cache"), Bits(0, 0, "x")).parts
    folder = tmp_path / "pieces"
    colliders(box, "coacd", folder, where="box")
    (first,) = folder.iterdir()
    with monkeypatch.context() as here:
        here.setattr("twin.assets.colliders.cpu_family", lambda: "riscv64")
        colliders(box, "coacd", folder, where="box")
    assert len(list(folder.iterdir())) == 2
    with monkeypatch.context() as here:
        here.setattr("twin.assets.colliders.version", lambda name: f"{name} 0.1")
        colliders(box, "coacd", folder, where="box")
    assert len(list(folder.iterdir())) == 3
    stamp = first.stat().st_mtime_ns
    colliders(box, "coacd", folder, where="box")
    assert len(list(folder.iterdir())) == 3 and first.stat().st_mtime_ns == stamp


def test_a_mugs_pieces_leave_it_open(library: Library) -> None:
    asset = Mug(kind="mug", belly=0.2).build(library, Bits(0, 0, "x"))
    middle = np.array([0.0, 0.0, 0.05])
    for piece in asset.colliders:
        equations = ConvexHull(piece).equations
        assert (equations[:, :3] @ middle + equations[:, 3]).max() > 0
    through = asset.keypoints["handle_centre"] * 0.5 + np.array([0.042, 0, 0.0475]) * 0.5
    for piece in asset.colliders:
        equations = ConvexHull(piece).equations
        assert (equations[:, :3] @ through + equations[:, 3]).max() > 0, "a finger fits through the handle"
    assert hull_volume(asset) == pytest.approx(volume(*welded(asset.parts)), rel=0.1)
