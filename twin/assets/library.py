"""Find assets by name: the catalogue's once they are fetched, and the user's own files."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from twin.assets.asset import Asset, Image, Surface
from twin.assets.cache import cache_folder, file_sha256
from twin.assets.images import check_image, file_image, limited
from twin.assets.manifest import FAMILIES, Entry, Family, Manifest, load
from twin.errors import AssetError

DEFAULT_TEXTURE_SIZE = 0.5
"""Width of one repeat of a user's own texture [m]."""


class Library:
    """All assets that a scene may name.

    Names are the catalogue's (``core/bowl/black_floral``) or files: absolute, or relative to the working folder.

    Args:
        cache: Cache folder; ``$TWIN_CACHE`` or ``~/.cache/twin`` where None.
        manifest: Catalogue; the shipped one where None.
    """

    def __init__(self, cache: Path | None = None, manifest: Manifest | None = None) -> None:
        self.cache, self._manifest = cache or cache_folder(), manifest
        self._loaded: dict[tuple[Family, str], Asset | Surface | Image] = {}

    @cached_property
    def manifest(self) -> Manifest:
        """The catalogue."""
        return self._manifest or load()

    @property
    def made(self) -> Path:
        """Folder of files that are made on first use: derived maps, printed labels, colliders."""
        return self.cache / "made"

    def names(self, family: Family) -> tuple[str, ...]:
        """Return the catalogue's names, sorted, fetched or not."""
        return tuple(self.manifest.entries[family])

    def match(self, family: Family, pattern: str, split: str | None = None) -> tuple[str, ...]:
        """Return the names that a shell pattern matches, sorted; only those of ``split`` where it is given."""
        entries = self.manifest.entries[family].values()
        return tuple(e.name for e in entries if fnmatch.fnmatchcase(e.name, pattern) and split in (None, e.split))

    def object(self, name: str) -> Asset:
        """Load an object.

        Raises:
            AssetError: where it is unknown, not fetched, damaged, or no mesh that can be read.
        """
        asset = self._load("object", name)
        assert isinstance(asset, Asset)
        return asset

    def material(self, name: str) -> Surface:
        """Load a material: the catalogue's, or an image file as a tiling colour texture.

        Raises:
            AssetError: where it is unknown, not fetched, damaged, or no image.
        """
        surface = self._load("material", name)
        assert isinstance(surface, Surface)
        return surface

    def hdri(self, name: str) -> Image:
        """Load an environment map: an equirectangular ``.hdr`` or ``.exr`` with linear radiance.

        Raises:
            AssetError: where it is unknown, not fetched or damaged.
        """
        image = self._load("hdri", name)
        assert isinstance(image, Image)
        return image

    def label(self, name: str) -> str:
        """Return an object's semantic class without loading it."""
        return Path(name).stem if is_file(name) else str(self.manifest.entry("object", name).detail["class"])

    def keypoint_count(self, name: str) -> int:
        """Return how many keypoints an object has, without loading one of the catalogue's."""
        if is_file(name):
            return len(self.object(name).keypoints)
        return len(self.manifest.entry("object", name).detail.get("keypoints", ()))

    def sha256(self, family: Family, name: str) -> str:
        """Return the content hash that the catalogue pins, or the hash of a file and all that it refers to."""
        if not is_file(name):
            return self.manifest.entry(family, name).sha256
        if family != "object":
            return file_sha256(_existing(name, family))
        from twin.assets.meshes import files_sha256

        return files_sha256(_existing(name, family))

    def missing(self) -> tuple[str, ...]:
        """Return the packs that are not completely fetched, sorted."""
        packages = self.manifest.packages
        return tuple(sorted({p.pack for key, p in packages.items() if not self._folder(key).is_dir()}))

    def licences(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the SPDX expressions of the named assets, each once, sorted; user files are left out."""
        return tuple(sorted({entry.licence for entry in self._entries(names)}))

    def credits(self, names: Iterable[str]) -> str:
        """Compose the text of a CREDITS file for the named assets, grouped by who made them."""
        groups: dict[tuple[str, str], list[str]] = {}
        for entry in self._entries(names):
            groups.setdefault((entry.credit, entry.licence), []).append(entry.name)
        blocks = [f"{credit}\n{licence}: {', '.join(group)}\n" for (credit, licence), group in sorted(groups.items())]
        return "\n".join(blocks)

    def _entries(self, names: Iterable[str]) -> list[Entry]:
        rows = self.manifest.entries
        return [rows[family][name] for name in sorted(set(names)) for family in FAMILIES if name in rows[family]]

    def _load(self, family: Family, name: str) -> Asset | Surface | Image:
        key = family, name
        if key not in self._loaded:
            own = is_file(name)
            self._loaded[key] = (
                self._from_file(family, name) if own else self._from_entry(self.manifest.entry(family, name))
            )
        return self._loaded[key]

    def _folder(self, package: str) -> Path:
        return self.cache / self.manifest.folder(package)

    def _files(self, entry: Entry) -> dict[str, Path]:
        """Return an entry's files by their last name, each with its pinned hash."""
        folder, pack = self._folder(entry.package), self.manifest.packages[entry.package].pack
        if not folder.is_dir():
            raise AssetError(f"asset '{entry.name}' is not fetched", hint=f"twin assets fetch {pack}")
        for path, digest in entry.files.items():
            if not (folder / path).is_file() or file_sha256(folder / path) != digest:
                where = str(folder / path)
                raise AssetError(f"asset '{entry.name}' is damaged", where=where, hint=f"twin assets fetch {pack}")
        return {Path(path).name: folder / path for path in entry.files}

    def _from_entry(self, entry: Entry) -> Asset | Surface | Image:
        files = self._files(entry)
        if entry.family == "object":
            from twin.assets.scanned import scanned

            return scanned(entry, files, self.made)
        if entry.family == "hdri":
            (file,) = files.values()
            return Image(file, entry.files[next(iter(entry.files))], colorspace="raw")
        from twin.assets.surfaces import measured, textured

        (file,) = files.values()
        if "measured" in entry.detail:
            return measured(entry, file)
        return textured(entry, Image(file, next(iter(entry.files.values()))), self.made)

    def _from_file(self, family: Family, name: str) -> Asset | Surface | Image:
        file = _existing(name, family)
        if family == "object":
            from twin.assets.mesh import Mesh
            from twin.seeds import Bits

            return Mesh(kind="mesh", file=str(file)).build(self, Bits(0, 0, name))
        if family == "hdri":
            if file.suffix.lower() not in (".hdr", ".exr"):
                raise AssetError(
                    f"'{file.name}' is no environment map", where=str(file), expected="a .hdr or .exr file"
                )
            return file_image(file, colorspace="raw")
        check_image(file, where=str(file))
        albedo = limited(file_image(file), 4096, self.made)
        inputs: dict[str, float | Image] = {"diffuseColor": albedo, "roughness": 0.5, "metallic": 0.0, "ior": 1.5}
        return Surface(file.stem, inputs, DEFAULT_TEXTURE_SIZE, licence="", credit="")


def is_file(name: str) -> bool:
    """Say whether an asset name is a file rather than a name of the catalogue."""
    return name.startswith(("./", "../", "/"))


def _existing(name: str, family: Family) -> Path:
    file = Path(name).absolute()
    if not file.is_file():
        raise AssetError(
            f"there is no {family} file '{name}'", hint="file names are relative to the spec they stand in"
        )
    return file
