"""Settling against analytic truth, against faults planted on purpose, and against its promise of equal bits."""

from __future__ import annotations

import itertools
import subprocess
import sys

import numpy as np
import pytest

from twin.conventions import Array, rotation_axis, rotation_rpy, transform
from twin.errors import AssetError
from twin.physics.collider import Piece, piece
from twin.physics.settle import Body, SettleResult, settle

TABLE = piece(np.array(list(itertools.product([-0.5, 0.5], [-0.4, 0.4], [-0.04, 0.0]))))
BOUNDS = np.array([[-0.5, -0.4, 0.0], [0.5, 0.4, 2.0]])


def box(x: float, y: float, z: float) -> Array:
    """Corners of a box whose origin is the centre of its base."""
    return np.array(list(itertools.product([-x / 2, x / 2], [-y / 2, y / 2], [0.0, z])))


def sphere(radius: float, count: int = 800) -> Array:
    """Points of a Fibonacci lattice, whose hull is almost a sphere around the origin."""
    k = np.arange(count) + 0.5
    polar, azimuth = np.arccos(1 - 2 * k / count), np.pi * (1 + 5**0.5) * k
    return radius * np.stack([np.sin(polar) * np.cos(azimuth), np.sin(polar) * np.sin(azimuth), np.cos(polar)], axis=1)


def ring(radius: float, height: float, wall: float, count: int = 16) -> list[Array]:
    """Wall pieces and the bottom of a bowl, each convex."""
    angles = np.linspace(0, 2 * np.pi, count + 1)
    around = [np.array([np.cos(a), np.sin(a)]) for a in angles]
    walls = [
        np.array([[*(r * d), z] for r in (radius, radius - wall) for d in pair for z in (0.0, height)])
        for pair in itertools.pairwise(around)
    ]
    return [*walls, np.array([[*(radius * d), z] for d in around[:-1] for z in (0.0, wall)])]


def at(x: float, y: float, z: float, rotation: Array | None = None) -> Array:
    return transform(np.eye(3) if rotation is None else rotation, [x, y, z])


def drop(body: Body, start: Array, duration: float = 2.0, statics: tuple[Piece, ...] = (TABLE,)) -> SettleResult:
    return settle([body], statics, {body.name: start}, duration, bounds=BOUNDS)


@pytest.mark.parametrize("as_hull", [False, True])
def test_box_rests_level_on_the_table(as_hull: bool) -> None:
    corners = np.concatenate([box(0.1, 0.06, 0.08), [[0.0, 0.0, 0.0801]]]) if as_hull else box(0.1, 0.06, 0.08)
    rest = drop(Body("box", [corners]), at(0.1, 0, 0.02, rotation_rpy(0.05, -0.1, 0.7)))
    pose = rest.T_world_object["box"]
    assert pose[2, 3] == pytest.approx(0.0, abs=1e-3)
    assert pose[2, 2] > np.cos(np.radians(0.1))
    assert rest.residuals["box"].fault == ""
    assert rest.seconds < 2.0, "an early rest ends the simulation"


def test_sphere_rests_at_its_radius() -> None:
    rest = drop(Body("ball", [sphere(0.05)]), at(0, 0, 0.08))
    assert rest.T_world_object["ball"][2, 3] == pytest.approx(0.05, abs=1e-3)
    assert rest.residuals["ball"].fault == ""


@pytest.mark.parametrize(("friction", "slides"), [(0.25, True), (0.55, False)])
def test_friction_decides_on_a_slope(friction: float, slides: bool) -> None:
    angle = np.radians(20)  # tan = 0.364
    slope = rotation_axis([0, 1, 0], angle)
    ground = Piece(np.array(list(itertools.product([-4.0, 4.0], [-1.0, 1.0], [-0.1, 0.0]))) @ slope.T)
    start = transform(slope, slope @ [0, 0, 0.0005])
    body = Body("box", [box(0.1, 0.1, 0.04)], friction=friction)
    rest = settle([body], [ground], {"box": start}, 1.0)
    distance = float((rest.T_world_object["box"][:3, 3] - start[:3, 3]) @ slope @ [1, 0, 0])
    if not slides:
        assert abs(distance) < 1e-3
        assert rest.residuals["box"].fault == ""
        return
    acceleration = 9.81 * (np.sin(angle) - friction * np.cos(angle))
    damped = acceleration / 0.5 * (1.0 - (1 - np.exp(-0.5)) / 0.5)  # distance after 1 s with air drag of 0.5 / s
    assert distance == pytest.approx(damped, rel=0.05)
    assert rest.residuals["box"].fault == "moving"


def test_what_lies_in_a_bowl_stays_in_it() -> None:
    bowl = Body("bowl", ring(0.09, 0.06, 0.006))
    balls = [Body(f"ball{n}", [sphere(0.02, 200)]) for n in range(3)]
    starts = {"bowl": at(0, 0, 0.001)} | {f"ball{n}": at(0.03 * (n - 1), 0.01 * n, 0.05 + 0.05 * n) for n in range(3)}
    rest = settle([bowl, *balls], [TABLE], starts, 4.0, bounds=BOUNDS)
    for ball in balls:
        x, y, z = rest.T_world_object[ball.name][:3, 3]
        assert np.hypot(x, y) < 0.07
        assert 0.02 < z < 0.06
        assert rest.residuals[ball.name].fault == ""


