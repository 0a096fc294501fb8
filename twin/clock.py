"""Measure wall time by stage: draw, settle, render, denoise, cast, label, encode, write."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


class Clock:
    """Add up seconds by stage name; a stage inside another is not counted twice."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = defaultdict(float)
        self._inner = [0.0]

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Count the time spent inside the ``with`` block for a stage."""
        start = time.perf_counter()
        self._inner.append(0.0)
        try:
            yield
        finally:
            elapsed = time.perf_counter() - start
            self._seconds[stage] += elapsed - self._inner.pop()
            self._inner[-1] += elapsed

    def add(self, seconds: Mapping[str, float]) -> None:
        """Add seconds that were measured elsewhere; inside a stage they are taken off that stage."""
        for stage, value in seconds.items():
            self._seconds[stage] += value
            self._inner[-1] += value

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds by stage so far."""
        return dict(self._seconds)
