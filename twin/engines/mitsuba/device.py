"""Bring NumPy arrays to the device so that no kernel depends on where they lay."""

from __future__ import annotations

import importlib
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from twin.cast import variant

Dr: TypeAlias = Any
"""A Dr.Jit array; Dr.Jit's own types depend on the variant and say nothing to a type checker."""

mi: Any = variant.mitsuba()
dr: Any = importlib.import_module("drjit")
"""The modules, untyped, since their stubs describe another variant; Mitsuba first, which shows Dr.Jit its LLVM."""

_LANES = 64


def floats(values: npt.ArrayLike) -> Dr:
    """Copy numbers to the device as one flat float32 array, padded with zeros to whole vectors."""
    return mi.Float(_aligned(values, np.float32))


def words(values: npt.ArrayLike) -> Dr:
    """Copy numbers to the device as one flat uint32 array, padded with zeros to whole vectors."""
    return mi.UInt32(_aligned(values, np.uint32))


def number(value: float) -> Dr:
    """Bring one float to the device as a value that no kernel contains."""
    return dr.opaque(mi.Float, float(value))


def count(value: int) -> Dr:
    """Bring one non-negative integer to the device as a value that no kernel contains."""
    return dr.opaque(mi.UInt32, int(value))


def flag(value: bool) -> Dr:
    """Bring one truth value to the device as a value that no kernel contains."""
    return dr.opaque(mi.Bool, bool(value))


def _aligned(values: npt.ArrayLike, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Copy into memory that begins at a cache line: Dr.Jit compiles a kernel for each alignment it meets."""
    flat = np.asarray(values, dtype=dtype).ravel()
    size = max(-(-flat.size // _LANES), 1) * _LANES
    raw = np.zeros(size + 16, dtype=dtype)
    skip = (-raw.ctypes.data // 4) % 16
    raw[skip : skip + flat.size] = flat
    return raw[skip : skip + size]
