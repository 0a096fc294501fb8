# ruff: noqa: E501 - messages stand as they are written
"""The library knows its names, pins their content, and says what is wrong."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from twin.assets.asset import Image
from twin.assets.catalogue_text import list_text, rows, show_text
from twin.assets.library import Library
from twin.assets.manifest import FAMILIES, load
from twin.errors import AssetError

ALLOWED = {"CC0-1.0", "CC-BY-4.0", "MIT", "Apache-2.0"}


def test_names_are_sorted_and_unique_over_families(library: Library) -> None:
    names = [name for family in FAMILIES for name in library.names(family)]
    assert all(list(library.names(family)) == sorted(library.names(family)) for family in FAMILIES)
    assert len(set(names)) == len(names)
    assert all(name.startswith("core/") and name.count("/") == 2 for name in names)
    assert [len(library.names(family)) for family in FAMILIES] == [6, 135, 10]


def test_no_asset_of_core_restricts_its_use() -> None:
    manifest = load()
    licences = {entry.licence for entries in manifest.entries.values() for entry in entries.values()}
    assert licences <= ALLOWED
    assert {package.licence for package in manifest.packages.values()} <= ALLOWED
    assert all(entry.credit for entries in manifest.entries.values() for entry in entries.values())
    members = [path for files in manifest.members.values() for path in files]
    assert not [path for path in members if "hope" in path or "turbosquid" in path]


def test_every_hash_and_size_is_pinned() -> None:
    manifest = load()
    digests = [digest for files in manifest.members.values() for digest in files.values()]
    digests += [package.sha256 for package in manifest.packages.values()]
    assert all(len(digest) == 64 and set(digest) <= set("0123456789abcdef") for digest in digests)
    assert all(package.bytes > 1e6 and package.file.endswith(".whl") for package in manifest.packages.values())


def test_patterns_and_splits_select(library: Library) -> None:
    woods = library.match("material", "core/wood/*")
    assert "core/wood/oak" in woods and all(name.startswith("core/wood/") for name in woods)
    by_split = [library.match("material", "core/wood/*", split) for split in ("train", "val", "test")]
    assert sorted(name for names in by_split for name in names) == list(woods) and all(by_split)
    for family in FAMILIES:
        counts = Counter(entry.split for entry in library.manifest.entries[family].values())
        assert set(counts) == {"train", "val", "test"} and counts["train"] > counts["val"] + counts["test"]
    assert library.match("hdri", "core/wood/*") == ()


def test_labels_and_keypoints_are_known_without_loading(library: Library) -> None:
    assert library.label("core/bowl/black_floral") == "bowl" and library.keypoint_count("core/bowl/black_floral") == 2


def test_hashes_are_pinned_without_loading(library: Library) -> None:
    hashes = [library.sha256(family, name) for family in FAMILIES for name in library.names(family)]
    assert len(set(hashes)) == len(hashes) and all(len(digest) == 64 for digest in hashes)


MESSAGES = [
    ("object", "core/bowl/black_floral", "asset 'core/bowl/black_floral' is not fetched\n  try: twin assets fetch core"),
    ("object", "core/bowl/black_flora", "there is no object asset 'core/bowl/black_flora'\n  try: did you mean 'core/bowl/black_floral'?"),
    ("material", "zzz", "there is no material asset 'zzz'\n  try: twin assets list"),
    ("material", "core/hdri/lebombo", "'core/hdri/lebombo' is of the family 'hdri', not 'material'"),
    ("hdri", "./no/such.hdr", "there is no hdri file './no/such.hdr'\n  try: file names are relative to the spec they stand in"),
]  # fmt: skip


@pytest.mark.parametrize(("family", "name", "message"), MESSAGES)
def test_what_is_not_there_is_said(family: str, name: str, message: str, library: Library) -> None:
    with pytest.raises(AssetError) as caught:
        {"object": library.object, "material": library.material, "hdri": library.hdri}[family](name)
    assert str(caught.value) == message
    assert library.missing() == ("core",)


def test_a_damaged_asset_is_named(library: Library) -> None:
    entry = library.manifest.entry("hdri", "core/hdri/lebombo")
    file = library.cache / library.manifest.folder(entry.package) / next(iter(entry.files))
    file.parent.mkdir(parents=True)
    file.write_bytes(b"not an hdri")
    with pytest.raises(AssetError) as caught:
        library.hdri("core/hdri/lebombo")
    assert str(caught.value) == f"{file}: asset 'core/hdri/lebombo' is damaged\n  try: twin assets fetch core"


def test_a_users_own_image_is_a_material(tmp_path: Path, library: Library) -> None:
    file = tmp_path / "planks.png"
    Pillow.new("RGB", (16, 16), (1, 2, 3)).save(file)
    surface = library.material(str(file))
    color = surface.inputs["diffuseColor"]
    assert isinstance(color, Image) and color.file == file and surface.texture_size == 0.5
    before = library.sha256("material", str(file))
    Pillow.new("RGB", (16, 16), (1, 2, 4)).save(file)
    assert library.sha256("material", str(file)) != before


def test_a_users_own_environment_must_be_linear(tmp_path: Path, library: Library) -> None:
    (tmp_path / "sky.hdr").write_bytes(b"#?RADIANCE\n")
    assert library.hdri(str(tmp_path / "sky.hdr")).colorspace == "raw"
    (tmp_path / "sky.jpg").write_bytes(b"")
    with pytest.raises(AssetError, match="no environment map"):
        library.hdri(str(tmp_path / "sky.jpg"))


def test_credits_group_what_was_used(library: Library) -> None:
    text = library.credits(["core/hdri/lebombo", "core/bowl/black_floral", "core/hdri/lebombo", "unknown"])
    assert text == (
        'Google Research, "Google Scanned Objects" (2020), by way of LIBERO\nCC-BY-4.0: core/bowl/black_floral\n'
        "\nPoly Haven\nCC0-1.0: core/hdri/lebombo\n"
    )
    assert library.licences(["core/hdri/lebombo", "core/bowl/black_floral"]) == ("CC-BY-4.0", "CC0-1.0")


def test_the_catalogue_prints(library: Library) -> None:
    assert len(rows(library)) == 151 and not any(row[4] for row in rows(library))
    text = list_text("core/hdri/*", library)
    assert text.splitlines()[0] == "core/hdri/dikhololo_night     hdri      train  CC0-1.0    -"
    assert text.endswith("10 assets\nnot all of them are fetched; try: twin assets fetch core")
    facts = dict(line.split(maxsplit=1) for line in show_text("core/bowl/black_floral", library).splitlines())
    assert facts["licence"] == "CC-BY-4.0" and facts["fetched"] == "no; try: twin assets fetch core"
    assert facts["size"] == "[0.1597, 0.1589, 0.0752]" and facts["class"] == "bowl"
    with pytest.raises(AssetError, match="no asset matches 'core/bawl"):
        list_text("core/bawl/black_floral", library)


def test_a_read_only_cache_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    library = Library(tmp_path / "cache")
    with pytest.raises(AssetError, match="not fetched"):
        library.hdri("core/hdri/lebombo")
    assert np.all([library.names(family) for family in ("hdri",)])
