"""The fetched objects are upright, of true size, and wear their textures the right way round."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.spatial import ConvexHull

from twin.assets.asset import Asset, Image
from twin.assets.images import read_pixels
from twin.assets.library import Library
from twin.assets.manifest import load

pytestmark = pytest.mark.assets
NAMES = tuple(load().entries["object"])


def texels(asset: Asset, flipped: bool = False) -> npt.NDArray[np.int64]:
    """Return the texture's colour at each vertex; (0, 0) is the image's lower left."""
    (part,) = asset.parts
    image = part.surface.inputs["diffuseColor"]
    assert isinstance(image, Image) and part.uv is not None
    pixels = read_pixels(image.file)
    v = part.uv[:, 1] if flipped else 1 - part.uv[:, 1]
    rows = np.clip((v * len(pixels)).astype(int), 0, len(pixels) - 1)
    columns = np.clip((part.uv[:, 0] * pixels.shape[1]).astype(int), 0, pixels.shape[1] - 1)
    return np.asarray(pixels[rows, columns], dtype=np.int64)


@pytest.mark.parametrize("name", NAMES)
def test_objects_load_whole(name: str, core: Library) -> None:
    asset = core.object(name)
    entry = core.manifest.entry("object", name)
    low, high = asset.extent
    assert np.allclose(high - low, entry.detail["size"], rtol=0.03)
    assert np.allclose((low + high)[:2] / 2, 0, atol=1e-5) and low[2] == pytest.approx(0, abs=1e-6)
    assert asset.label == entry.detail["class"] and asset.licence == "CC-BY-4.0" and "Google" in asset.credit
    for part in asset.parts:
        assert part.normals is not None and part.uv is not None and np.isfinite(part.normals).all()
        image = part.surface.inputs["diffuseColor"]
        assert isinstance(image, Image) and max(read_pixels(image.file).shape) <= 2048
    assert all(np.all((low - 0.01 <= k) & (k <= high + 0.01)) for k in asset.keypoints.values())


@pytest.mark.parametrize("name", [name for name in NAMES if name != "core/bowl/black_floral"])
def test_the_background_of_the_texture_never_shows(name: str, core: Library) -> None:
    """These images are black where no surface is; looked up upside down, much of that would show."""
    asset = core.object(name)
    right, flipped = ((texels(asset, flip).sum(axis=1) == 0).mean() for flip in (False, True))
    assert right < 0.01 and flipped > 0.1


VESSELS = [name for name in NAMES if load().entries["object"][name].detail["collider"] == "vessel"]


@pytest.mark.parametrize("name", VESSELS)
def test_vessels_open_upwards(name: str, core: Library) -> None:
    asset = core.object(name)
    (part,) = asset.parts
    top = part.points[part.points[:, 2] > 0.9 * asset.extent[1, 2]]
    low = part.points[part.points[:, 2] < 0.1 * asset.extent[1, 2]]
    assert np.hypot(*top[:, :2].T).min() > 0.8 * np.hypot(*part.points[:, :2].T).max()
    assert np.hypot(*low[:, :2].T).max() < 0.95 * np.hypot(*part.points[:, :2].T).max()


def test_the_plate_wears_its_rings_around_the_rim(core: Library) -> None:
    asset = core.object("core/plate/red_ring")
    (part,) = asset.parts
    color = texels(asset)
    assert part.normals is not None
    red = (color[:, 0] - color[:, 1] > 40) & (part.normals[:, 2] > 0.3)
    radius = np.hypot(part.points[:, 0], part.points[:, 1])
    assert red[(radius > 0.1) & (radius < 0.12)].mean() > 0.2 and red[radius < 0.06].mean() < 0.01


@pytest.mark.parametrize("name", NAMES)
def test_colliders_follow_the_object(name: str, core: Library) -> None:
    asset = core.object(name)
    corners = np.concatenate(asset.colliders)
    reach = 0.03 * np.ptp(asset.extent, axis=0).max()
    assert np.abs(corners.min(axis=0) - asset.extent[0]).max() < reach
    assert np.abs(corners.max(axis=0) - asset.extent[1]).max() < reach
    pieces = sum(ConvexHull(piece).volume for piece in asset.colliders)
    whole = ConvexHull(np.concatenate([part.points for part in asset.parts])).volume
    assert pieces < 0.7 * whole, "things can lie inside"


def test_environments_are_there(core: Library) -> None:
    for name in core.names("hdri"):
        image = core.hdri(name)
        assert image.file.read_bytes().startswith(b"#?RADIANCE") and image.colorspace == "raw"
