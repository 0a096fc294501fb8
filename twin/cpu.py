"""Name the CPU family, on which the same program rounds alike."""

from __future__ import annotations

import platform
from functools import cache
from pathlib import Path

_WIDTHS = ("avx512f", "avx2", "avx", "sse4_2", "sve", "asimd")
"""Vector instruction sets, the widest of each architecture first: numeric libraries choose their code by them."""


@cache
def cpu_family() -> str:
    """Return architecture, vendor, family and widest vector set, such as ``x86_64 AuthenticAMD 25 avx512f``."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        text = ""
    return family_of(platform.machine(), text)


def family_of(machine: str, cpuinfo: str) -> str:
    """Compose the name from the text of ``/proc/cpuinfo``; its first processor stands for all."""
    fields: dict[str, str] = {}
    for line in cpuinfo.partition("\n\n")[0].splitlines():
        name, _, value = line.partition(":")
        fields[name.strip()] = value.strip()
    flags = fields.get("flags", fields.get("Features", "")).split()
    width = next((name for name in _WIDTHS if name in flags), "")
    vendor = fields.get("vendor_id", fields.get("CPU implementer", ""))
    family = fields.get("cpu family", fields.get("CPU architecture", ""))
    return " ".join(filter(None, (machine, vendor, family, width)))
