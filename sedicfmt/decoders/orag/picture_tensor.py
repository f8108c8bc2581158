"""Between pictures as files have them, uint8 (h, w, 3), and as models see them: float32 (1, 3, H, W) in -1 .. 1, padded."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from sedicfmt.picture import Picture, Pixels


def to_tensor(picture: Picture, multiple: int, device: str) -> Tensor:
    """uint8 (h, w, 3) -> (1, 3, H, W), edges repeated to whole multiples of `multiple`."""
    height, width = picture.shape[:2]
    image = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))[None].to(device)
    return F.pad(image.float() / 127.5 - 1, (0, -width % multiple, 0, -height % multiple), mode="replicate")


def mask_tensor(mask: Pixels, height: int, width: int, device: str) -> Tensor:
    """0/1 (h, w) -> bool (height, width), nothing in the padding."""
    found = torch.from_numpy(mask.astype(bool)).to(device)
    return F.pad(found, (0, width - mask.shape[1], 0, height - mask.shape[0]))


def to_picture(image: Tensor, height: int, width: int) -> Picture:
    """(1, 3, H, W) -> uint8 (height, width, 3), the padding cut off."""
    pixels = (image[0, :, :height, :width].clamp(-1, 1) + 1) * 127.5
    return pixels.round().byte().permute(1, 2, 0).cpu().numpy()
