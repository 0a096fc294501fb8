"""Keep a stage's shapes for Mitsuba, and put a frame together from them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from twin.engines.mitsuba import light as lights_of
from twin.engines.mitsuba import material as materials_of
from twin.engines.mitsuba import sky as skies
from twin.engines.mitsuba import surface
from twin.engines.mitsuba.device import Dr, count, flag, mi
from twin.engines.mitsuba.path import World
from twin.engines.mitsuba.texture import Atlas
from twin.errors import EngineError
from twin.frame import FrameState
from twin.stage.apply import apply
from twin.stage.geometry import Geometry, Light, Material, Member, Mesh

LIGHT_SAMPLES = 2
"""Directions drawn towards lights from the first surface, where nearly all noise comes from."""

_PANORAMAS = 12
_BLANK = Material("", "", {})


class Stage:
    """A stage whose shapes stand ready; each frame is a new Mitsuba scene of them, so none can remember another.

    Args:
        geometry: The stage.

    Raises:
        EngineError: naming every prim that cannot be rendered, with the reason.
    """

    def __init__(self, geometry: Geometry) -> None:
        _refuse(geometry)
        self._geometry = geometry
        members = [member for slot in geometry.slots for member in slot.members]
        self._rows = {path: row for row, path in enumerate(geometry.materials)}
        meshes = [*geometry.world, *(mesh for member in members for mesh in member.meshes)]
        self._triangles = surface.triangles(meshes, self._rows)
        self._world = [_shape(mesh) for mesh in geometry.world]
        starts = np.cumsum([len(geometry.world), *(len(member.meshes) for member in members)])
        self._first = {id(member): int(start) for member, start in zip(members, starts, strict=False)}
        self._groups = {id(member): _group(member) for member in members if member.meshes}
        self._nothing = mi.load_dict({"type": "shapegroup", "nothing": _triangle()})
        self._atlas = Atlas()
        self._panoramas: OrderedDict[Path | None, skies.Panorama] = OrderedDict()

    def world(self, state: FrameState, max_depth: int) -> World:
        """Put a frame together."""
        materials, lights = apply(self._geometry, state.opinions)
        rows = [materials[path] for path in self._rows]
        problems = materials_of.obstacles(rows) | lights_of.obstacles(lights)
        if problems:
            raise _unsupported(problems, f"frame {state.frame}")
        scene, placement, focus = self._bodies(state)
        return World(
            scene,
            self._triangles,
            placement,
            materials_of.table([*rows, _BLANK], self._atlas),
            self._lights(lights, focus),
            flag(any(materials_of.has_holes(material) for material in rows)),
            count(max_depth),
            count(LIGHT_SAMPLES),
        )

    def _bodies(self, state: FrameState) -> tuple[Dr, surface.Placement, npt.NDArray[np.float64]]:
        """Place the present members; an empty slot holds a triangle without area, so that all frames are alike."""
        parts: dict[str, object] = {"type": "scene"}
        bodies: list[tuple[object, int, npt.NDArray[np.float64]]] = []
        groups: dict[int, object] = {}
        instances = []
        centres = []
        for slot, drawn in zip(self._geometry.slots, state.slots, strict=True):
            member = slot.members[drawn.member] if drawn.present else None
            group = self._groups.get(id(member), self._nothing)
            T = drawn.T_world_object if drawn.present else np.eye(4)
            groups[id(group)] = group
            instance = mi.load_dict({"type": "instance", "group": group, "to_world": mi.ScalarTransform4f(T)})
            instances.append(instance)
            bodies.append((instance, self._first.get(id(member), 0), T))
            if drawn.present:
                centres.append(T[:3, 3])
        bodies += [(shape, row, np.eye(4)) for row, shape in enumerate(self._world)]
        shapes = [*groups.values(), *instances, *self._world, _triangle()]
        parts.update({f"shape{number}": shape for number, shape in enumerate(shapes)})
        focus = np.mean(centres, axis=0) if centres else np.zeros(3)
        return mi.load_dict(parts), surface.placement(bodies), focus

    def _lights(self, lights: Mapping[str, Light], focus: npt.NDArray[np.float64]) -> lights_of.Lights:
        dome = next((light for light in lights.values() if light.kind == "dome"), None)
        lamps = [lights_of.lamp(light) for light in lights.values() if light.kind != "dome"]
        colour = np.zeros(3) if dome is None else lights_of.emission(dome)
        file = dome.inputs.get("texture:file") if dome else None
        panorama = self._panorama(Path(file) if file else None)
        turn = np.eye(3) if dome is None else dome.T_world_light[:3, :3]
        sky = skies.hung(panorama, colour, turn)
        return lights_of.upload(sky, float((panorama.mean * colour).mean()), lamps, focus)

    def _panorama(self, file: Path | None) -> skies.Panorama:
        if file not in self._panoramas:
            even = np.ones((1, 2, 3), dtype=np.float32)
            self._panoramas[file] = skies.panorama(even) if file is None else skies.read(file)
            if len(self._panoramas) > _PANORAMAS:
                self._panoramas.popitem(last=False)
        self._panoramas.move_to_end(file)
        return self._panoramas[file]


def _refuse(geometry: Geometry) -> None:
    problems = dict(geometry.unsupported)
    problems |= materials_of.obstacles(geometry.materials.values()) | lights_of.obstacles(geometry.lights)
    if problems:
        raise _unsupported(problems, str(geometry.folder))


def _unsupported(problems: Mapping[str, str], where: str) -> EngineError:
    lines = "".join(f"\n    {path}: {problems[path]}" for path in sorted(problems))
    return EngineError(
        f"the engine 'mitsuba' cannot render {len(problems)} construct{'s'[: len(problems) > 1]} of this stage:{lines}",
        where=where,
        hint="remove these prims or inputs, or render with another engine",
    )


def _group(member: Member) -> object:
    children = {f"mesh{number:04d}": _shape(mesh) for number, mesh in enumerate(member.meshes)}
    return mi.load_dict({"type": "shapegroup", **children})


def _shape(mesh: Mesh) -> object:
    """Build a Mitsuba mesh that can be hit and nothing else."""
    shape = mi.Mesh("mesh", len(mesh.points), len(mesh.faces))
    parameters = mi.traverse(shape)
    parameters["vertex_positions"] = mi.Float(np.array(mesh.points, dtype=np.float32).ravel())
    parameters["faces"] = mi.UInt32(np.array(mesh.faces, dtype=np.uint32).ravel())
    parameters.update()
    return shape


def _triangle() -> object:
    """Build a triangle that no ray hits."""
    points = np.zeros((3, 3), dtype=np.float32)
    return _shape(Mesh("", points, np.array([[0, 1, 2]], dtype=np.uint32), None, None, ""))
