"""A restorer that makes nothing up: it softens the reference picture, less where objects are. `--restorer soft`"""

import numpy as np
from PIL import Image, ImageFilter

from sedicfmt.decoders.interfaces import Restored
from sedicfmt.errors import EncodeError

STAGE = "softening"


class SoftRestorer:
    """Blurs by `radius` pixels."""

    def __init__(self, radius):
        self.radius = radius

    def restore(self, request):
        """request.reference: uint8 RGB (height, width, 3) -> a picture of that size."""
        blurred = np.asarray(Image.fromarray(request.reference).filter(ImageFilter.GaussianBlur(self.radius)))
        kept = np.zeros(blurred.shape[:2], bool)
        for one in request.objects:  # masks are uint8 0 and 1 of the picture's height and width
            kept |= one.mask.astype(bool)
        picture = np.where(kept[:, :, None], request.reference, blurred)
        request.on_step(STAGE, 1, 1)
        return Restored(picture, {"restorer": "soft", "radius": str(self.radius)})


def open_soft(argument, *, changes):
    """The factory. `changes`: what the user wants otherwise (--strength 0.5); of these only `strength` means anything here."""
    if unknown := set(changes) - {"strength", "objects"}:
        raise EncodeError(f"soft has no {', '.join(sorted(unknown))}")
    try:
        radius = float(argument or 2.0)
    except ValueError:
        raise EncodeError(f"soft takes a radius in pixels, not {argument}") from None
    return SoftRestorer(radius * float(changes.get("strength", 1.0)))
