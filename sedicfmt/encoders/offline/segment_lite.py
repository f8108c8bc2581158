"""Masks from boxes without a big network: what the mask head knows of things and what GrabCut sees of edges, together.

The head knows roughly where in a box a thing is; GrabCut follows its border, but not always the right one. So a pixel
belongs to the thing where the head's probability, moved by GRAB_CUT in the direction of GrabCut's answer, is over a half.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sedicfmt.encoders.interfaces import Box, require_picture
from sedicfmt.encoders.objects.segment_grabcut import GrabCutSegmenter
from sedicfmt.encoders.offline.efficientnet_numpy import Floats
from sedicfmt.encoders.offline.mask_head import MaskHead, surroundings
from sedicfmt.networks.packages import package
from sedicfmt.picture import Picture, Pixels

GRAB_CUT = 0.3
SMALL = 24  # pixels a side of a box below which GrabCut alone decides: the head would see nothing but blur


@dataclass
class LiteSegmenter:
    """Full-size uint8 0/1 masks of what boxes frame; deterministic."""

    head: MaskHead = field(default_factory=MaskHead)
    grab_cut: GrabCutSegmenter = field(default_factory=GrabCutSegmenter)

    def segment(self, image: Picture, boxes: Sequence[Box]) -> tuple[Pixels, ...]:
        """One mask a box; a box without a pixel in the picture gets an empty mask. Raises MissingDependency."""
        require_picture(image)
        rough = self.grab_cut.segment(image, boxes)
        return tuple(self._refined(image, box, mask) for box, mask in zip(boxes, rough, strict=True))

    def _refined(self, image: Picture, box: Box, mask: Pixels) -> Pixels:
        if not mask.any() or min(box.right - box.left, box.bottom - box.top) < SMALL:
            return mask
        belongs = spread(self.head.probabilities(image, box), surroundings(box), image.shape[1], image.shape[0])
        refined = (belongs + GRAB_CUT * (mask - np.float32(0.5)) > 0.5).astype(np.uint8)
        return refined if refined.any() else mask


def spread(cells: Floats, over: Box, width: int, height: int) -> Floats:
    """`cells` stretched smoothly over a box of a picture of width x height pixels; 0 outside the box."""
    cv2 = package("cv2")
    rows, columns = cells.shape
    across, down = columns / (over.right - over.left), rows / (over.bottom - over.top)
    # a pixel's middle in the cells' coordinates, where the middle of cell 0 is 0
    way = np.array(
        [[across, 0, (0.5 - over.left) * across - 0.5], [0, down, (0.5 - over.top) * down - 0.5]], np.float64
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(cells, way, (width, height), flags=flags, borderMode=cv2.BORDER_CONSTANT))
