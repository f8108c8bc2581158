"""Grounding DINO: the real network with random weights, and the real network's outputs put in its mouth."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from sedicfmt.encoders.interfaces import Box
from sedicfmt.encoders.objects.registry_objects import find_grounder
from sedicfmt.errors import BackendFailed, EncodeError, MissingDependency

pytest.importorskip("torch")
pytest.importorskip("transformers")

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers.models.grounding_dino.modeling_grounding_dino import GroundingDinoObjectDetectionOutput

from sedicfmt.encoders.objects.ground_grounding_dino import GroundingDino, prompt
from tests.backends.tiny_finders import build_tiny_dino, build_tiny_sam

pytestmark = pytest.mark.usefixtures("one_thread")
IMAGE = np.random.default_rng(1).integers(0, 255, (90, 120, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_dino(tmp_path_factory.mktemp("dino"))


@pytest.fixture()
def copy(folder: Path, tmp_path: Path) -> Path:
    """A folder to spoil."""
    return Path(shutil.copytree(folder, tmp_path / "dino"))


class Told:
    """In the network's place: for each prompt boxes (middle x, y, width, height) with a probability for each token."""

    def __init__(self, answers):
        self.answers, self.asked = answers, []

    def __call__(self, pixel_values, input_ids, **others):
        key = tuple(input_ids[0].tolist()[1:-2])
        self.asked.append(key)
        boxes, tokens = zip(*self.answers[key], strict=True)
        logits = torch.full((1, len(boxes), 256), float("-inf"))
        for i, row in enumerate(tokens):
            logits[0, i, : len(row)] = torch.logit(torch.tensor(row))
        return GroundingDinoObjectDetectionOutput(logits=logits, pred_boxes=torch.tensor([boxes]))


def speaking(folder: Path, answers, **how) -> GroundingDino:
    """The grounder with its real processor and these answers; tokens are CLS, the words, "." and SEP."""
    grounder = GroundingDino(str(folder), "cpu", **how)
    grounder.__dict__["_network"] = (transformers.AutoProcessor.from_pretrained(folder), Told(answers))
    return grounder


CAT, RED_SOFA = (200,), (202, 203)


def test_the_real_network_answers_each_phrase_in_the_picture(folder):
    grounder = GroundingDino(str(folder), "cpu", 0.0, 0.0)
    answers = grounder.ground(IMAGE, ["cat", "a red sofa", ""])
    assert [a and a.name for a in answers] == ["cat", "a red sofa", None]
    for answer in answers[:2]:
        assert 0 < answer.score <= 1
        assert 0 <= answer.box.left < answer.box.right <= 120 and 0 <= answer.box.top < answer.box.bottom <= 90
    assert grounder.ground(IMAGE, ["cat"]) == answers[:1]
    assert grounder.ground(IMAGE, []) == ()


def test_the_real_network_finds_nothing_above_a_high_threshold(folder):
    assert GroundingDino(str(folder), "cpu", 0.9999999, 0.0).ground(IMAGE, ["dog"]) == (None,)


def test_boxes_are_in_the_pictures_pixels_and_the_best_one_counts(folder):
    answers = {CAT: [((0.5, 0.5, 0.5, 0.2), (0, 0.5, 0, 0)), ((0.25, 0.5, 0.5, 0.4), (0, 0.8, 0, 0))]}
    (found,) = speaking(folder, answers).ground(IMAGE, ["Cat."])
    assert found.name == "Cat." and found.score == pytest.approx(0.8)
    assert found.box == Box(*(pytest.approx(v, abs=1e-4) for v in (0, 27, 60, 63)))


def test_a_box_that_leaves_the_picture_is_cut(folder):
    (found,) = speaking(folder, {CAT: [((1.0, 0.0, 0.5, 0.5), (0, 0.9, 0, 0))]}).ground(IMAGE, ["cat"])
    assert found.box == Box(*(pytest.approx(v, abs=1e-4) for v in (90, 0, 120, 22.5)))


@pytest.mark.parametrize(
    ("tokens", "thresholds", "there"),
    [
        ((0, 0.31, 0, 0, 0), (0.3, 0.25), True),
        ((0, 0.29, 0.29, 0, 0), (0.3, 0.25), False),
        ((0.9, 0.1, 0.1, 0.9, 0.9), (0.3, 0.25), False),  # CLS, "." and SEP are no words of the phrase
        ((0, 0.31, 0, 0, 0), (0.3, 0.4), False),
    ],
)
def test_thresholds(folder, tokens, thresholds, there):
    grounder = speaking(folder, {RED_SOFA: [((0.5, 0.5, 0.5, 0.5), tokens)]}, box_threshold=thresholds[0],
                        text_threshold=thresholds[1])  # fmt: skip
    assert (grounder.ground(IMAGE, ["red sofa"])[0] is not None) is there


