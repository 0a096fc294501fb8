"""Cast the truth of a frame: what each camera's pixel centres see, and each object's whole silhouette.

Every object is cast alone, in its own frame, at the pixels where it can be; the image is the nearest of them. So an
object's outline and its visible part come from the same rays (a visible mask lies within its amodal mask by
construction), no frame builds or compiles anything, and no ray knows what other frames held.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping

import numpy as np

from twin.cast.buffers import Truth
from twin.cast.cutout import Cutouts
from twin.cast.lens import Lens
from twin.cast.posed import Posed
from twin.cast.shot import Shot
from twin.cast.solid import Solid
from twin.frame import CameraState, FrameState
from twin.stage.apply import apply
from twin.stage.geometry import Geometry, Material, Mesh

_LENSES = 8


class CastScene:
    """A stage, ready to be cast at.

    Args:
        geometry: The stage as plain arrays.

    Attributes:
        meshes: The world's meshes, then those of each slot's members, in order: what ``Truth.mesh`` indexes.
    """

    def __init__(self, geometry: Geometry) -> None:
        self._geometry = geometry
        self._solids: dict[tuple[int, ...], Solid] = {}
        self._lenses: OrderedDict[tuple[int, int, bytes, bytes], Lens] = OrderedDict()
        self._cutouts = Cutouts()
        self._rows: dict[tuple[int, int], int] = {}
        meshes = list(geometry.world)
        for number, slot in enumerate(geometry.slots):
            for choice, member in enumerate(slot.members):
                self._rows[number, choice] = len(meshes)
                meshes += member.meshes
        self.meshes: tuple[Mesh, ...] = tuple(meshes)

    def cast(self, state: FrameState, silhouettes: bool = True) -> dict[str, Truth]:
        """Cast every camera of a frame; without ``silhouettes`` only what is seen, and every silhouette is None."""
        things, materials = tuple(self._posed(state)), self._materials(state)
        truths: dict[str, Truth] = {}
        for name, camera in state.cameras.items():
            shot = Shot(camera, self._lens(camera), things, materials, self._cutouts)
            truths[name] = shot.truth(len(state.slots), silhouettes)
        return truths

    def _posed(self, state: FrameState) -> Iterator[Posed]:
        geometry = self._geometry
        world = np.array([self._class(mesh.label) for mesh in geometry.world], dtype=np.uint16)
        yield Posed(self._solid(geometry.world), geometry.world, 0, world, 0, np.eye(4), np.empty((0, 3)))
        for number, slot in enumerate(state.slots):
            if slot.present:
                member = geometry.slots[number].members[slot.member]
                classes = np.full(len(member.meshes), self._class(member.label), dtype=np.uint16)
                keypoints = np.array(list(member.keypoints.values()), dtype=np.float64).reshape(-1, 3)
                row, solid = self._rows[number, slot.member], self._solid(member.meshes)
                yield Posed(solid, member.meshes, row, classes, number + 1, slot.T_world_object, keypoints)

    def _class(self, label: str) -> int:
        return self._geometry.classes.get(label, 0)

    def _solid(self, meshes: tuple[Mesh, ...]) -> Solid:
        """Return the triangles of some meshes; members that share their arrays share a solid."""
        key = tuple(id(array) for mesh in meshes for array in (mesh.points, mesh.faces, mesh.normals))
        if key not in self._solids:
            self._solids[key] = Solid(meshes)
        return self._solids[key]

    def _lens(self, camera: CameraState) -> Lens:
        key = (camera.width, camera.height, camera.K.tobytes(), camera.distortion.tobytes())
        lens = self._lenses.pop(key, None) or Lens(camera.width, camera.height, camera.K, camera.distortion)
        self._lenses[key] = lens
        if len(self._lenses) > _LENSES:
            self._lenses.popitem(last=False)
        return lens

    def _materials(self, state: FrameState) -> Mapping[str, Material]:
        """Return the frame's materials: the stage's own where the frame says nothing about any."""
        if not state.opinions:
            return self._geometry.materials
        materials, _ = apply(self._geometry, state.opinions)
        return materials
