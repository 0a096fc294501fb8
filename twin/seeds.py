"""Give every draw its own bits, as a pure function of its name.

A draw is named by four things: the run's seed, an index (the frame, the view group or the block), the stream (the
value's path in the spec) and the attempt. Their hash keys a Philox counter generator, whose raw words NumPy
guarantees to stay the same; the distributions over those words are twin's own, since NumPy's are not stable.
So adding, removing or reordering draws never shifts a neighbour, and any frame can be made alone.

Source: Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011 (Philox).
"""

from __future__ import annotations

import hashlib
import struct

import numpy as np
import numpy.typing as npt

from twin.errors import SpecError

_WORD = 1 << 64
_LIMIT = 1 << 63
_CHUNK = 16


def bits(seed: int, index: int, stream: str, attempt: int = 0, count: int = 1) -> npt.NDArray[np.uint64]:
    """Return the first ``count`` raw words of one stream, shape (count,), uint64.

    Raises:
        SpecError: where the seed or the index is no signed 64-bit number.
    """
    if not (-_LIMIT <= seed < _LIMIT and -_LIMIT <= index < _LIMIT):
        raise SpecError(f"seed {seed}, index {index}", expected="numbers below 2**63")
    name = struct.pack(">qqq", seed, index, attempt) + stream.encode()
    key = np.frombuffer(hashlib.blake2b(name, digest_size=16).digest(), dtype="<u8").astype(np.uint64)
    return np.random.Philox(key=key).random_raw(count)


class Bits:
    """Read one stream word by word.

    Args:
        seed: Seed of the run.
        index: Frame, view group or block that the draw belongs to.
        stream: Path of the drawn value in the spec, such as ``lights.sky.rotation``.
        attempt: Number of redraws before this one.
    """

    def __init__(self, seed: int, index: int, stream: str, attempt: int = 0) -> None:
        self._name = (seed, index, stream, attempt)
        self._words: list[int] = []
        self._read = 0

    def word(self) -> int:
        """Return the next raw word, in [0, 2**64)."""
        if self._read == len(self._words):
            self._words = bits(*self._name, count=self._read + _CHUNK).tolist()
        self._read += 1
        return self._words[self._read - 1]

    @property
    def used(self) -> int:
        """Number of words read so far."""
        return self._read

    def uniform(self) -> float:
        """Return a float in [0, 1) with 53 random bits."""
        return (self.word() >> 11) * 2.0**-53

    def open_uniform(self) -> float:
        """Return a float strictly inside (0, 1), for inverse distribution functions."""
        return ((self.word() >> 12) + 0.5) * 2.0**-52

    def below(self, count: int) -> int:
        """Return an integer in [0, count); its bias is under count / 2**64."""
        return (self.word() * count) // _WORD


def stream_hash(text: str) -> int:
    """Return a stable 32-bit number for a name, to seed samplers that take only an integer."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "little")
