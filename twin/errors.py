"""Define the errors that twin raises on purpose.

    TwinError                 1   base of all; never raised itself
    ├── SpecError             2   a scene spec, a flag or a file it names is wrong
    ├── AssetError            2   an asset is unknown, damaged, or not fetched yet
    ├── RunError              2   the output folder belongs to another run
    ├── EngineError           3   an engine or an extra is missing, or cannot render a construct
    ├── DrawError             4   a draw or a requirement could not be satisfied
    ├── ShardError            4   a shard is broken, foreign or from the future
    └── TransientError       75   the disk is full, the GPU is lost: try again later

The number is the exit code of the command line (0 is success; 130 and 143 are signals).

    try:
        scene = twin.load("scenes/tabletop.yaml")
    except twin.TwinError as error:
        print(error)          # where, what was found, what would be right, what to try
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any, ClassVar


class TwinError(Exception):
    """Say where, what was found, what would be right and what to try.

    Args:
        found: What is wrong, in one sentence without a full stop.
        where: File, line, prim path or value path that the sentence is about.
        expected: What would have been right.
        hint: What the reader can do next.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, found: str, *, where: str = "", expected: str = "", hint: str = "") -> None:
        self.found, self.where, self.expected, self.hint = found, where, expected, hint
        super().__init__(found, where, expected, hint)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes, which keyword-only arguments would not."""
        return _again, (type(self), *self.args)

    def __str__(self) -> str:
        head = f"{self.where}: {self.found}" if self.where else self.found
        tail = [f"  {name}: {text}" for name, text in (("expected", self.expected), ("try", self.hint)) if text]
        return "\n".join([head, *tail])


def _again(kind: type[TwinError], found: str, where: str, expected: str, hint: str) -> TwinError:
    return kind(found, where=where, expected=expected, hint=hint)


class SpecError(TwinError):
    """Report a wrong scene spec, flag or file that a spec names."""

    exit_code = 2


class AssetError(TwinError):
    """Report an asset that is unknown, damaged or not fetched yet."""

    exit_code = 2


class RunError(TwinError):
    """Report an output folder that belongs to another run."""

    exit_code = 2


class EngineError(TwinError):
    """Report a missing engine or extra, or a construct that an engine cannot render."""

    exit_code = 3


class DrawError(TwinError):
    """Report a draw or a requirement that could not be satisfied."""

    exit_code = 4


class ShardError(TwinError):
    """Report a shard that is broken, foreign or from the future."""

    exit_code = 4


class TransientError(TwinError):
    """Report a fault that may be gone on the next try."""

    exit_code = 75


def nearest(word: str, known: Iterable[str]) -> str:
    """Compose «did you mean 'dome'?», or an empty string where nothing known is near."""
    match = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean '{match[0]}'?" if match else ""


def listed(names: Iterable[str], limit: int = 12) -> str:
    """Join names for a message, sorted and cut after ``limit``."""
    ordered = sorted(names)
    more = f", ... ({len(ordered) - limit} more)" if len(ordered) > limit else ""
    return ", ".join(ordered[:limit]) + more if ordered else "none"


def extra_missing(module: str, extra: str) -> EngineError:
    """Compose the error for an import that an optional extra would satisfy."""
    return EngineError(
        f"the Python package '{module}' is not installed",
        expected=f"the extra twin[{extra}]",
        hint=f"pip install 'twin[{extra}]'",
    )
