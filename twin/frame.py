"""Hold one frame as plain data: the state that was drawn, the pixels that were rendered, the labels that follow.

A :class:`FrameState` is complete: with the block's stage it determines every pixel and every label, on any engine.
It is what a shard stores, what travels to another process, and what ``generate --from`` renders again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from twin.errors import listed, nearest

Json: TypeAlias = Any
"""What ``json`` can hold: numbers, strings, booleans, None, lists and mappings of these."""

Array: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True)
class SlotState:
    """One object slot of a frame.

    Args:
        name: Slot name, ``bottle.2``; a lone object's slot is its object's name.
        present: Whether the slot holds an object in this frame.
        member: Index into the slot's pool of assets of this block.
        T_world_object: Rigid transform, shape (4, 4); NaN where absent.
    """

    name: str
    present: bool
    member: int
    T_world_object: Array


@dataclass(frozen=True)
class CameraState:
    """One camera of a frame: an OpenCV camera with its rational distortion model.

    Args:
        width: Image width [px].
        height: Image height [px].
        K: Intrinsics [px], shape (3, 3).
        distortion: Coefficients in the order of ``conventions.DISTORTION_NAMES``, shape (8,).
        T_world_camera: Pose, shape (4, 4).
        exposure: Exposure compensation [EV], applied by the sensor, never by an engine.
    """

    width: int
    height: int
    K: Array
    distortion: Array
    T_world_camera: Array
    exposure: float = 0.0


@dataclass(frozen=True)
class FrameState:
    """Everything that was drawn for one frame.

    Args:
        frame: Frame index in the run.
        seed: Seed of the run; with ``frame`` it seeds the engine's pixel noise.
        block: Index of the block whose stage this state applies to.
        attempt: Number of redraws that ``require`` caused.
        slots: All object slots, in slot order; the instance id is the position + 1.
        cameras: Cameras by name.
        opinions: USD prim path -> attribute -> value: what this frame changes on lights and materials. Values are
            numbers, lists, strings, asset paths as ``{"asset": "textures/x.png"}`` relative to the assets folder
            of the stage, or, for ``xformOp:transform``, a 4x4 in USD's row-vector order.
        values: Every drawn value by its path in the spec, in SI units.
        sequence: Sequence index, -1 where the frame stands alone.
        step: Step within the sequence, -1 where the frame stands alone.
        time: Time within the sequence [s].
        redraws: Placement name -> reason (``moving``, ``sank``, ``fell``) -> poses that were drawn again for it.
    """

    frame: int
    seed: int
    block: int
    attempt: int
    slots: tuple[SlotState, ...]
    cameras: Mapping[str, CameraState]
    opinions: Mapping[str, Mapping[str, Json]]
    values: Mapping[str, Json]
    sequence: int = -1
    step: int = -1
    time: float = 0.0
    redraws: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def to_json(self) -> str:
        """Serialise exactly: floats round-trip, keys are sorted, NaN marks absent transforms as null."""
        return json.dumps(_plain(self), sort_keys=True, separators=(",", ":"), allow_nan=False)

    @staticmethod
    def from_json(text: str) -> FrameState:
        """Read what :meth:`to_json` wrote."""
        data = json.loads(text)
        slots = tuple(SlotState(**{**s, "T_world_object": _array(s["T_world_object"], (4, 4))}) for s in data["slots"])
        cameras = {name: _camera(camera) for name, camera in data["cameras"].items()}
        return FrameState(**{**data, "slots": slots, "cameras": cameras})


def _plain(value: object) -> Json:
    if isinstance(value, np.ndarray):
        return None if np.isnan(value).all() else value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


def _array(value: Json, shape: tuple[int, ...]) -> Array:
    return np.full(shape, np.nan) if value is None else np.asarray(value, dtype=np.float64)


def _camera(data: dict[str, Json]) -> CameraState:
    shapes = {"K": (3, 3), "distortion": (8,), "T_world_camera": (4, 4)}
    return CameraState(**{**data, **{name: _array(data[name], shape) for name, shape in shapes.items()}})


@dataclass(frozen=True)
class Pixels:
    """What an engine returns for one frame.

    Args:
        linear: Scene-linear RGB by camera, before exposure and tone curve, float32 (H, W, 3), Rec. 709 primaries.
        raw: The engine's own buffers by camera and name, as a cross-check only; labels never come from here.
        seconds: Wall time by stage (``render``, ``denoise``) [s].
    """

    linear: Mapping[str, Array]
    raw: Mapping[str, Mapping[str, Array]] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, repr=False)
class Frame:
    """One finished frame in memory.

    Args:
        state: What was drawn.
        arrays: Every label and image under the name that it has in a shard, such as ``cameras/front/depth``
            (see :mod:`twin.shard`); RGB is decoded, uint8 (H, W, 3).
        linear: Scene-linear RGB by camera, float32 (H, W, 3); empty where no ``rgb`` was asked for.
        seconds: Wall time by stage [s].
    """

    state: FrameState
    arrays: Mapping[str, Array]
    linear: Mapping[str, Array] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Array:
        """Return one array by its name in a shard; ``frame["front/depth"]`` is short for ``cameras/front/depth``.

        Raises:
            KeyError: where there is no such array, naming the nearest one.
        """
        full = name if name in self.arrays else f"cameras/{name}"
        if full not in self.arrays:
            raise KeyError(f"no array '{name}' in this frame; {nearest(full, self.arrays) or listed(self.arrays)}")
        return self.arrays[full]

    def __contains__(self, name: object) -> bool:
        return name in self.arrays or f"cameras/{name}" in self.arrays

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __repr__(self) -> str:
        return f"Frame({self.state.frame}: {listed(self.arrays)})"

    def camera(self, name: str) -> dict[str, Array]:
        """Return one camera's arrays by label name, ``{"rgb": ..., "depth": ...}``."""
        prefix = f"cameras/{name}/"
        return {key.removeprefix(prefix): value for key, value in self.arrays.items() if key.startswith(prefix)}
