"""Let bodies fall and come to rest, and judge how well they rest.

Equal input gives bit-identical rest: in any order of the bodies, in any process, after any history. Bodies are
sorted by what they are before they enter the model, and every run starts from fresh data.
"""

from __future__ import annotations

import hashlib
import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.conventions import Array, rotation_wxyz, transform
from twin.physics.collider import Piece, Points, prepare
from twin.physics.model import TIMESTEP, Shape, model, mujoco_module

FRICTION = 0.6
"""Coulomb coefficient of things on a table."""

SPEED_LIMIT = 0.01
"""A body whose fastest point is faster than this [m/s] still moves."""

PENETRATION_LIMIT = 0.002
"""A body that overlaps something deeper than this [m] has sunk in."""

_CHUNK = 25  # steps between two looks at the speeds
_PREPARED_KEPT = 512
_QUIET_SPEED, _QUIET_LOOKS = 0.001, 3  # everything slower than this [m/s], so many looks in a row, is at rest


@dataclass(frozen=True, eq=False)
class Body:
    """A thing that falls, or an obstacle that keeps its pose.

    Args:
        name: Unique name.
        colliders: Convex pieces: vertices [m], shape (N, 3) each, in the body's frame.
        density: [kg/m3].
        friction: Coulomb coefficient; a contact takes the greater of its two.
        fixed: Whether it keeps its start pose.
    """

    name: str
    colliders: Sequence[Points]
    density: float = 500.0
    friction: float = FRICTION
    fixed: bool = False


@dataclass(frozen=True)
class Residual:
    """How far a body is from resting.

    Args:
        speed: Bound on the speed of its fastest point [m/s]; infinite where the simulation broke down.
        penetration: Depth of its deepest contact [m].
        fell: Whether its centre ended outside the bounds.
    """

    speed: float
    penetration: float
    fell: bool

    @property
    def fault(self) -> str:
        """Name what is wrong: ``moving``, ``sank`` or ``fell``; empty where it rests."""
        if self.fell:
            return "fell"
        if not self.speed <= SPEED_LIMIT:
            return "moving"
        return "sank" if self.penetration > PENETRATION_LIMIT else ""

    def __str__(self) -> str:
        depth, speed = f"sank in by {self.penetration * 1000:.1f} mm", f"still moves at {self.speed:.3f} m/s"
        return {"fell": "fell off", "moving": speed, "sank": depth, "": "rests"}[self.fault]


@dataclass(frozen=True, eq=False)
class SettleResult:
    """Where the bodies came to rest.

    Args:
        T_world_object: Rigid pose by body name, shape (4, 4).
        residuals: How well each rests.
        seconds: Simulated time [s]; less than asked for where everything was at rest before.
    """

    T_world_object: Mapping[str, Array]
    residuals: Mapping[str, Residual]
    seconds: float


def settle(
    bodies: Sequence[Body],
    statics: Sequence[Piece],
    T_start: Mapping[str, Array],
    duration: float,
    *,
    bounds: Array | None = None,
) -> SettleResult:
    """Simulate gravity for at most ``duration`` [s] and judge the rest.

    Args:
        bodies: What falls, and obstacles with ``fixed``.
        statics: Convex pieces in world coordinates.
        T_start: Start pose of every body by name, rigid, shape (4, 4).
        duration: Simulated time [s]; it ends early once everything has been at rest for a while.
        bounds: Least and greatest corner [m], shape (2, 3), of where a body's centre must end.

    Raises:
        AssetError: where a collider cannot be simulated.
        EngineError: where MuJoCo is not installed.
    """
    shapes = {body.name: _shape(body) for body in bodies}
    ordered = sorted(bodies, key=lambda body: (shapes[body.name].key, body.name))
    free, held = ([body for body in ordered if body.fixed is fixed] for fixed in (False, True))
    if not free:
        return SettleResult({}, {}, 0.0)
    compiled = model([shapes[b.name] for b in free], [shapes[b.name] for b in held], [_static_shape(statics)])
    data = _start(compiled, free, held, T_start)
    seconds = _simulate(compiled, data, duration, [_radius(shapes[body.name]) for body in free])
    return _judged(compiled, data, free, shapes, bounds, seconds)


_prepared: OrderedDict[int, tuple[Sequence[Points], tuple[Piece, ...]]] = OrderedDict()
"""Pieces by the identity of the colliders that they were made of, which are kept so that it stays theirs."""


def _pieces(body: Body) -> tuple[Piece, ...]:
    key = id(body.colliders)
    if key not in _prepared:
        _prepared[key] = (body.colliders, prepare(body.colliders, body.name))
        if len(_prepared) > _PREPARED_KEPT:
            _prepared.popitem(last=False)
    return _prepared[key][1]


