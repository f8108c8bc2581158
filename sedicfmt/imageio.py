"""`.sedic` for imageio v3, by name or by class; what is decoded is told as for `sedicfmt.unpack`.

    import imageio.v3 as iio
    import sedicfmt.imageio

    iio.imread("photo.sedic")  # the reference picture: uint8 (height, width, 3)
    iio.imread("photo.sedic", stage="final", steps=2)  # restored
    iio.immeta("photo.sedic")["sedic_text"]  # what it shows, in words; nothing is decoded
    iio.imwrite("photo.sedic", array, max_bytes=1500)  # options of sedicfmt.pack

Importing this module makes the plug-in known for the suffix and by the name `plugin="sedic"`; without that,
`plugin=sedicfmt.imageio.SedicPlugin` does it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from types import EllipsisType
from typing import Any

import numpy as np
from imageio.config import FileExtension, PluginConfig, extension_list, known_extensions, known_plugins
from imageio.core.request import URI_BYTES, InitializationError, IOMode, Request
from imageio.core.v3_plugin_api import ImageProperties, PluginV3
from numpy.typing import NDArray

from sedicfmt.api import pack
from sedicfmt.pillow import MAGIC, MIME, SUFFIX, SedicImageFile

Array = NDArray[np.uint8]


class SedicPlugin(PluginV3):
    """One file, which holds one picture. Raises ValueError for another index, OSError for a file that cannot be read."""

    def __init__(self, request: Request):
        super().__init__(request)
        if request.mode.io_mode == IOMode.write:
            if request.extension not in (SUFFIX, None):
                raise InitializationError(f"{request.extension} is no {SUFFIX} file")
            return
        stream = request.get_file()
        with suppress(AttributeError, OSError):  # a pipe is read from where it is
            stream.seek(0)
        self._data = stream.read()
        if not self._data.startswith(MAGIC):
            raise InitializationError(f"{request.raw_uri!r} is no {SUFFIX} file")

    def read(self, *, index: int | EllipsisType | None = None, stage: str = "reference", **options: Any) -> Array:
        """uint8 (height, width, 3); with `index=...` (1, height, width, 3)."""
        opened = self._opened(index)
        opened.choose(stage, **options)
        pixels = np.asarray(opened)
        return pixels[None] if index is ... else pixels

    def iter(self, **options: Any) -> Iterator[Array]:
        """The one picture."""
        yield self.read(index=0, **options)

    def write(self, ndimage: Any, **options: Any) -> bytes | None:
        """Pack uint8 (height, width, 3) or (height, width). Raises SedicError."""
        pixels = np.asarray(ndimage)
        if pixels.ndim == 4 and len(pixels) == 1:
            pixels = pixels[0]
        data = pack(pixels, **options)
        self.request.get_file().write(data)
        return data if self.request._uri_type == URI_BYTES else None

    def properties(self, index: int | EllipsisType | None = None) -> ImageProperties:
        """Shape and type, without decoding."""
        width, height = self._opened(index).size
        shape = (height, width, 3)
        if index is ...:
            return ImageProperties((1, *shape), np.dtype(np.uint8), n_images=1, is_batch=True)
        return ImageProperties(shape, np.dtype(np.uint8))

    def metadata(self, index: int | EllipsisType | None = None, exclude_applied: bool = True) -> dict[str, Any]:
        """`sedicfmt.pillow`'s info, without decoding."""
        info = {str(key): value for key, value in self._opened(index).info.items()}
        return {"mode": "RGB", "mime": MIME, **info}

    def _opened(self, index: int | EllipsisType | None) -> SedicImageFile:
        if index not in (0, None, ...):
            raise ValueError(f"a {SUFFIX} file holds one picture, index 0; there is none at {index}")
        return SedicImageFile(BytesIO(self._data))


def register() -> None:
    """Make imageio know the name and the suffix; done when this module is imported."""
    if SUFFIX not in known_extensions:
        known = FileExtension(name="SEDIC semantic image", extension=SUFFIX, priority=["sedic"])
        known_extensions[SUFFIX] = [known]
        extension_list.append(known)
    known_plugins["sedic"] = PluginConfig("sedic", SedicPlugin.__name__, __name__)


register()
