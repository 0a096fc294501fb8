"""Read what is particular to binary glTF: its header, before anything trusts it, and its materials."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from twin.assets.asset import Image
from twin.assets.images import pixel_image
from twin.assets.limits import COUNT_LIMIT, TEXTURE_LIMIT, first_line, to_linear
from twin.errors import AssetError

_GLB_JSON_BYTES = 64 << 20
_GLB_NODES = 4096


def check_glb(file: Path) -> None:
    """Refuse a binary glTF whose header promises more than it can hold, or that refers to other files.

    Raises:
        AssetError: with what it asks for.
    """
    with file.open("rb") as stream:
        head = stream.read(20)
        size = int.from_bytes(head[12:16], "little")
        if head[:4] != b"glTF" or size > _GLB_JSON_BYTES:
            raise AssetError("the mesh cannot be read: its header is no binary glTF's", where=str(file))
        try:
            tree = json.loads(stream.read(size))
            accessors = [int(row.get("count", 0)) for row in tree.get("accessors", ())]
            uris = [row["uri"] for key in ("buffers", "images") for row in tree.get(key, ()) if "uri" in row]
            nodes = len(tree.get("nodes", ()))
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise AssetError(f"the mesh cannot be read: {first_line(error)}", where=str(file)) from None
    if max(accessors, default=0) > 3 * COUNT_LIMIT:
        raise AssetError(
            f"an accessor has {max(accessors)} elements", where=str(file), expected=f"at most {3 * COUNT_LIMIT}"
        )
    if nodes > _GLB_NODES:
        raise AssetError(f"the scene has {nodes} nodes", where=str(file), expected=f"at most {_GLB_NODES}")
    other = next((uri for uri in uris if not str(uri).startswith("data:")), None)
    if other:
        raise AssetError(f"the file refers to '{other[:80]}'", where=str(file), expected="everything inside the .glb")


def material(mesh: Any, file: Path, made: Path) -> dict[str, Any]:
    """Translate a glTF material; other formats have at most one colour."""
    found = getattr(mesh.visual, "material", None)
    if found is None or not hasattr(found, "baseColorFactor"):
        encoded = np.asarray(getattr(mesh.visual, "main_color", (128, 128, 128, 255)), dtype=np.float64)[:3] / 255
        return {"diffuseColor": tuple(to_linear(encoded)), "roughness": 0.5, "metallic": 0.0}
    factor = np.ones(4) if found.baseColorFactor is None else np.asarray(found.baseColorFactor) / 255
    color = (float(factor[0]), float(factor[1]), float(factor[2]))
    inputs: dict[str, Any] = {
        "diffuseColor": color,
        "metallic": _one(found.metallicFactor),
        "roughness": _one(found.roughnessFactor),
    }
    if found.baseColorTexture is not None:
        inputs["diffuseColor"] = replace(_embedded(found.baseColorTexture, file, made), scale=(*color, 1.0))
    inputs |= _opacity(found, file, made)
    if found.metallicRoughnessTexture is not None:
        packed = _embedded(found.metallicRoughnessTexture, file, made, colorspace="raw")
        for name, channel in (("roughness", "g"), ("metallic", "b")):
            inputs[name] = replace(packed, channel=channel, scale=(inputs[name],) * 4)
    if found.normalTexture is not None:
        image = _embedded(found.normalTexture, file, made, colorspace="raw")
        inputs["normal"] = replace(image, scale=(2.0, 2.0, 2.0, 1.0), bias=(-1.0, -1.0, -1.0, 0.0))
    return inputs


def _opacity(material: Any, file: Path, made: Path) -> dict[str, Any]:
    """Return the opacity of a glTF material: a cutout where its mode is MASK, its alpha where it is BLEND."""
    if material.alphaMode not in ("MASK", "BLEND"):
        return {}
    picture = material.baseColorTexture
    found: dict[str, Any] = {}
    if picture is not None and "A" in picture.getbands():
        alpha = _embedded(picture.getchannel("A"), file, made, colorspace="raw")
        found["opacity"] = replace(alpha, channel="r")
    elif material.baseColorFactor is not None:
        found["opacity"] = float(material.baseColorFactor[3]) / 255
    if material.alphaMode == "MASK":
        found["opacityThreshold"] = 0.5 if material.alphaCutoff is None else float(material.alphaCutoff)
    return found


def _one(value: Any) -> float:
    return 1.0 if value is None else min(1.0, max(0.0, float(value)))


def _embedded(picture: Any, file: Path, made: Path, *, colorspace: str = "sRGB") -> Image:
    """Take an image out of its file, within bounds."""
    width, height = picture.size
    if width * height > TEXTURE_LIMIT * TEXTURE_LIMIT:
        text = f"a texture has {width}x{height} pixels"
        raise AssetError(text, where=str(file), expected=f"at most {TEXTURE_LIMIT * TEXTURE_LIMIT} pixels")
    try:
        pixels = np.asarray(picture.convert("RGB"), dtype=np.uint8)
    except Exception as error:  # a truncated or bombing image
        raise AssetError(f"a texture cannot be read: {first_line(error)}", where=str(file)) from None
    return pixel_image(pixels, made, colorspace=colorspace)
