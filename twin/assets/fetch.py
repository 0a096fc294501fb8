"""Fetch a pack: download its pinned packages with the registry's own client, keep the members that assets need.

A package's members appear in the cache as one folder, renamed into place when every hash was right. So whoever reads
sees all of it or nothing, a killed fetch leaves only what the next one replaces, and two fetches may run at once.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from twin.assets.cache import cache_folder, file_sha256
from twin.assets.manifest import Manifest, Package, load
from twin.errors import AssetError, TransientError

Progress = Callable[[str], None]
Download = Callable[[Package, Path, Progress], None]
MEMBER_LIMIT = 256 << 20
"""Most bytes that one extracted member may have."""


def fetch(
    pack: str = "core",
    cache: Path | None = None,
    progress: Progress = lambda line: None,
    *,
    manifest: Manifest | None = None,
    download: Download | None = None,
) -> Path:
    """Bring a pack into the cache and return the cache folder; what is there and whole stays.

    Args:
        pack: Name of the pack.
        cache: Cache folder; ``$TWIN_CACHE`` or ``~/.cache/twin`` where None.
        progress: Called with one line of text for each step.
        manifest: Catalogue; the shipped one where None.
        download: Puts a package's file into a folder; ``pip download`` where None.

    Raises:
        AssetError: where a hash is wrong, or pip is missing.
        TransientError: where the registry cannot be reached.
    """
    manifest, cache = manifest or load(), cache or cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    for number, key in enumerate(keys := manifest.pack(pack), start=1):
        package = manifest.packages[key]
        step = f"[{number}/{len(keys)}] {package.name} {package.version}"
        with _alone(cache / f".{key}.lock"):
            if damaged(manifest, key, cache) is None:
                progress(f"{step}: there")
                continue
            if _reuse(manifest, key, cache):
                progress(f"{step}: there, from an earlier fetch")
                continue
            progress(f"{step}: downloading {package.bytes / 1e6:.0f} MB")
            _install(manifest, key, cache, download or pip_download, progress)
    return cache


def damaged(manifest: Manifest, key: str, cache: Path) -> str | None:
    """Say which member of a package is missing or changed in the cache; None where it is whole."""
    folder = cache / manifest.folder(key)
    for path, digest in manifest.members[key].items():
        file = folder / path
        if not file.is_file() or file_sha256(file) != digest:
            return path
    return None


def _reuse(manifest: Manifest, key: str, cache: Path) -> bool:
    """Make a package's folder from those of other catalogues; say whether they held all its members."""
    target = cache / manifest.folder(key)
    others = [folder for folder in sorted(target.parent.glob(f"{key}-*")) if folder != target]
    found = {}
    for path, digest in manifest.members[key].items():
        same = (folder / path for folder in others)
        found[path] = next((file for file in same if file.is_file() and file_sha256(file) == digest), None)
    if target.exists() or not found or None in found.values():
        return False
    with tempfile.TemporaryDirectory(prefix=f".{key}-", dir=cache) as scratch:
        members = Path(scratch) / "members"
        for path, file in found.items():
            (members / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(file), members / path)
        members.rename(target)
    return True


def _install(manifest: Manifest, key: str, cache: Path, download: Download, progress: Progress) -> None:
    """Download one package and move its checked members into place."""
    package, target = manifest.packages[key], cache / manifest.folder(key)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{key}-", dir=cache) as scratch:
        file = Path(scratch) / package.file
        download(package, Path(scratch), progress)
        _check_package(package, file)
        members = Path(scratch) / "members"
        _extract(package, file, manifest.members[key], members)
        if target.exists():
            shutil.move(target, Path(scratch) / "damaged")
        members.rename(target)


def _check_package(package: Package, file: Path) -> None:
    """Refuse a download that is not the pinned file."""
    if not file.is_file():
        raise AssetError(f"the download holds no '{package.file}'", where=f"{package.name} {package.version}")
    found = file_sha256(file)
    if found != package.sha256:
        raise AssetError(
            f"'{package.file}' is not the pinned file: {file.stat().st_size} bytes, sha256 {found}",
            where=f"{package.name} {package.version}",
            expected=f"{package.bytes} bytes, sha256 {package.sha256}",
            hint="the registry or a mirror serves another file; clear pip's cache (pip cache purge) and fetch again",
        )


def _extract(package: Package, file: Path, members: dict[str, str], folder: Path) -> None:
    """Write the wanted members below ``folder``, each within its bounds and with its pinned hash."""
    with zipfile.ZipFile(file) as archive:
        for path, digest in members.items():
            target = folder / _safe(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                info = archive.getinfo(path)
            except KeyError:
                raise AssetError(f"the package holds no '{path}'", where=f"{package.name} {package.version}") from None
            if info.file_size > MEMBER_LIMIT:
                text = f"'{path}' would unpack to {info.file_size} bytes"
                raise AssetError(text, where=package.file, expected=f"at most {MEMBER_LIMIT} bytes")
            with archive.open(info) as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink)
            found = file_sha256(target)
            if found != digest:
                text = f"'{path}' has sha256 {found}"
                raise AssetError(text, where=package.file, expected=f"sha256 {digest}")


def _safe(path: str) -> PurePosixPath:
    """Refuse a member path that would leave its folder."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or "\\" in path:
        raise AssetError(f"the member path '{path}' leaves its folder")
    return pure


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Hold a lock file, so that two fetches do not download the same package at once."""
    with file.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def pip_download(package: Package, folder: Path, progress: Progress) -> None:
    """Download one wheel into ``folder`` with this interpreter's pip, as the user has configured it."""
    if importlib.util.find_spec("pip") is None:
        hint = f"{sys.executable} -m ensurepip"
        raise AssetError("assets are downloaded with pip, and this Python has none", hint=hint)
    command = [
        sys.executable, "-m", "pip", "download", "--no-deps", "--no-input", "--disable-pip-version-check", "--quiet",
        "--only-binary", ":all:", "--ignore-requires-python", "--dest", str(folder),
        f"{package.name}=={package.version}",
    ]  # fmt: skip
    # pip unpacks next to the cache, not in a /tmp that may be small, and leaves nothing behind.
    result = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "TMPDIR": str(folder)}, check=False
    )
    if result.returncode:
        reason = next((line for line in result.stderr.splitlines() if line.startswith("ERROR")), result.stderr.strip())
        raise TransientError(
            f"pip could not download {package.name}=={package.version}: {reason.removeprefix('ERROR: ')}",
            hint="check the network and pip's index settings (pip config list), then run the same command again",
        )