def test_a_phrase_asked_for_twice_gets_two_boxes(folder):
    boxes = [((0.2, 0.5, 0.2, 0.4), (0, 0.9, 0, 0)), ((0.21, 0.5, 0.2, 0.4), (0, 0.8, 0, 0)),
             ((0.8, 0.5, 0.2, 0.4), (0, 0.5, 0, 0))]  # fmt: skip
    grounder = speaking(folder, {CAT: boxes})
    found = grounder.ground(IMAGE, ["cat", "Cat", "cat"])
    assert [f and round(f.score, 2) for f in found] == [0.9, 0.5, None]
    assert grounder._network[1].asked == [CAT]


def test_values_that_are_no_numbers_are_an_error(folder):
    with pytest.raises(BackendFailed, match="no numbers"):
        speaking(folder, {CAT: [((float("nan"), 0.5, 0.5, 0.5), (0, 0.9, 0, 0))]}).ground(IMAGE, ["cat"])


@pytest.mark.parametrize("size", [(1, 1), (2, 700), (700, 1), (33, 47), (2400, 3200)])
def test_pictures_of_every_size(folder, size):
    (found,) = GroundingDino(str(folder), "cpu", 0.0, 0.0).ground(np.full((*size, 3), 90, np.uint8), ["ball"])
    assert found and found.box.right <= size[1] and found.box.bottom <= size[0] and found.box.area > 0


@pytest.mark.parametrize(
    ("phrase", "asked"),
    [("Red  Sofa", "red sofa."), ("St. Bernard?", "st bernard."), ("?!.", ""), ("x " * 200, "x " * 59 + "x.")],
)
def test_prompts(phrase, asked):
    assert prompt(phrase) == asked


def test_weights_saved_in_half_precision_are_widened(copy):
    path = copy / "model.safetensors"
    save_file({k: v.half() if v.is_floating_point() else v for k, v in load_file(path).items()}, path, {"format": "pt"})
    told = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**told, "dtype": "float16"}))
    grounder = GroundingDino(str(copy), "cpu", 0.0, 0.0)
    assert grounder.ground(IMAGE, ["cat"])[0]
    assert {values.dtype for values in grounder._network[1].parameters()} == {torch.float32}


def test_a_missing_folder_names_the_command(tmp_path):
    with pytest.raises(MissingDependency, match=r"hf download IDEA-Research/grounding-dino-tiny .*--local-dir"):
        find_grounder(f"grounding-dino:{tmp_path / 'none'}")


def test_an_id_that_is_not_here_names_the_command(monkeypatch):
    hub = pytest.importorskip("huggingface_hub")

    def unreachable(*args, **how):
        raise OSError("no network")

    monkeypatch.setattr(hub, "snapshot_download", unreachable)
    with pytest.raises(MissingDependency, match=r"no network.*hf download IDEA-Research/grounding-dino-tiny") as caught:
        find_grounder("grounding-dino")
    assert caught.value.exit_code == 8


@pytest.mark.parametrize(
    ("name", "said"),
    [("config.json", "config.json"), ("model.safetensors", "model"), ("processor_config.json", "processor")],
)
def test_a_folder_that_lacks_a_file_says_which(copy, name, said):
    (copy / name).unlink()
    with pytest.raises(MissingDependency, match=f"lacks .*{said}"):
        GroundingDino(str(copy))


def test_another_kind_of_model_is_told(tmp_path):
    build_tiny_sam(tmp_path / "sam")
    for name in ("tokenizer.json", "processor_config.json"):
        (tmp_path / "sam" / name).write_text("{}")
    with pytest.raises(BackendFailed, match="type 'sam', not 'grounding-dino'"):
        GroundingDino(str(tmp_path / "sam"))


def test_broken_and_foreign_weights_are_told(copy):
    path = copy / "model.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BackendFailed, match="broken"):
        GroundingDino(str(copy))
    save_file({"foreign": torch.zeros(3)}, path, {"format": "pt"})
    with pytest.raises(BackendFailed, match="not those of its config"):
        GroundingDino(str(copy), "cpu").ground(IMAGE, ["cat"])
    (copy / "config.json").write_text("[]")
    with pytest.raises(BackendFailed, match="type"):
        GroundingDino(str(copy))


@pytest.mark.parametrize(
    ("device", "error"), [("tpu", EncodeError), ("cuda:99", MissingDependency), ("cpu:x", EncodeError)]
)
def test_devices(folder, device, error):
    with pytest.raises(error):
        GroundingDino(str(folder), device)


def test_bad_arguments(folder):
    with pytest.raises(EncodeError, match="thresholds"):
        GroundingDino(str(folder), "cpu", 1.5)
    with pytest.raises(EncodeError, match="uint8"):
        GroundingDino(str(folder), "cpu").ground(IMAGE[..., 0], ["cat"])
    with pytest.raises(EncodeError, match=r"unknown grounder.*grounding-dino, none"):
        find_grounder("yolo")
    with pytest.raises(EncodeError, match="no argument"):
        find_grounder("none:x")
    assert find_grounder("none") is None
    assert isinstance(find_grounder(f"grounding-dino:{folder}", "cpu").inner, GroundingDino)
