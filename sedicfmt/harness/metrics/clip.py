"""CLIPSIM and CLIP-IQA in a CLIP of transformers, from a folder in its own layout.

CLIPSIM: the cosine between CLIP's image features of the picture and of its photo; 1 for equal pictures. CLIP-IQA (Wang et al.,
2023) by torchmetrics: how much nearer the picture is to "Good photo." than to "Bad photo.", from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from sedicfmt.errors import MissingDependency
from sedicfmt.harness.metrics.metric import OfAlone, OfPair, Weights
from sedicfmt.installing import pip_install
from sedicfmt.picture import Picture

FOLDER, WHERE_FROM = "clip-vit-base-patch16", "openai/clip-vit-base-patch16 with all its files"


def clip_similarity(weights: Weights) -> OfPair:
    """Opens CLIPSIM. Raises MissingDependency."""
    model, processor = load_clip(weights.find(FOLDER, WHERE_FROM))

    def value(photo: Picture, picture: Picture) -> float:
        a, b = (image_features(model, processor, p) for p in (photo, picture))
        return float(np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b)))

    return value


def clip_quality(weights: Weights) -> OfAlone:
    """Opens CLIP-IQA. Raises MissingDependency."""
    model, processor = load_clip(weights.find(FOLDER, WHERE_FROM))
    assess = _torchmetrics()

    def value(picture: Picture) -> float:
        import torch

        # values in 0..255: the processor scales them, so that nothing is left to scale for torchmetrics
        planes = torch.from_numpy(picture.transpose(2, 0, 1)[None].astype(np.float32))
        with torch.no_grad():
            return float(assess(planes, model_name_or_path=lambda: (Bare(model), processor), data_range=1.0))

    return value


class Bare:
    """A CLIP whose feature methods give the projected features as a tensor: torchmetrics expects what transformers 4 gave."""

    def __init__(self, model: Any):
        self.model = model

    def get_text_features(self, *given: Any, **named: Any) -> Any:
        """(texts, dimensions)."""
        return tensor_of(self.model.get_text_features(*given, **named))

    def get_image_features(self, *given: Any, **named: Any) -> Any:
        """(pictures, dimensions)."""
        return tensor_of(self.model.get_image_features(*given, **named))

    def to(self, device: Any) -> Bare:
        """On a device."""
        self.model.to(device)
        return self

    def eval(self) -> Bare:
        """Is it already."""
        return self


def image_features(model: Any, processor: Any, picture: Picture) -> Any:
    """CLIP's features of a picture, projected, float32 (dimensions,)."""
    import torch

    with torch.no_grad():
        given = processor(images=[picture], return_tensors="pt")
        return tensor_of(model.get_image_features(given["pixel_values"]))[0].numpy()


def tensor_of(features: Any) -> Any:
    """transformers 5 wraps the projected features in an output."""
    return getattr(features, "pooler_output", features)


@cache
def load_clip(folder: Path) -> tuple[Any, Any]:
    """The model and its processor, from a folder alone: nothing is fetched. Raises MissingDependency."""
    try:
        from transformers import CLIPImageProcessor, CLIPModel, CLIPProcessor, CLIPTokenizer
    except ModuleNotFoundError as missing:
        raise MissingDependency(f"needs transformers: {pip_install('transformers')}") from missing
    model = CLIPModel.from_pretrained(folder, local_files_only=True, trust_remote_code=False).eval()
    images = CLIPImageProcessor.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    words = CLIPTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    return model, CLIPProcessor(images, words)


def _torchmetrics() -> Callable[..., Any]:
    try:
        from torchmetrics.functional.multimodal import clip_image_quality_assessment
    except ModuleNotFoundError as missing:
        raise MissingDependency(f"needs torchmetrics: {pip_install('torchmetrics')}") from missing
    return clip_image_quality_assessment
