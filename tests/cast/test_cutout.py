"""Holes of cut-out materials against a checkerboard by formula."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cast.made import Box, Mask, analytic, camera, mesh, stage, state
from twin import conventions
from twin.cast.buffers import Truth
from twin.cast.cutout import LAYERS
from twin.cast.scene import CastScene
from twin.errors import AssetError
from twin.stage.geometry import Geometry, Material, Member, Mesh, Slot, Texture

SIZE = 0.4
VIEW = camera(conventions.look_at([0.1, -0.15, 0.7], [0.0, 0.0, 0.0]), conventions.intrinsics(300, 300, 160, 120))
WALL = Box((1.0, 1.0, 0.01), (0.0, 0.0, -0.3), label="table")


@pytest.fixture
def checker(tmp_path: Path) -> Path:
    """Four by four texels, alpha 0 where row + column is even; the red band is all 200."""
    holes = np.add.outer(np.arange(4), np.arange(4)) % 2
    pixels = np.stack([np.full((4, 4), 200), *[np.full((4, 4), 9)] * 2, holes * 255], axis=-1)
    Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "checker.png")
    return tmp_path / "checker.png"


def sheet(z: float, material: str = "/leaf") -> Mesh:
    points = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]) * SIZE / 2 + [0, 0, z]
    return mesh("/sheet", points, [[0, 1, 2], [0, 2, 3]], uv=[[0, 0], [1, 0], [1, 1], [0, 1]], material=material)


def leaf(opacity: float | Texture, threshold: float = 0.5) -> Material:
    return Material("/leaf", "/leaf/surface", {"opacity": opacity, "opacityThreshold": threshold})


def texture(file: Path, **changes: object) -> Texture:
    return replace(Texture(file, "sRGB", "a", path="/leaf/tex", uv_path="/leaf/uv"), **changes)  # type: ignore[arg-type]


def sheets(material: Material, *heights: float) -> Geometry:
    pools = [(Member("/s/m", "leaf", "box", (sheet(z),), {}),) for z in heights]
    slots = tuple(Slot(f"/s{i}", f"s{i}", pool) for i, pool in enumerate(pools))
    return replace(stage(WALL.meshes("/wall"), [], [material]), slots=slots)


def cast(geometry: Geometry, opinions: dict[str, dict[str, object]] | None = None) -> Truth:
    slots = [(0, np.eye(4)) for _ in geometry.slots]
    return CastScene(geometry).cast(state(slots, {"eye": VIEW}, opinions))["eye"]


def solid_cells(z: float, repeats: float = 1.0, keep: int = 1) -> Mask:
    """Tell which rays meet the sheet at height z where the board is solid, by formula."""
    rays = conventions.pixel_directions(conventions.pixel_centers(320, 240), VIEW.K, VIEW.distortion)
    rays = rays @ VIEW.T_world_camera[:3, :3].T
    points = VIEW.T_world_camera[:3, 3] + rays * ((z - VIEW.T_world_camera[2, 3]) / rays[..., 2:])
    uv = points[..., :2] / SIZE + 0.5
    cell = np.floor(uv * repeats * 4).astype(int)
    solid = (cell[..., 0] + 3 - cell[..., 1]) % 2 == keep
    return np.asarray(((uv >= 0) & (uv < 1)).all(axis=-1) & solid)


@pytest.mark.parametrize("repeats", [1.0, 2.5])
def test_rays_pass_where_the_board_is_open(checker: Path, repeats: float) -> None:
    truth = cast(sheets(leaf(texture(checker, uv_scale=(repeats, repeats))), 0.0))
    expected = solid_cells(0.0, repeats)
    assert np.count_nonzero((truth.instance == 1) != expected) <= 8
    assert truth.silhouettes[0] is not None
    assert abs(truth.silhouettes[0].all - expected.sum()) <= 8
    behind = analytic([(0, WALL, np.eye(4))], VIEW).frame[0]
    assert np.abs(truth.depth - behind)[truth.instance == 0].max() < 1e-5


def test_scale_and_bias_turn_the_board_round(checker: Path) -> None:
    turned = texture(checker, scale=(-1.0,) * 4, bias=(1.0,) * 4)
    truth = cast(sheets(leaf(turned), 0.0))
    assert np.count_nonzero((truth.instance == 1) != solid_cells(0.0, keep=0)) <= 8


def test_a_frame_may_turn_the_board_round(checker: Path) -> None:
    geometry = sheets(leaf(texture(checker)), 0.0)
    opinions: dict[str, dict[str, object]] = {"/leaf/tex": {"inputs:scale": [-1.0] * 4, "inputs:bias": [1.0] * 4}}
    assert np.count_nonzero((cast(geometry, opinions).instance == 1) != solid_cells(0.0, keep=0)) <= 8


def test_rays_pass_one_sheet_and_meet_the_next(checker: Path) -> None:
    truth = cast(sheets(leaf(texture(checker)), 0.1, 0.0, -0.1))
    expected = np.zeros((240, 320), dtype=int)
    for slot, z in ((3, -0.1), (2, 0.0), (1, 0.1)):
        expected[solid_cells(z)] = slot
    assert np.count_nonzero(truth.instance != expected) <= 16


def test_sheets_of_one_object_are_passed_too(checker: Path) -> None:
    member = Member("/s/m", "leaf", "box", (sheet(0.1), sheet(0.0)), {})
    geometry = replace(sheets(leaf(texture(checker))), slots=(Slot("/s", "s", (member,)),))
    truth = cast(geometry)
    expected = np.where(solid_cells(0.1), 1, np.where(solid_cells(0.0), 2, 0))
    assert np.count_nonzero(truth.mesh != np.where(np.isfinite(truth.depth), expected, -1)) <= 16


def test_a_stack_deeper_than_the_bound_ends() -> None:
    heights = np.linspace(0.0, 0.2, LAYERS + 4)
    member = Member("/s/m", "leaf", "box", tuple(sheet(z) for z in heights), {})
    geometry = replace(sheets(leaf(0.2)), slots=(Slot("/s", "s", (member,)),))
    assert not cast(geometry).instance.any()


def test_evenly_thin_material_is_cut_away_or_solid() -> None:
    assert not cast(sheets(leaf(0.2), 0.0)).instance.any()
    assert np.count_nonzero(cast(sheets(leaf(0.7), 0.0)).instance) > 1000


def test_glass_is_hit(checker: Path) -> None:
    for opacity in (0.1, texture(checker)):
        truth = cast(sheets(leaf(opacity, threshold=0.0), 0.0))
        assert np.count_nonzero(truth.instance) == np.count_nonzero(cast(sheets(leaf(1.0), 0.0)).instance)


def test_a_colour_band_is_decoded_before_the_threshold(checker: Path) -> None:
    decoded = ((200 / 255 + 0.055) / 1.055) ** 2.4
    for colorspace, value in (("sRGB", decoded), ("raw", 200 / 255)):
        image = texture(checker, channel="r", colorspace=colorspace)
        assert cast(sheets(leaf(image, value - 0.01), 0.0)).instance.any()
        assert not cast(sheets(leaf(image, value + 0.01), 0.0)).instance.any()


def test_sixteen_bits_of_grey_are_read(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), 40000, dtype=np.uint16)).save(tmp_path / "grey.png")
    image = texture(tmp_path / "grey.png", channel="r", colorspace="raw")
    assert cast(sheets(leaf(image, 0.60), 0.0)).instance.any()
    assert not cast(sheets(leaf(image, 0.62), 0.0)).instance.any()


def test_a_file_that_is_no_image_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no image")
    with pytest.raises(AssetError, match=r"broken\.png: this opacity|broken\.png: this texture cannot be read"):
        cast(sheets(leaf(texture(tmp_path / "broken.png")), 0.0))
