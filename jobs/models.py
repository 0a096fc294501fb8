"""Write the models of the assets that a dataset shows.

models/<name>-<hash>/
├── mesh.glb        visible surface: metres, the object frame's own axes (Z up)
├── points.npy      (4096, 3) f4 [m]: points on the surface, uniform by area
└── model.json      name, class, sha256, extent [m], keypoints [m], symmetries, density [kg/m3], licence, credit
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import PIL.Image
import trimesh

from twin.assets.asset import Asset, Image, Part, Surface
from twin.errors import RunError, listed
from twin.frame import Json
from twin.jobs.paths import RunPaths
from twin.seeds import bits
from twin.writers.assets import symmetries_json
from twin.writers.atomic import disk_errors, part, sync

POINT_COUNT = 4096
TEXTURE_SIZE = 1024
"""Longest side of a texture in a GLB [px]."""

BlockAssets: TypeAlias = Callable[[int], Iterable[Asset]]
"""Return the assets of a block, as its stage holds them."""


def write_models(paths: RunPaths, shown: Mapping[str, tuple[str, int]], block_assets: BlockAssets) -> None:
    """Write the models that are not there yet.

    Args:
        paths: File names of the dataset.
        shown: Name, and a block that holds it, of each asset that is shown, by its sha256.
        block_assets: Gives the assets of a block again.

    Raises:
        RunError: where a block no longer gives an asset that its frames show.
    """
    blocks: dict[int, set[str]] = {}
    for sha256, (name, block) in shown.items():
        if not paths.model(name, sha256).is_dir():
            blocks.setdefault(block, set()).add(sha256)
    for block, wanted in sorted(blocks.items()):
        found = {asset.sha256: asset for asset in block_assets(block)}
        if wanted - set(found):
            names = listed(shown[sha256][0] for sha256 in wanted - set(found))
            hint = "use the assets that the run was made with"
            raise RunError(f"block {block} no longer holds {names}", where=str(paths.folder), hint=hint)
        for sha256 in sorted(wanted):
            write_model(paths.model(found[sha256].name, sha256), found[sha256])


def read_models(paths: RunPaths, shown: Mapping[str, tuple[str, int]]) -> list[dict[str, Json]]:
    """Return what the models say of themselves, by name."""
    files = (paths.model(name, sha256) / "model.json" for sha256, (name, _) in shown.items())
    models: list[dict[str, Json]] = [json.loads(file.read_text()) for file in files]
    return sorted(models, key=lambda model: (model["name"], model["sha256"]))


def write_model(folder: Path, asset: Asset) -> None:
    """Write one model's folder, whole or not at all."""
    temporary = part(folder)
    with disk_errors(folder):
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        (temporary / "mesh.glb").write_bytes(glb(asset))
        np.save(temporary / "points.npy", surface_points(asset, POINT_COUNT))
        (temporary / "model.json").write_text(json.dumps(_describe(asset), indent=1) + "\n")
        for file in temporary.iterdir():
            sync(file)
        temporary.rename(folder)
        sync(folder.parent)


def surface_points(asset: Asset, count: int) -> npt.NDArray[np.float32]:
    """Draw points on the surface, uniform by area, shape (count, 3) [m]; the same for equal assets."""
    corners = np.concatenate([part.points[part.faces] for part in asset.parts]).astype(np.float64)
    edges = corners[:, 1:] - corners[:, :1]
    areas = np.linalg.norm(np.cross(edges[:, 0], edges[:, 1]), axis=1)
    words = bits(0, 0, f"models.{asset.sha256}", count=3 * count).reshape(3, count)
    which, u, v = (words >> np.uint64(11)) * 2.0**-53
    rows = np.searchsorted(np.cumsum(areas), which * areas.sum(), side="right").clip(max=len(areas) - 1)
    u, v = np.where(u + v > 1, (1 - u, 1 - v), (u, v))  # folds the square over onto the triangle
    points = corners[rows, 0] + u[:, None] * edges[rows, 0] + v[:, None] * edges[rows, 1]
    return np.asarray(points, dtype=np.float32)


def glb(asset: Asset) -> bytes:
    """Return the visible surface as binary glTF, with base colours and their textures."""
    scene = trimesh.Scene()
    for piece in asset.parts:
        scene.add_geometry(_mesh(piece), node_name=piece.name, geom_name=piece.name)
    data: bytes = scene.export(file_type="glb")
    return data


def _mesh(piece: Part) -> Any:
    uv = piece.uv if piece.uv is None or piece.surface.texture_size is None else piece.uv / piece.surface.texture_size
    visual = trimesh.visual.TextureVisuals(uv=uv, material=_material(piece.surface, uv is not None))
    return trimesh.Trimesh(piece.points, piece.faces, vertex_normals=piece.normals, visual=visual, process=False)


def _material(surface: Surface, textured: bool) -> Any:
    """Translate a surface to glTF: base colour, roughness, metallic; other inputs stay behind."""
    color, inputs = surface.inputs.get("diffuseColor", (0.18, 0.18, 0.18)), surface.inputs
    image = _texture(color) if isinstance(color, Image) and textured else None
    factor = [1.0, 1.0, 1.0] if isinstance(color, Image | float) else list(color)
    numbers = {name: value for name, value in inputs.items() if isinstance(value, float | int)}
    return trimesh.visual.material.PBRMaterial(
        name=surface.name,
        baseColorTexture=image,
        baseColorFactor=[*factor, 1.0],
        roughnessFactor=numbers.get("roughness", 0.5),
        metallicFactor=numbers.get("metallic", 0.0),
    )


def _texture(image: Image) -> PIL.Image.Image:
    with PIL.Image.open(image.file) as opened:
        picture = opened.convert("RGB")
    picture.thumbnail((TEXTURE_SIZE, TEXTURE_SIZE))
    picture.format = "JPEG"  # what trimesh encodes it as
    return picture


def _describe(asset: Asset) -> dict[str, Json]:
    return {
        "name": asset.name,
        "class": asset.label,
        "sha256": asset.sha256,
        "extent": asset.extent.tolist(),
        "keypoints": {name: np.asarray(point).tolist() for name, point in asset.keypoints.items()},
        "symmetries": json.loads(symmetries_json(asset.symmetries)),
        "density": asset.density,
        "licence": asset.licence,
        "credit": asset.credit,
    }
