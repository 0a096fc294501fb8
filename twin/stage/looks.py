"""Turn materials into values of fixed shader networks.

A material that frames may change is one network for all that it can become: an input that any choice reads from an
image always has a reader, and a constant is that reader with scale 0 and bias c. So a frame only edits values, and
neither a connection nor a prim ever comes or goes. The same functions give the values of the compiled stage and those
of a frame.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from twin.assets.asset import Image, Surface
from twin.errors import SpecError
from twin.frame import Json
from twin.spec.scene import Material
from twin.spec.values import drawn
from twin.stage import omnipbr
from twin.stage.inputs import COLOURS, FALLBACKS, UNTEXTURED
from twin.stage.textures import FLAT_NORMAL, texture_asset

if TYPE_CHECKING:
    from twin.assets.library import Library

Value: TypeAlias = float | tuple[float, ...] | Image
Opinions: TypeAlias = dict[str, dict[str, Json]]

CHANGES = {
    "color": "diffuseColor",
    "roughness": "roughness",
    "metallic": "metallic",
    "opacity": "opacity",
    "ior": "ior",
}
"""Field of a spec's material -> the UsdPreviewSurface input that it sets."""


@dataclass(frozen=True)
class Look:
    """A material prim's network.

    Args:
        path: Path of the material prim.
        readers: Inputs that are read through an image, each with the image that it shows while it is a constant.
        plain: Inputs that are plain values.
        metric: Whether the uv is in metres, so that the size of a repeat means something.
    """

    path: str
    readers: Mapping[str, Image | None]
    plain: tuple[str, ...]
    metric: bool

    @property
    def surface(self) -> str:
        """Path of the UsdPreviewSurface shader."""
        return f"{self.path}/surface"

    @property
    def omnipbr(self) -> str:
        """Path of the OmniPBR shader."""
        return f"{self.path}/omnipbr"

    @property
    def transform(self) -> str:
        """Path of the UsdTransform2d shader."""
        return f"{self.path}/uv"

    def reader(self, name: str) -> str:
        """Path of the UsdUVTexture shader of one input."""
        return f"{self.path}/{name}_texture"


def look(path: str, surfaces: Iterable[Surface], changed: Collection[str] = (), metric: bool = True) -> Look:
    """Return the network that can become each of some surfaces, with the ``changed`` inputs as plain values."""
    surfaces = list(surfaces)
    names = sorted({name for surface in surfaces for name in surface.inputs} | set(changed))
    images = {
        name: next((s.inputs[name] for s in surfaces if isinstance(s.inputs.get(name), Image)), None) for name in names
    }
    readers = {name: image for name, image in images.items() if isinstance(image, Image) and name not in changed}
    for name in readers.keys() & UNTEXTURED:
        raise SpecError(f"the input '{name}' of a material takes no image", where=path)
    return Look(path, readers, tuple(name for name in names if name not in readers), metric)


def changed_inputs(material: Material) -> tuple[str, ...]:
    """Return the UsdPreviewSurface inputs that a spec's material sets."""
    return tuple(name for field, name in CHANGES.items() if getattr(material, field) is not None)


def dressed(material: Material, own: Surface, library: Library) -> Surface:
    """Return the surface that a drawn material makes of a part's own surface."""
    base = own if material.base is None else library.material(drawn(material.base))
    inputs = dict(base.inputs)
    for field, name in CHANGES.items():
        value = getattr(material, field)
        if value is not None:
            inputs[name] = tuple(value) if isinstance(value, tuple | list) else float(value)
    size = base.texture_size if material.texture_size is None else drawn(material.texture_size)
    return Surface(base.name, inputs, size, base.licence, base.credit)


def values(network: Look, surface: Surface, names: Collection[str] | None = None, resize: bool = True) -> Opinions:
    """Return USD values that make a network look like a surface.

    Args:
        network: The network.
        surface: The drawn surface.
        names: Inputs to set; all without it.
        resize: Whether to set the size of a texture repeat.
    """
    found: Opinions = {network.surface: {}, network.omnipbr: {}}
    for name in sorted({*network.readers, *network.plain}):
        if names is not None and name not in names:
            continue
        value = surface.inputs.get(name, FALLBACKS[name])
        if name in network.readers:
            found[network.reader(name)] = _reader_values(name, value, network.readers[name])
        else:
            found[network.surface][f"inputs:{name}"] = _plain(value)
        found[network.omnipbr] |= omnipbr.values(name, value)
    if network.metric and network.readers and resize:
        repeats = 1.0 / (surface.texture_size or 1.0)
        found[network.transform] = {"inputs:scale": [repeats, repeats]}
        found[network.omnipbr]["inputs:texture_scale"] = [repeats, repeats]
    return {path: attributes for path, attributes in found.items() if attributes}


def _plain(value: Value) -> Json:
    assert not isinstance(value, Image), "an input with an image has a reader"
    return [float(number) for number in value] if isinstance(value, tuple) else float(value)


def _reader_values(name: str, value: Value, shown: Image | None) -> dict[str, Json]:
    """Return the file of a reader and how it is scaled; a constant ignores the file."""
    if isinstance(value, Image):
        return _image_values(name, value)
    if name == "normal":
        # A constant normal is a flat image, since a normal map's scale and bias are the same everywhere.
        return _scaled({"asset": f"textures/{FLAT_NORMAL}"}, "raw", (2.0, 2.0, 2.0, 1.0), (-1.0, -1.0, -1.0, 0.0))
    assert shown is not None
    constant = tuple(value) if isinstance(value, tuple) else (float(value),) * 3
    asset = texture_asset(shown, scalar=name not in COLOURS)
    return _scaled(asset, _colorspace(name, shown), (0.0, 0.0, 0.0, 0.0), (*constant, 1.0))


def _image_values(name: str, image: Image) -> dict[str, Json]:
    if name in COLOURS:
        return _scaled(texture_asset(image), image.colorspace, image.scale, image.bias)
    number = "rgba".index(image.channel) if image.channel in ("r", "g", "b", "a") else 0
    scale, bias = image.scale[number], image.bias[number]
    asset = texture_asset(image, scalar=True)
    return _scaled(asset, _colorspace(name, image), (scale, scale, scale, 1.0), (bias, bias, bias, 0.0))


def _colorspace(name: str, image: Image) -> str:
    """An image's colour space; alpha is never encoded, so as a grey image of its own it is raw."""
    return "raw" if name not in COLOURS and image.channel == "a" else image.colorspace


def _scaled(asset: Json, colorspace: str, scale: tuple[float, ...], bias: tuple[float, ...]) -> dict[str, Json]:
    return {
        "inputs:file": asset,
        "inputs:sourceColorSpace": colorspace,
        "inputs:scale": [float(number) for number in scale],
        "inputs:bias": [float(number) for number in bias],
    }
