"""Scatter light as UsdPreviewSurface describes: diffuse, GGX reflection, clear coat, and glass.

All directions are in the shading frame and point away from the surface; its z axis is the normal.

Sources: Walter et al., "Microfacet Models for Refraction", EGSR 2007; Heitz, "Understanding the Masking-Shadowing
Function", JCGT 3(2), 2014; Dupuy and Benyoub, "Sampling Visible GGX Normals with Spherical Caps", HPG 2023.
"""

from __future__ import annotations

from twin.engines.mitsuba.device import Dr, dr, mi
from twin.engines.mitsuba.material import Look

_COAT_F0 = 0.04
_SCHLICK_MEAN = 1 / 21  # of (1 - c)**5 over the hemisphere, weighed by the cosine
_LUMINANCE = (0.2126, 0.7152, 0.0722)


def evaluate(look: Look, wi: Dr, wo: Dr) -> tuple[Dr, Dr]:
    """Return the scattered share times the cosine, and the chance density [1/sr] with which ``sample`` draws ``wo``."""
    solid, solid_pdf = _solid(look, wi, wo)
    glass, glass_pdf = _glass(look, wi, wo)
    return dr.lerp(solid, glass, look.glass), dr.lerp(solid_pdf, glass_pdf, look.glass)


def sample(look: Look, wi: Dr, lobe: Dr, uv: Dr) -> Dr:
    """Draw a direction.

    Args:
        look: The material.
        wi: Where the light goes to; below the surface only inside glass.
        lobe: A number in [0, 1) that chooses among the lobes.
        uv: A point of the unit square.
    """
    refracts = lobe < look.glass
    inner = dr.select(
        refracts, lobe / dr.maximum(look.glass, 1e-6), (lobe - look.glass) / dr.maximum(1 - look.glass, 1e-6)
    )
    diffuse, coat = _chances(look, wi)
    upper = mi.Vector3f(wi.x, wi.y, dr.abs(wi.z))
    coated = ~refracts & (inner < coat)
    alpha = dr.select(coated, look.coat_alpha, look.alpha)
    half = _visible_normal(upper, alpha, uv)
    mirrored = 2.0 * dr.dot(upper, half) * half - upper
    mirrored.z = dr.mulsign(mirrored.z, wi.z)
    round_ = mi.warp.square_to_cosine_hemisphere(uv)
    solid = dr.select(~coated & (inner < coat + diffuse), round_, mirrored)
    return dr.select(refracts, _through(look, wi, half, mirrored, inner), solid)


def _through(look: Look, wi: Dr, half: Dr, mirrored: Dr, chance: Dr) -> Dr:
    """Reflect or refract at a microfacet, by the chance of Fresnel's equations; 0 where that ends on the wrong side."""
    half = mi.Vector3f(half.x, half.y, dr.mulsign(half.z, wi.z))
    cosine = dr.dot(wi, half)
    toward = dr.mulsign(cosine, wi.z)
    reflected, cos_t, _, eta_ti = mi.fresnel(toward, look.ior)
    # half lies on the side of wi, so that the refracted ray leaves on the other side of it
    bent = half * (cosine * eta_ti - dr.abs(cos_t)) - wi * eta_ti
    drawn = dr.select(chance < reflected, mirrored, bent)
    astray = (drawn.z * wi.z > 0.0) != (chance < reflected)
    return dr.select(astray, 0.0, drawn)


def _solid(look: Look, wi: Dr, wo: Dr) -> tuple[Dr, Dr]:
    both = (wi.z > 0.0) & (wo.z > 0.0)
    half = dr.normalize(wi + wo)
    cosine = dr.clip(dr.dot(wi, half), 0.0, 1.0)
    fresnel = _fresnel(look.f0, cosine)
    over = look.coat * _coat_fresnel(cosine)
    under = 1.0 - look.coat * _coat_fresnel(dr.clip(dr.minimum(wi.z, wo.z), 0.0, 1.0))
    shape, density = _facets(look.alpha, wi, wo, half)
    coat_shape, coat_density = _facets(look.coat_alpha, wi, wo, half)
    base = look.diffuse * _not_mirrored(look, wi, wo) * (dr.inv_pi * wo.z) + fresnel * shape
    diffuse, coat = _chances(look, wi)
    pdf = diffuse * dr.inv_pi * wo.z + coat * coat_density + (1.0 - diffuse - coat) * density
    value = base * under + over * coat_shape
    return dr.select(both, value, 0.0), dr.select(both, pdf, 0.0)


