"""Keep signal handlers from raising in the middle of a call that must not be torn."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType, TracebackType
from typing import TypeVar

T = TypeVar("T")

DEFERRED = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)
"""Signals whose Python handlers usually raise."""


def undisturbed(call: Callable[[], T]) -> T:
    """Call a function to its end; signals that come meanwhile are handled right after it."""
    with ExitStack() as stack:
        for number in DEFERRED if threading.current_thread() is threading.main_thread() else ():
            stack.enter_context(_Deferred(number))
        return call()


class _Deferred:
    """Note a signal instead of handling it; Python runs handlers in the main thread only."""

    def __init__(self, number: int) -> None:
        self._number, self._handler = number, signal.getsignal(number)
        self._noted: list[FrameType | None] = []

    def __enter__(self) -> None:
        if callable(self._handler):
            signal.signal(self._number, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._noted.append(frame)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if callable(self._handler):
            signal.signal(self._number, self._handler)
            if self._noted:
                self._handler(self._number, self._noted[-1])
