"""`.sedic` in WebDataset's shards: a handler for its decoder and one for its writer. Both pickle, for loaders with processes.

    import webdataset as wds
    from sedicfmt.webdataset import Decode, Pack

    shard = wds.WebDataset("photos.tar").decode(Decode("rgb8"))  # sample["sedic"]: uint8 (height, width, 3)
    wds.WebDataset("photos.tar").decode(Decode("pil", stage="final", steps=2))

    encoder = {**wds.writer.default_handlers, "sedic": Pack(max_bytes=1500)}
    with wds.TarWriter("photos.tar", encoder=encoder) as writer:
        writer.write({"__key__": "0001", "sedic": picture, "txt": "a red boat"})

A process whose restorer uses torch must not be forked (`sedicfmt.unpack`): give the loader `multiprocessing_context="spawn"`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from sedicfmt.errors import EncodeError
from sedicfmt.pipeline.pack import PackBackEnds, open_back_ends, pack_picture
from sedicfmt.pipeline.pack_options import PackOptions, from_preset
from sedicfmt.pipeline.unpack import options_from
from sedicfmt.pipeline.unpack_often import unpack_often

if TYPE_CHECKING:
    from sedicfmt.api import PictureSource

FORMS = ("pil", "rgb8")


class Decode:
    """For `WebDataset.decode`: a member of the name `.sedic` becomes a Pillow picture ("pil", with what `sedicfmt.unpack` puts
    into its info), or uint8 (height, width, 3) ("rgb8").

    Options are those of `sedicfmt.unpack`; the stage is "reference" unless told otherwise. Raises EncodeError for an option
    that makes no sense; when called SedicError, which WebDataset's handlers of errors see as the cause of its own.
    """

    def __init__(self, form: str = "pil", stage: str = "reference", partial: bool = False, **options: Any):
        if form not in FORMS:
            raise EncodeError(f"no form is called {form}; there are {', '.join(FORMS)}", "form")
        self.form, self.options = form, options_from(stage, partial, options)

    def __call__(self, key: str, data: bytes) -> Any:
        """None for what has another name, as WebDataset wants it."""
        if not key.lower().endswith(".sedic"):
            return None
        picture = unpack_often(data, self.options).picture
        return picture if self.form == "pil" else np.asarray(picture)


class Pack:
    """For `TarWriter(encoder={..., "sedic": Pack()})`: a picture as `sedicfmt.pack` takes it becomes a file's bytes.

    Options are those of `sedicfmt.pack`. Raises EncodeError for an option that makes no sense; when called SedicError.
    """

    def __init__(self, **options: Any):
        self.options = from_preset(**options)

    def __call__(self, picture: PictureSource) -> bytes:
        from sedicfmt.api import opened

        image, name = opened(picture)
        return pack_picture(image, self.options, name, back_ends=back_ends_of(self.options)).data


@lru_cache(maxsize=1)
def back_ends_of(options: PackOptions) -> PackBackEnds:
    """Opened once in a process: a detector is not read again for every picture. Raises SedicError."""
    return open_back_ends(options)
