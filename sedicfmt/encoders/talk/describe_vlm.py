"""The paper's describer (3.1) on this machine: any image-text-to-text model of transformers in GPT-4 Vision's place.

    vlm:FOLDER_OR_ID     Qwen2.5-VL, SmolVLM, LLaVA, Gemma 3, InternVL, ...: whatever has a chat template and .safetensors

The same conversation as with a server (describe_by_talk.py), with the differences of a model that is our own: decoding is
greedy, so that one picture gives one description; there is no grammar that forces JSON, so that a small model may need
to be asked again; its answer ends at MOST_TOKENS. What the system says stands before the question, because some chat
templates refuse that role and others drop it without a word. Nothing leaves the machine.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

from PIL import Image

from sedicfmt.declared import needs
from sedicfmt.encoders.box_in_picture import thickened
from sedicfmt.encoders.interfaces import DescribeRequest, Description, require_picture
from sedicfmt.encoders.talk.describe_by_talk import Conversation, Question
from sedicfmt.encoders.talk.openai_settings import check_sizes
from sedicfmt.encoders.talk.prompt_files import Prompts, load_prompts
from sedicfmt.errors import BackendFailed, EncodeError
from sedicfmt.networks.devices import choose_device
from sedicfmt.networks.failures import inference
from sedicfmt.networks.load_transformers import find_network, load_network, load_processor
from sedicfmt.networks.model_folder import Needed
from sedicfmt.networks.packages import package
from sedicfmt.picture import Picture
from sedicfmt.scale_picture import scaled

EXAMPLE = "Qwen/Qwen2.5-VL-3B-Instruct"
LONGEST_SIDE = 1024  # of the picture as given; a model's own processor may scale it further down
MOST_TOKENS = 1024  # of an answer: three objects in 30 words each take some 200


@dataclass
class Tally:
    """What a picture took."""

    requests: int = 0
    tokens_in: int = 0
    tokens_out: int = 0


@dataclass
class VlmDescriber:
    """Describer by the model called `name`, loaded when it is asked first. Fails at once where something is missing."""

    name: str
    device: str = "auto"
    prompts: Prompts = field(default_factory=load_prompts, repr=False)
    most_tokens: int = MOST_TOKENS
    longest_side: int = LONGEST_SIDE
    names_only: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self.device = choose_device(self.device)
        self.folder = find_vlm(self.name)

    def describe(self, image: Picture, request: DescribeRequest) -> Description:
        """The words of `image`, no boxes or masks. Raises EncodeError for what is no picture, MissingDependency where
        the model's processor needs another package, BackendFailed for a model that fails or never gives an answer of
        use, LimitExceeded where memory does not suffice."""
        require_picture(image)
        began, tally = time.perf_counter(), Tally()
        conversation = Conversation(lambda question: self._answer(question, tally), self.prompts)
        told = conversation.describe(scaled(thickened(image)[0], self.longest_side), request)
        took = {"model": self.name, "device": self.device, **vars(tally)}
        seconds = {"words": round(time.perf_counter() - began, 3)}
        return replace(told, report={**told.report, **took, "seconds": seconds})

    def _answer(self, question: Question, tally: Tally) -> str:
        """What the model says, whatever that is."""
        processor, net = self._network
        with inference(self.name, self.device):
            given = processor.apply_chat_template(
                _messages(question), add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt"
            ).to(self.device)
            tokens = net.generate(**given, **GREEDY, max_new_tokens=self.most_tokens, logits_processor=[Numbers()])
            asked = given["input_ids"].shape[1]
            said = tokens[0] if net.config.is_encoder_decoder else tokens[0, asked:]
            answer = str(processor.decode(said, skip_special_tokens=True))
        tally.requests += 1
        tally.tokens_in += asked
        tally.tokens_out += len(said)
        return answer

    @cached_property
    def _network(self) -> tuple[Any, Any]:
        """The processor and the model."""
        processor = load_processor(self.name, self.folder, self.device)
        if not getattr(processor, "chat_template", None):
            raise BackendFailed(f"{self.name} has no chat template, so that it cannot be asked; try {EXAMPLE}")
        return processor, load_network("AutoModelForImageTextToText", self.folder, self.device)


@needs("torch", "transformers", "safetensors", extra="diffusion", usage="vlm:FOLDER_OR_ID")
def open_vlm(
    argument: str | None,
    *,
    device: str = "auto",
    max_tokens: int = MOST_TOKENS,
    longest_side: int = LONGEST_SIDE,
) -> VlmDescriber:
    """The registry's factory: `argument` is a folder or a hub id. Raises EncodeError without one, MissingDependency for
    a model, package or device that is not here, BackendFailed for another kind of model."""
    if not argument:
        raise EncodeError(f"the describer 'vlm' needs a model, as a folder or an id on the hub: vlm:{EXAMPLE}")
    check_sizes(max_tokens, longest_side)
    return VlmDescriber(argument, device, most_tokens=max_tokens, longest_side=longest_side)


def find_vlm(name: str) -> Path:
    """The complete folder of the model called `name`. Raises MissingDependency, BackendFailed."""
    package("transformers")
    kinds = import_module("transformers.models.auto.modeling_auto").MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES
    try:
        return find_network(name, tuple(kinds), FILES, EXAMPLE)[0]
    except BackendFailed as error:
        if error.path != "config.json":
            raise
    raise BackendFailed(f"{name} holds no model that takes pictures and gives text; try {EXAMPLE}", "config.json")


class Numbers:
    """Among the processors of a network's scores: the greatest of values that are no numbers would be an answer, too."""

    def __call__(self, tokens: Any, scores: Any) -> Any:
        """`scores`. Raises BackendFailed."""
        if scores.isnan().any():
            raise BackendFailed("the model gives values that are no numbers; try another device or model")
        return scores


def _messages(question: Question) -> list[dict[str, Any]]:
    picture = {"type": "image", "image": Image.fromarray(question.picture)}
    words = {"type": "text", "text": f"{question.system}\n\n{question.user}"}
    return [{"role": "user", "content": [picture, words]}]


# None: what a model's own settings say of sampling would only be warned of
GREEDY = {"do_sample": False, "num_beams": 1, "temperature": None, "top_p": None, "top_k": None}
FILES: Needed = (
    ("preprocessor_config.json", "processor_config.json"),
    ("tokenizer.json", "tokenizer.model", "vocab.json"),
)
