"""Any bytes are an AV1 frame of a given size, decoded by the library to a picture of just that size, or a refusal (A-1).

What is on trial is the way to the library and back; the library's own insides are not instrumented. An input is width and
height less one, two bytes each, and the frame.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import sedicfmt
from sedicfmt.decoders.reference_av1 import decode_frame
from sedicfmt.model import SedicFile
from sedicfmt.models.av1 import require_avif
from sedicfmt.models.registry import REGISTRY
from tests.fuzz import REFUSED, VALID

LARGEST = 512  # pixels a side, so that an execution is quick
(MODEL,) = (entry.id for entry in REGISTRY.values() if entry.coder == "av1")


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
        latent = decode_frame(SedicFile(width, height, MODEL, b"", data[4:]))
    except REFUSED:
        return False
    assert latent.paint().shape == (height, width, 3)
    assert latent.paint().dtype == np.uint8
    return True
