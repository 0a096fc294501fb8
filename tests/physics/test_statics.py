"""What the world's meshes become in physics."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from twin.conventions import transform
from twin.physics.collider import THICKNESS_MIN, thickened
from twin.physics.settle import Body, settle
from twin.physics.statics import SHEET_DEPTH, static_pieces
from twin.stage.geometry import Mesh

CUBE_FACES = [
    [0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1],
    [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3],
]  # fmt: skip


def mesh(points: object, faces: object) -> Mesh:
    return Mesh("/World/x", np.array(points, np.float32), np.array(faces, np.uint32), None, None, "")


def cube(low: tuple[float, ...], high: tuple[float, ...], inward: bool = False) -> Mesh:
    points = list(itertools.product(*zip(low, high, strict=True)))
    return mesh(points, [face[::-1] for face in CUBE_FACES] if inward else CUBE_FACES)


def split(whole: Mesh) -> Mesh:
    """Give every triangle its own vertices, as a renderer with flat normals needs them."""
    points = whole.points[whole.faces].reshape(-1, 3)
    return mesh(points, np.arange(len(points)).reshape(-1, 3))


def joined(*meshes: Mesh) -> Mesh:
    offsets = np.cumsum([0, *(len(m.points) for m in meshes)])
    faces = np.concatenate([m.faces + start for m, start in zip(meshes, offsets, strict=False)])
    return mesh(np.concatenate([m.points for m in meshes]), faces)


def test_box_stays_exact_even_with_split_vertices() -> None:
    (piece,) = static_pieces([split(cube((0, 0, 0), (1, 2, 3)))])
    assert piece.box is not None
    assert np.allclose(piece.box, [[0.5, 1, 1.5], [0.5, 1, 1.5]])


def test_components_of_one_mesh_become_their_own_pieces() -> None:
    table = joined(cube((-1, -1, 0.7), (1, 1, 0.74)), cube((-0.9, -0.9, 0), (-0.8, -0.8, 0.69)))
    pieces = static_pieces([table])
    assert len(pieces) == 2
    assert all(piece.box is not None for piece in pieces)


def test_a_room_is_hollow() -> None:
    room = cube((-2, -2, 0), (2, 2, 3), inward=True)
    pieces = static_pieces([room])
    assert len(pieces) == 12
    ball = Body("cube", [np.array(list(itertools.product([-0.05, 0.05], repeat=3)))])
    rest = settle([ball], pieces, {"cube": transform(np.eye(3), [0.3, 0.2, 0.2])}, 2.0)
    assert rest.T_world_object["cube"][2, 3] == pytest.approx(0.05, abs=1e-3)
    assert rest.residuals["cube"].fault == ""


def test_a_tray_of_one_piece_is_hollow() -> None:
    profile = [(0.0, 0.0), (0.2, 0.0), (0.2, 0.05), (0.19, 0.05), (0.19, 0.01), (0.0, 0.01)]
    count = 16
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    points = [[r * np.cos(a), r * np.sin(a), z] for r, z in profile for a in angles]
    faces = []
    for ring in range(len(profile) - 1):
        for k in range(count):
            a, b = ring * count + k, ring * count + (k + 1) % count
            faces += [[a, a + count, b], [b, a + count, b + count]]
    pieces = static_pieces([mesh(points, [face[::-1] for face in faces])])
    assert len(pieces) > 16
    cube_body = Body("cube", [np.array(list(itertools.product([-0.02, 0.02], repeat=3)))])
    rest = settle([cube_body], pieces, {"cube": transform(np.eye(3), [0.05, 0.0, 0.06])}, 2.0)
    assert rest.T_world_object["cube"][2, 3] == pytest.approx(0.03, abs=2e-3)


def test_a_sheet_keeps_its_upper_side() -> None:
    for winding in ([[0, 1, 2], [0, 2, 3]], [[2, 1, 0], [3, 2, 0]]):
        (piece,) = static_pieces([mesh([[-1, -1, 0.5], [1, -1, 0.5], [1, 1, 0.5], [-1, 1, 0.5]], winding)])
        assert piece.points[:, 2].max() == 0.5
        assert piece.points[:, 2].min() == pytest.approx(0.5 - SHEET_DEPTH)


def test_broken_triangles_are_left_out() -> None:
    bad = mesh([[0, 0, 0], [1, 0, 0], [0, 1, 0], [np.nan, 0, 0], [1e30, 0, 0]], [[0, 1, 3], [0, 1, 4], [0, 0, 1]])
    assert static_pieces([bad]) == ()


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_thickening_gives_every_direction_an_extent(count: int) -> None:
    points = np.random.default_rng(count).uniform(-1, 1, (count, 3))
    points[:, 2] = points[:, 0]
    full = thickened(points)
    centred = full - full.mean(axis=0)
    spread = [np.ptp(centred @ axis) for axis in np.linalg.eigh(centred.T @ centred)[1].T]
    assert min(spread) >= THICKNESS_MIN * 0.999
