"""Draw directions towards lights, and see lamps along a ray.

Lamps (all lights but the dome) are shapes without substance: they shine and are mirrored in surfaces, but hide nothing,
cast no shadow and are not seen by the camera itself. So an image shows exactly what its labels say.

Source: Pharr, Jakob and Humphreys, "Physically Based Rendering", 4th ed., 6 and 12.
"""

from __future__ import annotations

from dataclasses import dataclass

from twin.engines.mitsuba import sky as skies
from twin.engines.mitsuba.device import Dr, dr, mi
from twin.engines.mitsuba.light import CYLINDER, DISK, DISTANT, RECT, ROW, SPHERE, TICKETS, Lights

_FAR = 1e9


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
    q = [dr.gather(mi.Vector4f, lights.rows, index * ROW + k, active) for k in range(ROW)]
    x, y, z = (mi.Vector3f(v.xyz) for v in q[2:5])
    centre = mi.Point3f(q[1].xyz)
    return _Row(mi.Color3f(q[0].xyz), mi.UInt32(q[0].w), centre, q[1].w, x, y, z, q[2].w, q[3].w, q[5].x)


def sample(lights: Lights, point: Dr, ticket: Dr, uv: Dr, active: Dr) -> Draw:
    """Draw a light, and a direction towards it."""
    chosen = dr.gather(mi.UInt32, lights.tickets, mi.UInt32(ticket * TICKETS), active)
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
    far, ball = row.kind == DISTANT, row.kind == SPHERE
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
    return dr.select(row.kind == RECT, rect, dr.select(row.kind == DISK, row.x * disk.x + row.y * disk.y, wall))


def _outward(row: _Row, offset: Dr) -> Dr:
    """Return the side to which a flat light shines (its -z), or a cylinder's normal, whose axis is x."""
    across = offset - row.x * dr.dot(offset, row.x)
    return dr.select(row.kind == CYLINDER, dr.normalize(across), -row.z)


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
    far, ball, pipe = row.kind == DISTANT, row.kind == SPHERE, row.kind == CYLINDER
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
    on_flat = (slope > 1e-6) & dr.select(row.kind == RECT, in_rect, in_disk)
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
