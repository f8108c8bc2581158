"""Grounding DINO, SAM and SAM 2 in miniature: the real classes and the real folder layout, random weights.

Import after `pytest.importorskip("transformers")`.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from transformers import (
    AutoTokenizer,
    BertConfig,
    GroundingDinoConfig,
    GroundingDinoForObjectDetection,
    GroundingDinoProcessor,
    Sam2Config,
    Sam2Model,
    SamConfig,
    SamModel,
    SwinConfig,
    logging,
)
from transformers.models.grounding_dino.image_processing_pil_grounding_dino import GroundingDinoImageProcessorPil

QUERIES = 8
logging.disable_progress_bar()


def build_tiny_dino(folder: Path) -> Path:
    """Eight queries over pictures of 64 to 107 pixels, always the same weights."""
    write_bert_vocabulary(folder)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        GroundingDinoForObjectDetection(dino_config()).save_pretrained(folder)
    pictures = GroundingDinoImageProcessorPil(size={"shortest_edge": 64, "longest_edge": 107})
    GroundingDinoProcessor(pictures, AutoTokenizer.from_pretrained(folder)).save_pretrained(folder)
    return folder


def dino_config() -> GroundingDinoConfig:
    """Two decoder layers at least, and a width of more than one channel for each of its 32 groups: less does not run."""
    sizes = {"depths": [1, 1, 1, 1], "num_heads": [1, 1, 1, 1], "window_size": 4, "image_size": 64, "embed_dim": 8}
    text = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "encoder_ffn_dim": 16, "decoder_ffn_dim": 16}
    return GroundingDinoConfig(
        backbone_config=SwinConfig(out_features=["stage2", "stage3", "stage4"], **sizes),
        text_config=BertConfig(vocab_size=len(bert_words()), **text),
        num_queries=QUERIES,
        encoder_layers=1,
        decoder_layers=2,
        d_model=64,
        **heads,
    )


def write_bert_vocabulary(folder: Path) -> None:
    """vocab.txt and tokenizer_config.json of a lower-casing BERT tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(bert_words()))
    settings = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 512}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


def bert_words() -> list[str]:
    """The separators where the model has them built in: CLS, SEP, ".", "?"; a few words from 200 on."""
    fixed = {0: "[PAD]", 100: "[UNK]", 101: "[CLS]", 102: "[SEP]", 103: "[MASK]", 1012: ".", 1029: "?"}
    fixed |= {200 + i: word for i, word in enumerate(("cat", "dog", "red", "sofa", "ball"))}
    return [fixed.get(i, f"[unused{i}]") for i in range(1030)]


def build_tiny_sam(folder: Path) -> Path:
    """A square of 64 pixels in patches of 8; masks of 32x32 logits."""
    prompts = {"hidden_size": 16, "image_size": 64, "patch_size": 8, "mask_input_channels": 4}
    config = SamConfig(
        vision_config={**prompts, "output_channels": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
                       "num_pos_feats": 8, "window_size": 4, "global_attn_indexes": [0], "initializer_range": 0.5},
        prompt_encoder_config=prompts,
        mask_decoder_config={"hidden_size": 16, "mlp_dim": 16, "num_attention_heads": 2, "iou_head_hidden_dim": 16},
        initializer_range=0.5,
    )  # fmt: skip
    return _saved(SamModel, config, folder)


def build_tiny_sam2(folder: Path) -> Path:
    """A square of 64 pixels; features of 16x16, 8x8 and 4x4."""
    backbone = {"hidden_size": 8, "image_size": [64, 64], "embed_dim_per_stage": [8, 16, 32, 64],
                "blocks_per_stage": [1, 1, 2, 1], "num_attention_heads_per_stage": [1, 1, 1, 1],
                "window_size_per_stage": [4, 4, 4, 4], "global_attention_blocks": [3],
                "window_positional_embedding_background_size": [4, 4]}  # fmt: skip
    config = Sam2Config(
        vision_config={"backbone_config": {"model_type": "sam2_hiera_det_model", **backbone}, "fpn_hidden_size": 16,
                       "backbone_channel_list": [64, 32, 16, 8], "backbone_feature_sizes": [[16, 16], [8, 8], [4, 4]]},
        prompt_encoder_config={"hidden_size": 16, "image_size": 64, "patch_size": 16, "mask_input_channels": 4},
        mask_decoder_config={"hidden_size": 16, "mlp_dim": 16, "num_attention_heads": 2, "iou_head_hidden_dim": 16},
        initializer_range=0.5,
    )  # fmt: skip
    return _saved(Sam2Model, config, folder)


def _saved(kind: type, config: object, folder: Path) -> Path:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        kind(config).save_pretrained(folder)
    return folder
