"""Say what a drawn scene means for the lights and materials of its stage.

Pure functions of the drawn values, without USD: the compiler writes the same values into the stage that a frame's
state carries, so the two cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twin.assets.asset import Image, Surface
from twin.errors import SpecError
from twin.spec.scene import Light, Material, Object, Scene
from twin.stage import paths
from twin.stage.block import Block, SlotPool
from twin.stage.fixtures import PLAIN, BuiltFixture
from twin.stage.inputs import COLOURS
from twin.stage.lights import LightKind
from twin.stage.looks import Look, Opinions, changed_inputs, dressed, look, values
from twin.stage.reach import material_of, names, nominal, varies
from twin.stage.surfaces import named_surfaces

if TYPE_CHECKING:
    from twin.assets.library import Library


@dataclass(frozen=True)
class Dress:
    """A material that the spec gives: its network, and what it is put on.

    Args:
        network: The material prim.
        own: The surface that it starts from where it has no base.
        material: What the spec says, with its distributions in place.
        slot: Slot that it belongs to, else empty.
        fixture: Fixture that it belongs to, else empty.
        in_place: Whether it changes some inputs of a member's own material, instead of being a material of its own.
    """

    network: Look
    own: Surface
    material: Material
    slot: str = ""
    fixture: str = ""
    in_place: bool = False

    def values(self, drawn: Material, library: Library) -> Opinions:
        """Return the USD values of the drawn material."""
        surface = dressed(drawn, self.own, library)
        if not self.in_place:
            return values(self.network, surface)
        resize = self.material.texture_size is not None
        return values(self.network, surface, changed_inputs(self.material), resize)


def dresses(block: Block, library: Library) -> tuple[Dress, ...]:
    """Return every material that the block's spec gives, fixtures first."""
    return (*_fixture_dresses(block, library), *_slot_dresses(block, library))


def frame_opinions(scene: Scene, block: Block, library: Library, slot_scenes: Mapping[str, Object]) -> Opinions:
    """Return what a drawn scene changes on lights and materials.

    Only prims whose spec has a distribution appear, and these with every value that it can change, so that frames may
    be applied to one stage in any order.

    Args:
        scene: The drawn scene.
        block: The block whose stage the frame belongs to; its spec still has the distributions.
        library: Assets.
        slot_scenes: The drawn object of each slot.

    Returns:
        Prim path -> attribute -> value.
    """
    found: Opinions = {}
    for name, light in block.scene.lights.items():
        if varies(light):
            found[paths.light_path(name)] = _light(scene.lights[name]).values(library)
    for dress in dresses(block, library):
        if varies(dress.material):
            drawn = material_of(slot_scenes[dress.slot] if dress.slot else scene.world.fixtures[dress.fixture])
            assert drawn is not None, "a drawn material is still a material"
            found.update(dress.values(drawn, library))
    return found


def base_opinions(block: Block, library: Library) -> Opinions:
    """Return the values of every light and material of the block, each distribution at its nominal value."""
    found: Opinions = {}
    for name, light in block.scene.lights.items():
        found[paths.light_path(name)] = _light(nominal(light)).values(library)
    for dress in dresses(block, library):
        found.update(dress.values(nominal(dress.material), library))
    return found


def reachable_images(block: Block, library: Library) -> Iterator[tuple[Image, bool]]:
    """Yield every image that lights and given materials can show, and whether an input reads one channel of it."""
    for light in block.scene.lights.values():
        hdri = getattr(light, "hdri", None)
        if hdri is not None:
            yield from ((library.hdri(name), False) for name in names(hdri))
    for dress in dresses(block, library):
        for surface in _bases(dress.material, dress.own, library):
            yield from surface_images(surface)


def surface_images(surface: Surface) -> Iterator[tuple[Image, bool]]:
    """Yield every image of a surface, and whether its input reads one channel of it."""
    for name, value in surface.inputs.items():
        if isinstance(value, Image):
            yield value, name not in COLOURS


def _light(light: Light) -> LightKind:
    if not isinstance(light, LightKind):
        raise SpecError(f"the light kind '{getattr(light, 'kind', '?')}' cannot be compiled to USD")
    return light


def _bases(material: Material, own: Surface, library: Library) -> tuple[Surface, ...]:
    if material.base is None:
        return (own,)
    return tuple(library.material(name) for name in names(material.base))


def _fixture_dresses(block: Block, library: Library) -> Iterator[Dress]:
    for name, fixture in block.scene.world.fixtures.items():
        material = material_of(fixture)
        if material is not None:
            path, bases = paths.fixture_look_path(name), _bases(material, PLAIN, library)
            metric = isinstance(fixture, BuiltFixture) or material.texture_size is not None
            yield Dress(look(path, bases, changed_inputs(material), metric), PLAIN, material, fixture=name)


def _slot_dresses(block: Block, library: Library) -> Iterator[Dress]:
    for slot in block.slots:
        material = material_of(block.scene.objects[slot.object])
        if material is None:
            continue
        if material.base is None:
            yield from _changed_surfaces(slot, material)
            continue
        for metric in sorted({is_metric(s) for member in slot.members for s in named_surfaces(member.source).values()}):
            path, bases = paths.slot_look_path(slot.name, metric), _bases(material, PLAIN, library)
            yield Dress(look(path, bases, changed_inputs(material), metric), PLAIN, material, slot=slot.name)


def _changed_surfaces(slot: SlotPool, material: Material) -> Iterator[Dress]:
    """Yield each member's own surface with the given inputs changed in place."""
    changed = changed_inputs(material)
    for number, member in enumerate(slot.members):
        for name, own in named_surfaces(member.source).items():
            path = paths.surface_path(paths.asset_path(slot.name, number), name)
            network = look(path, [own], changed, is_metric(own))
            yield Dress(network, own, material, slot=slot.name, in_place=True)


def is_metric(surface: Surface) -> bool:
    """Say whether the parts that wear a surface have their uv in metres."""
    return surface.texture_size is not None
