"""Compare licences: a dataset is under the strictest of what it shows."""

from __future__ import annotations

from collections.abc import Iterable

_ORDER = (
    "CC0-1.0", "Unlicense", "0BSD", "MIT", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0",
    "CC-BY-3.0", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0",
    "CC-BY-NC-3.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-3.0", "CC-BY-NC-SA-4.0", "CC-BY-ND-4.0", "CC-BY-NC-ND-4.0",
)  # fmt: skip
"""From free to strict; a licence that is not here counts as stricter than all."""


def strictest(expressions: Iterable[str]) -> str:
    """Return the strictest licence of some SPDX expressions; of ``A AND B`` both count, of ``A OR B`` the freer."""
    found = {max((_freest(part) for part in expression.split(" AND ")), key=_strictness) for expression in expressions}
    return max(found, key=_strictness, default="CC0-1.0")


def card_licence(licence: str) -> str:
    """Return the identifier that a dataset card uses, ``other`` where it has none."""
    return licence.lower() if licence in _ORDER else "other"


def _freest(expression: str) -> str:
    return min((part.strip(" ()") for part in expression.split(" OR ")), key=_strictness)


def _strictness(licence: str) -> tuple[int, str]:
    return (_ORDER.index(licence) if licence in _ORDER else len(_ORDER)), licence
