"""How far from the photo a file's picture is that a decoder will show in the end: what `--model auto` chooses by.

The pictures are compared in the features of EfficientNet-Lite0: at strides 2, 4, 8 and 16 every position's vector is scaled to
length one; the distance is the squared difference, averaged over positions and depths (LPIPS's formula without its learned
weights). PSNR would choose the smoothest.

First the reference pictures are looked at. Where one is nearer than the others by CLEAR, it is so restored as well, and to
restore them would take most of the time of packing. Else each is restored as `sedic-unpack` does it, in one pass over all of
it: words and masks are the same in all files. A picture of more than MOST_RESTORED pixels takes long to restore: of such a one
the reference pictures decide, and of any where the restorer's packages are missing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sedicfmt.container.content import write_file
from sedicfmt.encoders.offline.efficientnet_numpy import EfficientNetLite
from sedicfmt.errors import BackendFailed, MissingDependency
from sedicfmt.latents.painting import decode_latent, paint_reference
from sedicfmt.model import SedicFile
from sedicfmt.picture import Picture
from sedicfmt.pipeline.unpack import UnpackOptions, open_restorer, unpack_bytes

Show = Callable[[SedicFile], Picture]  # what shows a file's picture

DEPTHS = 4  # of the network's stages
JUDGED = 384  # pixels a side at most at which pictures are compared
LEAST = 64  # pixels a side at least, to which smaller ones are enlarged
MOST_RESTORED = 1 << 20  # pixels
CLEAR = 1.05  # how many times the second's distance is the first's where restoring changes nothing (spec/rationale.md)


def distances(files: Sequence[SedicFile], photo: Picture) -> tuple[str, list[float]]:
    """The stage that was compared, "final" or "reference", and each file's distance from uint8 RGB (height, width, 3).

    Raises MissingDependency without the classifier's weights, and what decoding raises.
    """
    network = EfficientNetLite(0)
    wanted = _directions(network, photo)

    def far(show: Show) -> list[float]:
        return [_distance(_directions(network, show(file)), wanted) for file in files]

    seen = far(lambda file: np.asarray(paint_reference(file, decode_latent(file))))
    show = None if _is_clear(seen) or photo.shape[0] * photo.shape[1] > MOST_RESTORED else _restored()
    return ("final", far(show)) if show else ("reference", seen)


def _is_clear(seen: list[float]) -> bool:
    """Whether one picture is nearer by far."""
    first, *others = sorted(seen)
    return bool(others) and others[0] >= CLEAR * first


def _restored() -> Show | None:
    """What restores a file's picture; None where no restorer can."""
    try:
        options = UnpackOptions()
        restorer = open_restorer(options)
    except (MissingDependency, BackendFailed):
        return None  # whoever decodes may have it, who encodes has not: the reference picture is the next best

    def show(file: SedicFile) -> Picture:
        whole = write_file(replace(file, objects=()))
        return np.asarray(unpack_bytes(whole, options, None, restorer).picture)

    return show


def _directions(network: EfficientNetLite, picture: Picture) -> list[NDArray[np.float32]]:
    """Every position's features, of length one, at each depth."""
    ends = network.features(_at_judged_size(picture))[:DEPTHS]
    return [h / (np.linalg.norm(h, axis=-1, keepdims=True) + np.float32(1e-6)) for h in ends]


def _at_judged_size(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    zoom = min(1.0, JUDGED / max(height, width))
    size = (max(LEAST, round(width * zoom)), max(LEAST, round(height * zoom)))
    return np.asarray(
        Image.fromarray(picture).resize(size, Image.Resampling.BOX if zoom < 1 else Image.Resampling.BICUBIC)
    )


def _distance(a: list[NDArray[np.float32]], b: list[NDArray[np.float32]]) -> float:
    return float(np.mean([np.square(p - q).sum(-1).mean() for p, q in zip(a, b, strict=True)]))
