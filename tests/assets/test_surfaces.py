"""Derived maps follow their recipe exactly; measured materials keep their numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from twin.assets.asset import Image, Surface
from twin.assets.finishes import speckled
from twin.assets.images import file_image, limited, read_pixels
from twin.assets.library import Library
from twin.assets.manifest import Entry
from twin.assets.surfaces import measured, textured
from twin.seeds import Bits


def entry(**detail: Any) -> Entry:
    full = {"texture_size": 0.64, "roughness": 0.5, "roughness_span": 0.2, "relief": 0.01, **detail}
    return Entry("core/wood/x", "material", "p", {"x.png": "0" * 64}, "MIT", "c", "train", full)


def surface(pixels: np.ndarray, folder: Path, **detail: Any) -> Surface:
    Pillow.fromarray(pixels.astype(np.uint8)).save(folder / "x.png")
    return textured(entry(**detail), file_image(folder / "x.png"), folder / "made")


def decoded(image: object) -> np.ndarray:
    """Return what a renderer reads: sample times scale plus bias."""
    assert isinstance(image, Image)
    return np.asarray(read_pixels(image.file) / 255 * np.array(image.scale[:3]) + np.array(image.bias[:3]))


def test_an_even_colour_gives_flat_maps(tmp_path: Path) -> None:
    inputs = surface(np.full((64, 64, 3), 90), tmp_path).inputs
    assert np.abs(decoded(inputs["normal"]) - [0, 0, 1]).max() < 0.005
    assert np.abs(decoded(inputs["roughness"])[..., 0] - 0.5).max() < 0.005


def test_a_ramp_tilts_the_normal_by_its_slope(tmp_path: Path) -> None:
    """A grey level is relief / 255 high and a pixel texture_size / 64 wide."""
    ramp = np.repeat((np.arange(64) * 2)[None, :, None], 64, axis=0).repeat(3, axis=2)
    normal = decoded(surface(ramp, tmp_path).inputs["normal"])[20:40, 10:50].mean(axis=(0, 1))
    slope = 2 * (0.01 / 255) / (0.64 / 64)
    assert normal[0] / normal[2] == pytest.approx(-slope, abs=0.006) and abs(normal[1]) < 0.006
    upward = ramp.transpose(1, 0, 2)[::-1]
    normal = decoded(surface(upward, tmp_path).inputs["normal"])[20:40, 10:50].mean(axis=(0, 1))
    assert normal[1] / normal[2] == pytest.approx(-slope, abs=0.006) and abs(normal[0]) < 0.006


def test_dark_grain_is_rougher(tmp_path: Path) -> None:
    grain = np.full((64, 64, 3), 150)
    grain[:, ::8] = 90
    rough = decoded(surface(grain, tmp_path).inputs["roughness"])[..., 0]
    assert rough[:, ::8].mean() > rough[:, 4::8].mean() + 0.1


def test_maps_are_made_once_and_named_by_their_recipe(tmp_path: Path) -> None:
    pixels = np.arange(64 * 64 * 3).reshape(64, 64, 3) % 251
    one = surface(pixels, tmp_path).inputs
    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / "made").iterdir()}
    again = surface(pixels, tmp_path).inputs
    assert one == again and stamps == {path: path.stat().st_mtime_ns for path in (tmp_path / "made").iterdir()}
    other = surface(pixels, tmp_path, relief=0.02).inputs
    assert other["normal"] != one["normal"] and other["roughness"] == one["roughness"]
    assert "normal" not in surface(pixels, tmp_path, relief=0.0).inputs


def test_large_textures_are_halved_by_the_mean(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    Pillow.fromarray(pixels).save(tmp_path / "x.png")
    image = file_image(tmp_path / "x.png")
    assert limited(image, 96, tmp_path / "made") is image
    small = read_pixels(limited(image, 48, tmp_path / "made").file)
    exact = pixels.reshape(32, 2, 48, 2, 3).mean(axis=(1, 3))
    assert small.shape == (32, 48, 3) and np.abs(small - exact).max() <= 0.5


def test_measured_parameters_are_translated(tmp_path: Path) -> None:
    def color(*rgb: float) -> list[dict[str, Any]]:
        return [{"colorSpace": "acescg", "color": [9, 9, 9]}, {"colorSpace": "srgb-linear", "color": list(rgb)}]

    (tmp_path / "m.json").write_text(
        json.dumps([
            {"name": "Gold", "color": color(1.059, 0.773, 0.307), "metalness": 1, "roughness": 0},
            {"name": "Glass", "color": color(1, 1, 1), "metalness": 0, "roughness": 0, "ior": 1.52, "transmission": 1},
        ])
    )  # fmt: skip
    gold, glass = (measured(entry(measured=name), tmp_path / "m.json").inputs for name in ("Gold", "Glass"))
    assert gold == {"diffuseColor": (1.0, 0.773, 0.307), "roughness": 0.0, "metallic": 1.0, "ior": 1.5}
    assert glass["opacity"] == 0.0 and glass["ior"] == 1.52 and "opacity" not in gold


def test_speckles_wrap_around_and_follow_the_bits(tmp_path: Path) -> None:
    images = [speckled((0.5, 0.4, 0.3), Bits(0, n, "x"), tmp_path) for n in (1, 2, 1)]
    assert images[0] == images[2] != images[1]
    pixels = read_pixels(images[0].file).astype(float)
    dark = pixels.mean(axis=2) < 0.8 * np.median(pixels)
    assert 0.005 < dark.mean() < 0.1
    seam = np.abs(pixels[:, 0] - pixels[:, -1]).mean()
    assert seam < 3 * np.abs(np.diff(pixels, axis=1)).mean()


@pytest.mark.assets
def test_every_material_of_core_loads(core: Library) -> None:
    for name in core.names("material"):
        inputs = core.material(name).inputs
        images = [value for value in inputs.values() if isinstance(value, Image)]
        assert all(image.file.is_file() for image in images)
        assert bool(images) == (name.split("/")[1] in {"fabric", "plaster", "stone", "tile", "wood"})
        for key in ("diffuseColor", "roughness", "metallic", "opacity"):
            value = inputs.get(key, 1.0)
            assert isinstance(value, Image) or np.all((np.array(value) >= 0) & (np.array(value) <= 1)), name
