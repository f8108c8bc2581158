"""SAM and SAM 2 through transformers: the real networks with random weights, compared with transformers' own preparation."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sedicfmt.encoders.interfaces import Box
from sedicfmt.encoders.objects.registry_objects import find_segmenter
from sedicfmt.errors import BackendFailed, EncodeError, LimitExceeded, MissingDependency

pytest.importorskip("torch")
pytest.importorskip("transformers")

import torch
import transformers
from transformers.models.sam.image_processing_pil_sam import SamImageProcessorPil

from sedicfmt.encoders.objects.segment_sam import SamSegmenter, Square, boxes_in_square, from_square, to_square
from tests.backends.tiny_finders import build_tiny_dino, build_tiny_sam, build_tiny_sam2

pytestmark = pytest.mark.usefixtures("one_thread")
IMAGE = np.random.default_rng(1).integers(0, 255, (90, 120, 3)).astype(np.uint8)
BOXES = [Box(10, 10, 50, 70), Box(60.5, 20.25, 119, 80)]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("sam")
    return {"sam": build_tiny_sam(root / "sam"), "sam2": build_tiny_sam2(root / "sam2")}


@pytest.mark.parametrize("kind", ["sam", "sam2"])
def test_one_mask_a_box_and_the_picture_embedded_once(folders, kind, monkeypatch):
    segmenter = find_segmenter(f"sam:{folders[kind]}", "cpu")
    network, calls = segmenter.inner._network, []
    embed = network.get_image_embeddings
    monkeypatch.setattr(network, "get_image_embeddings", lambda x: calls.append(1) or embed(x))
    masks = segmenter.segment(IMAGE, [*BOXES, Box(200, 0, 300, 90), Box(30, 30, 30, 60)])
    assert len(masks) == 4 and len(calls) == 1
    for mask in masks:
        assert mask.shape == (90, 120) and mask.dtype == np.uint8 and set(np.unique(mask)) <= {0, 1}
    assert not masks[2].any() and not masks[3].any()  # outside, and without area
    assert all(np.array_equal(a, b) for a, b in zip(segmenter.segment(IMAGE, BOXES), masks[:2], strict=True))
    assert segmenter.segment(IMAGE, []) == ()


@pytest.mark.parametrize("size", [(90, 120), (120, 90), (64, 64), (33, 211)])
def test_sam_gives_what_transformers_processor_gives(folders, size):
    image = np.random.default_rng(2).integers(0, 255, (*size, 3)).astype(np.uint8)
    box = Box(size[1] * 0.2, size[0] * 0.1, size[1] * 0.9, size[0] * 0.8)
    pictures = SamImageProcessorPil(size={"longest_edge": 64}, pad_size={"height": 64, "width": 64})
    processor = transformers.SamProcessor(pictures)
    edges = [[[box.left, box.top, box.right, box.bottom]]]
    given = processor(images=image, input_boxes=edges, return_tensors="pt")
    net = transformers.SamModel.from_pretrained(folders["sam"], dtype=torch.float32).eval()
    with torch.no_grad():
        told = net(given["pixel_values"].float(), input_boxes=given["input_boxes"].float(), multimask_output=False)
    theirs = processor.post_process_masks(told.pred_masks, given["original_sizes"], given["reshaped_input_sizes"])
    (ours,) = SamSegmenter(str(folders["sam"]), "cpu").segment(image, [box])
    assert 0 < ours.mean() < 1 and np.mean(ours != theirs[0][0, 0].numpy()) < 0.002


@pytest.mark.parametrize(
    ("squeezed", "square", "corners"),
    [(False, Square(64, 48, 64), (5, 5, 50, 35)), (True, Square(64, 64, 64), (5, 7, 50, 47))],
)
def test_squares(squeezed, square, corners):
    image = np.full((96, 128, 3), (124, 116, 104), np.uint8)
    made = Square.of(image, 64, squeezed)
    assert made == square
    tensor = to_square(image, made)
    assert tensor.shape == (1, 3, 64, 64) and tensor.dtype == torch.float32 and tensor.abs().max() < 0.02
    box = Box(10, 10.5 if squeezed else 10, 100, 70.5 if squeezed else 70)
    assert boxes_in_square([box], image, made)[0, 0].tolist() == pytest.approx(corners)


@pytest.mark.parametrize("squeezed", [False, True])
def test_a_mask_comes_back_to_its_place(squeezed):
    """A rectangle painted into the low-resolution logits ends up at the same place of the picture."""
    image = np.zeros((96, 128, 3), np.uint8)
    square = Square.of(image, 64, squeezed)
    logits = torch.full((1, 32, 32), -5.0)
    down, across = square.height / 96 / 2, square.width / 128 / 2  # cells of the logits a pixel
    logits[:, round(24 * down) : round(72 * down), round(32 * across) : round(96 * across)] = 5.0
    wanted = np.zeros((96, 128), np.uint8)
    wanted[24:72, 32:96] = 1
    assert np.mean(from_square(logits, square, image) != wanted) < 0.03


@pytest.mark.parametrize("kind", ["sam", "sam2"])
@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 2), (2400, 3200)])
def test_pictures_of_every_size(folders, kind, size):
    (mask,) = SamSegmenter(str(folders[kind]), "cpu").segment(np.full((*size, 3), 90, np.uint8), [Box(0, 0, 1, 1)])
    assert mask.shape == size


def test_metas_sam_2_folders_are_for_videos_too(folders, tmp_path):
    folder = build_tiny_sam2(tmp_path / "video")
    told = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**told, "model_type": "sam2_video"}))
    masks = [SamSegmenter(str(f), "cpu").segment(IMAGE, BOXES)[0] for f in (folder, folders["sam2"])]
    assert np.array_equal(*masks)


def test_what_is_missing_or_foreign_is_told(tmp_path):
    with pytest.raises(MissingDependency, match=r"hf download facebook/sam-vit-huge .*--local-dir") as caught:
        find_segmenter(f"sam:{tmp_path / 'none'}")
    assert caught.value.exit_code == 8
    with pytest.raises(BackendFailed, match="type 'grounding-dino', not 'sam' or 'sam2'"):
        SamSegmenter(str(build_tiny_dino(tmp_path / "dino")))


def test_a_lack_of_memory_is_told(folders, monkeypatch):
    segmenter = SamSegmenter(str(folders["sam"]), "cpu")

    def full(values):
        raise torch.OutOfMemoryError("out of memory")

    monkeypatch.setattr(segmenter._network, "get_image_embeddings", full)
    with pytest.raises(LimitExceeded, match="not enough memory on cpu"):
        segmenter.segment(IMAGE, BOXES)


def test_bad_arguments(folders):
    with pytest.raises(EncodeError, match="uint8"):
        SamSegmenter(str(folders["sam"]), "cpu").segment(IMAGE.astype(float), BOXES)
    with pytest.raises(EncodeError, match="mask-head, sam, sam-checkpoint"):
        find_segmenter("paint")
    with pytest.raises(EncodeError, match="no argument"):
        find_segmenter("mask-head:x")
    with pytest.raises(EncodeError, match="device"):
        SamSegmenter(str(folders["sam"]), "gpu")
