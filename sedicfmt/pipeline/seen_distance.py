"""How far from the photo a file's picture is that a decoder will show in the end: what `--model auto` chooses by.

The file is decoded as `sedic-unpack` does it, restored by the bundled restorer, and compared in the features of
EfficientNet-Lite0: at strides 2, 4, 8 and 16 every position's vector is scaled to length one; the distance is the squared
difference, averaged over positions and depths (LPIPS's formula without its learned weights). PSNR would choose the smoothest.

A picture of more than MOST_RESTORED pixels takes long to restore: of such a one the reference picture is compared, and of
any where the restorer's packages are missing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

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

DEPTHS = 4  # of the network's stages
JUDGED = 384  # pixels a side at most at which pictures are compared
LEAST = 64  # pixels a side at least, to which smaller ones are enlarged
MOST_RESTORED = 1 << 20  # pixels


def distances(files: Sequence[SedicFile], photo: Picture) -> tuple[str, list[float]]:
    """The stage that was compared, "final" or "reference", and each file's distance from uint8 RGB (height, width, 3).

    Raises MissingDependency without the classifier's weights, and what decoding raises.
    """
    stage, show = _shower(photo)
    network = EfficientNetLite(0)
    wanted = _directions(network, photo)
    return stage, [_distance(_directions(network, show(file)), wanted) for file in files]


def _shower(photo: Picture) -> tuple[str, Callable[[SedicFile], Picture]]:
    """What shows a file's picture, and which stage that is."""
    if photo.shape[0] * photo.shape[1] <= MOST_RESTORED:
        try:
            options = UnpackOptions()
            restorer = open_restorer(options)
            return "final", lambda file: np.asarray(unpack_bytes(write_file(file), options, None, restorer).picture)
        except (MissingDependency, BackendFailed):
            pass  # whoever decodes may have it, who encodes has not: the reference picture is the next best
    return "reference", lambda file: np.asarray(paint_reference(file, decode_latent(file)))


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
