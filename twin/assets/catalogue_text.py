"""Print the catalogue for people."""

from __future__ import annotations

import fnmatch

from twin.assets.library import Library
from twin.assets.manifest import FAMILIES, Entry
from twin.errors import AssetError, nearest


def rows(library: Library, pattern: str = "*") -> list[tuple[str, str, str, str, bool]]:
    """Return (name, family, split, licence, fetched?) of each asset that a shell pattern matches, sorted by name."""
    fetched = {key: (library.cache / library.manifest.folder(key)).is_dir() for key in library.manifest.packages}
    entries = [entry for family in FAMILIES for entry in library.manifest.entries[family].values()]
    found = [entry for entry in entries if fnmatch.fnmatchcase(entry.name, pattern)]
    return [(e.name, e.family, e.split, e.licence, fetched[e.package]) for e in sorted(found, key=lambda e: e.name)]


def list_text(pattern: str = "*", library: Library | None = None) -> str:
    """Compose one line for each asset that the pattern matches, and what to do about those not fetched."""
    library = library or Library()
    found = rows(library, pattern)
    if not found:
        names = [name for family in FAMILIES for name in library.names(family)]
        raise AssetError(f"no asset matches '{pattern}'", hint=nearest(pattern, names) or "twin assets list 'core/*'")
    width = max(len(row[0]) for row in found)
    lines = [
        f"{name:<{width}}  {family:<8}  {split:<5}  {licence:<9}  {'fetched' if there else '-'}"
        for name, family, split, licence, there in found
    ]
    lines.append(f"{len(found)} assets")
    lines += [f"not all of them are fetched; try: twin assets fetch {pack}" for pack in library.missing()]
    return "\n".join(lines)


def show_text(name: str, library: Library | None = None) -> str:
    """Compose everything that the catalogue knows about one asset."""
    library = library or Library()
    family = next((kind for kind in FAMILIES if name in library.names(kind)), FAMILIES[0])
    entry = library.manifest.entry(family, name)
    width = max(len(key) for key, _ in _facts(entry, library))
    return "\n".join(f"{key:<{width}}  {value}" for key, value in _facts(entry, library))


def _facts(entry: Entry, library: Library) -> list[tuple[str, str]]:
    package = library.manifest.packages[entry.package]
    fetched = (library.cache / library.manifest.folder(entry.package)).is_dir()
    facts = [
        ("name", entry.name),
        ("family", entry.family),
        ("split", entry.split),
        ("licence", entry.licence),
        ("credit", entry.credit),
        ("package", f"{package.name} {package.version} ({package.client}, pack '{package.pack}')"),
        ("fetched", "yes" if fetched else f"no; try: twin assets fetch {package.pack}"),
        ("sha256", entry.sha256),
    ]
    return facts + [(key, str(value)) for key, value in entry.detail.items() if value != ""]
