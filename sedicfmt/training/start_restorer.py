"""Where a restorer's training may begin: the weights file of an earlier restorer, which may have been smaller.

Blocks that the file lacks add nothing at first. Words are matched by name: those that only the new vocabulary has start as
the old unknown word. A linear `enter` or `leave`, as the first restorer had, becomes the middle of the 3x3 convolution.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from sedicfmt.decoders.denoiser_nano import read_config
from sedicfmt.decoders.nano_network import NanoRestorerNetwork
from sedicfmt.decoders.nano_words import FIRST_WORD, UNKNOWN, NanoWords
from sedicfmt.errors import EncodeError

WORDS = "words.embed.weight"


def start_from(network: NanoRestorerNetwork, words: NanoWords, path: Path) -> None:
    """Fill `network`, which reads `words`, from a weights file. Raises OSError, EncodeError for one that does not fit."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    data = path.read_bytes()
    try:
        _, vocabulary = read_config(data)
        old = {name: tensor.float() for name, tensor in load(data).items()}
        old[WORDS] = match_words(old[WORDS], NanoWords(vocabulary), words)
    except (KeyError, ValueError, SafetensorError) as error:
        raise EncodeError(f"{path} is no restorer's weights file") from error
    for name, target in network.state_dict().items():
        given = old.get(name, target)
        if given.dim() == 2 and target.dim() == 4:
            given = torch.zeros_like(target)
            given[:, :, 1, 1] = old[name]
        if given.shape != target.shape:
            raise EncodeError(
                f"{path} is of another network: {name} is {tuple(given.shape)}, not {tuple(target.shape)}"
            )
        target.copy_(given)


def match_words(embedding: Tensor, old: NanoWords, new: NanoWords) -> Tensor:
    """The new vocabulary's embedding from the old one's."""
    rows = [*range(FIRST_WORD), *(old.number.get(word, UNKNOWN) for word in new.vocabulary)]
    return embedding[rows]
