"""Answer where things are, for the cameras of one frame, and compose the cameras."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from twin.conventions import DISTORTION_NAMES, Array, intrinsics, transform
from twin.errors import SpecError, listed, nearest
from twin.frame import CameraState
from twin.randomizers.placement.base import PlacementKind
from twin.randomizers.placement.surface import Surface, surface
from twin.randomizers.plan import Plan
from twin.spec.scene import Camera, Scene
from twin.spec.values import drawn
from twin.stage.block import Block
from twin.stage.geometry import Geometry


@dataclass(frozen=True, eq=False)
class Places:
    """Where everything of one frame is; what a camera pose may ask (:class:`twin.spec.scene.Located`).

    An object's name stands for its first present slot. Where none is present, its centre is the focus of its
    placement, such as the middle of the table that it would be scattered on, and its pose is unturned there.

    Args:
        scene: The drawn scene.
        block: The block, for its fixtures.
        geometry: The block's stage as plain arrays.
        plan: Slots and assets.
        shown: Present slots with the member that each shows.
        T_world_object: Their poses.
    """

    scene: Scene
    block: Block
    geometry: Geometry
    plan: Plan
    shown: Mapping[str, int]
    T_world_object: Mapping[str, Array]
    _cameras: dict[str, Array] = field(default_factory=dict)

    def point(self, name: str) -> Array:
        """Return the centre [m], shape (3,): of an object's box, a fixture's upper surface, or a camera.

        Raises:
            SpecError: where nothing has the name.
        """
        if name in self.scene.objects:
            slot = self._present(name)
            if slot is None:
                return self._focus(name)
            extent = self.plan.items[slot, self.shown[slot]].asset.extent.astype(np.float64)
            return np.asarray((self.T_world_object[slot] @ [*extent.mean(axis=0), 1.0])[:3])
        if name in self.scene.cameras:
            return self.pose(name)[:3, 3]
        if name in self.block.fixtures:
            return self.surface(name).center
        known = [*self.scene.objects, *self.scene.cameras, *self.block.fixtures]
        raise _unknown(name, known, "object, fixture or camera")

    def pose(self, name: str) -> Array:
        """Return ``T_world_<name>``, shape (4, 4), of an object or a camera.

        Raises:
            SpecError: where neither has the name.
        """
        if name in self.scene.cameras:
            return self._camera_pose(name)
        if name in self.scene.objects:
            slot = self._present(name)
            return transform(np.eye(3), self._focus(name)) if slot is None else self.T_world_object[slot]
        raise _unknown(name, [*self.scene.objects, *self.scene.cameras], "object or camera")

    def surface(self, name: str) -> Surface:
        """Return the upper surface of a fixture."""
        return surface(name, self.block.fixtures, self.geometry)

    def camera(self, name: str) -> CameraState:
        """Compose the state of a camera."""
        camera = self.scene.cameras[name]
        width, height = camera.resolution
        return CameraState(
            width, height, lens(camera), distortion(camera), self.pose(name), float(drawn(camera.exposure))
        )

    def _present(self, name: str) -> str | None:
        return next((slot.name for slot in self.plan.slots[name] if slot.name in self.shown), None)

    def _focus(self, name: str) -> Array:
        placement = self.scene.placement[self.plan.home[name]]
        assert isinstance(placement, PlacementKind)
        return placement.focus(self.surface)

    def _camera_pose(self, name: str) -> Array:
        if name not in self._cameras:
            self._cameras[name] = self.scene.cameras[name].pose.pose(self)
        return self._cameras[name]


def _unknown(name: str, known: Collection[str], what: str) -> SpecError:
    return SpecError(f"no {what} is named '{name}'", expected=f"one of: {listed(known)}", hint=nearest(name, known))


def lens(camera: Camera) -> Array:
    """Return K [px], shape (3, 3): the intrinsics, or a centred lens of the horizontal field of view."""
    if camera.intrinsics is not None:
        given = camera.intrinsics
        return intrinsics(drawn(given.fx), drawn(given.fy), drawn(given.cx), drawn(given.cy))
    assert camera.fov is not None
    width, height = camera.resolution
    focal = width / 2 / np.tan(drawn(camera.fov) / 2)
    return intrinsics(focal, focal, width / 2, height / 2)


def distortion(camera: Camera) -> Array:
    """Return the distortion coefficients, shape (8,)."""
    if camera.distortion is None:
        return np.zeros(8)
    return np.array([drawn(getattr(camera.distortion, name)) for name in DISTORTION_NAMES], dtype=np.float64)
