"""Lamps against the irradiance that their shapes give analytically."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.engines.mitsuba.stages import UPRIGHT, camera, dome, geometry, image, light, matte, quad, state
from twin.conventions import rotation_axis, transform
from twin.engines.mitsuba.blackbody import blackbody
from twin.errors import EngineError
from twin.stage.geometry import Light

GREY = 0.5
ABOVE = transform(np.eye(3), [0, 0, 1.0])


def seen(*lights: Light) -> Any:
    """Return the radiance of the origin of a Lambertian plane, as a camera sees it."""
    stage = geometry([quad(2.0, 0.0, "/m")], None, [matte("/m", GREY)], lights)
    view = camera((0.3, -1.0, 1.0), (0, 0, 0), (8, 8), 2000.0)
    return image(stage, state(view), spp=256, max_depth=1).reshape(-1, 3).mean(axis=0)


def irradiance_rect(width: float, height: float, distance: float) -> float:
    """Form factor of a rectangle over a point (Howell, A Catalog of Radiation Heat Transfer, B-4), times pi."""
    a, b = width / 2 / distance, height / 2 / distance
    half = a / np.hypot(1, a) * np.arctan(b / np.hypot(1, a)) + b / np.hypot(1, b) * np.arctan(a / np.hypot(1, b))
    return float(2 * half)


def irradiance_cylinder(radius: float, length: float, distance: float) -> float:
    """Sum over the wall of a lying cylinder."""
    count = 1000
    x = (np.arange(count) + 0.5) / count * length - length / 2
    angle = (np.arange(count) + 0.5) / count * 2 * np.pi
    x, angle = np.meshgrid(x, angle)
    normal = np.stack([0 * x, np.cos(angle), np.sin(angle)], axis=-1)
    point = normal * radius + np.stack([x, 0 * x, 0 * x + distance], axis=-1)
    far = np.linalg.norm(point, axis=-1)
    leaving, arriving = np.maximum(-(point * normal).sum(-1) / far, 0), np.maximum(point[..., 2] / far, 0)
    return float((leaving * arriving / far**2).sum() * length / count * 2 * np.pi / count * radius)


CASES = {
    "dome": (dome(2.0), 2 * np.pi),
    "sphere": (light("sphere", ABOVE, radius=0.1, intensity=10.0), 10 * np.pi * 0.01),
    "exposure": (light("sphere", ABOVE, radius=0.1, intensity=10.0, exposure=-1.0), 5 * np.pi * 0.01),
    "sphere normalize": (light("sphere", ABOVE, radius=0.1, intensity=10.0, normalize=True), 10 / 4),
    "disk": (light("disk", ABOVE, radius=0.5, intensity=10.0), 10 * np.pi * 0.2),
    "disk normalize": (light("disk", ABOVE, radius=0.5, intensity=10.0, normalize=True), 10 * 0.2 / 0.25),
    "rect": (light("rect", ABOVE, width=0.6, height=0.4, intensity=10.0), 10 * irradiance_rect(0.6, 0.4, 1.0)),
    "cylinder": (
        light("cylinder", ABOVE, radius=0.1, length=0.8, intensity=10.0), 10 * irradiance_cylinder(0.1, 0.8, 1.0)
    ),
    "distant": (light("distant", angle=10.0, intensity=300.0), 300 * np.pi * np.sin(np.radians(5)) ** 2),
    "distant normalize": (light("distant", angle=10.0, intensity=3.0, normalize=True), 3.0),
    "distant sharp": (light("distant", angle=0.0, intensity=3.0), 3.0),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_irradiance_is_the_analytic_one(name: str) -> None:
    lamp, irradiance = CASES[name]
    np.testing.assert_allclose(seen(lamp), GREY / np.pi * irradiance, rtol=0.01)


def test_lights_add_up() -> None:
    two = [CASES["dome"][0], Light("/b", "sphere", CASES["sphere"][0].inputs, ABOVE)]
    expected = CASES["dome"][1] + CASES["sphere"][1]
    np.testing.assert_allclose(seen(*two), GREY / np.pi * expected, rtol=0.01)


def test_no_light_is_black() -> None:
    assert not seen().any()


@pytest.mark.parametrize("kind", ["rect", "disk"])
def test_flat_lights_shine_to_one_side(kind: str) -> None:
    upward = transform(rotation_axis([1, 0, 0], np.pi), [0, 0, 1.0])
    assert not seen(light(kind, upward, radius=0.5, width=1.0, height=1.0, intensity=10.0)).any()


def test_colour_and_temperature_multiply() -> None:
    plain = seen(CASES["sphere"][0])
    warm = light(
        "sphere", ABOVE, radius=0.1, intensity=10.0, color=(1.0, 0.5, 0.25), colorTemperature=3000.0,
        enableColorTemperature=True,
    )  # fmt: skip
    np.testing.assert_allclose(seen(warm) / plain, blackbody(3000.0) * (1.0, 0.5, 0.25), rtol=0.01)


@pytest.mark.parametrize("temperature", [1000, 1500, 2700, 4000, 5600, 6500, 9000, 10000, 20000])
def test_blackbody_is_that_of_usd(temperature: int) -> None:
    from pxr import UsdLux

    theirs = np.array(UsdLux.BlackbodyTemperatureAsRgb(temperature))
    np.testing.assert_allclose(blackbody(temperature), theirs, atol=0.02 * theirs.max())


@pytest.mark.parametrize(
    ("towards", "u", "v"),
    [
        ((0, -1, 0), 0.5, 0.5),
        ((1, 0, 0), 0.25, 0.5),
        ((-1, 0, 0), 0.75, 0.5),
        ((0, 1, 0), 0.0, 0.5),
        ((0, -0.1, 1), 0.5, 0.0),
    ],
)
def test_a_dome_stands_as_usdlux_says(tmp_path: Any, towards: Any, u: float, v: float) -> None:
    """Put one red patch into the image, and look where UsdLux (OpenEXR's latitude and longitude) puts it."""
    from PIL import Image

    pixels = np.zeros((64, 128, 3), dtype=np.uint8)
    rows, columns = np.meshgrid(np.arange(64) + 0.5, np.arange(128) + 0.5, indexing="ij")
    near_u = np.abs((columns / 128 - u + 0.5) % 1 - 0.5) < 0.04
    pixels[(near_u | (v == 0)) & (np.abs(rows / 64 - v) < 0.08)] = (255, 0, 0)
    Image.fromarray(pixels).save(tmp_path / "sky.png")
    stage = geometry([], None, [], [dome(1.0, texture_file=str(tmp_path / "sky.png"))])
    found = image(stage, state(camera((0, 0, 0), towards, (16, 16), 40.0)), spp=4)
    assert found[8, 8] == pytest.approx([1, 0, 0], abs=1e-3)
    assert image(stage, state(camera((0, 0, 0), -np.asarray(towards), (16, 16), 40.0)), spp=4).max() == 0


def test_a_skys_brightness_is_drawn_where_it_is(tmp_path: Any) -> None:
    """A small sun in an image must give the irradiance that the image's pixels add up to."""
    from PIL import Image

    pixels = np.full((64, 128, 3), 20, dtype=np.uint8)
    pixels[20:22, 30:33] = 255
    Image.fromarray(pixels).save(tmp_path / "sky.png")
    rows = np.arange(64)[:, None] + 0.5
    linear = np.where(pixels[..., 0] == 255, 1.0, ((20 / 255 + 0.055) / 1.055) ** 2.4)
    latitude, area = np.pi * (0.5 - rows / 64), np.pi / 64 * 2 * np.pi / 128
    expected = (linear * np.maximum(np.sin(latitude), 0) * np.cos(latitude) * area).sum()
    found = seen(dome(1.0, texture_file=str(tmp_path / "sky.png")))
    np.testing.assert_allclose(found, GREY / np.pi * expected, rtol=0.01)


def test_a_lamp_is_mirrored_but_hides_nothing() -> None:
    """A camera looks through a lamp at a wall; the wall is what it sees."""
    wall = geometry([quad(2.0, 0.0, "/m")], None, [matte("/m", GREY)], [dome(1.0), light("sphere", ABOVE, radius=0.2)])
    bare = geometry([quad(2.0, 0.0, "/m")], None, [matte("/m", GREY)], [dome(1.0)])
    view = state(camera((0, 0, 2.0), (0, 0.001, 0), (8, 8), 60.0))
    with_lamp, without = image(wall, view, max_depth=1), image(bare, view, max_depth=1)
    assert with_lamp.min() > 0.9 * without.min()
    assert without.mean() < with_lamp.mean() < 1.2 * without.mean()


def test_what_cannot_shine_is_named() -> None:
    lights = [
        light("sphere", path="/a", **{"shaping:cone:angle": 20.0}), light("rect", path="/b", texture_file="x.png"),
        light("portal", path="/c"), Light("/d", "dome", {}, np.eye(4)), dome(1.0),
    ]  # fmt: skip
    with pytest.raises(EngineError) as caught:
        image(geometry([], None, [], lights), state(camera()))
    text = str(caught.value)
    for expected in (
        "/a: the light's input 'shaping:cone:angle' is not supported",
        "/b: an image on a rect light is not supported",
        "/c: a light of the kind 'portal' is not supported",
        "/dome: only one dome light is supported, and /d is one",
    ):
        assert expected in text


def test_upright_is_what_the_specs_dome_has() -> None:
    np.testing.assert_allclose(UPRIGHT @ [0, 1, 0], [0, 0, 1], atol=1e-12)
