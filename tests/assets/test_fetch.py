"""A fetch is all or nothing, however it ends, and refuses everything that is not pinned."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.programs import run_program, start_program
from twin.assets import fetch as module
from twin.assets.fetch import Progress, damaged, fetch, pip_download
from twin.assets.manifest import Entry, Manifest, Package
from twin.errors import AssetError, TransientError

FILES = {"twin_fake/data/a.txt": b"a" * 1000, "twin_fake/data/b.bin": bytes(range(256)) * 400}


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def wheel(folder: Path, files: dict[str, bytes] | None = None) -> Path:
    """Write a wheel that pip accepts."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "twin_fake-1.0-py3-none-any.whl"
    info = "twin_fake-1.0.dist-info"
    meta = {
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: twin-fake\nVersion: 1.0\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
    }
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (
            {**(FILES if files is None else files), **meta, "twin_fake/unused.txt": b"never kept"}
        ).items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data)
    return file


def manifest(file: Path, members: dict[str, str] | None = None) -> Manifest:
    data = file.read_bytes()
    package = Package("pip", "twin-fake", "1.0", file.name, len(data), sha(data), "core", "MIT")
    files = {name: sha(content) for name, content in FILES.items()} if members is None else members
    entry = Entry("core/x/y", "object", "fake", files, "MIT", "somebody", "train", {})
    return Manifest({"fake": package}, {"object": {entry.name: entry}, "material": {}, "hdri": {}})


class Source:
    """Stand in for the registry: copy a file, and count."""

    def __init__(self, file: Path) -> None:
        self.file, self.calls = file, 0

    def __call__(self, package: Package, folder: Path, progress: Progress) -> None:
        self.calls += 1
        shutil.copy(self.file, folder / package.file)


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return Source(wheel(tmp_path / "registry"))


def test_only_the_members_are_kept_and_a_second_fetch_does_nothing(tmp_path: Path, source: Source) -> None:
    catalogue, lines = manifest(source.file), list[str]()
    cache = fetch("core", tmp_path / "cache", lines.append, manifest=catalogue, download=source)
    folder = cache / catalogue.folder("fake")
    kept = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert kept == FILES
    assert not [path for path in cache.rglob("*.whl")]
    fetch("core", cache, lines.append, manifest=catalogue, download=source)
    assert source.calls == 1
    assert lines == ["[1/1] twin-fake 1.0: downloading 0 MB", "[1/1] twin-fake 1.0: there"]


def test_what_is_damaged_is_fetched_again(tmp_path: Path, source: Source) -> None:
    catalogue = manifest(source.file)
    cache = fetch("core", tmp_path / "cache", manifest=catalogue, download=source)
    victim = cache / catalogue.folder("fake") / "twin_fake/data/b.bin"
    victim.write_bytes(b"broken")
    assert damaged(catalogue, "fake", cache) == "twin_fake/data/b.bin"
    fetch("core", cache, manifest=catalogue, download=source)
    assert victim.read_bytes() == FILES["twin_fake/data/b.bin"] and source.calls == 2


def test_a_catalogue_that_keeps_less_needs_no_download(tmp_path: Path, source: Source) -> None:
    cache = fetch("core", tmp_path / "cache", manifest=manifest(source.file), download=source)
    name = "twin_fake/data/a.txt"
    fewer = manifest(source.file, {name: sha(FILES[name])})
    fetch("core", cache, manifest=fewer, download=source)
    assert source.calls == 1 and (cache / fewer.folder("fake") / name).read_bytes() == FILES[name]


def fails(source: Source, catalogue: Manifest, cache: Path) -> str:
    with pytest.raises(AssetError) as caught:
        fetch("core", cache, manifest=catalogue, download=source)
    left = [path.name for path in cache.rglob("*") if not path.name.endswith(".lock") and path.name != "packages"]
    assert left == [], "nothing half-made stays"
    return str(caught.value)


def test_another_file_is_refused(tmp_path: Path, source: Source) -> None:
    catalogue, pinned = manifest(source.file), sha(source.file.read_bytes())
    size = source.file.stat().st_size
    source.file.write_bytes(b"something else")
    assert fails(source, catalogue, tmp_path / "cache") == (
        "twin-fake 1.0: 'twin_fake-1.0-py3-none-any.whl' is not the pinned file: "
        f"14 bytes, sha256 {sha(b'something else')}\n"
        f"  expected: {size} bytes, sha256 {pinned}\n"
        "  try: the registry or a mirror serves another file; clear pip's cache (pip cache purge) and fetch again"
    )


