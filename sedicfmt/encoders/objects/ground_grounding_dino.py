"""Where phrases are in a picture, and whether they are there at all: Grounding DINO (Liu et al. 2023) by transformers.

The paper (3.1) asks it two things: is an object that the describer names really in the picture, and where. Each phrase
gets a call of its own, as phrases in one prompt disturb each other. The prompt is in lower case and ends in "."; the
model reads "." and "?" as separators, so that inside a phrase they become spaces.

A box's score is the highest probability of any word of the phrase. It counts above `box_threshold`, and where a word
scores above `text_threshold` (the words that the authors' tools print beside a box; without one a box shows nothing of
the phrase). The best box is the answer; nothing above the thresholds is None, a hallucination. A phrase that is asked
for twice means two things: the second gets the second box, overlapping ones counting as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
from PIL import Image

from sedicfmt.declared import needs
from sedicfmt.encoders.box_in_picture import clipped, thickened
from sedicfmt.encoders.interfaces import Box, Detection, require_picture
from sedicfmt.encoders.offline.detect_ssd import suppress
from sedicfmt.errors import BackendFailed, EncodeError
from sedicfmt.networks.devices import choose_device
from sedicfmt.networks.failures import inference
from sedicfmt.networks.hub import fetch_command
from sedicfmt.networks.load_transformers import find_network, load_network, load_processor, network_files
from sedicfmt.networks.model_folder import Needed
from sedicfmt.picture import Picture

DEFAULT_ID = "IDEA-Research/grounding-dino-tiny"
BOX_THRESHOLD, TEXT_THRESHOLD = 0.3, 0.25  # the authors'
MOST_WORDS = 60  # of a phrase: the model sees 256 tokens of a prompt


class GroundingDino:
    """Grounder from a folder or hub id; its files are checked here, its weights loaded when they are first needed."""

    def __init__(
        self,
        name: str = DEFAULT_ID,
        device: str = "auto",
        box_threshold: float = BOX_THRESHOLD,
        text_threshold: float = TEXT_THRESHOLD,
    ):
        """`device`: "auto" or torch's name of one. Raises EncodeError, MissingDependency, BackendFailed."""
        if not (0 <= box_threshold < 1 and 0 <= text_threshold < 1):
            raise EncodeError(f"thresholds of {box_threshold} and {text_threshold}; they are at least 0 and below 1")
        self.device = choose_device(device)
        self.folder, _ = find_network(name, ("grounding-dino",), FILES, DEFAULT_ID)
        self.box_threshold, self.text_threshold = box_threshold, text_threshold

    def ground(self, image: Picture, phrases: Sequence[str]) -> tuple[Detection | None, ...]:
        """One answer a phrase, in order; None where it is not in `image`. Raises BackendFailed, LimitExceeded."""
        require_picture(image)
        prompts = [prompt(phrase) for phrase in phrases]
        found = {p: suppress(self._look_for(image, p)) if p else [] for p in dict.fromkeys(prompts)}
        answers = []
        for i, (phrase, asked) in enumerate(zip(phrases, prompts, strict=True)):
            best = next(islice(found[asked], prompts[:i].count(asked), None), None)
            answers.append(Detection(phrase, best.score, best.box) if best else None)
        return tuple(answers)

    def _look_for(self, image: Picture, asked: str) -> list[Detection]:
        """All boxes above the thresholds, in the picture's pixels, not suppressed."""
        boxes, words = self._run(
            thickened(image)[0], asked
        )  # boxes are shares of the picture, so that it may be stretched
        best = words.max(axis=1, initial=0.0)
        counts = (best > self.box_threshold) & (best > self.text_threshold)
        return [Detection(asked, float(s), _box(b, image)) for s, b in zip(best[counts], boxes[counts], strict=True)]

    def _run(self, image: Picture, asked: str) -> tuple[np.ndarray, np.ndarray]:
        """For each query its box (middle x, y, width, height; 0 to 1) and the probability of each word of the phrase."""
        processor, net = self._network
        with inference("Grounding DINO", self.device):
            given = processor(images=Image.fromarray(image), text=asked, return_tensors="pt").to(self.device)
            told = net(**given)
            tokens = given["input_ids"][0].tolist()[: told.logits.shape[-1]]
            words = [i for i, token in enumerate(tokens) if token not in SEPARATORS]
            boxes, scores = (t[0].float().cpu().numpy() for t in (told.pred_boxes, told.logits[..., words].sigmoid()))
        if not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
            raise BackendFailed("Grounding DINO gave values that are no numbers")
        return boxes, scores

    @cached_property
    def _network(self) -> tuple[Any, Any]:
        processor = load_processor(self.folder.name, self.folder, self.device)
        return processor, load_network("GroundingDinoForObjectDetection", self.folder, self.device)


@needs(
    "torch", "transformers", "safetensors", extra="diffusion", usage="grounding-dino[:FOLDER_OR_ID]",
    models={DEFAULT_ID: fetch_command(DEFAULT_ID, network_files())},
)  # fmt: skip
def open_grounding_dino(argument: str | None, device: str = "auto") -> GroundingDino:
    """The registry's factory: `argument` is a folder or a hub id, None for the default."""
    return GroundingDino(argument or DEFAULT_ID, device)


def prompt(phrase: str) -> str:
    """The phrase as the model wants it; the empty string for one without a word."""
    words = phrase.lower().replace(".", " ").replace("?", " ").split()[:MOST_WORDS]
    return " ".join(words) + "." if any(c.isalnum() for word in words for c in word) else ""


def _box(edges: np.ndarray, image: Picture) -> Box:
    """The part in the picture of a box given by its middle and size as shares of the picture."""
    height, width = image.shape[:2]
    x, y, w, h = (float(v) for v in edges)
    return clipped(Box((x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height), image)


SEPARATORS = frozenset({0, 101, 102, 1012, 1029})  # BERT's PAD, CLS, SEP, "." and "?", built into the model
FILES: Needed = (
    ("preprocessor_config.json", "processor_config.json"),
    ("tokenizer.json", "vocab.txt"),
)
