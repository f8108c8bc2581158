"""Masks from boxes by the Segment Anything Model (Kirillov et al. 2023) and SAM 2, through transformers.

    picture -> the model's square -> embedded once -> one low-resolution mask a box -> the picture's size, cut at 0

SAM scales the longer side to its square (1024) and pads the rest; SAM 2 squeezes the picture to the square. Both are done
here, since transformers' own preparation for SAM 2 needs torchvision. A box leaves little doubt about what is meant, so
one mask a box is asked for, not three to choose from, as SAM's authors advise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from sedicfmt.declared import needs
from sedicfmt.encoders.box_in_picture import clipped
from sedicfmt.encoders.interfaces import Box, require_picture
from sedicfmt.networks.devices import choose_device
from sedicfmt.networks.failures import inference
from sedicfmt.networks.hub import fetch_command
from sedicfmt.networks.load_transformers import find_network, load_network, network_files
from sedicfmt.networks.packages import package
from sedicfmt.picture import Picture, Pixels

if TYPE_CHECKING:
    from torch import Tensor

DEFAULT_ID = "facebook/sam-vit-huge"  # the authors'
# Of ImageNet's R, G, B; every SAM's.
MEAN, DEVIATION = np.array([[123.675, 116.28, 103.53], [58.395, 57.12, 57.375]], np.float32)


@dataclass(frozen=True)
class Square:
    """The model's square of `side` pixels, of whose top left corner a picture fills `height` x `width`."""

    side: int
    height: int
    width: int

    @classmethod
    def of(cls, image: Picture, side: int, squeezed: bool) -> Square:
        """What `image` fills of a square of `side` pixels: all of it where it is squeezed."""
        if squeezed:
            return cls(side, side, side)
        height, width = (max(1, int(n * side / max(image.shape[:2]) + 0.5)) for n in image.shape[:2])
        return cls(side, height, width)


class SamSegmenter:
    """Segmenter from a folder or hub id; its files are checked here, its weights loaded when they are first needed."""

    def __init__(self, name: str = DEFAULT_ID, device: str = "auto"):
        """`device`: "auto" or torch's name of one. Raises EncodeError, MissingDependency, BackendFailed."""
        self.device = choose_device(device)
        self.folder, self.kind = find_network(name, tuple(NETWORKS), (), DEFAULT_ID)

    def segment(self, image: Picture, boxes: Sequence[Box]) -> tuple[Pixels, ...]:
        """One mask a box; a box without area in the picture gets an empty one. Raises BackendFailed, LimitExceeded."""
        require_picture(image)
        inside = [clipped(box, image) for box in boxes]
        asked = [box for box in inside if box.area > 0]
        masks = self._run(image, asked) if asked else iter(())
        nothing = np.zeros(image.shape[:2], np.uint8)
        return tuple(next(masks) if box.area > 0 else nothing.copy() for box in inside)

    def _run(self, image: Picture, boxes: Sequence[Box]) -> Any:
        """The masks of boxes that lie in the picture, one after the other: full-size logits are large."""
        net = self._network
        square = Square.of(image, int(net.config.prompt_encoder_config.image_size), self.kind != "sam")
        with inference(self.folder.name, self.device):
            embedded = net.get_image_embeddings(to_square(image, square).to(self.device))
            corners = boxes_in_square(boxes, image, square).to(self.device)
            told = net(image_embeddings=embedded, input_boxes=corners, multimask_output=False)
            return iter([from_square(logits[:1], square, image) for logits in told.pred_masks[0]])

    @cached_property
    def _network(self) -> Any:
        return load_network(NETWORKS[self.kind], self.folder, self.device)


@needs(
    "torch", "transformers", "safetensors", extra="diffusion", usage="sam[:FOLDER_OR_ID]",
    models={DEFAULT_ID: fetch_command(DEFAULT_ID, network_files())},
)  # fmt: skip
def open_sam(argument: str | None, device: str = "auto") -> SamSegmenter:
    """The registry's factory: `argument` is a folder or a hub id, None for the authors' model."""
    return SamSegmenter(argument or DEFAULT_ID, device)


def to_square(image: Picture, square: Square) -> Tensor:
    """The picture scaled and normalised, (1, 3, side, side) float32, zeros where it is padded."""
    torch = package("torch")
    scaled = Image.fromarray(image).resize((square.width, square.height), Image.Resampling.BILINEAR)
    filled = np.zeros((square.side, square.side, 3), np.float32)
    filled[: square.height, : square.width] = (np.asarray(scaled, np.float32) - MEAN) / DEVIATION
    return torch.from_numpy(filled).permute(2, 0, 1)[None]


def boxes_in_square(boxes: Sequence[Box], image: Picture, square: Square) -> Tensor:
    """The boxes in the square's pixels, (1, number, 4) float32: left, top, right, bottom."""
    across, down = square.width / image.shape[1], square.height / image.shape[0]
    edges = [[b.left * across, b.top * down, b.right * across, b.bottom * down] for b in boxes]
    return package("torch").tensor([edges])


def from_square(logits: Tensor, square: Square, image: Picture) -> Pixels:
    """The mask of the picture's size from the model's (1, h, w) logits over the whole square."""
    grow = package("torch").nn.functional.interpolate
    how = {"mode": "bilinear", "align_corners": False}
    logits = logits[None].float()
    if square.height != square.width or square.height != square.side:  # padded
        logits = grow(logits, (square.side, square.side), **how)[..., : square.height, : square.width]
    return np.asarray((grow(logits, image.shape[:2], **how)[0, 0] > 0).cpu(), np.uint8)


# By the config's model_type. Meta's SAM 2 models say "sam2_video": their parts for stills are a SAM 2.
NETWORKS = {"sam": "SamModel", "sam2": "Sam2Model", "sam2_video": "Sam2Model"}
