"""LLaVA in miniature: the real classes and the real folder layout, random weights, a tokenizer of single bytes.

Import after `pytest.importorskip("transformers")`.
"""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
    logging,
)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

logging.disable_progress_bar()
SPECIAL = ("<pad>", "<s>", "</s>", "<image>")
TEMPLATE = (
    "<s>{% for message in messages %}{{ message.role }}: {% for part in message.content %}"
    "{% if part.type == 'image' %}<image>{% else %}{{ part.text }}{% endif %}{% endfor %}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)


def build_tiny_vlm(folder: Path, template: str | None = TEMPLATE) -> Path:
    """A picture of 32 pixels in patches of 8; always the same weights."""
    size = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    words = byte_tokenizer()
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(**size, image_size=32, patch_size=8, projection_dim=16),
        text_config=LlamaConfig(
            **size, vocab_size=len(words), max_position_embeddings=16384, pad_token_id=0, bos_token_id=1, eos_token_id=2
        ),
        image_token_index=words.convert_tokens_to_ids("<image>"),
        image_seq_length=16,
    )
    with torch.random.fork_rng():
        torch.manual_seed(1)
        LlavaForConditionalGeneration(config).save_pretrained(folder)
    pictures = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    how = {"patch_size": 8, "vision_feature_select_strategy": "default", "num_additional_image_tokens": 1}
    LlavaProcessor(pictures, words, chat_template=template, **how).save_pretrained(folder)
    return folder


def byte_tokenizer() -> PreTrainedTokenizerFast:
    """One token a byte, in GPT-2's spelling of bytes."""
    vocabulary = {token: i for i, token in enumerate([*SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet())])}
    made = Tokenizer(models.BPE(vocabulary, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    names = {"pad_token": "<pad>", "bos_token": "<s>", "eos_token": "</s>", "extra_special_tokens": ["<image>"]}
    return PreTrainedTokenizerFast(tokenizer_object=made, **names)