def _glass(look: Look, wi: Dr, wo: Dr) -> tuple[Dr, Dr]:
    """Evaluate a rough dielectric; light that goes through is tinted, and thinned as radiance is in denser matter."""
    reflects = wi.z * wo.z > 0.0
    eta = dr.select(wi.z > 0.0, look.ior, dr.rcp(look.ior))
    half = dr.normalize(wi + wo * dr.select(reflects, 1.0, eta))
    half = dr.mulsign(half, half.z)
    ci, co = dr.dot(wi, half), dr.dot(wo, half)
    sane = (ci * wi.z > 0.0) & (co * wo.z > 0.0) & (look.glass > 0.0) & (dr.abs(wo.z) > 1e-6)
    reflected, _, _, _ = mi.fresnel(ci, look.ior)
    distribution = _ggx(look.alpha, half)
    shadowing, seen = _smith(look.alpha, wi, wo)
    normal_pdf = distribution * seen * dr.abs(ci) / dr.abs(wi.z)
    squeeze = dr.square(ci + eta * co)
    through = dr.abs(ci * co) / dr.maximum(squeeze, 1e-20)
    value = dr.select(
        reflects,
        mi.Color3f(reflected * distribution * shadowing / (4.0 * dr.abs(wi.z))),
        look.tint * ((1.0 - reflected) * distribution * shadowing * through / dr.abs(wi.z)),
    )
    turn = dr.select(reflects, 1.0 / (4.0 * dr.abs(ci)), dr.square(eta) * dr.abs(co) / dr.maximum(squeeze, 1e-20))
    pdf = normal_pdf * turn * dr.select(reflects, reflected, 1.0 - reflected)
    return dr.select(sane, value, 0.0), dr.select(sane, pdf, 0.0)


def _chances(look: Look, wi: Dr) -> tuple[Dr, Dr]:
    """Return the chances of the diffuse lobe and of the coat; the rest is the reflection's."""
    cosine = dr.clip(wi.z, 0.0, 1.0)
    coat = look.coat * _coat_fresnel(cosine)
    shine = _luminance(_fresnel(look.f0, cosine))
    matte = _luminance(look.diffuse) * (1.0 - shine)
    total = dr.maximum(coat + (shine + matte) * (1.0 - coat), 1e-6)
    return matte * (1.0 - coat) / total, coat / total


def _facets(alpha: Dr, wi: Dr, wo: Dr, half: Dr) -> tuple[Dr, Dr]:
    """Return the GGX lobe times the cosine, without Fresnel, and its sampling density."""
    distribution = _ggx(alpha, half)
    shadowing, seen = _smith(alpha, wi, wo)
    scale = distribution / (4.0 * dr.maximum(dr.abs(wi.z), 1e-6))
    return scale * shadowing, scale * seen


def _ggx(alpha: Dr, half: Dr) -> Dr:
    """Evaluate the distribution in a form that stays exact for mirrors, where 1 - z**2 would cancel."""
    squared = dr.square(alpha)
    spread = dr.square(half.x) + dr.square(half.y) + squared * dr.square(half.z)
    return squared / (dr.pi * dr.maximum(dr.square(spread), 1e-30))


def _smith(alpha: Dr, wi: Dr, wo: Dr) -> tuple[Dr, Dr]:
    """Return the height-correlated masking of both directions, and that of ``wi`` alone."""
    of_wi, of_wo = _lambda(alpha, wi), _lambda(alpha, wo)
    return dr.rcp(1.0 + of_wi + of_wo), dr.rcp(1.0 + of_wi)


def _lambda(alpha: Dr, w: Dr) -> Dr:
    tangent = (dr.square(w.x) + dr.square(w.y)) / dr.maximum(dr.square(w.z), 1e-12)
    return 0.5 * (dr.sqrt(1.0 + dr.square(alpha) * tangent) - 1.0)


def _visible_normal(wi: Dr, alpha: Dr, uv: Dr) -> Dr:
    """Draw a microfacet normal as seen from ``wi``, which is above the surface."""
    stretched = dr.normalize(mi.Vector3f(wi.x * alpha, wi.y * alpha, wi.z))
    z = dr.fma(1.0 - uv.y, 1.0 + stretched.z, -stretched.z)
    radius = dr.safe_sqrt(1.0 - dr.square(z))
    sine, cosine = dr.sincos(dr.two_pi * uv.x)
    cap = mi.Vector3f(radius * cosine, radius * sine, z) + stretched
    return dr.normalize(mi.Vector3f(cap.x * alpha, cap.y * alpha, dr.maximum(cap.z, 1e-6)))


def _not_mirrored(look: Look, wi: Dr, wo: Dr) -> Dr:
    """Return the share of light that the gloss lets into the matter and out again.

    It is reciprocal, and gives back exactly what the gloss of a smooth surface does not reflect, so that white stays
    white. Source: Kelemen and Szirmay-Kalos, "A Microfacet Based Coupled Specular-Matte BRDF Model", Eurographics 2001.
    """
    into, out = (1.0 - _fresnel(look.f0, dr.clip(w.z, 0.0, 1.0)) for w in (wi, wo))
    mean = look.f0 + (_grazing(look.f0) - look.f0) * _SCHLICK_MEAN
    return into * out / dr.maximum(1.0 - mean, 1e-6)


def _fresnel(f0: Dr, cosine: Dr) -> Dr:
    """Approximate Fresnel's equations (Schlick 1994)."""
    rest = 1.0 - cosine
    return f0 + (_grazing(f0) - f0) * (dr.square(dr.square(rest)) * rest)


def _coat_fresnel(cosine: Dr) -> Dr:
    return _fresnel(mi.Color3f(_COAT_F0), cosine).x


def _grazing(f0: Dr) -> Dr:
    """Return the reflectance at grazing angles: all, but for what no real matter has, below 2 %, so that 0 is matte."""
    return dr.clip(50.0 * dr.max(f0), 0.0, 1.0)


def _luminance(colour: Dr) -> Dr:
    return sum(weight * channel for weight, channel in zip(_LUMINANCE, colour, strict=True))
