"""The cast against boxes and spheres by formula."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest

from tests.cast.made import STRAIGHT, Analytic, Array, Ball, Box, Shape, analytic, camera, mirrored, stage, state
from twin import conventions
from twin.cast.buffers import Silhouette, Truth
from twin.cast.scene import CastScene
from twin.frame import CameraState
from twin.labels.visibility import visibility

TABLE = Box((0.6, 0.4, 0.02), (0.0, 0.0, -0.02), label="table")
FLOOR = Box((10.0, 10.0, 0.01), (0.0, 0.0, -0.8), label="table")
SHAPES: tuple[Shape, ...] = (
    Box((0.05, 0.08, 0.03)),
    Ball(0.06),
    Box((0.002, 0.002, 0.15), (0.0, 0.0, 0.15)),
    Ball(0.04, (0.02, 0.0, 0.0)),
)
LENS = conventions.intrinsics(300.0, 300.0, 160.0, 120.0)


def pose(x: float, y: float, z: float, *rpy: float) -> Array:
    return conventions.transform(conventions.rotation_rpy(*(rpy or (0.0, 0.0, 0.0))), [x, y, z])


POSES = (
    pose(0.05, 0.0, 0.09, 0.3, 0.2, 1.0),
    pose(-0.1, 0.05, 0.06),
    pose(0.12, -0.1, 0.0, 0.0, 0.1, 0.0),
    pose(-0.05, -0.12, 0.04, 1.0, 2.0, 3.0),
)
ABOVE = conventions.look_at([0.45, -0.5, 0.5], [0.0, 0.0, 0.05])


@dataclass(frozen=True, eq=False)
class Case:
    """A way to look at the four shapes on the table."""

    view: CameraState
    poses: tuple[Array, ...] = POSES


CASES = {
    "plain": Case(camera(ABOVE, LENS)),
    "partly outside the frame": Case(camera(conventions.look_at([0.3, -0.2, 0.25], [0.2, 0.1, 0.1]), LENS)),
    "across the near plane": Case(
        camera(conventions.look_at([0.3, -0.35, 0.2], [0.0, 0.0, 0.05]), LENS),
        (pose(0.3, -0.31, 0.12, 0.1, 0.2, 0.3), pose(0.37, -0.35, 0.2), *POSES[2:]),
    ),
    "inside a ball": Case(camera(ABOVE, LENS), (POSES[0], pose(0.44, -0.49, 0.51), *POSES[2:])),
    "behind the camera": Case(camera(ABOVE, LENS), (pose(0.9, -1.0, 1.0), *POSES[1:])),
    "off-centre and unequal focal lengths": Case(camera(ABOVE, conventions.intrinsics(280.0, 350.0, 101.3, 150.7))),
    "skewed pixels": Case(camera(ABOVE, LENS + np.array([[0.0, 12.0, 0.0], [0.0] * 3, [0.0] * 3]))),
    "barrel": Case(camera(ABOVE, LENS, distortion=[-0.3, 0.1, 0.002, -0.003, 0, 0, 0, 0])),
    "pincushion": Case(camera(ABOVE, LENS, distortion=[0.4, 0.2, -0.004, 0.002, 0.1, 0, 0, 0])),
    "rational": Case(camera(ABOVE, LENS, distortion=[0.3, 0.1, 0.001, 0.001, 0.02, 0.5, 0.2, 0.05])),
    "a lens that folds inside the frame": Case(camera(ABOVE, LENS, distortion=[-1.2, 0, 0, 0, 0, 0, 0, 0])),
    "upright": Case(camera(ABOVE, LENS, (180, 260))),
}


@cache
def scene() -> CastScene:
    return CastScene(stage((*TABLE.meshes("/table"), *FLOOR.meshes("/floor")), [[shape] for shape in SHAPES]))


@cache
def truth_of(case: Case, silhouettes: bool = True) -> Truth:
    return scene().cast(state([(0, T) for T in case.poses], {"eye": case.view}), silhouettes)["eye"]


@cache
def formula_of(case: Case) -> Analytic:
    world = [(0, TABLE, np.eye(4)), (0, FLOOR, np.eye(4))]
    return analytic(
        [*world, *((i + 1, s, T) for i, (s, T) in enumerate(zip(SHAPES, case.poses, strict=True)))], case.view
    )


def differing(truth: Truth, formula: Analytic) -> int:
    """Count pixels with another id, or a depth that is 1e-4 m or more off."""
    depth, ids = formula.frame
    with np.errstate(invalid="ignore"):
        near = (np.abs(truth.depth - depth) < 1e-4) | (np.isinf(truth.depth) & np.isinf(depth))
    return int(np.count_nonzero((truth.instance != ids) | ~near))


def amodal(silhouette: Silhouette, shape: tuple[int, ...]) -> Array:
    image = np.zeros(shape, dtype=bool)
    rows, columns = silhouette.mask.shape
    x, y = silhouette.origin
    image[y : y + rows, x : x + columns] = silhouette.mask
    return image


@pytest.mark.parametrize("name", CASES)
def test_pixels_see_what_the_formula_sees(name: str) -> None:
    truth, formula = truth_of(CASES[name]), formula_of(CASES[name])
    assert differing(truth, formula) <= truth.depth.size // 10_000


@pytest.mark.parametrize("name", CASES)
def test_silhouettes_are_those_of_the_formula(name: str) -> None:
    truth, formula = truth_of(CASES[name]), formula_of(CASES[name])
    rows, columns = truth.depth.shape
    m = formula.margin
    for slot, silhouette in enumerate(truth.silhouettes):
        whole = formula.silhouette(slot + 1)
        inside = whole[m : m + rows, m : m + columns]
        assert silhouette is not None
        assert abs(silhouette.all - whole.sum()) <= max(1, whole.sum() // 1000)
        assert np.count_nonzero(amodal(silhouette, inside.shape) != inside) <= max(1, inside.sum() // 1000)
        assert silhouette.in_frame == silhouette.mask.sum()
        y, x = np.nonzero(whole)
        box = (x.min() - m, y.min() - m, x.max() + 1 - m, y.max() + 1 - m) if len(x) else (0, 0, 0, 0)
        assert np.abs(np.subtract(silhouette.box, box)).max() <= 1


@pytest.mark.parametrize("name", CASES)
def test_visibility_is_that_of_the_formula(name: str) -> None:
    truth, formula = truth_of(CASES[name]), formula_of(CASES[name])
    _, ids = formula.frame
    m, (rows, columns) = formula.margin, ids.shape
    for slot, (visible, in_frame, visible_in_frame) in enumerate(visibility(truth.instance, truth.silhouettes)):
        whole = formula.silhouette(slot + 1)
        seen, inside, every = (ids == slot + 1).sum(), whole[m : m + rows, m : m + columns].sum(), whole.sum()
        tolerance = max(1e-3, 1.5 / max(inside, 1))
        assert visible == pytest.approx(seen / max(every, 1), abs=tolerance)
        assert in_frame == pytest.approx(inside / max(every, 1), abs=tolerance)
        assert visible_in_frame == pytest.approx(seen / max(inside, 1), abs=tolerance)


def test_a_shift_of_half_a_pixel_would_be_noticed() -> None:
    case = CASES["plain"]
    shifted = replace(case, view=replace(case.view, K=LENS + np.array([[0, 0, 0.5], [0, 0, 0], [0, 0, 0]])))
    assert differing(truth_of(shifted), formula_of(case)) > 100


def test_a_scaled_and_mirrored_member_is_where_the_formula_has_it() -> None:
    source = Box((0.05, 0.03, 0.02), (0.04, 0.01, 0.0))
    target = Box((0.075, 0.045, 0.03), (-0.06, 0.015, 0.0))
    geometry = stage([], [[source]])
    slot = replace(geometry.slots[0], members=(mirrored(geometry.slots[0].members[0], (-1.5, 1.5, 1.5)),))
    view = camera(ABOVE, LENS)
    truth = CastScene(replace(geometry, slots=(slot,))).cast(state([(0, POSES[0])], {"eye": view}))["eye"]
    assert differing(truth, analytic([(1, target, POSES[0])], view)) <= truth.depth.size // 10_000
    seen = truth.instance > 0
    assert (np.einsum("ni,ni->n", truth.normals[seen], rays_of(view)[seen]) <= 1e-6).all()


def rays_of(view: CameraState) -> Array:
    return conventions.pixel_directions(conventions.pixel_centers(view.width, view.height), view.K, view.distortion)


def test_normals_of_a_smooth_ball_are_the_spheres() -> None:
    view, ball = camera(ABOVE, LENS), Ball(0.1, subdivisions=5)
    truth = CastScene(stage([], [[ball]])).cast(state([(0, POSES[0])], {"eye": view}))["eye"]
    seen = truth.instance == 1
    points = rays_of(view)[seen] * truth.depth[seen][:, None]
    centre = conventions.apply(conventions.inverse(ABOVE), POSES[0][:3, 3])
    assert np.abs(truth.normals[seen] - (points - centre) / 0.1).max() < 0.01
    assert (np.einsum("ni,ni->n", truth.normals[seen], rays_of(view)[seen]) <= 1e-6).all()
    assert np.allclose(np.linalg.norm(truth.normals[seen], axis=-1), 1, atol=1e-6)
    assert not truth.normals[~seen].any()


def test_normals_of_a_box_are_its_sides() -> None:
    truth = truth_of(CASES["plain"])
    seen = truth.instance == 1
    sides = (conventions.inverse(ABOVE)[:3, :3] @ POSES[0][:3, :3]).T
    cosines = np.abs(truth.normals[seen] @ sides.T)
    assert cosines.max(axis=1).min() > 1 - 1e-6


def test_barycentrics_and_depth_are_one_point() -> None:
    geometry = stage(TABLE.meshes("/table"), [[shape] for shape in SHAPES])
    scene = CastScene(geometry)
    view = CASES["barrel"].view
    truth = scene.cast(state([(0, T) for T in POSES], {"eye": view}))["eye"]
    rays, T_camera_world = rays_of(view), conventions.inverse(ABOVE)
    for row, mesh in enumerate(scene.meshes):
        seen = truth.mesh == row
        T = np.eye(4) if row == 0 else POSES[row - 1]
        corners = conventions.apply(T_camera_world @ T, mesh.points)[mesh.faces[truth.triangle[seen]]]
        u, v = truth.barycentric[seen].T.astype(np.float64)[..., None]
        points = (1 - u - v) * corners[:, 0] + u * corners[:, 1] + v * corners[:, 2]
        assert seen.any()
        assert np.abs(points - rays[seen] * truth.depth[seen][:, None]).max() < 1e-6
        assert (truth.instance[seen] == row).all()


def test_classes_come_from_the_member_and_from_the_mesh() -> None:
    truth = truth_of(CASES["plain"])
    expected = np.select([truth.instance == 0, np.isin(truth.instance, (1, 3))], [7, 1], 2)
    assert (truth.semantic == np.where(np.isfinite(truth.depth), expected, 0)).all()


def test_empty_slots_have_nothing() -> None:
    geometry = stage(TABLE.meshes("/table"), [[shape] for shape in SHAPES])
    view = camera(ABOVE, LENS)
    truth = CastScene(geometry).cast(state([(0, POSES[0]), None, None, (0, POSES[3])], {"eye": view}))["eye"]
    assert [silhouette is None for silhouette in truth.silhouettes] == [False, True, True, False]
    assert [depth is None for depth in truth.keypoint_depth] == [False, True, True, False]
    assert set(np.unique(truth.instance)) == {0, 1, 4}


def test_a_stage_without_anything_is_background() -> None:
    truth = CastScene(stage([], [])).cast(state([], {"eye": camera(ABOVE, LENS, distortion=STRAIGHT)}))["eye"]
    assert np.isinf(truth.depth).all()
    assert not truth.instance.any()
    assert (truth.mesh == -1).all()


def test_without_silhouettes_the_image_is_the_same() -> None:
    with_outlines, without = truth_of(CASES["barrel"]), truth_of(CASES["barrel"], silhouettes=False)
    assert (with_outlines.depth == without.depth).all()
    assert (with_outlines.triangle == without.triangle).all()
    assert without.silhouettes == (None,) * 4
