"""Judge a frame by what its spec requires, and say so when it cannot be met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from twin.errors import DrawError
from twin.frame import Array, FrameState
from twin.randomizers.plan import hold_period
from twin.randomizers.streams import below, draws
from twin.spec.scene import Requirement, Scene

VISIBLE = 0
"""Column of the visibility triple that requirements look at: visible part of the whole silhouette."""


@dataclass(frozen=True)
class Shortfall:
    """A requirement that a frame did not meet.

    Args:
        name: Name of the requirement.
        visible: Object that should be visible.
        camera: Camera that should see it.
        best: Visible fraction of the instance that is seen best; 0 where none is present.
        present: Number of instances that are present.
        least: Fraction that is required.
    """

    name: str
    visible: str
    camera: str
    best: float
    present: int
    least: float

    def __str__(self) -> str:
        seen = (
            f"of {self.present} present the best is visible to {self.best:.1%}" if self.present else "none is present"
        )
        return f"require.{self.name}: '{self.visible}' in camera '{self.camera}': {seen}, required are {self.least:.1%}"


def unmet(scene: Scene, state: FrameState, visibility: Mapping[str, Array]) -> list[Shortfall]:
    """Return the requirements that a frame does not meet; empty where it is fine.

    Args:
        scene: The spec.
        state: The frame.
        visibility: Visibility triples by camera, shape (S, 3) each.
    """
    found = []
    for name, requirement in scene.require.items():
        rows = [row for row, slot in enumerate(state.slots) if slot.present and _is_of(slot.name, requirement.visible)]
        best = max((float(visibility[requirement.camera][row, VISIBLE]) for row in rows), default=0.0)
        if not rows or best < requirement.min:
            found.append(Shortfall(name, requirement.visible, requirement.camera, best, len(rows), requirement.min))
    return found


def _is_of(slot: str, name: str) -> bool:
    return slot.split(".")[0] == name


def is_held(scene: Scene, requirement: Requirement) -> bool:
    """Say whether drawing a frame again cannot change what a requirement sees, since all of it is held.

    Held draws are drawn again only by requirements on the whole group; for this one further attempts are in vain.
    """
    found = draws(scene)
    rig = _rig(scene, requirement.camera)
    cameras = [draw for path, draw in found.items() if any(below(path, f"cameras.{name}") for name in rig)]
    placed_anew = any(hold_period(scene, found, name) == 1 for name in scene.placement)
    return not placed_anew and all(draw.period != 1 for draw in cameras)


def _rig(scene: Scene, name: str) -> set[str]:
    """Return a camera and all cameras that its pose depends on."""
    found, todo = set[str](), [name]
    while todo:
        camera = todo.pop()
        if camera in scene.cameras and camera not in found:
            found.add(camera)
            todo.extend(scene.cameras[camera].pose.refers_to)
    return found


def give_up(scene: Scene, frame: int, failures: Sequence[Sequence[Shortfall]]) -> DrawError:
    """Compose the error for a frame whose requirements no attempt met.

    Args:
        scene: The spec.
        frame: Index of the frame.
        failures: What each attempt did not meet.
    """
    names = sorted({shortfall.name for missed in failures for shortfall in missed})
    lines = [
        _summary(name, [s for missed in failures for s in missed if s.name == name], len(failures)) for name in names
    ]
    held = [name for name in names if is_held(scene, scene.require[name])]
    return DrawError(
        "; ".join(lines),
        where=f"frame {frame}",
        expected="all of 'require' at once",
        hint=_remedies(scene, names, held),
    )


def _summary(name: str, missed: Sequence[Shortfall], attempts: int) -> str:
    best = max(missed, key=lambda shortfall: (shortfall.best, shortfall.present))
    return f"{best}; missed in {len(missed)} of {attempts} attempts"


def _remedies(scene: Scene, names: Sequence[str], held: Sequence[str]) -> str:
    every = max((placement.every for placement in scene.placement.values()), default=1)
    remedies = [f"lower 'require.{name}.min', which is {scene.require[name].min:g}" for name in names]
    remedies += [
        f"let the camera see more of '{scene.require[name].visible}': widen the range of its elevation or its distance"
        for name in names
    ]
    if held:
        remedies.append(f"draw its poses more often: all that '{held[0]}' depends on is held for {every} frames")
    else:
        remedies.append("place fewer objects, which hide each other")
    return "".join(f"\n    {number}. {remedy}" for number, remedy in enumerate(remedies, 1))