def test_a_changed_member_is_refused(tmp_path: Path, source: Source) -> None:
    name = "twin_fake/data/a.txt"
    message = fails(source, manifest(source.file, {name: "0" * 64}), tmp_path / "cache")
    assert message == (
        f"twin_fake-1.0-py3-none-any.whl: '{name}' has sha256 {sha(FILES[name])}\n  expected: sha256 {'0' * 64}"
    )


def test_a_missing_member_is_refused(tmp_path: Path, source: Source) -> None:
    message = fails(source, manifest(source.file, {"twin_fake/gone.obj": "0" * 64}), tmp_path / "cache")
    assert message == "twin-fake 1.0: the package holds no 'twin_fake/gone.obj'"


@pytest.mark.parametrize("path", ["../escape.txt", "/etc/escape.txt", "a/../../escape.txt", "..\\escape.txt"])
def test_a_member_cannot_leave_its_folder(path: str, tmp_path: Path) -> None:
    source = Source(wheel(tmp_path / "registry", {path: b"boo"}))
    message = fails(source, manifest(source.file, {path: sha(b"boo")}), tmp_path / "cache")
    assert message == f"the member path '{path}' leaves its folder"


def test_a_member_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = {"twin_fake/bomb.bin": b"\0" * (1 << 20)}
    source = Source(wheel(tmp_path / "registry", bomb))
    monkeypatch.setattr(module, "MEMBER_LIMIT", 1 << 16)
    catalogue = manifest(source.file, {name: sha(data) for name, data in bomb.items()})
    assert fails(source, catalogue, tmp_path / "cache") == (
        "twin_fake-1.0-py3-none-any.whl: 'twin_fake/bomb.bin' would unpack to 1048576 bytes\n"
        "  expected: at most 65536 bytes"
    )


def test_an_unknown_pack_is_named(tmp_path: Path, source: Source) -> None:
    with pytest.raises(AssetError, match=r"there is no pack 'cors'\n  expected: core\n  try: did you mean 'core'\?"):
        fetch("cors", tmp_path, manifest=manifest(source.file), download=source)


PROGRAM = """
    import pathlib, shutil, sys, time
    sys.path.insert(0, ".")
    from tests.assets.test_fetch import Source, manifest
    from twin.assets import fetch as module
    file, cache, mode = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
    source = Source(file)
    catalogue = manifest(file)
    if mode == "hang":
        check = module._check_package
        def stop(package, path):
            print("half way", flush=True)
            time.sleep(60)
        module._check_package = stop
    module.fetch("core", cache, manifest=catalogue, download=source)
    print(source.calls)
"""


def test_a_killed_fetch_leaves_nothing_that_counts(tmp_path: Path, source: Source) -> None:
    cache, catalogue = tmp_path / "cache", manifest(source.file)
    with start_program(PROGRAM, source.file, cache, "hang") as process:
        assert process.stdout is not None and process.stdout.readline() == "half way\n"
        os.kill(process.pid, signal.SIGKILL)
    assert not (cache / catalogue.folder("fake")).exists()
    assert run_program(PROGRAM, source.file, cache, "go") == "1\n"
    assert damaged(catalogue, "fake", cache) is None


def test_two_fetches_at_once_download_once(tmp_path: Path, source: Source) -> None:
    cache = tmp_path / "cache"
    processes = [start_program(PROGRAM, source.file, cache, "go") for _ in range(3)]
    calls = [int(process.communicate(timeout=60)[0]) for process in processes]
    assert sum(calls) == 1 and damaged(manifest(source.file), "fake", cache) is None


def test_pip_downloads_from_where_the_user_says(
    tmp_path: Path, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(source.file.parent))
    catalogue = manifest(source.file)
    cache = fetch("core", tmp_path / "cache", manifest=catalogue)
    assert damaged(catalogue, "fake", cache) is None


def test_without_the_registry_it_says_what_pip_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    package = replace(manifest(wheel(tmp_path / "other")).packages["fake"], name="twin-no-such-package")
    with pytest.raises(TransientError) as caught:
        pip_download(package, tmp_path, print)
    assert str(caught.value).startswith("pip could not download twin-no-such-package==1.0: Could not find a version")
    assert "check the network" in caught.value.hint


def test_without_pip_it_says_so(tmp_path: Path, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(AssetError, match="assets are downloaded with pip, and this Python has none"):
        pip_download(manifest(source.file).packages["fake"], tmp_path, print)


def test_an_unfinished_fetch_of_long_ago_does_not_matter(tmp_path: Path, source: Source) -> None:
    cache = tmp_path / "cache"
    (cache / ".fake-old").mkdir(parents=True)
    os.utime(cache / ".fake-old", (time.time() - 1e6,) * 2)
    catalogue = manifest(source.file)
    fetch("core", cache, manifest=catalogue, download=source)
    assert damaged(catalogue, "fake", cache) is None
