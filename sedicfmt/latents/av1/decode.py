"""Model `av1`: y is the frame OBU of an AV1 still picture of the latent's size, z is empty (spec clauses A-1 to A-6).

A frame is found valid by its header and the places of its tiles alone, as every reader does it (A-3). What a decoder of AV1
makes of the tiles is no matter of the format: one that refuses them is a back end that fails; words and masks stay readable.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sedicfmt.errors import BackendFailed, Malformed
from sedicfmt.latents.av1 import still_picture as av1
from sedicfmt.latents.av1.frame import tiles_of
from sedicfmt.latents.interfaces import in_segment
from sedicfmt.model import SedicFile


@dataclass(frozen=True)
class StillPicture:
    """A frame that is a valid one, of a picture of that many pixels."""

    frame: bytes
    width: int
    height: int

    def digests(self) -> dict[str, str]:
        """SHA-256 of the payloads (A-5)."""
        return {name: hashlib.sha256(payload).hexdigest() for name, payload in (("z", b""), ("y", self.frame))}

    def paint(self) -> NDArray[np.uint8]:
        """The samples, uint8 RGB (height, width, 3). Raises BackendFailed with path "y" for tiles that AV1 refuses."""
        try:
            return av1.decode(self.frame, self.width, self.height)
        except BackendFailed as error:
            raise in_segment(error, "y") from error.__cause__


def decode_frame(file: SedicFile) -> StillPicture:
    """Look at y's header and tiles. Raises Malformed with path "z" or "y"."""
    if file.z:
        raise Malformed(f"the model av1 has no z, and the file {len(file.z)} bytes of it (A-1)", "z")
    if not file.y or file.y[-1] == 0:
        raise Malformed("an AV1 frame that is empty or ends in a zero byte (A-1)", "y")
    try:
        tiles_of(file.y, *file.coded_size)
    except Malformed as error:
        raise in_segment(error, "y") from None
    return StillPicture(file.y, *file.coded_size)
