"""Turn UsdLux lights into rows of a table.

Emission is ``intensity * 2**exposure * colour * blackbody(temperature)``: radiance, divided by the light's area where
``normalize`` is set (for a distant light by the projected solid angle of its cone, so intensity is then irradiance).

Source: "UsdLux", OpenUSD 25.11, the schema's notes on ``intensity``, ``normalize`` and each light's size factor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twin.engines.mitsuba.blackbody import blackbody
from twin.engines.mitsuba.device import Dr, count, floats, words
from twin.engines.mitsuba.sky import Sky
from twin.frame import Json
from twin.stage.geometry import Light

KINDS = ("dome", "sphere", "rect", "disk", "cylinder", "distant")
"""Kinds of light; their positions are the codes in the table."""

SPHERE, RECT, DISK, CYLINDER, DISTANT = range(1, 6)

ROW = 6
"""Quadruples of numbers in a lamp's row."""

TICKETS = 1024
"""Equal chances that the lights share."""

_KNOWN = {
    "intensity", "exposure", "color", "colorTemperature", "enableColorTemperature", "normalize", "radius", "width",
    "height", "length", "angle", "texture:file",
}  # fmt: skip
_NEUTRAL: Mapping[str, Json] = {"diffuse": 1.0, "specular": 1.0, "texture:format": "automatic"}


@dataclass(frozen=True)
class Lamp:
    """A light other than the dome.

    Args:
        kind: Its code.
        radiance: Emitted radiance, three numbers; irradiance for a distant light without an angle.
        T_world_light: Its pose.
        sizes: Radius and nothing; width and height; or radius and length [m]; for a distant light the cosine of the
            cone's half angle, and nothing.
    """

    kind: int
    radiance: npt.NDArray[np.float64]
    T_world_light: npt.NDArray[np.float64]
    sizes: tuple[float, float]


@dataclass(frozen=True)
class Lights:
    """All light of one frame, on the device.

    Args:
        sky: The dome; black where there is none.
        count: Number of lamps.
        rows: Six times four numbers for each lamp: radiance and kind, centre and chance, three axes each with a size,
            and the area.
        tickets: Which light each of 1,024 equal chances draws: 0 is the dome, lamp i is i + 1.
        sky_chance: Chance of the dome.
    """

    sky: Sky
    count: Dr
    rows: Dr
    tickets: Dr
    sky_chance: Dr


def obstacles(lights: Mapping[str, Light]) -> dict[str, str]:
    """Say by prim path which lights cannot be rendered and why."""
    found = {}
    for path, light in lights.items():
        odd = sorted(n for n, v in light.inputs.items() if n not in _KNOWN and (n not in _NEUTRAL or v != _NEUTRAL[n]))
        if light.kind not in KINDS:
            found[path] = f"a light of the kind '{light.kind}' is not supported"
        elif odd:
            found[path] = f"the light's input '{odd[0]}' is not supported"
        elif light.inputs.get("texture:file") and light.kind != "dome":
            found[path] = f"an image on a {light.kind} light is not supported"
    domes = sorted(path for path, light in lights.items() if light.kind == "dome")
    found |= {path: f"only one dome light is supported, and {domes[0]} is one" for path in domes[1:]}
    return found


def emission(light: Light) -> npt.NDArray[np.float64]:
    """Return what a light's shape or image is multiplied by, before ``normalize``, three numbers."""
    inputs = light.inputs
    colour = np.asarray(inputs.get("color", (1.0, 1.0, 1.0)), dtype=np.float64)
    if inputs.get("enableColorTemperature"):
        colour = colour * blackbody(float(inputs.get("colorTemperature", 6500.0)))
    intensity = float(inputs.get("intensity", 50000.0 if light.kind == "distant" else 1.0))
    return np.asarray(colour * (intensity * 2.0 ** float(inputs.get("exposure", 0.0))))


