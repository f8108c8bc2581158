"""Pictures as papers prepare them, from a folder or from tar shards; the prepared picture is what everything is measured by.

- `clic768`: the shorter side scaled to 768 pixels, then the middle 768x768 (CDC, DiffEIC, and SEDIC's tables for CLIC 2020).
  Lanczos; papers seldom name their filter.
- `kodak`: as they are, and nothing else than 768x512 or 512x768 is taken, so that no scaled copy passes for Kodak.
- `as-is`: as they are.

Always 8-bit RGB, without profile, orientation already applied as a viewer does.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from PIL import Image, ImageOps, UnidentifiedImageError

from sedicfmt.batch.jobs import PICTURES
from sedicfmt.errors import EncodeError
from sedicfmt.harness.cache import Cache, Entry

CLIC_SIDE = 768
KODAK_SIZES = {(768, 512), (512, 768)}
NAME = "picture.png"


@dataclass(frozen=True)
class Given:
    """A picture as it was given: a name without suffix, and its bytes when they are asked for."""

    name: str
    read: Callable[[], bytes]


@dataclass(frozen=True)
class Photo:
    """A prepared picture: its name, its PNG, the PNG's digest, its size."""

    name: str
    path: Path
    digest: str
    width: int
    height: int

    @property
    def pixels(self) -> int:
        return self.width * self.height


def given_pictures(source: Path) -> list[Given]:
    """The pictures in a folder (not below it), or in a tar file, by name. Raises EncodeError, OSError."""
    found = list(_in_tar(source) if source.is_file() else _in_folder(source))
    if not found:
        raise EncodeError(f"no picture in {source}")
    names = [given.name for given in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise EncodeError(f"two pictures in {source} are called {twice[0]}; rows would be mixed up")
    return sorted(found, key=lambda given: given.name)


def _in_folder(folder: Path) -> Iterator[Given]:
    for path in folder.iterdir():
        if path.suffix.lower() in PICTURES and not path.name.startswith("."):
            yield Given(path.stem, path.read_bytes)
        elif path.suffix.lower() == ".tar":
            yield from _in_tar(path)


def _in_tar(path: Path) -> Iterator[Given]:
    try:
        with tarfile.open(path) as shard:
            members = [m for m in shard if m.isfile() and PurePosixPath(m.name).suffix.lower() in PICTURES]
    except tarfile.TarError as error:
        raise EncodeError(f"{path} is neither a folder nor a tar file: {error}") from error
    for member in members:
        yield Given(PurePosixPath(member.name).with_suffix("").as_posix().replace("/", "_"), _member(path, member.name))


def _member(path: Path, name: str) -> Callable[[], bytes]:
    def read() -> bytes:
        with tarfile.open(path) as shard:
            stream = shard.extractfile(name)
            assert stream is not None
            return stream.read()

    return read


def prepare(given: Given, way: str, cache: Cache) -> Photo:
    """The picture prepared, from the cache where it is there. Raises EncodeError for what is no picture or does not fit."""
    data = given.read()
    key = {"stage": "prepare", "of": hashlib.sha256(data).hexdigest(), "way": way, "version": 1}
    entry = cache.find(key) or _prepared(given.name, data, way, cache, key)
    told = entry.told
    return Photo(given.name, entry.file(NAME), told["digest"], told["width"], told["height"])


def _prepared(name: str, data: bytes, way: str, cache: Cache, key: dict[str, object]) -> Entry:
    try:
        with Image.open(io.BytesIO(data)) as opened:
            picture = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise EncodeError(f"{name} cannot be read as a picture: {error}") from error
    picture = WAYS[way](name, picture)
    cache.folder.mkdir(parents=True, exist_ok=True)
    made = cache.folder / f".{key['of']}.png"
    picture.info.clear()
    picture.save(made, "PNG")
    digest = hashlib.sha256(picture.tobytes()).hexdigest()  # of pixels: another zlib makes other bytes
    return cache.keep(key, {"digest": digest, "width": picture.width, "height": picture.height}, {NAME: made})


def _clic768(name: str, picture: Image.Image) -> Image.Image:
    scale = CLIC_SIDE / min(picture.size)
    size = tuple(max(CLIC_SIDE, round(side * scale)) for side in picture.size)
    scaled = picture if picture.size == size else picture.resize((size[0], size[1]), Image.Resampling.LANCZOS)
    left, top = ((side - CLIC_SIDE) // 2 for side in scaled.size)
    return scaled.crop((left, top, left + CLIC_SIDE, top + CLIC_SIDE))


def _kodak(name: str, picture: Image.Image) -> Image.Image:
    if picture.size not in KODAK_SIZES:
        raise EncodeError(f"{name} has {picture.width}x{picture.height} pixels; Kodak's have 768x512 or 512x768")
    return picture


def _as_is(name: str, picture: Image.Image) -> Image.Image:
    return picture


WAYS: dict[str, Callable[[str, Image.Image], Image.Image]] = {"as-is": _as_is, "clic768": _clic768, "kodak": _kodak}
