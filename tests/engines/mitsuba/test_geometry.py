"""Where things appear: lenses, poses, silhouettes, refraction."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.engines.mitsuba.stages import (
    ball,
    box,
    camera,
    dome,
    empty,
    geometry,
    image,
    light,
    material,
    matte,
    quad,
    slot,
    state,
)  # fmt: skip
from twin.cast.scene import CastScene
from twin.conventions import apply, intrinsics, inverse, project
from twin.frame import FrameState
from twin.stage.geometry import Geometry

GLOW = material("/glow", diffuseColor=(0.0,) * 3, emissiveColor=(1.0,) * 3, ior=1.0)
LENSES = {
    "straight": (None, None),
    "off-centre": (intrinsics(70.0, 55.0, 20.0, 38.0), None),
    "skewed": (np.array([[60.0, 4.0, 30.0], [0, 60.0, 24.0], [0, 0, 1]]), None),
    "barrel": (None, [-0.3, 0.1, 0.002, -0.003, 0, 0, 0, 0]),
    "rational": (None, [0.1, 0.02, 0, 0.001, 0.0, 0.3, 0.05, 0.01]),
}


@pytest.mark.parametrize("name", LENSES)
def test_points_appear_where_they_project(name: str) -> None:
    """The centre of light of a small glowing ball is its projection, to a thirtieth of a pixel."""
    K, distortion = LENSES[name]
    view = camera((0.1, -0.9, 0.3), (0, 0, 0), (64, 48), 60.0, K, distortion)
    for at in ((0.0, 0.0, 0.0), (0.25, 0.1, 0.12), (-0.2, -0.05, -0.05)):
        stage = geometry([], {"a": [[ball(0.02, 16, "/glow")]]}, [GLOW], [])
        found = image(stage, state(view, [slot("a", at)]), spp=256, max_depth=1)[..., 0].astype(float)
        v, u = np.indices(found.shape) + 0.5
        centre = np.array([(found * u).sum(), (found * v).sum()]) / found.sum()
        expected = project(apply(inverse(view.T_world_camera), at), view.K, view.distortion)
        np.testing.assert_allclose(centre, expected, atol=0.03)


def solid_stage() -> tuple[Geometry, FrameState]:
    pools = {
        "a": [[box((0.2, 0.1, 0.15), "/glow")], [ball(0.1, 24, "/glow")]],
        "b": [[ball(0.08, 24, "/glow"), box((0.05, 0.05, 0.2), "/glow")]],
        "c": [[box((0.3, 0.3, 0.3), "/glow")]],
    }
    lens = [-0.2, 0.05, 0.001, 0.0, 0, 0, 0, 0]
    view = camera((0.2, -0.9, 0.5), (0, 0, 0), (128, 96), 130.0, distortion=lens)
    slots = [slot("a", (-0.15, 0, 0), 0.7, 1), slot("b", (0.15, 0.1, 0.05), 0.2), empty("c")]
    return geometry([], pools, [GLOW], []), state(view, slots)


def test_silhouettes_are_those_of_the_labels() -> None:
    """Where the cast mask fills a pixel's neighbourhood it glows fully, where it leaves it empty not at all."""
    stage, frame = solid_stage()
    mask = CastScene(stage).cast(frame)["front"].instance > 0
    found = image(stage, frame, spp=64, max_depth=1)[..., 0]
    wide = np.pad(mask, 1, mode="edge")
    around = np.stack([wide[y : y + mask.shape[0], x : x + mask.shape[1]] for y in range(3) for x in range(3)])
    inside, outside = around.all(axis=0), ~around.any(axis=0)
    assert inside.sum() > 500 and outside.sum() > 5000
    np.testing.assert_allclose(found[inside], 1.0, atol=1e-3)
    np.testing.assert_array_equal(found[outside], 0.0)
    assert np.mean((found > 0.5) == mask) > 0.995


