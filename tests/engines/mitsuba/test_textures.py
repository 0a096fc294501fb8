"""Images on surfaces: which texel shows where, and what its numbers mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.engines.mitsuba.stages import camera, dome, geometry, image, light, material, matte, quad, state
from twin.conventions import look_at
from twin.errors import EngineError
from twin.stage.geometry import Texture

STRAIGHT_DOWN = state(camera((0, 0, 1), (0, 0, 0), (32, 32), 32.0))
"""A camera above a unit square that fills the image: the image's top is world +y, its right world +x."""


def texture(folder: Path, pixels: Any, **more: Any) -> Texture:
    """Write an image and return a texture of it."""
    file = folder / f"{len(list(folder.iterdir()))}.png"
    Image.fromarray(np.asarray(pixels, dtype=np.uint8)).save(file)
    return Texture(file, more.pop("colorspace", "raw"), **more)


def glowing(emission: Any, **inputs: Any) -> Any:
    """Return what the camera sees of a square that only glows, without any light."""
    made = material("/m", diffuseColor=(0.0, 0.0, 0.0), emissiveColor=emission, ior=1.0, **inputs)
    return image(geometry([quad(1.0, 0.0, "/m")], None, [made], []), STRAIGHT_DOWN, spp=16, max_depth=1)


def quarters() -> Any:
    """Four colours: red, green in the top row, blue, white in the bottom row of the image."""
    pixels = np.zeros((64, 64, 3), dtype=np.uint8)
    pixels[:32, :32], pixels[:32, 32:], pixels[32:, :32], pixels[32:] = (255, 0, 0), (0, 255, 0), 0, pixels[32:]
    pixels[32:, :32], pixels[32:, 32:] = (0, 0, 255), (255, 255, 255)
    return pixels


def test_the_images_lower_left_is_the_origin_of_uv(tmp_path: Path) -> None:
    """The square's u grows to the right and v upwards in this view, so the image is seen upright."""
    found = glowing(texture(tmp_path, quarters()))
    np.testing.assert_allclose(found[8, 8], [1, 0, 0], atol=2e-3)
    np.testing.assert_allclose(found[8, 24], [0, 1, 0], atol=2e-3)
    np.testing.assert_allclose(found[24, 8], [0, 0, 1], atol=2e-3)
    np.testing.assert_allclose(found[24, 24], [1, 1, 1], atol=2e-3)


def test_an_edge_lies_where_its_texel_says(tmp_path: Path) -> None:
    """A line of light one eighth from the left edge: its centre of mass is known to a hundredth of a pixel."""
    pixels = np.zeros((64, 64, 3), dtype=np.uint8)
    pixels[:, 7:9] = 255
    row = glowing(texture(tmp_path, pixels))[16, :, 0].astype(float)
    assert (row * (np.arange(32) + 0.5)).sum() / row.sum() == pytest.approx(32 * 8 / 64, abs=0.02)


def test_images_repeat_as_often_as_they_are_told(tmp_path: Path) -> None:
    found = glowing(texture(tmp_path, quarters(), uv_scale=(2.0, 1.0)))
    np.testing.assert_allclose(found[8, 4], found[8, 20], atol=2e-3)
    np.testing.assert_allclose(found[8, 4], [1, 0, 0], atol=2e-3)
    np.testing.assert_allclose(found[8, 12], [0, 1, 0], atol=2e-3)


def test_srgb_is_decoded_and_raw_is_not(tmp_path: Path) -> None:
    grey = np.full((4, 4, 3), 128)
    assert glowing(texture(tmp_path, grey, colorspace="sRGB")).mean() == pytest.approx(0.21586, rel=3e-3)
    assert glowing(texture(tmp_path, grey, colorspace="raw")).mean() == pytest.approx(128 / 255, rel=3e-3)


def test_scale_bias_and_channel(tmp_path: Path) -> None:
    pixels = np.full((4, 4, 4), (51, 102, 153, 204))
    scaled = texture(tmp_path, pixels, scale=(1.0, 2.0, 0.0, 1.0), bias=(0.0, 0.1, 0.5, 0.0))
    np.testing.assert_allclose(glowing(scaled)[16, 16], [0.2, 0.9, 0.5], atol=2e-3)
    for channel, value in zip("rgba", (0.2, 0.4, 0.6, 0.8), strict=True):
        np.testing.assert_allclose(glowing(texture(tmp_path, pixels, channel=channel))[16, 16], value, atol=2e-3)


def test_an_image_of_one_texel_is_its_colour(tmp_path: Path) -> None:
    np.testing.assert_allclose(glowing(texture(tmp_path, [[(255, 0, 51)]]))[16, 16], [1.0, 0.0, 0.2], atol=2e-3)


