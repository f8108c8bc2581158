"""Masks from boxes by SAM through its authors' own package segment-anything: `sam-checkpoint:PATH`.

PATH is one of the published files (sam_vit_b_01ec64.pth, sam_vit_l_0b3195.pth, sam_vit_h_4b8939.pth) or weights that
were trained further; which of the three sizes they are is told by the width of the patch embedding, not by the name. Only
plain tensors are read: a file that wants to run code is refused. The picture is embedded once for all boxes.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from sedicfmt.declared import needs
from sedicfmt.encoders.box_in_picture import clipped, thickened
from sedicfmt.encoders.interfaces import Box, require_picture
from sedicfmt.errors import BackendFailed, EncodeError, MissingDependency
from sedicfmt.networks.devices import choose_device
from sedicfmt.networks.failures import inference
from sedicfmt.networks.packages import package
from sedicfmt.picture import Picture, Pixels

WIDTH_KEY = "image_encoder.patch_embed.proj.weight"


class SamCheckpointSegmenter:
    """Segmenter from a checkpoint; the file is looked at here, the network built when it is first needed."""

    def __init__(self, path: str | Path, device: str = "auto"):
        """`device`: "auto" or torch's name of one. Raises EncodeError, MissingDependency, BackendFailed."""
        self.path = Path(path).expanduser()
        if not self.path.is_file():
            raise MissingDependency(f"there is no file {path}; to fetch one: {curl_command(self.path)}")
        self.device = choose_device(device)
        self._weights = read_tensors(self.path)
        self.kind = vit_of(self._weights, self.path.name)
        self._library = package("segment_anything")

    def segment(self, image: Picture, boxes: Sequence[Box]) -> tuple[Pixels, ...]:
        """One mask a box; a box without area in the picture gets an empty one. Raises BackendFailed, LimitExceeded."""
        require_picture(image)
        inside = [clipped(box, image) for box in boxes]
        nothing = np.zeros(image.shape[:2], np.uint8)
        if not any(box.area > 0 for box in inside):
            return tuple(nothing.copy() for _ in inside)
        thick, rows, columns = thickened(image)
        with inference(self.path.name, self.device):
            self._predictor.set_image(thick)
            masks = [self._one(box, rows, columns) if box.area > 0 else nothing.copy() for box in inside]
            self._predictor.reset_image()
        return tuple(masks)

    def _one(self, box: Box, rows: int, columns: int) -> Pixels:
        """The mask of one box in the picture that was set, whose rows and columns are there so many times each."""
        corners = np.array([box.left * columns, box.top * rows, box.right * columns, box.bottom * rows])
        masks, _, _ = self._predictor.predict(box=corners, multimask_output=False)
        return np.ascontiguousarray(masks[0, ::rows, ::columns]).astype(np.uint8)

    @cached_property
    def _predictor(self) -> Any:
        """The network with its weights; they are let go of here."""
        with inference(self.path.name, self.device):
            net = self._library.sam_model_registry[self.kind]()
            net.load_state_dict(self._weights)
            self._weights = {}
            return self._library.SamPredictor(net.float().eval().requires_grad_(False).to(self.device))


@needs("torch", "torchvision", "segment_anything", extra="sam", usage="sam-checkpoint:PATH")
def open_sam_checkpoint(argument: str | None, device: str = "auto") -> SamCheckpointSegmenter:
    """The registry's factory. Raises EncodeError without a file."""
    if not argument:
        raise EncodeError("the segmenter 'sam-checkpoint' needs a file: sam-checkpoint:PATH")
    return SamCheckpointSegmenter(argument, device)


def read_tensors(path: Path) -> dict[str, Any]:
    """The tensors in `path` by their keys, not yet in memory where the file allows. Raises BackendFailed."""
    torch = package("torch")
    try:
        told = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except Exception as error:  # no checkpoint, a cut one, or one with more than tensors in it
        reason = str(error).strip().split("\n")[0]
        raise BackendFailed(f"{path.name} is not a file of plain weights that torch can read: {reason}") from error
    if not isinstance(told, dict) or not all(isinstance(v, torch.Tensor) for v in told.values()):
        raise BackendFailed(f"{path.name} holds something else than SAM's tensors")
    return told


def vit_of(weights: dict[str, Any], name: str) -> str:
    """ "vit_b", "vit_l" or "vit_h". Raises BackendFailed for another network's weights."""
    shape = tuple(weights[WIDTH_KEY].shape) if WIDTH_KEY in weights else ()
    if not shape or shape[0] not in WIDTHS:
        seen = f"its patch embedding has shape {shape}" if shape else f"it has {', '.join([*weights][:3]) or 'nothing'}"
        raise BackendFailed(f"{name} holds no SAM of the sizes vit_b, vit_l and vit_h: {seen}")
    return WIDTHS[shape[0]]


def curl_command(path: Path) -> str:
    """The shell command that fetches the checkpoint of the size that is in the path's name, else the authors' vit_h."""
    kind = next((kind for kind in PUBLISHED if kind in path.name), "vit_h")
    return f"curl -L -o {path} https://dl.fbaipublicfiles.com/segment_anything/{PUBLISHED[kind]}"


WIDTHS = {768: "vit_b", 1024: "vit_l", 1280: "vit_h"}  # channels of the patch embedding
PUBLISHED = {"vit_b": "sam_vit_b_01ec64.pth", "vit_l": "sam_vit_l_0b3195.pth", "vit_h": "sam_vit_h_4b8939.pth"}
