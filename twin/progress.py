"""Show how long work goes on: a bar on a terminal, a line now and then off it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SECONDS_BETWEEN_LINES = 15.0

_ended_by: list[int] = []


def end_after_frame(number: int) -> None:
    """Remember a signal that ends the work: Python may lose what a handler raises inside a library's callback."""
    _ended_by.append(number)


@contextmanager
def progress_bar(title: str, total: int, done: int = 0) -> Iterator[Callable[[], None]]:
    """Yield a function that counts one frame; all output goes to stderr.

    Args:
        title: What is being done.
        total: Number of frames.
        done: Frames that were there before.
    """
    with (_bar if sys.stderr.isatty() else _lines)(title, total, done) as step:

        def checked() -> None:
            step()
            if _ended_by:
                raise SystemExit(128 + _ended_by[0])

        yield checked


@contextmanager
def _bar(title: str, total: int, done: int) -> Iterator[Callable[[], None]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    text, times = TextColumn("{task.description}"), (TimeElapsedColumn(), TimeRemainingColumn())
    columns = (text, BarColumn(), MofNCompleteColumn(), *times)
    with Progress(*columns, console=Console(stderr=True)) as bar:
        work = bar.add_task(title, total=total, completed=done)
        yield lambda: bar.advance(work)


@contextmanager
def _lines(title: str, total: int, done: int) -> Iterator[Callable[[], None]]:
    start = said = time.monotonic()
    count = done

    def step() -> None:
        nonlocal count, said
        count += 1
        now = time.monotonic()
        if now - said >= SECONDS_BETWEEN_LINES and count < total:
            said = now
            pace = (now - start) / (count - done)
            print(f"{title}: {count}/{total} frames, {pace:.2f} s a frame", file=sys.stderr, flush=True)

    yield step
    elapsed = time.monotonic() - start
    print(f"{title}: {count}/{total} frames in {elapsed:.1f} s", file=sys.stderr, flush=True)
