"""Read the catalogue: which assets there are, where each comes from, and what its files must hash to.

``manifest.yaml`` names packages of a public registry, never addresses; :mod:`twin.assets.fetch` gets them with the
registry's own client. Names, licences and hashes are known whether or not a pack was fetched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml

from twin.errors import AssetError, listed, nearest

Family = Literal["object", "material", "hdri"]
FAMILIES: tuple[Family, ...] = ("object", "material", "hdri")
_FILE = Path(__file__).with_name("manifest.yaml")


@dataclass(frozen=True)
class Package:
    """A pinned package file.

    Args:
        client: Registry client that downloads it; ``pip``.
        name: Name in the registry.
        version: Exact version.
        file: Name of the downloaded file.
        bytes: Size of the downloaded file.
        sha256: Hash of the downloaded file.
        pack: Pack that it belongs to.
        licence: SPDX expression of the package itself.
    """

    client: str
    name: str
    version: str
    file: str
    bytes: int
    sha256: str
    pack: str
    licence: str


@dataclass(frozen=True)
class Entry:
    """One asset of the catalogue.

    Args:
        name: Library name, ``core/bowl/black_floral``.
        family: What it is.
        package: Key of its package.
        files: Member path inside the package -> sha256.
        licence: SPDX expression.
        credit: Who made it.
        split: ``train``, ``val`` or ``test``.
        detail: What its family needs to load it.
    """

    name: str
    family: Family
    package: str
    files: Mapping[str, str]
    licence: str
    credit: str
    split: str
    detail: Mapping[str, Any]

    @property
    def sha256(self) -> str:
        """Hash of everything that decides what the asset looks like."""
        parts = [f"{path}={digest}" for path, digest in sorted(self.files.items())]
        parts += [f"{key}={self.detail[key]!r}" for key in sorted(self.detail)]
        return hashlib.sha256("\n".join([self.name, *parts]).encode()).hexdigest()


@dataclass(frozen=True)
class Manifest:
    """The whole catalogue.

    Args:
        packages: Packages by key.
        entries: Assets by family, then by name.
    """

    packages: Mapping[str, Package]
    entries: Mapping[Family, Mapping[str, Entry]]

    @cached_property
    def members(self) -> dict[str, dict[str, str]]:
        """Member path -> sha256 of what is kept, by package key."""
        kept: dict[str, dict[str, str]] = {key: {} for key in self.packages}
        for entries in self.entries.values():
            for entry in entries.values():
                kept[entry.package].update(entry.files)
        return kept

    def pack(self, name: str) -> tuple[str, ...]:
        """Return the package keys of a pack.

        Raises:
            AssetError: where no package belongs to it.
        """
        keys = tuple(key for key, package in self.packages.items() if package.pack == name)
        if not keys:
            packs = sorted({package.pack for package in self.packages.values()})
            raise AssetError(f"there is no pack '{name}'", expected=listed(packs), hint=nearest(name, packs))
        return keys

    def entry(self, family: Family, name: str) -> Entry:
        """Return one entry.

        Raises:
            AssetError: naming the nearest known asset.
        """
        entries = self.entries[family]
        if name in entries:
            return entries[name]
        other = next((kind for kind in FAMILIES if name in self.entries[kind]), None)
        if other:
            raise AssetError(f"'{name}' is of the family '{other}', not '{family}'")
        near = nearest(name, entries) or "twin assets list"
        raise AssetError(f"there is no {family} asset '{name}'", hint=near)

    def folder(self, key: str) -> str:
        """Return the folder of a package's kept members below the cache; it changes with what is kept."""
        text = "\n".join(f"{path}={digest}" for path, digest in sorted(self.members[key].items()))
        return f"packages/{key}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


@lru_cache(maxsize=4)
def load(file: Path = _FILE) -> Manifest:
    """Read a catalogue file; the shipped one by default."""
    data = yaml.load(file.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    packages = {key: Package(**row) for key, row in data["packages"].items()}
    entries: dict[Family, dict[str, Entry]] = {}
    for family in FAMILIES:
        rows = {name: _entry(family, name, row, data["defaults"]) for name, row in data[family].items()}
        entries[family] = dict(sorted(rows.items()))
    return Manifest(packages, entries)


def _entry(family: Family, name: str, row: dict[str, Any], defaults: dict[str, dict[str, Any]]) -> Entry:
    """Complete a row with the defaults of its source."""
    row = {**defaults[row["from"]], **row}
    folder = row.pop("folder", "")
    files = {f"{folder}/{file}" if folder else file: digest for file, digest in row.pop("files").items()}
    fields = {key: row.pop(key) for key in ("package", "licence", "credit")}
    row.pop("from")
    return Entry(name, family, files=files, split=row.pop("split", "train"), detail={"folder": folder, **row}, **fields)