def _shape(body: Body) -> Shape:
    pieces = _pieces(body)
    digest = hashlib.sha256(f"{body.density!r} {body.friction!r}".encode())
    for piece in pieces:
        digest.update(piece.key.encode())
    return Shape(pieces, body.density, body.friction, digest.hexdigest())


def _static_shape(pieces: Sequence[Piece]) -> Shape:
    ordered = tuple(sorted(pieces, key=lambda piece: piece.key))
    digest = hashlib.sha256("".join(piece.key for piece in ordered).encode())
    return Shape(ordered, 1000.0, 0.0, digest.hexdigest())


def _radius(shape: Shape) -> float:
    return float(max(np.linalg.norm(piece.points, axis=1).max() for piece in shape.pieces))


def _start(compiled: Any, free: Sequence[Body], held: Sequence[Body], T_start: Mapping[str, Array]) -> Any:
    mujoco = mujoco_module()
    data = mujoco.MjData(compiled)
    mujoco.mj_resetData(compiled, data)
    for number, body in enumerate(free):
        data.qpos[7 * number : 7 * number + 7] = _position_wxyz(mujoco, T_start[body.name])
    for number, body in enumerate(held):
        pose = _position_wxyz(mujoco, T_start[body.name])
        data.mocap_pos[number], data.mocap_quat[number] = pose[:3], pose[3:]
    return data


def _position_wxyz(mujoco: Any, T: Array) -> Array:
    wxyz = np.empty(4)
    mujoco.mju_mat2Quat(wxyz, np.ascontiguousarray(T[:3, :3], dtype=np.float64).ravel())
    return np.concatenate([T[:3, 3], wxyz])


def _simulate(compiled: Any, data: Any, duration: float, radii: Sequence[float]) -> float:
    """Step until the time is over or everything is at rest; return the simulated seconds."""
    mujoco, quiet = mujoco_module(), 0
    steps = math.ceil(round(duration / TIMESTEP, 6))
    for done in range(0, steps, _CHUNK):
        mujoco.mj_step(compiled, data, nstep=min(_CHUNK, steps - done))
        quiet = quiet + 1 if _speeds(data, radii).max() < _QUIET_SPEED else 0
        if quiet == _QUIET_LOOKS or _broken(mujoco, data):
            break
    return float(data.time)


def _speeds(data: Any, radii: Sequence[float]) -> Array:
    """Bound the speed of each free body's fastest point [m/s]: of its origin, and of its rotation at its radius."""
    velocity: Array = np.asarray(data.qvel).reshape(-1, 6)
    linear, angular = np.linalg.norm(velocity[:, :3], axis=1), np.linalg.norm(velocity[:, 3:], axis=1)
    return np.asarray(linear + angular * np.asarray(radii))


def _broken(mujoco: Any, data: Any) -> bool:
    kinds = mujoco.mjtWarning
    bad = (
        kinds.mjWARN_BADQPOS,
        kinds.mjWARN_BADQVEL,
        kinds.mjWARN_BADQACC,
        kinds.mjWARN_CONTACTFULL,
        kinds.mjWARN_CNSTRFULL,
    )
    return any(data.warning[int(kind)].number for kind in bad)


def _judged(
    compiled: Any, data: Any, free: Sequence[Body], shapes: Mapping[str, Shape], bounds: Array | None, seconds: float
) -> SettleResult:
    mujoco = mujoco_module()
    broken = _broken(mujoco, data)
    mujoco.mj_fwdPosition(compiled, data)
    depths = _penetrations(compiled, data, len(free))
    speeds = _speeds(data, [_radius(shapes[body.name]) for body in free])
    poses, residuals = {}, {}
    for number, body in enumerate(free):
        pose = np.array(data.qpos[7 * number : 7 * number + 7])
        poses[body.name] = transform(rotation_wxyz(pose[3:]), pose[:3])
        fell = bounds is not None and _outside(shapes[body.name], poses[body.name], bounds)
        residuals[body.name] = Residual(math.inf if broken else float(speeds[number]), float(depths[number]), fell)
    return SettleResult(poses, residuals, seconds)


def _penetrations(compiled: Any, data: Any, count: int) -> Array:
    """Return the depth of each free body's deepest contact [m]."""
    depths = np.zeros(count)
    contact = data.contact
    for pair, distance in zip(np.asarray(contact.geom), np.asarray(contact.dist), strict=True):
        for body in compiled.geom_bodyid[pair]:
            if 1 <= body <= count:
                depths[body - 1] = max(depths[body - 1], -distance)
    return depths


def _outside(shape: Shape, T_world_object: Array, bounds: Array) -> bool:
    points = np.concatenate([piece.points for piece in shape.pieces]) @ T_world_object[:3, :3].T + T_world_object[:3, 3]
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    return bool((centre < bounds[0]).any() or (centre > bounds[1]).any())
