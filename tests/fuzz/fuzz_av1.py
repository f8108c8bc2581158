"""Any bytes are a frame of a given size, painted by the library as a picture of just that size, or a refusal (A-1, A-3).

A frame that the library does not paint is refused by it alone. On trial is the way to the library and back; the library's
own insides are not instrumented. An input is width and height less one, two bytes each, and the frame.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import sedicfmt
from sedicfmt.errors import BackendFailed
from sedicfmt.latents.allocated import id_of
from sedicfmt.latents.av1.decode import decode_frame
from sedicfmt.latents.av1.still_picture import require_avif
from sedicfmt.model import SedicFile
from tests.fuzz import REFUSED, VALID

LARGEST = 512  # pixels a side, so that an execution is quick
MODEL = id_of("av1")


def seeds() -> Iterator[bytes]:
    """Frames of the vectors."""
    require_avif()
    for path in VALID:
        file = sedicfmt.read(path)
        if file.model_id == MODEL and max(file.coded_size) <= LARGEST:
            yield b"".join((side - 1).to_bytes(2, "big") for side in file.coded_size) + file.y


def check(data: bytes) -> bool:
    """Decode the frame."""
    if len(data) < 4:
        return False
    width, height = (1 + int.from_bytes(data[at : at + 2], "big") % LARGEST for at in (0, 2))
    try:
        picture = decode_frame(SedicFile(width, height, MODEL, b"", data[4:])).paint()
    except (*REFUSED, BackendFailed):
        return False
    assert picture.shape == (height, width, 3)
    assert picture.dtype == np.uint8
    return True
