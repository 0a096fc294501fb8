"""Put files beside a stage under names that say their content, so that they are written once and never half."""

from __future__ import annotations

import os
import shutil
import struct
import tempfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

from twin.assets.asset import Image
from twin.errors import AssetError, extra_missing
from twin.stage.textures import FLAT_NORMAL, texture_name


def publish(path: Path, make: Callable[[Path], None], *, keep: bool = True) -> Path:
    """Make a file beside its place and rename it there.

    Args:
        path: Where the file goes.
        make: Writes the file that it is given.
        keep: Whether a file that is already there stays, since its name says its content.
    """
    if keep and path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".part-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    part = Path(name)
    try:
        make(part)
        part.chmod(0o644)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def store_images(images: Iterable[tuple[Image, bool]], folder: Path) -> None:
    """Copy images to ``folder/textures``; of those whose input reads one channel, just that channel.

    Args:
        images: Each image, and whether one channel is read.
        folder: The stage's assets folder.
    """
    for image, scalar in images:
        path = folder / "textures" / texture_name(image, scalar)
        publish(path, lambda part, image=image, scalar=scalar: _store(image, scalar, part))  # type: ignore[misc]
    publish(folder / "textures" / FLAT_NORMAL, _store_flat_normal)


def _store(image: Image, scalar: bool, part: Path) -> None:
    if not image.file.is_file():
        raise AssetError("the image is missing", where=str(image.file), hint="fetch the assets again")
    if scalar:
        _store_channel(image, part)
    else:
        shutil.copyfile(image.file, part)


def _store_channel(image: Image, part: Path) -> None:
    try:
        from PIL import Image as Picture
    except ImportError:
        raise extra_missing("pillow", "render") from None
    with Picture.open(image.file) as picture:
        if picture.format == "PNG" and picture.mode in ("L", "I;16") and image.channel != "a":
            shutil.copyfile(image.file, part)
            return
        channels = picture if picture.mode in ("L", "I", "I;16", "RGB", "RGBA", "LA") else picture.convert("RGBA")
        bands = channels.getbands()
        name = image.channel.upper()
        wanted = name if name in bands else bands[0]
        band = channels if len(bands) == 1 else channels.getchannel(wanted)
        band.save(part, format="PNG", compress_level=6)


def _store_flat_normal(part: Path) -> None:
    """Write a 4 x 4 PNG with 16 bits a channel whose normals point straight out."""
    row = b"\0" + struct.pack(">3H", 32768, 32768, 65535) * 4
    header = struct.pack(">2I5B", 4, 4, 16, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(row * 4, 9)), (b"IEND", b""))
    body = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    part.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(body))
