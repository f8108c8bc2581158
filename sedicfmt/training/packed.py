"""A folder of photos as one small file, for training on another machine: a zip archive of one WebP window a photo.

Photos are taken in an order that their names decide, windows of at most `side` pixels from their middle, until `most`
bytes are full; the list of what was taken stands in `pack.json`. Held-out photos are not in it, so a run on it needs no
`held_out`.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from sedicfmt.errors import EncodeError
from sedicfmt.training.photos import digest, photos_below, without_held_out

MOST_BYTES = 45 << 20
LIST = "pack.json"


def pack(
    photos: Path, out: Path, held_out: str = "", side: int = 400, quality: int = 75, most: int = MOST_BYTES
) -> int:
    """Write the pack; returns the number of photos in it."""
    paths = without_held_out(photos_below(photos), held_out)
    paths.sort(key=lambda p: hashlib.sha256(p.name.encode()).digest())
    names, room = list[str](), most - 200_000  # the list, and the archive's own
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for path in paths:
            data = window(Image.open(path).convert("RGB"), side, quality)
            room -= len(data) + 200
            if room < 0:
                break
            name = f"{len(names):05}.webp"
            archive.writestr(zipfile.ZipInfo(name), data)
            names.append(str(path.relative_to(photos)))
        told = {"photos": names, "side": side, "quality": quality, "held_out": held_out, "all_sha256": digest(paths)}
        archive.writestr(zipfile.ZipInfo(LIST), json.dumps(told))
    return len(names)


def window(picture: Image.Image, side: int, quality: int) -> bytes:
    """The middle of a picture, at most `side` pixels each way, as WebP."""
    width, height = (min(side, n) for n in picture.size)
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    stream = io.BytesIO()
    picture.crop((left, top, left + width, top + height)).save(stream, "WEBP", quality=quality, method=4)
    return stream.getvalue()


class Photos(NamedTuple):
    """Decoded photos, their names without suffix, and the SHA-256 of where they come from."""

    images: list[Image.Image]
    names: list[str]
    digest: str


def load_photos(data: Path, held_out: str = "") -> Photos:
    """All photos of a folder or a pack. Raises OSError, EncodeError (no such pack)."""
    if data.is_dir():
        paths = without_held_out(photos_below(data), held_out)
        return Photos([Image.open(p).convert("RGB") for p in paths], [p.stem for p in paths], digest(paths))
    try:
        with zipfile.ZipFile(data) as archive:
            names = [n for n in archive.namelist() if n != LIST]
            images = [Image.open(io.BytesIO(archive.read(n))).convert("RGB") for n in names]
    except zipfile.BadZipFile as error:
        raise EncodeError(f"{data} is neither a folder of photos nor a pack of them") from error
    return Photos(images, [Path(n).stem for n in names], hashlib.sha256(data.read_bytes()).hexdigest())
