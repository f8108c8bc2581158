"""FID, KID, CLIPSIM and CLIP-IQA beside their libraries' own calls, with small random networks; what lacks is told."""

import json
from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image

if any(find_spec(name) is None for name in ("torch", "torchmetrics")):
    pytest.skip("FID and KID need the eval extra", allow_module_level=True)

import torch

from sedicfmt.errors import EncodeError, MissingDependency
from sedicfmt.evaluation.metrics import load_picture
from sedicfmt.harness.metrics.metric import Weights
from sedicfmt.harness.metrics.sets import INCEPTION, Distance, Patches, inception
from sedicfmt.harness.metrics.table import METRICS
from tests.conftest import draw_photo


class Net(torch.nn.Module):
    """12 features of a patch, as torchmetrics takes a network of one's own."""

    num_features = 12

    def forward(self, patches):
        return torch.nn.functional.adaptive_avg_pool2d(patches.float(), 2).flatten(1)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Four pictures of 96x64 and four that differ from them."""
    place = tmp_path_factory.mktemp("sets")
    found = []
    for name, noise in (("photos", 0), ("pictures", 40)):
        (place / name).mkdir()
        paths = []
        for seed in range(4):
            pixels = np.asarray(draw_photo(96, 64, seed)).astype(int)
            pixels += np.random.default_rng(seed).integers(-noise, noise + 1, pixels.shape)
            paths.append(place / name / f"{seed}.png")
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(paths[-1])
        found.append(paths)
    return found


def patches_by_unfold(paths, side):
    """The two grids as NeuralCompression's update_patch_fid cuts them."""
    found = []
    for path in paths:
        planes = torch.from_numpy(load_picture(path).transpose(2, 0, 1)[None].copy()).float()
        for start in (0, side // 2):
            shifted = planes[:, :, start:, start:]
            cut = torch.nn.functional.unfold(shifted, kernel_size=side, stride=side)
            found.append(cut.permute(0, 2, 1).reshape(-1, 3, side, side).byte())
    return torch.cat(found)


def test_fid_and_kid_are_torchmetrics_of_the_shifted_patches(folders):
    from torchmetrics.image.fid import FrechetInceptionDistance
    from torchmetrics.image.kid import KernelInceptionDistance

    photos, pictures = folders
    real, made = (patches_by_unfold(paths, 32) for paths in folders)
    ours, theirs = Distance(Patches(32, True), "fid", Net()).value(photos, pictures), FrechetInceptionDistance(Net())
    theirs.update(real, real=True)
    theirs.update(made, real=False)
    assert ours["patches"] == len(made) == 4 * (6 + 2)
    assert ours["value"] == pytest.approx(float(theirs.compute()), rel=1e-5) and ours["value"] > 0
    kid = KernelInceptionDistance(Net(), subset_size=32, subsets=100)
    kid.update(real, real=True)
    kid.update(made, real=False)
    found = Distance(Patches(32, True), "kid", Net()).value(photos, pictures)
    assert found["subset"] == 32
    assert found["value"] == pytest.approx(float(kid.compute()[0]), rel=1e-4)


def test_the_photos_are_looked_at_once_and_sets_do_not_mix(folders):
    photos, pictures = folders
    distance = Distance(Patches(32), "fid", Net())
    first = distance.value(photos, pictures)
    same = distance.value(photos, photos)
    assert abs(same["value"]) < first["value"] / 100
    assert distance.value(photos, pictures) == first


def test_kid_is_the_same_again(folders):
    found = [Distance(Patches(32, True), "kid", Net()).value(*folders) for _ in range(2)]
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("patches", "size", "count"),
    [
        (Patches(256, True), (768, 512), 6 + 2),
        (Patches(64, False, 512), (768, 512), 64),
        (Patches(0), (768, 512), 1),
        (Patches(256, True), (768, 768), 9 + 4),
    ],
)
def test_protocols_cut_as_they_say(patches, size, count):
    assert len(patches.of(np.zeros((size[1], size[0], 3), np.uint8))) == count


def test_a_picture_that_is_too_small_is_told():
    with pytest.raises(EncodeError, match="512"):
        Patches(64, False, 512).of(np.zeros((100, 600, 3), np.uint8))


def test_what_lacks_is_named_with_its_place(tmp_path):
    with pytest.raises(MissingDependency, match=f"needs {INCEPTION} .* put it into {tmp_path}"):
        inception(Weights([tmp_path]))
    for metric in METRICS:
        if metric.weights:
            with pytest.raises(MissingDependency, match=metric.weights):
                metric.open(Weights([tmp_path]))


@pytest.fixture(scope="module")
def clip_folder(tmp_path_factory):
    """A tiny random CLIP in transformers' layout, where `--weights` would have it."""
    pytest.importorskip("transformers")
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPTokenizer

    folder = tmp_path_factory.mktemp("weights")
    place = folder / "clip-vit-base-patch16"
    place.mkdir()
    letters = [chr(i) for i in range(33, 127)]
    words = [*letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    (place / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    (place / "merges.txt").write_text("#version: 0.2\n")
    settings = {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "pad_token": "<|endoftext|>"}
    marks = {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>"}
    (place / "tokenizer_config.json").write_text(json.dumps(settings | marks))
    tiny = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    ends = {"bos_token_id": len(words) - 2, "eos_token_id": len(words) - 1}
    config = CLIPConfig(
        text_config={**tiny, "vocab_size": len(words), **ends}, vision_config={**tiny, "image_size": 32, "patch_size": 8},
        projection_dim=8,
    )  # fmt: skip
    torch.manual_seed(3)
    CLIPModel(config).save_pretrained(place)
    CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(place)
    assert len(CLIPTokenizer.from_pretrained(place)("Good photo.")["input_ids"]) > 4
    return folder


def test_clip_metrics_are_the_librarys_own(clip_folder, folders):
    """CLIPSIM by CLIPModel's own features of the processor's pixels; CLIP-IQA by its own softmax over the two prompts."""
    from transformers import CLIPImageProcessor, CLIPModel, CLIPTokenizer

    from sedicfmt.harness.metrics.clip import clip_quality, clip_similarity

    place = clip_folder / "clip-vit-base-patch16"
    model, images = CLIPModel.from_pretrained(place).eval(), CLIPImageProcessor.from_pretrained(place)
    words = CLIPTokenizer.from_pretrained(place)(["Good photo.", "Bad photo."], return_tensors="pt", padding=True)
    a, b = (load_picture(paths[0]) for paths in folders)
    pixels = images(images=[a, b], return_tensors="pt")["pixel_values"]
    with torch.no_grad():
        out = model(pixel_values=pixels, **words)
    assert clip_similarity(Weights([clip_folder]))(a, b) == pytest.approx(
        float(out.image_embeds[0] @ out.image_embeds[1]), abs=1e-5
    )
    wanted = (100 * out.image_embeds @ out.text_embeds.T).softmax(-1)[1, 0]
    assert clip_quality(Weights([clip_folder]))(b) == pytest.approx(float(wanted), abs=1e-4)
    assert clip_similarity(Weights([clip_folder]))(a, a) == pytest.approx(1)
