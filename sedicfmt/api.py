"""The public face: `read`, `write`, `pack`, `unpack`. Heavy parts load when they are first used."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

    from sedicfmt.model import SedicFile

    Source = str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes]
    PictureSource = Image | NDArray[Any] | Source


def read(source: Source, allow_prefix: bool = False, profile: str = "full") -> SedicFile:
    """The content of a .sedic file, given its path, its bytes or the open file.

    `allow_prefix`: an incomplete file gives the stages it holds whole, unchecked, with `complete` False.
    `profile`: "thin" refuses before it decodes anything, pictures beyond 4 megapixels and what costs more (section 8).
    Raises SedicError (Malformed, Unsupported, Truncated, ChecksumMismatch, LimitExceeded) with path and offset; OSError for
    the path.
    """
    from sedicfmt.container.content import read_file

    return read_file(_data(source), allow_prefix, profile)


def write(file: SedicFile) -> bytes:
    """The bytes of a content; `read(write(file)) == file`. Raises EncodeError, LimitExceeded."""
    from sedicfmt.container.content import write_file

    return write_file(file)


def pack(image: PictureSource, **options: Any) -> bytes:
    """A picture -> the bytes of a .sedic file.

    `image`: a Pillow picture, a file's path or bytes or the open file, or a numpy array of RGB or grey samples, uint8,
    (height, width, 3) or (height, width). Options are the fields of `sedicfmt.pipeline.pack_options.PackOptions`: describe,
    ground, segment, device, objects, words_object, words_overall, max_bytes, target_bpp, mask_scale, seed, model
    ("auto", "sedic-nano-2", "sedic-nano-3", "av1", "none" or "compressai:ARCHITECTURE[@CHECKPOINT]"), refine, base_url,
    llm_timeout, llm_retries, llm_max_tokens, llm_image_size; and `preset`, "tiny", "paper-low" or "paper-high", which
    the others override.
    Raises SedicError, its `path` the option's name for a value that makes no sense; OSError for a path.
    """
    from sedicfmt.pipeline.pack import pack_picture
    from sedicfmt.pipeline.pack_options import from_preset

    picture, name = opened(image)
    return pack_picture(picture, from_preset(**options), name).data


def unpack(data: Source, stage: str = "final", partial: bool = False, **options: Any) -> Image:
    """A .sedic file's bytes, path or open file -> a Pillow RGB picture of its size.

    `stage`: "reference", "objects" or "final"; `partial`: decode an incomplete file as far as it goes. Options are the
    other fields of `sedicfmt.pipeline.unpack.UnpackOptions` (profile, restorer, model), where the restorer runs (device,
    dtype, tiled_vae), and its settings by the names of `sedicfmt.decoders.orag.settings.OragSettings` (steps, detail ...).
    Raises SedicError, and OSError for a path. A process that has restored pictures must not be forked: the threads of
    ONNX Runtime and torch are not in the child; start others with multiprocessing's "spawn".
    """
    from sedicfmt.pipeline.unpack import options_from, unpack_bytes

    return unpack_bytes(_data(data), options_from(stage, partial, options)).picture


def opened(image: PictureSource) -> tuple[Any, str | None]:
    """What `pipeline.pack.pack_picture` takes, and the file's path where there is one. Raises SedicError, OSError."""
    import numpy as np
    from PIL import Image as pillow

    from sedicfmt.limits import MAX_PICTURE_BYTES
    from sedicfmt.pipeline.picture import open_picture

    if isinstance(image, pillow.Image):
        return _loaded(image), None
    if isinstance(image, np.ndarray):
        return pillow.fromarray(_samples(image)), None
    name = None if isinstance(image, bytes | bytearray | memoryview) else getattr(image, "name", image)
    path = str(Path(name).absolute()) if isinstance(name, str | os.PathLike) else None
    return open_picture(_bytes(image, MAX_PICTURE_BYTES), Path(path).name if path else "the picture"), path


def _loaded(image: Image) -> Any:
    """A Pillow picture whose samples are there; one whose file is damaged is read as that file's bytes would be."""
    from sedicfmt.errors import EncodeError
    from sedicfmt.limits import MAX_PICTURE_BYTES
    from sedicfmt.pipeline.picture import open_picture

    try:
        image.load()
        return image
    except Exception as error:  # whatever a decoder says of a damaged file
        stream = getattr(image, "fp", None)
        if stream is None or stream.closed:
            raise EncodeError(f"the picture cannot be read: {error}", "image") from error
    stream.seek(0)
    return open_picture(stream.read(MAX_PICTURE_BYTES + 1), "the picture")


def _samples(array: Any) -> Any:
    """Raises EncodeError for what is no picture."""
    from sedicfmt.errors import EncodeError

    if array.dtype != "uint8" or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))):
        told = "uint8 of shape (height, width), (height, width, 3) or (height, width, 4)"
        raise EncodeError(f"an array is {told}, not {array.dtype} of shape {array.shape}", "image")
    return array


def _data(source: Source) -> bytes:
    """A .sedic file's bytes, at most one over the limit, so that a huge file is refused, not read."""
    from sedicfmt.limits import MAX_FILE_BYTES

    return _bytes(source, MAX_FILE_BYTES)


def _bytes(source: Any, most: int) -> bytes:
    """Bytes as they are; of a path or an open file at most `most` + 1. Raises EncodeError for what is none of these."""
    from sedicfmt.errors import EncodeError

    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source)
    if hasattr(source, "read"):
        data = source.read(most + 1)
        if not isinstance(data, bytes):
            raise EncodeError(f"the open file gives {type(data).__name__}, not bytes; open it with 'rb'")
        return data
    if not isinstance(source, str | os.PathLike) or "\0" in str(source):
        raise EncodeError(f"{source!r:.100} is no path, no bytes and no open file")
    with Path(source).open("rb") as stream:
        return stream.read(most + 1)
