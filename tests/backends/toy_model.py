"""A model small enough to be computed by hand: latents are pixels, attention is a softmax over three tokens' favourite values.

The prediction is the clean latent: a mix of control and text, `pull` of the way to the text's value, and a share `keep` of z.
"""

from dataclasses import dataclass, field

import numpy as np
import torch

from sedicfmt.decoders.interfaces import EncodedTexts, RestorationModel, RestoreRequest, TokenSpan
from sedicfmt.decoders.orag.attention_guidance import mask_on_grid
from sedicfmt.decoders.orag.scheduler_ddim import Ddim
from sedicfmt.decoders.orag.settings import OragSettings


class PixelSpace:
    """Latents are the pictures; `calls` counts what the loop asked for."""

    multiple = 4

    def __init__(self):
        self.calls = []

    def encode(self, picture):
        self.calls.append("encode")
        return picture.clone()

    def decode(self, latent):
        self.calls.append("decode")
        return latent.clone()


@dataclass
class ToyDenoiser:
    """Text "x" becomes the value sum(letters) mod 7 / 7 - 0.5 in its embedding; every letter is a token."""

    pull: float = 0.5
    keep: float = 0.0
    control_kind: str = "latent"
    control_apart: bool = False
    calls: list = field(default_factory=list)

    def encode_texts(self, texts):
        value = [[sum(map(ord, t)) % 7 / 7 - 0.5] for t in texts]
        embedding = torch.tensor(value)[:, None, :].expand(-1, 3, -1) + torch.tensor([[-0.4], [0.0], [0.4]])
        spans = tuple(tuple(TokenSpan(i, i, i + 1) for i in range(min(3, len(t)))) for t in texts)
        return EncodedTexts(embedding, spans)

    def predict(self, z, t, text, control):
        self.calls.append((t, len(z)))
        return control + self.pull * (text[:, 1].view(-1, 1, 1, 1) - control) + self.keep * z

    def attention_maps(self, z, t, text, control, full_gradient=False):
        scores = -4 * (z.mean(1)[..., None] - text[:, None, None, :, 0]) ** 2
        return [scores.softmax(-1)]


def toy_model(**settings):
    """The model with a schedule of ten levels."""
    alphas = torch.linspace(0.95, 0.05, 10).tolist()
    return RestorationModel("toy", PixelSpace(), ToyDenoiser(**settings), Ddim(alphas, "sample"))


def picture(width=8, height=8, seed=0):
    """Random pixels."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def left_half(width=8, height=8):
    """A mask of the left half."""
    mask = np.zeros((height, width), np.uint8)
    mask[:, : width // 2] = 1
    return mask


def on_grids(mask):
    """What guidance asks of a mask, a tensor of torch's."""
    return lambda rows, columns: torch.from_numpy(mask_on_grid(mask.numpy(), rows, columns))


def request(objects=(), width=8, height=8, seed=3, **more):
    """A random picture with the text "abc" to restore."""
    return RestoreRequest(picture(width, height), "abc", tuple(objects), seed, **more)


PLAIN = OragSettings(object_steps=4, steps=5, object_cfg=1, cfg=1, colour="none", guidance=None, start="noise")
