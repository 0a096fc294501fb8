"""Turn UsdLux lights into rows of a table; draw points on them, and see them along a ray.

Lamps (all lights but the dome) are shapes without substance, as UsdLux's are to a camera in most renderers: they shine
and are mirrored in surfaces, but hide nothing, cast no shadow and are not seen by the camera itself. So an image shows
exactly what its labels say.

Emission is ``intensity * 2**exposure * colour * blackbody(temperature)``: radiance, divided by the light's area where
``normalize`` is set (for a distant light by the projected solid angle of its cone, so intensity is then irradiance).

Source: "UsdLux", OpenUSD 25.11, the schema's notes on ``intensity``, ``normalize`` and each light's size factor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import drjit as dr
import mitsuba as mi
import numpy as np
import numpy.typing as npt

from twin.engines.mitsuba import sky as skies
from twin.engines.mitsuba.blackbody import blackbody
from twin.engines.mitsuba.device import Dr, count, floats, words
from twin.engines.mitsuba.sky import Sky
from twin.frame import Json
from twin.stage.geometry import Light

KINDS = ("dome", "sphere", "rect", "disk", "cylinder", "distant")
"""Kinds of light; their positions are the codes in the table."""

_SPHERE, _RECT, _DISK, _CYLINDER, _DISTANT = range(1, 6)
_ROW = 6
_TICKETS = 1024
_FAR = 1e9
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


@dataclass
class Draw:
    """A direction towards a light.

    Args:
        direction: Unit vector.
        distance: How far the light is [m].
        radiance: What arrives if nothing is between.
        pdf: Density [1/sr]; 1 for a light without extent, whose radiance is an irradiance.
        sharp: Whether the light has no extent, so that no other way of drawing finds it.
    """

    direction: Dr
    distance: Dr
    radiance: Dr
    pdf: Dr
    sharp: Dr


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
    return colour * intensity * 2.0 ** float(inputs.get("exposure", 0.0))


def lamp(light: Light) -> Lamp:
    """Translate a light other than the dome."""
    inputs, kind = light.inputs, KINDS.index(light.kind)
    radius = float(inputs.get("radius", 0.5))
    if kind == _DISTANT:
        return _distant(light)
    width, height, length = (float(inputs.get(name, 1.0)) for name in ("width", "height", "length"))
    sizes = {_SPHERE: (radius, 0.0), _RECT: (width, height), _DISK: (radius, 0.0), _CYLINDER: (radius, length)}[kind]
    scale = 1.0 / max(_area(kind, sizes), 1e-12) if inputs.get("normalize") else 1.0
    return Lamp(kind, emission(light) * scale, light.T_world_light, sizes)


def _distant(light: Light) -> Lamp:
    half = min(np.radians(float(light.inputs.get("angle", 0.53))) / 2, np.pi / 2)
    facing = np.pi * np.sin(half) ** 2
    sharp = half < 1e-4
    scale = 1.0 / facing if light.inputs.get("normalize") and not sharp else 1.0
    return Lamp(_DISTANT, emission(light) * scale, light.T_world_light, (1.0 if sharp else float(np.cos(half)), 0.0))


def _area(kind: int, sizes: tuple[float, float]) -> float:
    a, b = sizes
    return {
        _SPHERE: 4 * np.pi * a * a, _RECT: a * b, _DISK: np.pi * a * a, _CYLINDER: 2 * np.pi * a * b, _DISTANT: 1.0
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
    rows = [_row(each, chance / _TICKETS) for each, chance in zip(lamps, chances[1:], strict=True)]
    return Lights(sky, count(len(lamps)), floats(rows), words(tickets), floats([chances[0] / _TICKETS]))


def _irradiance(each: Lamp, focus: npt.NDArray[np.float64]) -> float:
    """Estimate what a surface at a point would get if it faced the lamp."""
    radiance = float(each.radiance.mean())
    if each.kind == _DISTANT:
        return radiance * (1.0 if each.sizes[0] == 1.0 else np.pi * (1 - each.sizes[0] ** 2))
    distance = np.linalg.norm(each.T_world_light[:3, 3] - focus)
    seen = _area(each.kind, each.sizes) / (4 if each.kind == _SPHERE else np.pi if each.kind == _CYLINDER else 1)
    return float(radiance * seen / max(distance**2, seen / np.pi))


def _chances(power: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Share the tickets: half by power, half evenly among the lights that shine at all."""
    shines = power > 0
    if not shines.any():
        shines[0] = True
    share = 0.5 * shines / shines.sum() + 0.5 * power / max(power.sum(), 1e-300)
    tickets = np.where(shines, np.maximum(np.floor(share / share.sum() * _TICKETS), 1), 0).astype(np.int64)
    tickets[np.argmax(tickets)] += _TICKETS - tickets.sum()
    return tickets


