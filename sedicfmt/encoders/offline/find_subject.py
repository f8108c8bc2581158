"""The subject of a picture in which the detector finds nothing: its name from the classifier, and where that sees it.

Where the whole picture gets a name, the places that speak for it (class activation map) tell where the thing is, and what
stands out in colour helps to bound it. Where it gets none, the part that stands out is looked at by itself; if that has no
name either, it is the "main subject".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sedicfmt.encoders.interfaces import Box, Detection
from sedicfmt.encoders.offline.efficientnet_numpy import Floats
from sedicfmt.encoders.offline.name_pictures import Name, Namer, Seen, object_name
from sedicfmt.encoders.offline.salient_region import box_of, saliency_map, salient_box
from sedicfmt.encoders.resized import resized_map
from sedicfmt.picture import Picture

MAIN_SUBJECT = "main subject"
SURE_WITHOUT_CONTEXT = 0.5  # a part of a picture by itself is easily taken for something else: a cap for a tennis ball
LEAST_SIDE = 32  # pixels of a picture's shorter side that the classifier can see anything in


def find_subject(image: Picture, namer: Namer, seen: Seen) -> Detection | None:
    """The subject of `image`, which the classifier has `seen`; None for a flat picture."""
    box = salient_box(image)
    if box is None:
        return None
    name = object_name(seen.whole)
    if name is not None:
        return Detection(name.word, name.score, named_box(image, name, seen))
    closer = object_name(namer.look_at(image, box).whole) if min(image.shape[:2]) >= LEAST_SIDE else None
    if closer is None or closer.score < SURE_WITHOUT_CONTEXT:
        return Detection(MAIN_SUBJECT, 0.5, box)
    return Detection(closer.word, closer.score, box)


def named_box(image: Picture, name: Name, seen: Seen) -> Box:
    """The box of the places that speak for a name, those first that stand out."""
    salient = saliency_map(image)
    speaks = activation(name, seen)
    smooth = resized_map(speaks, salient.shape[1], salient.shape[0], way=Image.Resampling.BICUBIC)
    return box_of(np.clip(smooth, 0, None) * (0.5 + salient / salient.max()), image.shape[1], image.shape[0])


def activation(name: Name, seen: Seen) -> NDArray[np.float32]:
    """(rows, columns): how likely the name's classes are at each place, at most 1."""
    at: Floats = seen.places[..., list(name.classes)].sum(-1)
    return np.asarray(at / max(float(at.max()), 1e-9), np.float32)
