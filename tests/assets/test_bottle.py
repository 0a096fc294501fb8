"""Bottles are closed solids of revolution, and what their measures say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.assets.solids import check_part, distance_to_vertices, hausdorff, hull_volume, open_edges, volume, welded
from twin.assets.asset import Asset
from twin.assets.bottle import Bottle
from twin.assets.images import read_pixels
from twin.assets.library import Library
from twin.conventions import rotation_axis
from twin.errors import AssetError
from twin.seeds import Bits


def drawn(number: int) -> dict[str, Any]:
    bits = Bits(12, number, "bottle")

    def between(low: float, high: float) -> float:
        return low + (high - low) * bits.uniform()

    return {
        "height": between(0.15, 0.32),
        "radius": between(0.025, 0.05),
        "shoulder_height": between(0.02, 0.06),
        "shoulder": between(0, 1),
        "neck_radius": between(0.01, 0.02),
        "neck_height": between(0.024, 0.05),
        "cap_height": between(0.01, 0.024),
        "edge": between(0.003, 0.01),
        "finish": ("plastic", "glass", "metal", "ceramic")[bits.below(4)],
        "sticker": ("none", "bands", "printed")[bits.below(3)],
    }


def solids(asset: Asset) -> list[tuple[str, ...]]:
    """Return the groups of parts that are closed together."""
    names = [part.name for part in asset.parts]
    return [("body",), ("cap",), *([("label", "label_back")] if "label" in names else [])]


@pytest.mark.parametrize("number", range(20))
def test_any_bottle_is_made_of_closed_solids(number: int, library: Library) -> None:
    asset = Bottle(kind="bottle", **drawn(number)).build(library, Bits(5, number, "x"))
    for group in solids(asset):
        points, faces = welded(part for part in asset.parts if part.name in group)
        assert open_edges(faces) == 0, group
        assert volume(points, faces) > 0, group
    for part in asset.parts:
        check_part(part)
    assert distance_to_vertices(asset, ["top"]) < 1e-6
    axis = np.array([asset.keypoints[name] for name in ("base_centre", "shoulder", "neck_base", "top")])
    assert (axis[:, :2] == 0).all() and (np.diff(axis[:, 2]) > 0).all()
    outer = np.concatenate(asset.colliders)
    assert np.abs(outer.max(axis=0) - asset.extent[1]).max() < 3e-4
    assert np.abs(outer.min(axis=0) - asset.extent[0]).max() < 3e-4


@pytest.mark.parametrize("number", range(6))
def test_a_turn_about_the_axis_changes_nothing(number: int, library: Library) -> None:
    asset = Bottle(kind="bottle", **{**drawn(number), "sticker": "bands"}).build(library, Bits(5, number, "x"))
    ((axis, offset),) = asset.symmetries.continuous
    points, _ = welded(asset.parts)
    steps = rotation_axis(axis, 2 * np.pi / 96 * (number + 1))
    assert offset == (0.0, 0.0, 0.0)
    assert hausdorff(points, points @ steps.T) < 2e-7
    anyhow = points @ rotation_axis(axis, 0.1 * number + 0.05).T
    assert np.abs(np.sort(np.hypot(*anyhow[:, :2].T)) - np.sort(np.hypot(*points[:, :2].T))).max() < 1e-9


def test_only_a_printed_label_breaks_the_symmetry(library: Library) -> None:
    built = {s: Bottle(kind="bottle", sticker=s).build(library, Bits(0, 0, "x")) for s in ("none", "bands", "printed")}
    assert [len(asset.symmetries.continuous) for asset in built.values()] == [1, 1, 0]
    images = {s: a.parts[2].surface.inputs["diffuseColor"] for s, a in built.items() if s != "none"}
    bands, printed = (read_pixels(images[s].file) for s in ("bands", "printed"))  # type: ignore[union-attr]
    assert (bands == bands[:, :1]).all()
    assert (printed != printed[:, :1]).any()


def test_the_body_holds_what_its_measures_say(library: Library) -> None:
    asset = Bottle(kind="bottle", sticker="none").build(library, Bits(0, 0, "x"))
    points, faces = welded(part for part in asset.parts if part.name == "body")
    straight = np.pi * 0.034**2 * (0.135 - 0.005) * np.sin(2 * np.pi / 96) / (2 * np.pi / 96)
    assert volume(points, faces) > straight
    assert hull_volume(asset) == pytest.approx(volume(points, faces), rel=0.02)
    assert asset.extent[1, 2] == pytest.approx(0.21) and asset.keypoints["shoulder"][2] == pytest.approx(0.135)


def test_glass_is_hollow(library: Library) -> None:
    filled, hollow = (Bottle(kind="bottle", finish=f).build(library, Bits(0, 0, "x")) for f in ("plastic", "glass"))
    volumes = [volume(*welded(part for part in asset.parts if part.name == "body")) for asset in (filled, hollow)]
    assert volumes[1] < 0.25 * volumes[0]


WRONG = [
    ({"height": 0.09}, "a bottle whose height is 9 cm does not fit together\n  expected: 9.5 to 1000 cm"),
    (
        {"neck_radius": 0.034},
        "a bottle whose neck_radius is 3.4 cm does not fit together\n  expected: 0.2 to 3.24 cm",
    ),
    (
        {"cap_height": 0.04},
        "a bottle whose cap_height is 4 cm does not fit together\n  expected: 0.32 to 3 cm",
    ),
    ({"edge": 0.02}, "a bottle whose edge is 2 cm does not fit together\n  expected: 0.05 to 1.7 cm"),
]


@pytest.mark.parametrize(("fields", "message"), WRONG)
def test_measures_that_do_not_fit_are_refused(fields: dict[str, Any], message: str, library: Library) -> None:
    with pytest.raises(AssetError) as caught:
        Bottle(kind="bottle", **fields).build(library, Bits(0, 0, "x"))
    assert str(caught.value) == message
