"""SAM through segment-anything. What looks at the file is tested everywhere; the network, in miniature, only where
segment-anything and torchvision are installed (the extra "sam")."""

from __future__ import annotations

import pickle
import re
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from sedicfmt.encoders.interfaces import Box
from sedicfmt.encoders.objects.registry_objects import find_segmenter
from sedicfmt.errors import BackendFailed, EncodeError, MissingDependency
from sedicfmt.installing import install_extra

pytest.importorskip("torch")

import torch

from sedicfmt.encoders.objects.segment_sam_checkpoint import WIDTH_KEY, SamCheckpointSegmenter, read_tensors, vit_of

INSTALLED = bool(find_spec("segment_anything") and find_spec("torchvision"))
IMAGE = np.random.default_rng(1).integers(0, 255, (90, 120, 3)).astype(np.uint8)


@pytest.mark.parametrize(("width", "kind"), [(768, "vit_b"), (1024, "vit_l"), (1280, "vit_h")])
def test_the_size_is_told_by_the_weights(tmp_path, width, kind):
    path = tmp_path / "sam_vit_x.pth"
    torch.save({WIDTH_KEY: torch.zeros(width, 3, 16, 16)}, path)
    assert vit_of(read_tensors(path), path.name) == kind
    torch.save({WIDTH_KEY: torch.zeros(width, 3, 16, 16)}, path, _use_new_zipfile_serialization=False)
    assert vit_of(read_tensors(path), path.name) == kind


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ({"model.conv.weight": torch.zeros(2)}, "it has model.conv.weight"),
        ({}, "it has nothing"),
        ({WIDTH_KEY: torch.zeros(64, 3, 16, 16)}, r"\(64, 3, 16, 16\)"),
        ({WIDTH_KEY: torch.tensor(1.0)}, "no SAM"),
        ({"model": {"weight": torch.zeros(1)}}, "something else"),
        ([torch.zeros(1)], "something else"),
    ],
)
def test_another_networks_weights_are_told(tmp_path, weights, said):
    torch.save(weights, tmp_path / "other.pth")
    with pytest.raises(BackendFailed, match=said):
        SamCheckpointSegmenter(tmp_path / "other.pth", "cpu")


class Evil:
    """Ends the tests where it is unpickled."""

    def __reduce__(self):
        return (exit, (1,))


@pytest.mark.parametrize("content", [b"", b"no checkpoint", pickle.dumps(Evil(), 2), b"PK\x03\x04" + bytes(100)])
def test_what_is_no_file_of_weights_is_refused(tmp_path, content):
    path = tmp_path / "sam.pth"
    path.write_bytes(content)
    with pytest.raises(BackendFailed, match="plain weights"):
        SamCheckpointSegmenter(path, "cpu")


@pytest.mark.parametrize(
    ("name", "published"),
    [("sam_vit_b.pth", "sam_vit_b_01ec64.pth"), ("my.pth", "sam_vit_h_4b8939.pth")],
)
def test_a_missing_file_names_the_command(tmp_path, name, published):
    with pytest.raises(MissingDependency, match=f"curl -L -o .*{name} .*{published}") as caught:
        find_segmenter(f"sam-checkpoint:{tmp_path / name}")
    assert caught.value.exit_code == 8
    with pytest.raises(EncodeError, match="needs a file"):
        find_segmenter("sam-checkpoint")


@pytest.mark.skipif(INSTALLED, reason="segment-anything is installed")
def test_without_the_package_the_command_is_named(tmp_path):
    torch.save({WIDTH_KEY: torch.zeros(768, 3, 16, 16)}, tmp_path / "sam.pth")
    with pytest.raises(MissingDependency, match="segment_anything.*" + re.escape(install_extra("sam"))):
        SamCheckpointSegmenter(tmp_path / "sam.pth", "cpu")


