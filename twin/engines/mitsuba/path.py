"""Trace paths of light from the camera into the scene.

Each hit gathers light twice, from a direction drawn towards a light and from one drawn after the surface, weighed by
the balance heuristic. What a surface stops only in part (cut-outs) is passed at random and costs no bounce; shadow rays
pass it too. No sample is clamped, so the mean is right however few samples there are.

Source: Veach, "Robust Monte Carlo Methods for Light Transport Simulation", 1997, chapters 9 and 10.
"""

from __future__ import annotations

from dataclasses import dataclass

from twin.engines.mitsuba import bsdf, emitter, material, sky, surface
from twin.engines.mitsuba.device import Dr, dr, mi
from twin.engines.mitsuba.light import Lights
from twin.engines.mitsuba.material import Look, MaterialTable
from twin.engines.mitsuba.sampling import Sampler
from twin.engines.mitsuba.surface import Hit, Placement, Triangles

_OFFSET = 3e-5
_PASSES = 64
_ROULETTE_DEPTH = 3
_DIMENSIONS = 8
_LIGHT, _TICKET, _SCATTER, _CHOICE, _CHANCE = range(5)


@dataclass(frozen=True)
class World:
    """One frame, ready to be traced.

    Args:
        scene: Mitsuba scene with its shapes alone.
        triangles: All meshes.
        placement: Where the bodies are.
        materials: All materials.
        lights: All lights.
        holes: Whether any surface lets rays pass unbent.
        max_depth: Most surfaces that a path scatters at.
        light_samples: Directions drawn towards lights from the first surface; from the others it is one.
    """

    scene: Dr
    triangles: Triangles
    placement: Placement
    materials: MaterialTable
    lights: Lights
    holes: Dr
    max_depth: Dr
    light_samples: Dr


@dataclass
class Path:
    """A path on its way; everything that a bounce changes.

    Args:
        origin: Where the next ray begins [m].
        direction: Where it goes.
        colour: What the light that it finds is multiplied by.
        light: What it has found.
        albedo: Colour of the first surface.
        normal: Normal of the first surface.
        pdf: Density [1/sr] with which its direction was drawn, for each direction drawn towards a light there.
        depth: Surfaces that it has scattered at.
        passed: Surfaces that it has passed unbent.
        active: Whether it goes on.
    """

    origin: Dr
    direction: Dr
    colour: Dr
    light: Dr
    albedo: Dr
    normal: Dr
    pdf: Dr
    depth: Dr
    passed: Dr
    active: Dr


def trace(world: World, sampler: Sampler, origin: Dr, direction: Dr, active: Dr) -> tuple[Dr, Dr, Dr]:
    """Return the light along each ray, and the albedo and normal of the first surface, all as three numbers."""
    size = dr.width(direction)
    zero = dr.zeros(mi.Color3f, size)
    path = Path(
        mi.Point3f(origin), mi.Vector3f(direction), dr.full(mi.Color3f, 1.0, size), zero, mi.Color3f(zero),
        dr.zeros(mi.Vector3f, size), dr.zeros(mi.Float, size), dr.zeros(mi.UInt32, size), dr.zeros(mi.UInt32, size),
        mi.Bool(active),
    )  # fmt: skip
    (path,) = dr.while_loop((path,), lambda p: p.active, lambda p: (_bounce(world, sampler, p),))
    return path.light, path.albedo, path.normal


def _bounce(world: World, sampler: Sampler, path: Path) -> Path:
    ray = mi.Ray3f(path.origin, path.direction)
    found = world.scene.ray_intersect_preliminary(ray, path.depth == 0, path.active)
    met = path.active & found.is_valid()
    gathered = path.light + path.colour * _lamps_and_sky(world, path, ray, found.t, met)
    hit = surface.hit(world.triangles, world.placement, ray, found, met)
    dimension = (path.depth + path.passed * 64) * _DIMENSIONS
    chance, choice = (sampler.pair(dimension + which) for which in (_CHANCE, _CHOICE))
    stops = met & (chance.x < material.coverage(world.materials, hit.material, hit.uv, met))
    passes = met & ~stops & (path.passed < _PASSES)
    look = material.look(world.materials, hit.material, hit.uv, stops)
    frame = _frame(world.materials, hit, path.direction, look, stops)
    gathered += dr.select(stops, path.colour * look.emission, 0.0)
    first = stops & (path.depth == 0)
    goes_on = stops & (path.depth < world.max_depth)
    wi = frame.to_local(-path.direction)
    parts = dr.select(path.depth == 0, world.light_samples, mi.UInt32(1))
    gathered += path.colour * _direct(world, sampler, dimension, parts, hit, look, frame, wi, goes_on)
    wo = bsdf.sample(look, wi, choice.x, sampler.pair(dimension + _SCATTER))
    value, pdf = bsdf.evaluate(look, wi, wo)
    onward = frame.to_world(wo)
    goes_on &= (pdf > 0.0) & _keeps_side(hit, frame, wo, onward)
    colour = dr.select(goes_on, path.colour * value / dr.maximum(pdf, 1e-20), path.colour)
    goes_on &= dr.max(colour) > 0.0
    survival = dr.select(path.depth >= _ROULETTE_DEPTH, dr.clip(dr.max(colour), 0.05, 0.95), 1.0)
    goes_on &= chance.y < survival
    colour = dr.select(goes_on, colour / survival, path.colour)
    ahead = dr.select(passes, path.direction, onward)
    return Path(
        origin=dr.select(met, _beside(hit, ahead), path.origin),
        direction=dr.select(goes_on, onward, path.direction),
        colour=colour,
        light=gathered,
        albedo=dr.select(first, look.albedo, path.albedo),
        normal=dr.select(first, frame.n, path.normal),
        pdf=dr.select(goes_on, pdf / mi.Float(parts), path.pdf),
        depth=dr.select(goes_on, path.depth + 1, path.depth),
        passed=dr.select(passes, path.passed + 1, path.passed),
        active=goes_on | passes,
    )


