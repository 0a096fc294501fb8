"""One rigid set of triangles."""

from __future__ import annotations

import numpy as np
import pytest

from tests.cast.made import Ball, Box, mesh
from twin import conventions
from twin.cast.solid import Hits, Solid


def test_no_ray_slips_out_between_two_triangles() -> None:
    """Seen from inside, a closed ball of 327,680 triangles is everywhere (Embree alone leaks 2 in a million)."""
    ball = Solid(Ball(0.06, subdivisions=7).meshes("/ball"))
    for seed in range(3):
        random = np.random.default_rng(seed)
        inside = conventions.transform(np.eye(3), random.uniform(-0.03, 0.03, 3))
        x, y = random.uniform(-1, 1, (2, 1 << 20))
        assert np.count_nonzero(ball.trace(inside, x, y).face < 0) == 0


@pytest.mark.parametrize("count", [1, 2, 63, 64, 65, 1000])
def test_any_number_of_rays_comes_back(count: int) -> None:
    box = Solid(Box((0.1, 0.1, 0.1)).meshes("/box"))
    away = conventions.transform(np.eye(3), [0.0, 0.0, -1.0])
    hits = box.trace(away, np.linspace(-0.05, 0.2, count), np.zeros(count))
    hit = np.linspace(-0.05, 0.2, count) < 0.1 / 0.9
    assert hits.depth.shape == hits.face.shape == (count,)
    assert hits.barycentric.shape == (2, count)
    assert np.array_equal(hits.face >= 0, hit)
    assert np.allclose(hits.depth, np.where(hit, 0.9, np.inf), rtol=1e-7)


def test_a_ray_may_begin_behind_the_first_surface() -> None:
    box = Solid(Box((0.1, 0.1, 0.1)).meshes("/box"))
    away = conventions.transform(np.eye(3), [0.0, 0.0, -1.0])
    hits = box.trace(away, np.zeros(3), np.zeros(3), np.array([0.0, 0.95, 1.2]))
    assert np.allclose(hits.depth, [0.9, 1.1, np.inf])


def test_faces_are_counted_over_all_meshes() -> None:
    meshes = [*Box((0.1, 0.1, 0.1)).meshes("/a"), *Box((0.1, 0.1, 0.1), (0.5, 0.0, 0.0)).meshes("/b")]
    solid = Solid(meshes)
    away = conventions.transform(np.eye(3), [0.0, 0.0, -1.0])
    hits = solid.trace(away, np.array([0.0, 0.5, -0.5]), np.zeros(3))
    assert solid.first.tolist() == [0, 12]
    assert solid.mesh_of(hits.face[:2]).tolist() == [0, 1]
    assert hits.face[2] == -1


def test_a_solid_of_nothing_is_never_hit() -> None:
    for solid in (Solid([]), Solid([mesh("/empty", np.empty((0, 3)), np.empty((0, 3)))])):
        assert solid.hull.shape == (0, 3)
        assert np.isinf(solid.trace(np.eye(4), np.zeros(4), np.zeros(4)).depth).all()


def test_faces_without_area_are_harmless() -> None:
    points = np.array([[-1, -1, 1], [1, -1, 1], [0, 1, 1], [0, 0, 0.5], [0.2, 0, 0.5], [0.4, 0, 0.5]])
    solid = Solid([mesh("/thin", points, [[3, 4, 5], [3, 3, 3], [0, 1, 2]])])
    hits = solid.trace(np.eye(4), np.linspace(-0.3, 0.3, 7), np.zeros(7))
    assert (hits.face == 2).all()
    assert np.allclose(hits.depth, 1)
    assert np.isfinite(hits.normals).all()


def test_the_hull_holds_every_vertex() -> None:
    random = np.random.default_rng(1)
    points = random.normal(size=(5000, 3)).astype(np.float32)
    hull = Solid([mesh("/cloud", points, [[0, 1, 2]])]).hull
    assert len(hull) <= 8 * 64
    for direction in random.normal(size=(200, 3)):
        assert (hull @ direction).max() >= (points.astype(np.float64) @ direction).max()
    assert np.array_equal(hull.min(axis=0), points.min(axis=0))
    assert np.array_equal(hull.max(axis=0), points.max(axis=0))


def test_misses_are_replaced_in_place_of_some_rays() -> None:
    hits = Hits.none(4).replaced(np.array([2]), Hits(*(np.ones(s) for s in ((1,), (1,), (2, 1), (3, 1)))))  # type: ignore[arg-type]
    assert hits.depth.tolist() == [np.inf, np.inf, 1.0, np.inf]
    assert hits.face.tolist() == [-1, -1, 1, -1]
    assert hits.normals[:, 2].tolist() == [1.0, 1.0, 1.0]