@pytest.fixture(scope="module")
def library():
    """segment-anything. Beside a CPU build of torch, PyPI's torchvision finds none of its operators; it only asks whether
    they are there."""
    if not INSTALLED:
        pytest.skip("needs the extra full: segment-anything and torchvision")
    operators = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms") if "+cpu" in torch.__version__ else ():
        operators.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import segment_anything

    yield segment_anything
    del operators


@pytest.fixture()
def checkpoint(library, tmp_path, monkeypatch) -> Path:
    """A SAM as wide as vit_b, but of one block and a square of 64 pixels."""
    monkeypatch.setitem(library.sam_model_registry, "vit_b", tiny_sam)
    torch.manual_seed(1)
    net = tiny_sam()
    for values in net.mask_decoder.parameters():
        torch.nn.init.normal_(values, std=0.3)
    torch.save(net.state_dict(), tmp_path / "sam_vit_b.pth")
    return tmp_path / "sam_vit_b.pth"


def tiny_sam():
    from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer

    norm = partial(torch.nn.LayerNorm, eps=1e-6)
    encoder = ImageEncoderViT(img_size=64, embed_dim=768, depth=1, num_heads=2, mlp_ratio=0.1, norm_layer=norm,
                              out_chans=16, use_rel_pos=True, global_attn_indexes=(0,))  # fmt: skip
    prompts = PromptEncoder(embed_dim=16, image_embedding_size=(4, 4), input_image_size=(64, 64), mask_in_chans=4)
    transformer = TwoWayTransformer(depth=1, embedding_dim=16, num_heads=2, mlp_dim=16)
    return Sam(encoder, prompts, MaskDecoder(transformer_dim=16, transformer=transformer, iou_head_hidden_dim=16))


def test_one_mask_a_box_and_the_picture_embedded_once(library, checkpoint, monkeypatch):
    segmenter = find_segmenter(f"sam-checkpoint:{checkpoint}", "cpu")
    calls, embed = [], library.SamPredictor.set_torch_image
    monkeypatch.setattr(library.SamPredictor, "set_torch_image", lambda *a: calls.append(1) or embed(*a))
    boxes = [Box(10, 10, 50, 70), Box(200, 0, 300, 90), Box(60, 20, 130, 80)]
    masks = segmenter.segment(IMAGE, boxes)
    assert len(calls) == 1 and [mask.shape for mask in masks] == [(90, 120)] * 3
    assert all(mask.dtype == np.uint8 and set(np.unique(mask)) <= {0, 1} for mask in masks)
    assert not masks[1].any() and segmenter.segment(IMAGE, []) == ()
    assert all(np.array_equal(a, b) for a, b in zip(masks, segmenter.segment(IMAGE, boxes), strict=True))


def test_it_gives_what_the_predictor_gives(library, checkpoint):
    (ours,) = SamCheckpointSegmenter(checkpoint, "cpu").segment(IMAGE, [Box(10, 10, 50, 70)])
    net = tiny_sam()
    net.load_state_dict(torch.load(checkpoint, weights_only=True))
    predictor = library.SamPredictor(net.eval())
    predictor.set_image(IMAGE)
    theirs, _, _ = predictor.predict(box=np.array([10, 10, 50, 70]), multimask_output=False)
    assert np.array_equal(ours, theirs[0])


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 2), (1500, 2000)])
def test_pictures_of_every_size(library, checkpoint, size):
    (mask,) = SamCheckpointSegmenter(checkpoint, "cpu").segment(np.full((*size, 3), 90, np.uint8), [Box(0, 0, 1, 1)])
    assert mask.shape == size


def test_weights_that_do_not_fit_are_told(library, checkpoint):
    weights = torch.load(checkpoint, weights_only=True)
    weights.pop("mask_decoder.iou_token.weight")
    torch.save(weights, checkpoint)
    with pytest.raises(BackendFailed, match="iou_token"):
        SamCheckpointSegmenter(checkpoint, "cpu").segment(IMAGE, [Box(0, 0, 50, 50)])
