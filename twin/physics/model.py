"""Build and cache MuJoCo models; the only module that imports ``mujoco``, and only when something is simulated.

A model holds free bodies, obstacles that keep their pose (mocap bodies) and static pieces. It depends on the shapes
alone, poses are data: so frames that show the same assets share one compiled model, whatever their slots are.

Contact settings, for things of 1 cm to 1 m: a time constant of 8 ms leaves a resting body sunk in by about 0.05 mm;
an elliptic cone with ``impratio`` 10 holds a body on a slope without creep; 1 mm of rolling friction stops bottles
and balls on a table, as felt and wood do.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.errors import AssetError, extra_missing
from twin.physics.collider import Piece

TIMESTEP = 0.004
"""Simulation step [s]."""

_CONTACT = {"condim": 6, "solref": (0.008, 1.0), "solimp": (0.9, 0.95, 0.001, 0.5, 2.0)}
_FRICTION_TORSIONAL, _FRICTION_ROLLING = 0.005, 0.001
_DAMPING = 0.5  # of a free body's speed, by air and the like [1/s]
_MEMORY = 1 << 28  # bytes of address space for contacts; only what is used becomes resident
_MODELS_KEPT = 16


@dataclass(frozen=True, eq=False)
class Shape:
    """A rigid group of convex pieces.

    Args:
        pieces: Convex pieces in the body's frame.
        density: [kg/m3]; unused where the shape does not move.
        friction: Coulomb coefficient; a contact takes the greater of its two.
        key: Content hash of all of these.
    """

    pieces: tuple[Piece, ...]
    density: float
    friction: float
    key: str


def mujoco_module() -> Any:
    """Import MuJoCo, with its warnings kept off the disk and the terminal (they are read from the data instead)."""
    try:
        import mujoco
    except ImportError:
        raise extra_missing("mujoco", "render") from None
    mujoco.set_mju_user_warning(lambda text: None)
    return mujoco


_models: OrderedDict[tuple[tuple[str, ...], ...], Any] = OrderedDict()


def model(free: Sequence[Shape], held: Sequence[Shape], static: Sequence[Shape]) -> Any:
    """Return the compiled model of these shapes: bodies 1..F are free, F+1..F+H are held."""
    key = tuple(tuple(shape.key for shape in group) for group in (free, held, static))
    if key not in _models:
        _models[key] = _compile(free, held, static)
        if len(_models) > _MODELS_KEPT:
            _models.popitem(last=False)
    _models.move_to_end(key)
    return _models[key]


def _compile(free: Sequence[Shape], held: Sequence[Shape], static: Sequence[Shape]) -> Any:
    mujoco = mujoco_module()
    spec = mujoco.MjSpec()
    _set_options(mujoco, spec)
    meshes: dict[str, str] = {}
    for shape in static:
        _add_pieces(mujoco, spec, spec.worldbody, shape, meshes)
    for number, shape in enumerate((*free, *held)):
        body = spec.worldbody.add_body(name=str(number), mocap=number >= len(free))
        if number < len(free):
            body.add_freejoint()
        _add_pieces(mujoco, spec, body, shape, meshes)
    try:
        compiled = spec.compile()
    except ValueError as error:
        raise AssetError(
            f"the physics engine refuses a collider: {error}", hint="repair or simplify the mesh"
        ) from None
    _set_damping(compiled, len(free))
    return compiled


def _set_options(mujoco: Any, spec: Any) -> None:
    spec.option.timestep = TIMESTEP
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    spec.option.impratio = 10
    spec.compiler.usethread = False
    spec.compiler.boundmass = 1e-7
    spec.compiler.boundinertia = 1e-12
    spec.compiler.balanceinertia = True
    spec.memory = _MEMORY


def _add_pieces(mujoco: Any, spec: Any, body: Any, shape: Shape, meshes: dict[str, str]) -> None:
    for piece in shape.pieces:
        friction = (shape.friction, _FRICTION_TORSIONAL, _FRICTION_ROLLING)
        common = {"density": shape.density, "friction": friction, **_CONTACT}
        if piece.box is not None:
            body.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, pos=piece.box[0], size=piece.box[1], **common)
        else:
            body.add_geom(type=mujoco.mjtGeom.mjGEOM_MESH, meshname=_mesh(mujoco, spec, piece, meshes), **common)


def _mesh(mujoco: Any, spec: Any, piece: Piece, meshes: dict[str, str]) -> str:
    if piece.key not in meshes:
        meshes[piece.key] = f"hull{len(meshes)}"
        mesh = spec.add_mesh(name=meshes[piece.key], uservert=piece.points.astype(np.float32).ravel())
        mesh.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_CONVEX
    return meshes[piece.key]


def _set_damping(compiled: Any, count: int) -> None:
    """Slow every free body down at the same rate, whatever its mass and size."""
    for number in range(count):
        dofs = compiled.dof_damping[6 * number : 6 * number + 6]
        dofs[:3] = _DAMPING * compiled.body_mass[number + 1]
        dofs[3:] = _DAMPING * compiled.body_inertia[number + 1].mean()