def _lamps_and_sky(world: World, path: Path, ray: Dr, distance: Dr, met: Dr) -> Dr:
    """Return the light of lamps on the way, and of the sky where nothing was met; the camera sees no lamps."""
    scattered = path.active & (path.depth > 0)
    lamps = emitter.seen(world.lights, ray, distance, path.pdf, scattered)
    open_ = path.active & ~met
    from_sky, pdf = sky.radiance(world.lights.sky, ray.d, open_)
    chance = dr.gather(mi.Float, world.lights.sky_chance, mi.UInt32(0))
    weight = dr.select(scattered, path.pdf / dr.maximum(path.pdf + pdf * chance, 1e-20), 1.0)
    return dr.select(scattered, lamps, 0.0) + dr.select(open_, from_sky * weight, 0.0)


def _frame(materials: MaterialTable, hit: Hit, direction: Dr, look: Look, active: Dr) -> Dr:
    """Build the shading frame: bent by the normal map, and facing the ray unless the surface is glass."""
    bent = material.bent_normal(materials, hit.material, hit.uv, active)
    normal = dr.normalize(hit.tangent * bent.x + hit.bitangent * bent.y + hit.normal * bent.z)
    behind = dr.dot(hit.facet, direction) > 0.0
    flips = behind & (look.glass <= 0.0)
    side = dr.select(behind & ~flips, -1.0, 1.0)
    facet, normal = dr.select(flips, -hit.facet, hit.facet), dr.select(flips, -normal, normal)
    turned_away = dr.dot(normal, -direction) * side <= 1e-4
    normal = dr.select(turned_away, facet, normal)
    return mi.Frame3f(normal)


def _keeps_side(hit: Hit, frame: Dr, local: Dr, direction: Dr) -> Dr:
    """Say whether a direction is on the same side of the triangle as of the shading normal, so that no light leaks."""
    return dr.dot(direction, hit.facet) * dr.dot(frame.n, hit.facet) * local.z > 0.0


def _direct(
    world: World, sampler: Sampler, dimension: Dr, parts: Dr, hit: Hit, look: Look, frame: Dr, wi: Dr, active: Dr
) -> Dr:
    """Return the mean light from ``parts`` directions drawn towards lights."""

    def step(part: Dr, total: Dr) -> tuple[Dr, Dr]:
        ticket, uv = (sampler.pair(dimension + which, part, parts) for which in (_TICKET, _LIGHT))
        drawn = emitter.sample(world.lights, hit.point, ticket.x, uv, active)
        wo = frame.to_local(drawn.direction)
        value, pdf = bsdf.evaluate(look, wi, wo)
        useful = active & _keeps_side(hit, frame, wo, drawn.direction) & (drawn.pdf > 0.0)
        useful &= (dr.max(value) > 0.0) & (dr.max(drawn.radiance) > 0.0)
        origin = _beside(hit, drawn.direction)
        clear = _clear(world, origin, drawn.direction, drawn.distance * (1 - 1e-4), useful)
        weight = dr.select(drawn.sharp, 1.0, drawn.pdf / (drawn.pdf + pdf / mi.Float(parts)))
        found = value * drawn.radiance * (weight * clear / dr.maximum(drawn.pdf, 1e-20))
        return part + 1, total + dr.select(useful, found, 0.0)

    start = (dr.zeros(mi.UInt32, dr.width(wi)), dr.zeros(mi.Color3f, dr.width(wi)))
    total = dr.while_loop(start, lambda part, total: active & (part < parts), step)[1]
    return total / mi.Float(parts)


def _clear(world: World, origin: Dr, direction: Dr, distance: Dr, active: Dr) -> Dr:
    """Return the share of light that a shadow ray lets through: 0 or 1, or what cut-outs leave of it."""
    blocked = world.scene.ray_test(mi.Ray3f(origin, direction, distance, 0.0, []), False, active)
    share = dr.select(blocked, 0.0, 1.0)
    walks = active & blocked & world.holes

    def step(o: Dr, left: Dr, share: Dr, count: Dr, walks: Dr) -> tuple[Dr, Dr, Dr, Dr, Dr]:
        ray = mi.Ray3f(o, direction, left, 0.0, [])
        found = world.scene.ray_intersect_preliminary(ray, False, walks)
        met = walks & found.is_valid()
        hit = surface.hit(world.triangles, world.placement, ray, found, met)
        rest = share * (1.0 - material.coverage(world.materials, hit.material, hit.uv, met))
        share = dr.select(met, rest, share)
        walks = met & (share > 0.0) & (count < _PASSES)
        return dr.select(met, _beside(hit, direction), o), left - found.t, share, count + 1, walks

    none = dr.zeros(mi.UInt32, dr.width(share))
    state = (mi.Point3f(origin), mi.Float(distance), dr.select(walks, 1.0, share), none, walks)
    return dr.while_loop(state, lambda o, left, share, count, walks: walks, step)[2]


def _beside(hit: Hit, direction: Dr) -> Dr:
    """Step off a surface to the side that a ray leaves to, farther than rounding reaches."""
    reach = (1.0 + dr.max(dr.abs(hit.point))) * _OFFSET
    return hit.point + hit.facet * dr.mulsign(reach, dr.dot(hit.facet, direction))
