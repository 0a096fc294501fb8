"""Name every draw, and say how long it is held.

A draw's bits come from ``Bits(seed, index, stream, attempt)``. Its stream is the value's path in the spec:

    lights.sky.rotation              a value that the scene has once
    objects.bottle.material.color    the same value of slot 0; of slot 2: objects.bottle.material.color[2]
    objects.mug.asset.height         of slot 0, member 0; of slot 2, member 3: objects.mug.asset.height[2.3];
                                     of slot 2, member 0: objects.mug.asset.height[2]
    objects.mug.member               which member of its pool a slot shows
    placement.drop.start.bottle.2    start pose of a slot; its third redraw: placement.drop.start.bottle.2~3
    let.wear                         a value shared by ``$wear``: one draw, whatever slots and members refer to it

The index is the block for what shapes the stage, else ``frame // every``; the attempt counts only where ``every`` is
1, so that a redrawn frame keeps what it shares with its neighbours. What a placement holds (its own values, and count
and member of the objects that it places) is held at least as long as its poses: for the least common multiple of both
periods. All users of a shared stream hold it for the least common multiple of theirs, or for the block if any needs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import lcm
from typing import Any

from twin.frame import Json
from twin.seeds import Bits
from twin.spec.scene import Scene
from twin.spec.values import Distribution, walk

BLOCK = 0
"""Period of a draw that is held for its block."""


def stream_name(path: str, slot: int = 0, member: int = 0) -> str:
    """Return the stream of a value of one slot and pool member; the first of each keeps the bare path."""
    if member:
        return f"{path}[{slot}.{member}]"
    return f"{path}[{slot}]" if slot else path


@dataclass(frozen=True, eq=False)
class Draw:
    """One random value of the spec.

    Args:
        path: Its path in the spec.
        distribution: What it is drawn from.
        period: Frames for which it is held; :data:`BLOCK` for a block.
    """

    path: str
    distribution: Distribution[Any]
    period: int

    def value(self, index: Index, slot: int = 0, member: int = 0) -> Any:
        """Draw it for one slot and member."""
        stream = self.distribution.stream or stream_name(self.path, slot, member)
        return self.distribution.sample(index.bits(stream, self.period))


@dataclass(frozen=True)
class Index:
    """What a frame's draws are indexed by.

    Args:
        seed: Seed of the run.
        block: Index of the block.
        frame: Index of the frame; unused where only a block is drawn.
        attempt: Number of redraws of the frame.
    """

    seed: int
    block: int
    frame: int = 0
    attempt: int = 0

    def bits(self, stream: str, period: int) -> Bits:
        """Return the bits of a stream that is held for ``period`` frames."""
        index = self.block if period == BLOCK else self.frame // period
        return Bits(self.seed, index, stream, self.attempt if period == 1 else 0)


def draws(scene: Scene) -> dict[str, Draw]:
    """Return every random value of a scene by its path."""
    holds = holding(scene)
    found = [
        (path, distribution, _period(path, distribution, scoped, holds)) for path, distribution, scoped in walk(scene)
    ]
    shared: dict[str, int] = {}
    for _, distribution, period in found:
        if distribution.stream:
            shared[distribution.stream] = lcm(shared.get(distribution.stream, 1), period)  # lcm(n, BLOCK) is BLOCK
    return {
        path: Draw(path, distribution, shared.get(distribution.stream or "", period))
        for path, distribution, period in found
    }


def holding(scene: Scene) -> Mapping[str, int]:
    """Return for how many frames each path prefix is held by a placement."""
    holds = {f"placement.{name}": placement.every for name, placement in scene.placement.items()}
    for placement in scene.placement.values():
        holds |= {f"objects.{name}.count": placement.every for name in placement.objects}
    return holds


def _period(path: str, distribution: Distribution[Any], scoped: bool, holds: Mapping[str, int]) -> int:
    if scoped:
        return BLOCK
    return lcm(distribution.every, next((every for prefix, every in holds.items() if below(path, prefix)), 1))


def below(path: str, prefix: str) -> bool:
    """Say whether a path is a prefix itself or lies below it: ``a.b`` and ``a[2]`` lie below ``a``, ``ab`` does not."""
    return path.startswith(prefix) and path[len(prefix) :][:1] in ("", ".", "[")


def plain(value: Any) -> Json:
    """Return a drawn value as JSON holds it: tuples as lists."""
    return [plain(item) for item in value] if isinstance(value, tuple | list) else value


def unplain(value: Json) -> Any:
    """Undo :func:`plain`."""
    return tuple(unplain(item) for item in value) if isinstance(value, list) else value
