"""The public face: `read`, `write`, `pack`, `unpack`. Heavy parts load when they are first used."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

    from sedicfmt.model import SedicFile


def read(source: str | os.PathLike[str] | bytes, allow_prefix: bool = False, profile: str = "full") -> SedicFile:
    """The content of a .sedic file, given its path or its bytes.

    `allow_prefix`: an incomplete file gives the stages it holds whole, unchecked, with `complete` False.
    `profile`: "thin" refuses larger files than photos need before anything of them is decoded (spec section 8).
    Raises SedicError (Malformed, Unsupported, Truncated, ChecksumMismatch, LimitExceeded) with path and offset; OSError for
    the path.
    """
    from sedicfmt.container.content import read_file

    return read_file(_data(source), allow_prefix, profile)


def write(file: SedicFile) -> bytes:
    """The bytes of a content; `read(write(file)) == file`. Raises EncodeError, LimitExceeded."""
    from sedicfmt.container.content import write_file

    return write_file(file)


def pack(image: Image | str | os.PathLike[str], **options: Any) -> bytes:
    """A Pillow picture or a picture's path -> the bytes of a .sedic file.

    Options are the fields of `sedicfmt.pipeline.pack_options.PackOptions`: describe, objects, words_object, words_overall,
    max_bytes, target_bpp, mask_scale, seed, model ("auto", "sedic-nano-2" or "av1"); and `preset`, "tiny", "paper-low" or
    "paper-high", which the others override.
    Raises SedicError, and OSError for a path.
    """
    from PIL import Image as pillow

    from sedicfmt.pipeline.pack import pack_picture
    from sedicfmt.pipeline.pack_options import from_preset
    from sedicfmt.pipeline.picture import open_picture

    chosen = from_preset(**options)
    if isinstance(image, pillow.Image):
        return pack_picture(image, chosen).data
    path = Path(image)
    return pack_picture(open_picture(path.read_bytes(), path.name), chosen, path.name).data


def unpack(data: str | os.PathLike[str] | bytes, stage: str = "final", partial: bool = False, **options: Any) -> Image:
    """A .sedic file's bytes or path -> a Pillow RGB picture of its size.

    `stage`: "reference", "objects" or "final"; `partial`: decode an incomplete file as far as it goes. Options are the
    other fields of `sedicfmt.pipeline.unpack.UnpackOptions`: restorer, restoring. Raises SedicError, and OSError for a path.
    """
    from sedicfmt.pipeline.unpack import UnpackOptions, unpack_bytes

    return unpack_bytes(_data(data), UnpackOptions(stage, partial, **options)).picture


def _data(source: str | os.PathLike[str] | bytes) -> bytes:
    """Bytes as they are; of a path at most one byte over the limit, so that a huge file is refused, not read."""
    from sedicfmt.limits import MAX_FILE_BYTES

    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source)
    with Path(source).open("rb") as stream:
        return stream.read(MAX_FILE_BYTES + 1)
