"""The describer `vlm`: a real network with random weights, which babbles, and the same with words put in its mouth."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from sedicfmt.encoders.interfaces import DescribeRequest
from sedicfmt.errors import BackendFailed, EncodeError, LimitExceeded, MissingDependency

pytest.importorskip("torch")
pytest.importorskip("transformers")

import torch
from safetensors.torch import load_file, save_file
from transformers import LlavaForConditionalGeneration

from sedicfmt.encoders.talk.describe_by_talk import Unusable
from sedicfmt.encoders.talk.describe_vlm import EXAMPLE, VlmDescriber, open_vlm
from tests.backends.tiny_vlm import build_tiny_vlm, byte_tokenizer

pytestmark = pytest.mark.usefixtures("one_thread")
IMAGE = np.random.default_rng(1).integers(0, 255, (60, 90, 3)).astype(np.uint8)
REQUEST = DescribeRequest()
OBJECTS = {"objects": [{"name": "brown dog", "details": "brown dog with short fur"}]}
OVERALL = {"overall": "A photograph of a brown dog on grass."}


@pytest.fixture(scope="module")
def vlm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_vlm(tmp_path_factory.mktemp("vlm"))


@pytest.fixture()
def spoilt(vlm: Path, tmp_path: Path) -> Path:
    """A folder to spoil."""
    return Path(shutil.copytree(vlm, tmp_path / "vlm"))


def says(monkeypatch, *answers: str) -> list[str]:
    """Let the network say these; the list gains what it was asked."""
    words, left, asked = byte_tokenizer(), list(answers), list[str]()

    def generate(self, input_ids, pixel_values, **how):
        assert how["do_sample"] is False and how["max_new_tokens"] > 0
        asked.append(words.decode(input_ids[0]))
        return torch.cat([input_ids, words(left.pop(0), return_tensors="pt")["input_ids"]], dim=1)

    monkeypatch.setattr(LlavaForConditionalGeneration, "generate", generate)
    return asked


def test_babble_is_no_description(vlm):
    with pytest.raises(Unusable, match="in 3 attempts") as caught:
        VlmDescriber(str(vlm), "cpu", most_tokens=8).describe(IMAGE, REQUEST)
    assert caught.value.exit_code == 8


def test_decoding_is_greedy_and_ends(vlm):
    def babble():
        with pytest.raises(Unusable) as caught:
            VlmDescriber(str(vlm), "cpu", most_tokens=12).describe(IMAGE, REQUEST)
        return caught.value.message

    assert babble() == babble()


def test_json_becomes_a_description(vlm, monkeypatch):
    asked = says(monkeypatch, json.dumps(OBJECTS), "Sure! ```json\n" + json.dumps(OVERALL) + "\n```")
    told = open_vlm(str(vlm), device="cpu").describe(IMAGE, REQUEST)
    assert [(part.name, part.text) for part in told.objects] == [("brown dog", "brown dog with short fur")]
    assert told.overall == OVERALL["overall"]
    assert {"model": str(vlm), "device": "cpu", "requests": 2, "prompt_version": "1"}.items() <= told.report.items()
    assert told.report["tokens_out"] == len(json.dumps(OBJECTS)) + len("Sure! ```json\n\n```") + len(
        json.dumps(OVERALL)
    )
    assert asked[0].startswith("<s>user: " + "<image>" * 16 + "You describe pictures")
    assert asked[0].endswith("assistant: ") and "- brown dog with short fur" in asked[1]


def test_a_useless_answer_is_asked_for_again(vlm, monkeypatch):
    asked = says(monkeypatch, "A dog.", json.dumps(OVERALL))
    told = VlmDescriber(str(vlm), "cpu").describe(IMAGE, DescribeRequest(objects=0))
    assert told.overall == OVERALL["overall"] and "A dog." in asked[1]


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 2000, 3), (1500, 2, 3)])
def test_pictures_of_any_shape(vlm, shape):
    with pytest.raises(Unusable):
        VlmDescriber(str(vlm), "cpu", most_tokens=2).describe(np.zeros(shape, np.uint8), REQUEST)


def test_no_picture(vlm):
    with pytest.raises(EncodeError):
        VlmDescriber(str(vlm), "cpu").describe(IMAGE[:, :, 0], REQUEST)


def test_weights_that_are_no_numbers(spoilt):
    weights = load_file(spoilt / "model.safetensors")
    save_file({k: v * float("nan") for k, v in weights.items()}, spoilt / "model.safetensors", {"format": "pt"})
    with pytest.raises(BackendFailed, match="no numbers"):
        VlmDescriber(str(spoilt), "cpu").describe(IMAGE, REQUEST)


@pytest.mark.parametrize(
    ("raised", "expected"), [(RuntimeError("boom"), BackendFailed), (RuntimeError("CUDA out of memory"), LimitExceeded)]
)
def test_a_network_that_fails(vlm, monkeypatch, raised, expected):
    def generate(self, **how):
        raise raised

    monkeypatch.setattr(LlavaForConditionalGeneration, "generate", generate)
    with pytest.raises(expected):
        VlmDescriber(str(vlm), "cpu").describe(IMAGE, REQUEST)


@pytest.mark.parametrize("gone", ["config.json", "model.safetensors", "processor_config.json", "tokenizer.json"])
def test_a_folder_that_lacks_a_file(spoilt, gone):
    (spoilt / gone).unlink()
    with pytest.raises(MissingDependency, match=f"hf download {EXAMPLE}"):
        VlmDescriber(str(spoilt), "cpu")


def test_no_folder_and_no_argument(tmp_path):
    with pytest.raises(MissingDependency, match=f"hf download {EXAMPLE}"):
        open_vlm(str(tmp_path / "nowhere"))
    with pytest.raises(EncodeError, match="vlm:"):
        open_vlm(None)


def test_an_id_that_is_not_here(monkeypatch):
    hub = pytest.importorskip("huggingface_hub")

    def offline(name, **how):
        raise OSError("no network")

    monkeypatch.setattr(hub, "snapshot_download", offline)
    with pytest.raises(MissingDependency, match="hf download nobody/nothing"):
        open_vlm("nobody/nothing")


def test_another_kind_of_model(spoilt):
    (spoilt / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(BackendFailed, match="takes pictures and gives text"):
        VlmDescriber(str(spoilt), "cpu")


def test_a_model_without_a_chat_template(spoilt):
    (spoilt / "chat_template.jinja").unlink()
    with pytest.raises(BackendFailed, match="no chat template"):
        VlmDescriber(str(spoilt), "cpu").describe(IMAGE, REQUEST)


def test_weights_that_are_not_all_there(spoilt):
    weights = load_file(spoilt / "model.safetensors")
    weights.pop(next(key for key in weights if "self_attn" in key))
    save_file(weights, spoilt / "model.safetensors", {"format": "pt"})
    with pytest.raises(BackendFailed, match="not those of its config"):
        VlmDescriber(str(spoilt), "cpu").describe(IMAGE, REQUEST)


def test_a_processor_that_needs_another_package(vlm, monkeypatch):
    def needy(*args, **how):
        raise ImportError("pip install num2words")

    monkeypatch.setattr("transformers.AutoProcessor.from_pretrained", needy)
    with pytest.raises(MissingDependency, match="num2words"):
        VlmDescriber(str(vlm), "cpu").describe(IMAGE, REQUEST)


def test_a_device_that_does_not_exist(vlm):
    with pytest.raises(EncodeError):
        VlmDescriber(str(vlm), "tpu")