def _row(each: Lamp, chance: float) -> npt.NDArray[np.float64]:
    T = each.T_world_light
    row = np.zeros((_ROW, 4))
    row[0] = [*each.radiance, each.kind]
    row[1] = [*T[:3, 3], chance]
    row[2], row[3], row[4] = [*T[:3, 0], each.sizes[0]], [*T[:3, 1], each.sizes[1]], [*T[:3, 2], 0.0]
    row[5, 0] = _area(each.kind, each.sizes)
    return row


@dataclass
class _Row:
    """A lamp read back from the table."""

    radiance: Dr
    kind: Dr
    centre: Dr
    chance: Dr
    x: Dr
    y: Dr
    z: Dr
    a: Dr
    b: Dr
    area: Dr


def _read(lights: Lights, index: Dr, active: Dr) -> _Row:
    q = [dr.gather(mi.Vector4f, lights.rows, index * _ROW + k, active) for k in range(_ROW)]
    x, y, z = (mi.Vector3f(v.xyz) for v in q[2:5])
    centre = mi.Point3f(q[1].xyz)
    return _Row(mi.Color3f(q[0].xyz), mi.UInt32(q[0].w), centre, q[1].w, x, y, z, q[2].w, q[3].w, q[5].x)


def sample(lights: Lights, point: Dr, ticket: Dr, uv: Dr, active: Dr) -> Draw:
    """Draw a light, and a direction towards it."""
    chosen = dr.gather(mi.UInt32, lights.tickets, mi.UInt32(ticket * _TICKETS), active)
    up = chosen == 0
    sky_direction = skies.sample(lights.sky, uv, active & up)
    sky_radiance, sky_pdf = skies.radiance(lights.sky, sky_direction, active & up)
    drawn = _sample_lamp(_read(lights, chosen - 1, active & ~up), point, uv)
    sky_chance = dr.gather(mi.Float, lights.sky_chance, mi.UInt32(0))
    return Draw(
        dr.select(up, sky_direction, drawn.direction),
        dr.select(up, _FAR, drawn.distance),
        dr.select(up, sky_radiance, drawn.radiance),
        dr.select(up, sky_pdf * sky_chance, drawn.pdf),
        ~up & drawn.sharp,
    )


def _sample_lamp(row: _Row, point: Dr, uv: Dr) -> Draw:
    far, ball = row.kind == _DISTANT, row.kind == _SPHERE
    # a cone of directions: the distant light's own, or the one that a sphere fills
    gap = row.centre - point
    squared = dr.maximum(dr.squared_norm(gap), 1e-12)
    inside = squared <= dr.square(row.a)
    sine2 = dr.clip(dr.square(row.a) / squared, 0.0, 1.0)
    cone = dr.select(far, row.a, dr.safe_sqrt(1.0 - sine2))
    width = dr.select(ball & (sine2 < 1e-4), 0.5 * sine2, 1.0 - cone)
    axis = dr.select(far, row.z, gap * dr.rsqrt(squared))
    cosine = 1.0 - uv.x * width
    sine, turn = dr.safe_sqrt(dr.square(1.0 - cosine) * -1.0 + 2.0 * (1.0 - cosine)), dr.two_pi * uv.y
    s, t = mi.coordinate_system(axis)
    s_turn, c_turn = dr.sincos(turn)
    round_ = dr.normalize(axis * cosine + (s * c_turn + t * s_turn) * sine)
    round_pdf = dr.rcp(dr.two_pi * dr.maximum(width, 1e-12))
    sharp = far & (row.a >= 1.0)
    # a point on the flat or round wall of the others
    offset = _on_shape(row, uv)
    to = row.centre + offset - point
    distance = dr.norm(to)
    flat = to / dr.maximum(distance, 1e-9)
    facing = -dr.dot(flat, _outward(row, offset))
    flat_pdf = dr.square(distance) / (dr.maximum(row.area * facing, 1e-12))
    coned = far | ball
    distance = dr.select(far, _FAR, dr.select(ball, _sphere_distance(row, point, round_), distance))
    lit = dr.select(coned, far | ~inside, facing > 1e-6)
    pdf = dr.select(sharp, 1.0, dr.select(coned, round_pdf, flat_pdf)) * row.chance
    direction = dr.select(coned, round_, flat)
    return Draw(direction, distance, dr.select(lit, row.radiance, 0.0), pdf, sharp)


def _on_shape(row: _Row, uv: Dr) -> Dr:
    disk = mi.warp.square_to_uniform_disk_concentric(uv) * row.a
    sine, cosine = dr.sincos(dr.two_pi * uv.y)
    rect = row.x * ((uv.x - 0.5) * row.a) + row.y * ((uv.y - 0.5) * row.b)
    wall = row.x * ((uv.x - 0.5) * row.b) + (row.y * cosine + row.z * sine) * row.a
    return dr.select(row.kind == _RECT, rect, dr.select(row.kind == _DISK, row.x * disk.x + row.y * disk.y, wall))


