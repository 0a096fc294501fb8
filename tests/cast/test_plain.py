"""Two casters that share nothing but the mesh: Mitsuba's and the one of NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from tests.cast.made import CLASSES, Array, Ball, Box, Shape, analytic, camera, icosphere, mesh, stage, state
from twin import conventions
from twin.cast.lens import Lens
from twin.cast.plain import Nearest, nearest
from twin.cast.scene import CastScene
from twin.frame import CameraState
from twin.stage.geometry import Geometry, Member, Mesh, Slot

K = conventions.intrinsics(260.0, 280.0, 150.0, 125.0)
EYE = conventions.look_at([0.3, -0.4, 0.35], [0.0, 0.0, 0.05])


def knobbly(seed: int, subdivisions: int = 5) -> Mesh:
    vertices, faces = icosphere(subdivisions)
    waves = np.random.default_rng(seed).normal(0, 9, (3, 4))
    radius = 0.07 * (1 + 0.25 * np.sin(vertices @ waves).mean(axis=1))
    return mesh(f"/knob{seed}", vertices * radius[:, None], faces, label="ball")


def knobs(count: int) -> Geometry:
    table = Box((0.5, 0.5, 0.02), label="table").meshes("/table")
    slots = [Slot(f"/s{i}", f"s{i}", (Member("/m", "knob", "ball", (knobbly(i),), {}),)) for i in range(count)]
    return Geometry(stage([], []).folder, table, tuple(slots), {}, {}, CLASSES)


def poses(count: int, seed: int) -> list[Array]:
    random = np.random.default_rng(seed)
    return [
        conventions.transform(conventions.rotation_rpy(*random.uniform(-3, 3, 3)), random.uniform(-0.2, 0.2, 3))
        for _ in range(count)
    ]


def judged(geometry: Geometry, T_world_slots: list[Array], view: CameraState) -> tuple[Nearest, Array]:
    """Cast with NumPy, and number the meshes as ``CastScene.meshes`` does."""
    things = [(m, np.eye(4)) for m in geometry.world]
    things += [(m, T) for slot, T in zip(geometry.slots, T_world_slots, strict=True) for m in slot.members[0].meshes]
    T_camera_world = conventions.inverse(view.T_world_camera)
    corners = np.concatenate([conventions.apply(T_camera_world @ T, m.points)[m.faces] for m, T in things])
    lens = Lens(view.width, view.height, view.K, view.distortion)
    owner = np.repeat(np.arange(len(things)), [len(m.faces) for m, _ in things])
    found = nearest(corners, lens.directions(lens.frame))
    return found, np.where(found.triangle >= 0, owner[found.triangle], -1)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("distortion", [[0.0] * 8, [-0.25, 0.08, 0.003, -0.002, 0, 0, 0, 0]], ids=["straight", "bent"])
def test_the_casters_agree_on_real_meshes(seed: int, distortion: list[float]) -> None:
    geometry, T_world_slots = knobs(4), poses(4, seed)
    view = camera(EYE, K, distortion=distortion)
    truth = CastScene(geometry).cast(state([(0, T) for T in T_world_slots], {"eye": view}))["eye"]
    found, owner = judged(geometry, T_world_slots, view)
    with np.errstate(invalid="ignore"):
        off = ~(np.abs(found.depth - truth.depth) < 1e-4) & np.isfinite(found.depth)
    assert np.count_nonzero((owner != truth.mesh) | off) <= truth.depth.size // 10_000
    same = (owner == truth.mesh) & ~off & np.isfinite(found.depth)
    assert np.abs(found.depth[same] - truth.depth[same]).max() < 1e-6
    first = np.cumsum([0, *(len(m.faces) for m in CastScene(geometry).meshes)])
    face = found.triangle - first[owner]
    assert np.count_nonzero(face[same] != truth.triangle[same]) <= truth.depth.size // 1000


def test_the_plain_caster_is_the_formula() -> None:
    shapes: tuple[tuple[int, Shape], ...] = ((1, Box((0.05, 0.08, 0.03))), (2, Ball(0.06)))
    view = camera(EYE, K, (161, 117))
    T_world_slots = [conventions.transform(np.eye(3), [x, 0.0, 0.05]) for x in (-0.05, 0.07)]
    geometry = stage([], [[shape] for _, shape in shapes])
    found, owner = judged(geometry, T_world_slots, view)
    depth, ids = analytic([(i, s, T) for (i, s), T in zip(shapes, T_world_slots, strict=True)], view).frame
    assert np.count_nonzero(owner + 1 != ids) <= 2
    hit = np.isfinite(depth) & np.isfinite(found.depth)
    assert np.quantile(np.abs(found.depth[hit] - depth[hit]), 0.99) < 1e-5


def test_weights_put_the_point_back_on_the_ray() -> None:
    corners = np.array([[[-1.0, -1.0, 2.0], [1.5, -1.0, 3.0], [0.0, 1.2, 2.5]]])
    lens = Lens(64, 48, conventions.intrinsics(60, 60, 32, 24), np.zeros(8))
    directions = lens.directions(lens.frame)
    found = nearest(corners, directions)
    hit = found.triangle == 0
    u, v = found.weights[:, hit][..., None]
    points = (1 - u - v) * corners[0, 0] + u * corners[0, 1] + v * corners[0, 2]
    assert hit.sum() > 200
    assert np.abs(points[:, :2] - directions[hit] * found.depth[hit][:, None]).max() < 1e-12
    assert np.abs(points[:, 2] - found.depth[hit]).max() < 1e-12


def test_nothing_is_hit_where_there_is_nothing() -> None:
    lens = Lens(20, 13, conventions.intrinsics(20, 20, 10, 6), np.zeros(8))
    behind = np.array([[[-1.0, -1.0, -2.0], [1.0, -1.0, -2.0], [0.0, 1.0, -2.0]]])
    for corners in (np.empty((0, 3, 3)), behind):
        found = nearest(corners, lens.directions(lens.frame))
        assert np.isinf(found.depth).all()
        assert (found.triangle == -1).all()
