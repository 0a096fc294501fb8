"""Mugs are closed, exact, and what their measures say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.assets.solids import check_part, distance_to_vertices, euler, hull_volume, open_edges, volume, welded
from twin.assets.library import Library
from twin.assets.mug import Mug
from twin.errors import AssetError
from twin.seeds import Bits

ON_SURFACE = (
    "floor_centre", "rim_right", "rim_back", "rim_left", "rim_front", "handle_top", "handle_centre", "handle_bottom",
)  # fmt: skip
FINISHES = ("ceramic", "stoneware", "enamel", "plastic", "glass", "metal")


def drawn(number: int) -> dict[str, Any]:
    """Draw measures from all over their useful range."""
    bits = Bits(11, number, "mug")

    def between(low: float, high: float) -> float:
        return low + (high - low) * bits.uniform()

    return {
        "height": between(0.075, 0.13),
        "radius": between(0.034, 0.055),
        "taper": between(0.75, 1.2),
        "belly": between(-0.1, 0.25),
        "wall": between(0.002, 0.006),
        "handle_width": between(0.026, 0.05),
        "handle_thickness": between(0.006, 0.01),
        "handle_breadth": between(0.008, 0.016),
        "handle_shape": ("round", "square", "ear")[bits.below(3)],
        "finish": FINISHES[bits.below(6)],
    }


@pytest.mark.parametrize("number", range(24))
def test_any_mug_is_one_closed_surface_with_a_hole(number: int, library: Library) -> None:
    asset = Mug(kind="mug", **drawn(number)).build(library, Bits(5, number, "objects.mug.asset"))
    points, faces = welded(asset.parts)
    assert open_edges(faces) == 0
    assert euler(points, faces) == 0
    body = volume(points, faces)
    assert body > 0
    assert hull_volume(asset) == pytest.approx(body, rel=0.15)
    assert distance_to_vertices(asset, ON_SURFACE) < 1e-6
    for part in asset.parts:
        check_part(part)
        assert not part.double_sided


def test_measures_are_what_they_say(library: Library) -> None:
    mug = Mug(
        kind="mug", height=0.1, radius=0.04, taper=1.0, belly=0.0, wall=0.004, handle_width=0.03, handle_height=0.06
    )
    asset = mug.build(library, Bits(0, 0, "x"))
    low, high = asset.extent.astype(np.float64)
    assert np.allclose([low[2], high[2]], [0, 0.1], atol=1e-6)
    assert high[0] - 0.04 == pytest.approx(0.03, abs=2e-4)
    assert np.allclose([low[0], low[1], high[1]], [-0.04, -0.04, 0.04], atol=1e-6)
    keypoints = asset.keypoints
    assert keypoints["handle_top"][2] - keypoints["handle_bottom"][2] == pytest.approx(0.06, abs=2e-4)
    assert np.allclose(keypoints["rim_front"], [0, -0.038, 0.1], atol=1e-6)
    assert np.allclose(keypoints["rim_right"], [0.038, 0, 0.1], atol=1e-6)
    assert keypoints["handle_centre"][0] == pytest.approx(high[0])
    assert asset.label == mug.label_name == "mug"


def test_the_wall_has_its_thickness_all_around(library: Library) -> None:
    asset = Mug(kind="mug", taper=1.0, belly=0.0).build(library, Bits(0, 0, "x"))
    inside = next(part for part in asset.parts if part.name == "inside")
    radii = np.hypot(inside.points[:, 0], inside.points[:, 1])
    straight = (inside.points[:, 2] > 0.04) & (inside.points[:, 2] < 0.09)
    assert np.abs(radii[straight] - 0.037).max() < 1e-6


def test_own_chance_decorates_and_nothing_else(library: Library) -> None:
    assets = [Mug(kind="mug").build(library, Bits(1, n, "x")) for n in range(12)]
    assert len({asset.sha256 for asset in assets}) > 6
    assert len({tuple(asset.extent.ravel().tolist()) for asset in assets}) == 1
    again = Mug(kind="mug").build(library, Bits(1, 3, "x"))
    assert again.name == assets[3].name and again.sha256 == assets[3].sha256


def test_decorations_set_off_their_zones(library: Library) -> None:
    def colors(**fields: Any) -> dict[str, Any]:
        asset = Mug(kind="mug", color=(0.1, 0.2, 0.3), **fields).build(library, Bits(0, 0, "x"))
        return {part.name: part.surface.inputs["diffuseColor"] for part in asset.parts}

    plain, two, dipped, banded = (colors(pattern=name) for name in ("plain", "two_tone", "dipped", "banded"))
    assert plain["outside"] == plain["inside"] == plain["handle"] == (0.1, 0.2, 0.3) != plain["foot"]
    assert two["inside"] != two["outside"] and "band" not in two
    assert dipped["band"] == dipped["foot"] and banded["band"] != banded["outside"]
    speckled = colors(pattern="speckled", finish="stoneware")["outside"]
    assert speckled.file.is_file() and speckled.colorspace == "sRGB"
    assert "band" not in colors(pattern="banded", finish="glass")


WRONG = [
    ({"wall": 0.02}, "a mug whose wall is 2 cm does not fit together\n  expected: 0.05 to 0.943 cm"),
    (
        {"handle_height": 0.12},
        "a mug whose handle_height is 12 cm does not fit together\n  expected: 2.975 to 7.385 cm",
    ),
    (
        {"handle_width": 0.005},
        "a mug whose handle_width is 0.5 cm does not fit together\n  expected: 1.615 to 16.4 cm",
    ),
    (
        {"handle_breadth": 0.2},
        "a mug whose handle_breadth is 20 cm does not fit together\n  expected: 0.2 to 3.384 cm",
    ),
]


@pytest.mark.parametrize(("fields", "message"), WRONG)
def test_measures_that_do_not_fit_are_refused(fields: dict[str, Any], message: str, library: Library) -> None:
    with pytest.raises(AssetError) as caught:
        Mug(kind="mug", **fields).build(library, Bits(0, 0, "x"))
    assert str(caught.value) == message