def lamp(light: Light) -> Lamp:
    """Translate a light other than the dome."""
    inputs, kind = light.inputs, KINDS.index(light.kind)
    radius = float(inputs.get("radius", 0.5))
    if kind == DISTANT:
        return _distant(light)
    width, height, length = (float(inputs.get(name, 1.0)) for name in ("width", "height", "length"))
    sizes = {SPHERE: (radius, 0.0), RECT: (width, height), DISK: (radius, 0.0), CYLINDER: (radius, length)}[kind]
    scale = 1.0 / max(_area(kind, sizes), 1e-12) if inputs.get("normalize") else 1.0
    return Lamp(kind, emission(light) * scale, light.T_world_light, sizes)


def _distant(light: Light) -> Lamp:
    half = min(np.radians(float(light.inputs.get("angle", 0.53))) / 2, np.pi / 2)
    facing = np.pi * np.sin(half) ** 2
    sharp = half < 1e-4
    scale = 1.0 / facing if light.inputs.get("normalize") and not sharp else 1.0
    return Lamp(DISTANT, emission(light) * scale, light.T_world_light, (1.0 if sharp else float(np.cos(half)), 0.0))


def _area(kind: int, sizes: tuple[float, float]) -> float:
    a, b = sizes
    return {
        SPHERE: 4 * np.pi * a * a, RECT: a * b, DISK: np.pi * a * a, CYLINDER: 2 * np.pi * a * b, DISTANT: 1.0
    }[kind]  # fmt: skip


def upload(sky: Sky, sky_mean: float, lamps: Sequence[Lamp], focus: npt.NDArray[np.float64]) -> Lights:
    """Bring lights to the device.

    Args:
        sky: The dome.
        sky_mean: Its mean radiance.
        lamps: The other lights.
        focus: A point [m] amid the objects: a light is drawn more often, the more it lights that point.
    """
    power = [np.pi * sky_mean, *(_irradiance(each, focus) for each in lamps)]
    chances = _chances(np.asarray(power))
    tickets = np.repeat(np.arange(len(chances)), chances)
    rows = [_row(each, chance / TICKETS) for each, chance in zip(lamps, chances[1:], strict=True)]
    return Lights(sky, count(len(lamps)), floats(rows), words(tickets), floats([chances[0] / TICKETS]))


def _irradiance(each: Lamp, focus: npt.NDArray[np.float64]) -> float:
    """Estimate what a surface at a point would get if it faced the lamp."""
    radiance = float(each.radiance.mean())
    if each.kind == DISTANT:
        return radiance * (1.0 if each.sizes[0] == 1.0 else np.pi * (1 - each.sizes[0] ** 2))
    distance = float(np.linalg.norm(each.T_world_light[:3, 3] - focus))
    seen = _area(each.kind, each.sizes) / (4 if each.kind == SPHERE else np.pi if each.kind == CYLINDER else 1)
    return float(radiance * seen / max(distance**2, seen / np.pi))


def _chances(power: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Share the tickets: half by power, half evenly among the lights that shine at all."""
    shines = power > 0
    if not shines.any():
        shines[0] = True
    share = 0.5 * shines / shines.sum() + 0.5 * power / max(power.sum(), 1e-300)
    tickets = np.where(shines, np.maximum(np.floor(share / share.sum() * TICKETS), 1), 0).astype(np.int64)
    tickets[np.argmax(tickets)] += TICKETS - tickets.sum()
    return tickets


def _row(each: Lamp, chance: float) -> npt.NDArray[np.float64]:
    T = each.T_world_light
    row = np.zeros((ROW, 4))
    row[0] = [*each.radiance, each.kind]
    row[1] = [*T[:3, 3], chance]
    row[2], row[3], row[4] = [*T[:3, 0], each.sizes[0]], [*T[:3, 1], each.sizes[1]], [*T[:3, 2], 0.0]
    row[5, 0] = _area(each.kind, each.sizes)
    return row
