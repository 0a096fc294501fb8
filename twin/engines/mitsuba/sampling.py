"""Draw stratified numbers as a pure function of (seed, pixel, sample, dimension).

Every dimension is the two-dimensional Sobol sequence, its order and its digits scrambled by Owen's nested scrambling.
Nothing is remembered between draws, so how an image is cut into passes or over threads cannot change a sample.

Sources: Sobol' 1967; Owen 1995; Burley, "Practical Hash-based Owen Scrambling", JCGT 9(4), 2020; its improved hash by
N. Vegdahl, 2021; the integer hash "lowbias32" by C. Wellons, 2018.
"""

from __future__ import annotations

from dataclasses import dataclass

from twin.engines.mitsuba.device import Dr, dr, mi

_BUTTERFLY = ((1, 0x55555555), (2, 0x33333333), (4, 0x0F0F0F0F), (8, 0x00FF00FF), (16, 0x0000FFFF))


@dataclass
class Sampler:
    """A sample of a pixel.

    Args:
        pixel: Hash of the image's seed and the pixel.
        index: Number of the sample in its pixel.
    """

    pixel: Dr
    index: Dr

    def pair(self, dimension: Dr, part: Dr = 0, parts: Dr = 1) -> Dr:
        """Return a point of the unit square.

        Args:
            dimension: Number of the question; the answers to each are a stratified set of their own.
            part: Which of several points this sample asks for.
            parts: How many points each sample asks for.
        """
        seed = hashed(self.pixel ^ hashed(mi.UInt32(dimension) + 0x9E3779B9))
        x = _mixed(dr.brev(self.index * parts + part), seed)
        y = mi.UInt32(x)
        for shift, mask in _BUTTERFLY:  # multiply by Pascal's triangle modulo 2: Sobol's second dimension
            y ^= (y & mask) << shift
        return mi.Point2f(_unit(_owen(x, hashed(seed ^ 0x68BC21EB))), _unit(_owen(y, hashed(seed ^ 0x02E5BE93))))


def hashed(value: Dr) -> Dr:
    """Mix the bits of a uint32."""
    x = mi.UInt32(value)
    x ^= x >> 16
    x *= 0x7FEB352D
    x ^= x >> 15
    x *= 0x846CA68B
    return x ^ (x >> 16)


def _owen(value: Dr, seed: Dr) -> Dr:
    """Scramble digits from the highest down, each by a hash of those above it."""
    return dr.brev(_mixed(dr.brev(value), seed))


def _mixed(value: Dr, seed: Dr) -> Dr:
    """Scramble digits from the lowest up, each by a hash of those below it."""
    x = mi.UInt32(value)
    x ^= x * 0x3D20ADEA
    x += seed
    x *= (seed >> 16) | 1
    x ^= x * 0x05526C56
    x ^= x * 0x53A22864
    return x


def _unit(value: Dr) -> Dr:
    return mi.Float(value >> 8) * 2.0**-24