def test_a_fixed_body_carries_others_and_does_not_move() -> None:
    shelf = Body("shelf", [box(0.3, 0.3, 0.02)], fixed=True)
    cube = Body("cube", [box(0.05, 0.05, 0.05)])
    rest = settle([shelf, cube], [TABLE], {"shelf": at(0, 0, 0.4), "cube": at(0, 0, 0.43)}, 2.0)
    assert list(rest.T_world_object) == ["cube"]
    assert rest.T_world_object["cube"][2, 3] == pytest.approx(0.42, abs=1e-3)


def test_what_falls_off_is_reported() -> None:
    rest = drop(Body("cube", [box(0.05, 0.05, 0.05)]), at(0.52, 0, 0.01), duration=1.0)
    assert rest.residuals["cube"].fault == "fell"


def test_what_still_moves_is_reported() -> None:
    rest = drop(Body("cube", [box(0.05, 0.05, 0.05)]), at(0, 0, 1.0), duration=0.2)
    assert rest.residuals["cube"].fault == "moving"
    assert rest.residuals["cube"].speed == pytest.approx(9.81 * 0.2, rel=0.06)


def test_what_sank_in_is_reported() -> None:
    ceiling = piece(box(1, 1, 0.1) + np.array([0, 0, 0.045]))
    rest = drop(Body("cube", [box(0.05, 0.05, 0.05)]), at(0, 0, 0.0), statics=(TABLE, ceiling))
    residual = rest.residuals["cube"]
    assert residual.fault == "sank"
    assert 0.002 < residual.penetration < 0.006


@pytest.mark.parametrize("points", [[[0, 0, 0]], [[0, 0, 0], [0.1, 0, 0]], [[0, 0, 0], [0.1, 0, 0], [0, 0.1, 0]]])
def test_flat_and_needle_like_colliders_come_to_rest(points: list[list[float]]) -> None:
    rest = drop(Body("thin", [np.array(points)]), at(0, 0, 0.01))
    assert rest.residuals["thin"].fault == ""
    assert abs(rest.T_world_object["thin"][2, 3]) < 2e-3


@pytest.mark.parametrize(
    ("colliders", "message"),
    [
        ([], "bad: the object has no collider, so it cannot be settled\n  try: place it with 'fixed'"),
        ([np.full((4, 3), np.nan)], "bad, collider 0: collider has NaN, infinite or absurdly far vertices\n"),
        (
            [box(1, 1, 1), np.full((4, 3), 1e9)],
            "bad, collider 1: collider has NaN, infinite or absurdly far vertices\n",
        ),
        (
            [np.zeros((30000, 3))],
            "bad, collider 0: collider has 30000 vertices\n  expected: at most 20000: a convex hull",
        ),
        ([np.zeros((0, 3))], "bad, collider 0: collider has shape (0, 3)\n  expected: (N, 3) with N > 0"),
    ],
)
def test_hostile_colliders_are_refused(colliders: list[Array], message: str) -> None:
    with pytest.raises(AssetError) as caught:
        drop(Body("bad", colliders), at(0, 0, 0.1))
    assert str(caught.value).startswith(message)


def heap(count: int, seed: int = 3) -> tuple[list[Body], dict[str, Array]]:
    random = np.random.default_rng(seed)
    shapes = [[box(0.06, 0.04, 0.05)], [sphere(0.03, 60)], ring(0.05, 0.04, 0.005, 8)]
    bodies = [Body(f"thing{n}", shapes[n % 3], density=300.0 + 100 * (n % 2)) for n in range(count)]
    turns = [rotation_rpy(*random.uniform(-3, 3, 3)) for _ in bodies]
    places = [(*random.uniform(-0.1, 0.1, 2), 0.1 + 0.08 * n) for n in range(count)]
    return bodies, {body.name: transform(turn, place) for body, place, turn in zip(bodies, places, turns, strict=True)}


def digest(result: SettleResult) -> str:
    return "".join(result.T_world_object[name].tobytes().hex() for name in sorted(result.T_world_object))


def test_equal_bits_in_any_order_process_and_after_any_history() -> None:
    bodies, starts = heap(8)
    first = digest(settle(bodies, [TABLE], starts, 1.0))
    for seed in range(3):
        settle(*_with_table(*heap(5, seed)), 0.3)
    assert digest(settle(bodies[::-1], [TABLE], dict(reversed(starts.items())), 1.0)) == first
    code = (
        "from tests.physics.test_settle import *\n"
        "bodies, starts = heap(8)\nprint(digest(settle(bodies, [TABLE], starts, 1.0)))"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == first


def _with_table(bodies: list[Body], starts: dict[str, Array]) -> tuple[list[Body], list[Piece], dict[str, Array]]:
    return bodies, [TABLE], starts


def test_mujoco_is_imported_only_to_simulate() -> None:
    code = "import sys, twin.physics.settle, twin.physics.statics; print('mujoco' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
