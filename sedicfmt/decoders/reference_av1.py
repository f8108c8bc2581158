"""Model `av1`: y is the frame OBU of an AV1 still picture of the latent's size, z is empty (spec clauses A-1 to A-6)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sedicfmt.decoders.reference import Decode, in_segment
from sedicfmt.errors import LimitExceeded, Malformed
from sedicfmt.model import SedicFile
from sedicfmt.models import av1


@dataclass(frozen=True)
class StillPicture:
    """A frame and its samples, uint8 RGB (height, width, 3)."""

    frame: bytes
    picture: NDArray[np.uint8]

    def digests(self) -> dict[str, str]:
        """SHA-256 of the payloads (A-5)."""
        return {name: hashlib.sha256(payload).hexdigest() for name, payload in (("z", b""), ("y", self.frame))}

    def paint(self) -> NDArray[np.uint8]:
        """The samples."""
        return self.picture


def open_decoder(model_id: int) -> Decode:
    """Raises MissingDependency where Pillow has no AVIF."""
    av1.require_avif()
    return decode_frame


def decode_frame(file: SedicFile) -> StillPicture:
    """Decode y. Raises Malformed or LimitExceeded with path "z" or "y", MissingDependency."""
    if file.z:
        raise Malformed(f"the model av1 has no z, and the file {len(file.z)} bytes of it (A-1)", "z")
    if not file.y or file.y[-1] == 0:
        raise Malformed("an AV1 frame that is empty or ends in a zero byte (A-1)", "y")
    try:
        return StillPicture(file.y, av1.decode(file.y, *file.coded_size))
    except (Malformed, LimitExceeded) as error:
        raise in_segment(error, "y") from error.__cause__