def test_a_member_is_chosen_by_its_number() -> None:
    stage, frame = solid_stage()
    other = state(frame.cameras, [slot("a", (-0.15, 0, 0), 0.7, 0), *frame.slots[1:]])
    assert np.abs(image(stage, frame, spp=4, max_depth=1) - image(stage, other, spp=4, max_depth=1)).max() > 0.5


def test_a_slab_of_glass_shifts_what_is_behind_it() -> None:
    """A slanting ray through a slab goes on in parallel, shifted as Snell's law says."""
    n, thick, height, reach = 1.5, 0.2, 1.0, 1.0
    glass = material("/glass", diffuseColor=(1.0,) * 3, opacity=0.0, ior=n, roughness=0.0)
    bar = box((0.01, 2.0, 0.001), "/glow", (0.0, 0.0, -0.5))
    slab = box((2.0, 2.0, thick), "/glass", (0.0, 0.0, 0.0))
    view = camera((-reach, 0, 0.5), (0, 0, -0.5), (64, 64), 150.0)
    angles = np.linspace(0.5, 1.0, 10_000)
    inside = np.arcsin(np.sin(angles) / n)
    angle = np.interp(reach, (height - thick) * np.tan(angles) + thick * np.tan(inside), angles)
    pixels = measured([bar, slab], view, glass) - measured([bar], view, glass)
    assert pixels == pytest.approx(-150.0 * np.tan(angle - np.pi / 4), abs=0.05)


def measured(world: list[Any], view: Any, glass: Any) -> float:
    """Return the centre of light along the middle column of the image, in pixels."""
    found = image(geometry(world, None, [GLOW, glass], []), state(view), spp=256, max_depth=2)[:, 30:34, 0].sum(axis=1)
    return float((found * (np.arange(len(found)) + 0.5)).sum() / found.sum())


def test_a_ball_of_glass_turns_the_world_upside_down() -> None:
    """A ball of glass shows what is above it in its lower half."""
    glass = material("/glass", diffuseColor=(1.0,) * 3, opacity=0.0, ior=1.5, roughness=0.0)
    lamp = box((2.0, 0.01, 1.0), "/glow", (0.0, 1.0, 0.5))
    stage = geometry([lamp], {"a": [[ball(0.2, 48, "/glass")]]}, [GLOW, glass], [])
    found = image(stage, state(camera((0, -2, 0), (0, 0, 0), (32, 32), 100.0), [slot("a")]), spp=64)[..., 0]
    assert found[17:22, 13:19].mean() > 0.8 and found[10:15, 13:19].mean() < 0.2


def test_glass_colours_what_passes_twice_by_its_own_colour() -> None:
    tinted = material("/m", diffuseColor=(0.25, 0.5, 1.0), opacity=0.0, ior=1.01, roughness=0.0)
    stage = geometry([box((1.0, 0.2, 1.0), "/m")], None, [tinted], [dome(1.0)])
    found = image(stage, state(camera((0, -2, 0), (0, 0, 0), (8, 8), 100.0)), spp=64)
    np.testing.assert_allclose(found.mean(axis=(0, 1)), [0.25, 0.5, 1.0], rtol=0.02)


def test_shadows_fall_where_light_is_blocked() -> None:
    """The shadow of a square under a sharp sun is the square."""
    sun = light("distant", angle=0.0, intensity=np.pi)
    stage = geometry([quad(4.0, 0.0, "/m"), quad(0.5, 1.0, "/m")], None, [matte("/m", 0.5)], [sun])
    found = image(stage, state(camera((0, 0, 0.9), (0, 0.001, 0), (64, 64), 50.0)), spp=16, max_depth=1)[..., 0]
    half = 0.25 / 0.9 * 50
    dark = found < 0.25
    assert dark.sum() == pytest.approx((2 * half) ** 2, rel=0.03)
    assert dark[32, 32] and not dark[2, 2]
