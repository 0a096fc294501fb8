"""The surface model against energy, reciprocity and its own density."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.engines.mitsuba.stages import ball, camera, dome, geometry, image, material, matte, state
from twin.cast.variant import mitsuba

COUNT = 1 << 18
LOOKS: dict[str, dict[str, Any]] = {
    "matte": {"diffuse": 0.8, "f0": 0.0, "alpha": 1.0},
    "plastic": {"diffuse": 0.5, "f0": 0.04, "alpha": 0.2},
    "coated": {"diffuse": 0.3, "f0": 0.04, "alpha": 0.5, "coat": 1.0, "coat_alpha": 0.1},
    "metal": {"diffuse": 0.0, "f0": 0.9, "alpha": 0.3},
    "glass": {"diffuse": 0.8, "f0": 0.04, "alpha": 0.25, "glass": 1.0},
    "milky": {"diffuse": 0.8, "f0": 0.04, "alpha": 0.4, "glass": 0.6},
}
ANGLES = (0.2, 0.9, 1.3)


def made(name: str) -> tuple[Any, Any, Any]:
    """Return the modules and a look."""
    mi = mitsuba()
    from twin.engines.mitsuba import bsdf
    from twin.engines.mitsuba.material import Look

    given = {"coat": 0.0, "coat_alpha": 0.1, "glass": 0.0, **LOOKS[name]}
    look = Look(
        diffuse=mi.Color3f(given["diffuse"]), f0=mi.Color3f(given["f0"]), alpha=mi.Float(given["alpha"]),
        coat=mi.Float(given["coat"]), coat_alpha=mi.Float(given["coat_alpha"]), glass=mi.Float(given["glass"]),
        ior=mi.Float(1.5), tint=mi.Color3f(0.9), emission=mi.Color3f(0.0),
    )  # fmt: skip
    return mi, bsdf, look


def draws(mi: Any, seed: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    uv = rng.uniform(size=(2, COUNT)).astype(np.float32)
    return mi.Float(rng.uniform(size=COUNT).astype(np.float32)), mi.Point2f(uv[0], uv[1])


def grid(mi: Any) -> Any:
    """Return even points of the unit square."""
    side = (np.arange(1024, dtype=np.float32) + 0.5) / 1024
    u, v = np.meshgrid(side, side)
    return mi.Point2f(u.ravel(), v.ravel())


def from_angle(mi: Any, angle: float, below: bool = False) -> Any:
    return mi.Vector3f(float(np.sin(angle)), 0.0, float(np.cos(angle)) * (-1 if below else 1))


CASES = [(name, angle, False) for name in LOOKS for angle in ANGLES] + [("glass", angle, True) for angle in ANGLES]


@pytest.mark.parametrize(("name", "angle", "below"), CASES)
def test_directions_are_drawn_with_the_density_that_is_told(name: str, angle: float, below: bool) -> None:
    """Sums of value / density over drawn directions and over even ones agree, and so do histograms of directions."""
    mi, bsdf, look = made(name)
    wi = from_angle(mi, angle, below)
    lobe, uv = draws(mi, 1)
    wo = bsdf.sample(look, wi, lobe, uv)
    value, pdf = (np.array(x, dtype=np.float64) for x in bsdf.evaluate(look, wi, wo))
    weight = np.where(pdf > 0, value[0] / np.maximum(pdf, 1e-30), 0.0)
    even = mi.warp.square_to_uniform_sphere(grid(mi))
    flat_value, flat_pdf = (np.array(x, dtype=np.float64) for x in bsdf.evaluate(look, wi, even))
    flat = flat_value[0].mean() * 4 * np.pi
    assert abs(weight.mean() - flat) < 5 * weight.std() / COUNT**0.5 + 2e-3
    drawn = np.array(wo, dtype=np.float64)[:, pdf > 0]
    edges = np.linspace(-1, 1, 11)
    share = np.histogram(drawn[2], edges)[0] / COUNT
    expected = np.histogram(np.array(even)[2], edges, weights=flat_pdf * 4 * np.pi)[0] / len(flat_pdf)
    assert np.abs(share - expected).max() < 0.005


@pytest.mark.parametrize("name", ["matte", "plastic", "coated", "metal"])
def test_solids_scatter_alike_both_ways(name: str) -> None:
    mi, bsdf, look = made(name)
    a = mi.warp.square_to_uniform_hemisphere(draws(mi, 3)[1])
    b = mi.warp.square_to_uniform_hemisphere(draws(mi, 4)[1])
    there, back = (np.array(bsdf.evaluate(look, *pair)[0], dtype=np.float64) for pair in ((a, b), (b, a)))
    np.testing.assert_allclose(there * np.array(a)[2], back * np.array(b)[2], rtol=2e-3, atol=1e-5)


@pytest.mark.parametrize("name", [name for name in LOOKS])
@pytest.mark.parametrize("angle", [0.0, 0.7, 1.2, 1.5])
def test_no_surface_gives_more_than_it_gets(name: str, angle: float) -> None:
    mi, bsdf, look = made(name)
    lobe, uv = draws(mi, 5)
    wi = from_angle(mi, angle)
    value, pdf = (np.array(x, dtype=np.float64) for x in bsdf.evaluate(look, wi, bsdf.sample(look, wi, lobe, uv)))
    assert np.where(pdf > 0, value[0] / np.maximum(pdf, 1e-30), 0.0).mean() < 1.005


def furnace(inputs: Any) -> Any:
    """Return what a ball shows in an even sky of radiance 1, away from its outline."""
    stage = geometry([ball(0.2, 32, "/m")], None, [inputs], [dome(1.0)])
    return image(stage, state(camera((0, -2, 0), (0, 0, 0), (16, 16), 60.0)), spp=256, max_depth=64)[4:12, 4:12]


WHITE = (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("made_of", "low"),
    [
        (matte("/m", 1.0), 0.99),
        (material("/m", diffuseColor=WHITE, metallic=1.0, roughness=0.1), 0.99),
        (material("/m", diffuseColor=WHITE, roughness=0.3), 0.99),
        (material("/m", diffuseColor=WHITE, opacity=0.0, roughness=0.0), 0.99),
        (material("/m", diffuseColor=WHITE, roughness=0.5, clearcoat=1.0, clearcoatRoughness=0.1), 0.95),
    ],
    ids=["matte", "mirror", "plastic", "glass", "coated"],
)
def test_white_vanishes_in_a_white_furnace(made_of: Any, low: float) -> None:
    found = furnace(made_of)
    assert found.mean() > low and found.mean() < 1.01
    assert found.max() < 1.05


def test_a_tinted_surface_darkens_a_furnace_by_its_colour() -> None:
    np.testing.assert_allclose(furnace(matte("/m", 0.25)).mean(), 0.25, rtol=0.01)