def test_large_images_are_averaged_down(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (8, 4100, 3))
    assert glowing(texture(tmp_path, noise)).mean() == pytest.approx(noise.mean() / 255, rel=0.02)


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_normal_map_leans_as_opengl_has_it(tmp_path: Path, mirrored: bool) -> None:
    """A texel that leans towards +u makes the surface brighter under light from where u grows; green does for v.

    Mirrored texture coordinates turn u around, and the lean with it.
    """
    lean = {"u": (0.6, 0.0, 0.8), "v": (0.0, 0.6, 0.8)}
    square = quad(1.0, 0.0, "/m")
    if mirrored:
        uv = np.asarray(square.uv) * np.array([-1, 1], dtype=np.float32)
        square = type(square)(**{**square.__dict__, "uv": uv})
    for axis, normal in lean.items():
        pixels = np.full((2, 2, 3), np.rint((np.array(normal) + 1) / 2 * 255))
        bumps = texture(tmp_path, pixels, scale=(2.0,) * 3 + (1.0,), bias=(-1.0,) * 3 + (0.0,))
        shiny = {"useSpecularWorkflow": 1.0, "specularColor": (0.0,) * 3}
        made = material("/m", diffuseColor=(0.5,) * 3, normal=bumps, **shiny)
        for side in (1.0, -1.0):
            aim = np.array([side, 0, 1.0]) if axis == "u" else np.array([0, side, 1.0])
            sun = light("distant", look_at(aim, [0, 0, 0]) @ np.diag([1, -1, -1, 1.0]), angle=0.0, intensity=np.pi)
            turn = -1.0 if mirrored and axis == "u" else 1.0
            world = np.array([normal[0] * turn, normal[1], normal[2]])
            expected = 0.5 * max(world @ aim / np.linalg.norm(aim), 0.0)
            found = image(geometry([square], None, [made], [sun]), STRAIGHT_DOWN, spp=4, max_depth=1)
            assert found[16, 16, 0] == pytest.approx(expected, abs=0.01)


def test_a_cutout_lets_camera_and_shadow_rays_pass(tmp_path: Path) -> None:
    """Under a sharp sun, a square whose left half is cut away shades a floor exactly under its right half."""
    alpha = np.zeros((64, 64, 3), dtype=np.uint8)
    alpha[:, 32:] = 255
    leaf = material(
        "/leaf",
        diffuseColor=(0.0, 0.0, 0.0),
        opacity=texture(tmp_path, alpha, channel="r"),
        opacityThreshold=0.5,
        ior=1.0,
    )
    stage = geometry(
        [quad(4.0, 0.0, "/floor"), quad(1.0, 0.5, "/leaf")], None, [leaf, matte("/floor", 0.5)],
        [light("distant", angle=0.0, intensity=np.pi)],
    )  # fmt: skip
    below = image(stage, state(camera((0, 0, 0.4), (0, 0.001, 0), (32, 32), 16.0)), spp=16, max_depth=1)
    assert below[16, :14, 0] == pytest.approx(0.5, abs=1e-3)
    assert below[16, 18:, 0] == pytest.approx(0.0, abs=1e-3)
    above = image(stage, state(camera((0, 0, 1.5), (0, 0.001, 0), (32, 32), 40.0)), spp=16, max_depth=1)
    assert above[16, 2:14, 0] == pytest.approx(0.5, abs=1e-3)
    assert above[16, 18:30, 0] == pytest.approx(0.0, abs=1e-3)


def test_an_image_of_opacity_without_a_threshold_covers_in_part(tmp_path: Path) -> None:
    gauze = material(
        "/m", diffuseColor=(0.0,) * 3, ior=1.0, opacity=texture(tmp_path, np.full((4, 4, 3), 64), channel="r")
    )
    stage = geometry([quad(1.0, 0.0, "/m")], None, [gauze], [dome(1.0)])
    assert image(stage, STRAIGHT_DOWN, spp=256)[4:28, 4:28].mean() == pytest.approx(1 - 64 / 255, abs=0.01)


def test_a_damaged_image_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n not an image")
    with pytest.raises(EngineError, match="this image cannot be read") as caught:
        glowing(Texture(tmp_path / "broken.png", "raw"))
    assert str(tmp_path / "broken.png") in str(caught.value)


def test_a_missing_image_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="this image cannot be read"):
        glowing(Texture(tmp_path / "nowhere.png", "raw"))


def test_glow_lights_its_surroundings() -> None:
    """A glowing square over a floor: the floor's radiance follows from the square's form factor."""
    from tests.engines.mitsuba.test_lights import irradiance_rect

    glow = material("/glow", diffuseColor=(0.0,) * 3, emissiveColor=(3.0, 2.0, 1.0), ior=1.0)
    stage = geometry([quad(4.0, 0.0, "/floor"), quad(1.0, 1.0, "/glow")], None, [glow, matte("/floor", 0.5)], [])
    found = image(stage, state(camera((0.0, -1.0, 0.5), (0, 0, 0), (8, 8), 2000.0)), spp=4096, max_depth=1)
    expected = 0.5 / np.pi * irradiance_rect(1.0, 1.0, 1.0) * np.array([3.0, 2.0, 1.0])
    np.testing.assert_allclose(found.reshape(-1, 3).mean(axis=0), expected, rtol=0.02)


def test_the_mirror_shows_what_it_must() -> None:
    """A glowing bar above a mirror appears at the reflected point, to a twentieth of a pixel."""
    mirror = material("/mirror", diffuseColor=(1.0,) * 3, metallic=1.0, roughness=0.0)
    glow = material("/glow", diffuseColor=(0.0,) * 3, emissiveColor=(1.0,) * 3, ior=1.0)
    bar = quad(0.1, 0.6, "/glow", (0.2, 0.1))
    stage = geometry([quad(4.0, 0.0, "/mirror"), bar], None, [mirror, glow], [])
    view = camera((0, 0, 0.5), (0, 0.001, 0), (64, 64), 64.0)
    found = image(stage, state(view), spp=64, max_depth=2)[..., 0].astype(float)
    from twin.conventions import apply, inverse, project

    expected = project(apply(inverse(view.T_world_camera), [0.2, 0.1, -0.6]), view.K, view.distortion)
    v, u = np.indices(found.shape) + 0.5
    centre = np.array([(found * u).sum(), (found * v).sum()]) / found.sum()
    np.testing.assert_allclose(centre, expected, atol=0.05)