def _outward(row: _Row, offset: Dr) -> Dr:
    """Return the side to which a flat light shines (its -z), or a cylinder's normal, whose axis is x."""
    across = offset - row.x * dr.dot(offset, row.x)
    return dr.select(row.kind == _CYLINDER, dr.normalize(across), -row.z)


def _sphere_distance(row: _Row, point: Dr, direction: Dr) -> Dr:
    gap = row.centre - point
    along = dr.dot(gap, direction)
    across = dr.squared_norm(gap - direction * along)
    return along - dr.safe_sqrt(dr.square(row.a) - across)


def seen(lights: Lights, ray: Dr, limit: Dr, bsdf_pdf: Dr, active: Dr) -> Dr:
    """Sum the radiance of the lamps that a scattered ray meets before ``limit`` [m], each weighed against ``sample``.

    Args:
        lights: The lights.
        ray: The ray.
        limit: Distance of the surface that it hits.
        bsdf_pdf: Density [1/sr] with which its direction was drawn.
        active: Where it is wanted.
    """

    def step(number: Dr, total: Dr) -> tuple[Dr, Dr]:
        row = _read(lights, number, active)
        met, pdf = _meet(row, ray, limit)
        weight = bsdf_pdf / dr.maximum(bsdf_pdf + pdf * row.chance, 1e-20)
        return number + 1, total + dr.select(met, row.radiance * weight, 0.0)

    start = (dr.zeros(mi.UInt32, dr.width(ray)), dr.zeros(mi.Color3f, dr.width(ray)))
    return dr.while_loop(start, lambda number, total: active & (number < lights.count), step)[1]


def _meet(row: _Row, ray: Dr, limit: Dr) -> tuple[Dr, Dr]:
    """Say whether a ray meets a lamp's shining side within a distance, and the density with which it is drawn."""
    far, ball, pipe = row.kind == _DISTANT, row.kind == _SPHERE, row.kind == _CYLINDER
    gap = row.centre - ray.o
    along = dr.dot(gap, ray.d)
    squared = dr.maximum(dr.squared_norm(gap), 1e-12)
    # sphere and cone
    sine2 = dr.clip(dr.square(row.a) / squared, 0.0, 1.0)
    width = dr.select(far, 1.0 - row.a, dr.select(sine2 < 1e-4, 0.5 * sine2, 1.0 - dr.safe_sqrt(1.0 - sine2)))
    clear = squared > dr.square(row.a)
    touching = dr.square(row.a) >= dr.squared_norm(gap - ray.d * along)
    round_t = along - dr.safe_sqrt(dr.square(row.a) - dr.squared_norm(gap - ray.d * along))
    in_cone = (row.a < 1.0) & (dr.dot(ray.d, row.z) >= row.a)
    # flat lights
    slope = dr.dot(ray.d, row.z)
    flat_t = dr.dot(gap, row.z) / dr.select(dr.abs(slope) > 1e-9, slope, 1e-9)
    at = ray.d * flat_t - gap
    px, py = dr.dot(at, row.x), dr.dot(at, row.y)
    in_rect = (dr.abs(px) <= 0.5 * row.a) & (dr.abs(py) <= 0.5 * row.b)
    in_disk = dr.square(px) + dr.square(py) <= dr.square(row.a)
    on_flat = (slope > 1e-6) & dr.select(row.kind == _RECT, in_rect, in_disk)
    # the wall of a cylinder about x
    dy, dz, gy, gz = dr.dot(ray.d, row.y), dr.dot(ray.d, row.z), dr.dot(gap, row.y), dr.dot(gap, row.z)
    qa, qb, qc = dr.square(dy) + dr.square(dz), dy * gy + dz * gz, dr.square(gy) + dr.square(gz) - dr.square(row.a)
    discriminant = dr.square(qb) - qa * qc
    pipe_t = (qb - dr.safe_sqrt(discriminant)) / dr.maximum(qa, 1e-12)
    pipe_at = ray.d * pipe_t - gap
    on_pipe = (discriminant > 0.0) & (qc > 0.0) & (dr.abs(dr.dot(pipe_at, row.x)) <= 0.5 * row.b)
    facing = dr.select(pipe, -dr.dot(ray.d, _outward(row, pipe_at)), slope)
    t = dr.select(far, _FAR, dr.select(ball, round_t, dr.select(pipe, pipe_t, flat_t)))
    on = dr.select(far, in_cone, dr.select(ball, touching & clear, dr.select(pipe, on_pipe, on_flat)))
    flat_pdf = dr.square(t) / dr.maximum(row.area * facing, 1e-12)
    pdf = dr.select(far | ball, dr.rcp(dr.two_pi * dr.maximum(width, 1e-12)), flat_pdf)
    return on & (t > 0.0) & (t < limit), pdf
