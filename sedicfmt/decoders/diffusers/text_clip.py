"""CLIP's text encoder for texts of any length: embeddings, and which token stands for which characters.

CLIP reads 77 tokens: start, 75 of the text, end. A longer text is cut into pieces of 75 that are encoded one by one and
laid end to end, as the common user interfaces of Stable Diffusion do; cross-attention takes any number of tokens. All
texts of a picture get the number of pieces of the longest, because conditional and unconditional side are one batch.
The embedding is the encoder's last hidden state after its final layer norm, as in diffusers' StableDiffusionPipeline
(Stable Diffusion 2 wants the last but one of 24 layers: its folder holds 23).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from sedicfmt.decoders.interfaces import EncodedTexts, TokenSpan


class ClipTexts:
    """A tokenizer (transformers' CLIPTokenizer, which knows offsets) with its text encoder (CLIPTextModel)."""

    def __init__(self, tokenizer: Any, encoder: Any):
        self.tokenizer, self.encoder = tokenizer, encoder
        self.length = min(tokenizer.model_max_length, encoder.config.max_position_embeddings)
        self.room = self.length - 2  # beside start and end

    @torch.no_grad()
    def encode(self, texts: Sequence[str]) -> EncodedTexts:
        """Embedding (texts, pieces * 77, width) in the encoder's dtype; a warning for each text cut into pieces."""
        told = self.tokenizer(list(texts), add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        count = max(1, *(-(-len(ids) // self.room) for ids in told["input_ids"]))
        rows = torch.tensor([self.pieces(ids, count) for ids in told["input_ids"]])
        embedding = self.embed(rows.flatten(0, 1).to(self.encoder.device))
        spans = tuple(tuple(self.spans(offsets)) for offsets in told["offset_mapping"])
        return EncodedTexts(embedding.view(len(texts), count * self.length, -1), spans, self.warnings(texts, spans))

    def embed(self, ids: Tensor) -> Tensor:
        """(pieces, 77) -> (pieces, 77, width). A padding mask only if the model's config wants one: CLIP's does not."""
        filled = ids != self.padding if getattr(self.encoder.config, "use_attention_mask", False) else None
        hidden: Tensor = self.encoder(ids, attention_mask=filled).last_hidden_state
        return hidden

    @property
    def padding(self) -> int:
        """What fills a piece up: "!" in Stable Diffusion 2's folder, the end token in version 1's."""
        t = self.tokenizer
        return int(t.eos_token_id if t.pad_token_id is None else t.pad_token_id)

    def pieces(self, ids: Sequence[int], count: int) -> list[list[int]]:
        """`count` pieces, each start, up to 75 tokens, end, padding."""
        t = self.tokenizer
        cut = [list(ids[i * self.room : (i + 1) * self.room]) for i in range(count)]
        return [[t.bos_token_id, *p, t.eos_token_id, *[self.padding] * (self.room - len(p))] for p in cut]

    def spans(self, offsets: Sequence[tuple[int, int]]) -> list[TokenSpan]:
        """Where the text's own tokens stand among the embedding's."""
        places = (i // self.room * self.length + 1 + i % self.room for i in range(len(offsets)))
        return [TokenSpan(place, start, end) for place, (start, end) in zip(places, offsets, strict=True)]

    def warnings(self, texts: Sequence[str], spans: Sequence[Sequence[TokenSpan]]) -> tuple[str, ...]:
        """One for each text that had to be cut into pieces."""
        return tuple(
            f"a text of {len(own)} tokens is more than CLIP's {self.room} and was encoded in pieces: {text[:40]}..."
            for text, own in zip(texts, spans, strict=True)
            if len(own) > self.room
        )
