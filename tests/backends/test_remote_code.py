"""Code in a model's folder never runs, not even where somebody answers yes to whatever is asked."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("diffusers")

from sedicfmt.decoders.diffusers.load import open_model
from sedicfmt.encoders.interfaces import Box, DescribeRequest
from sedicfmt.encoders.objects.ground_grounding_dino import GroundingDino
from sedicfmt.encoders.objects.segment_sam import SamSegmenter
from sedicfmt.encoders.talk.describe_vlm import VlmDescriber
from sedicfmt.errors import SedicError
from tests.backends.tiny_finders import build_tiny_dino, build_tiny_sam
from tests.backends.tiny_models import build_tiny_stable_diffusion
from tests.backends.tiny_vlm import build_tiny_vlm

pytestmark = pytest.mark.usefixtures("one_thread")
IMAGE = np.zeros((64, 64, 3), np.uint8)
CODE = """
from pathlib import Path
Path({bait!r}).write_text("ran")
from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerFast, ProcessorMixin
class C(PreTrainedConfig): model_type = "ours"
class M(PreTrainedModel): config_class = C
class T(PreTrainedTokenizerFast): pass
class P(ProcessorMixin): pass
"""
OURS = {
    "AutoConfig": "ours.C", "AutoModel": "ours.M", "AutoModelForImageTextToText": "ours.M", "AutoProcessor": "ours.P",
    "AutoTokenizer": ["ours.T", "ours.T"], "AutoImageProcessor": "ours.P", "CLIPTextModel": "ours.M",
}  # fmt: skip


def build_diffusion(folder: Path) -> None:
    build_tiny_stable_diffusion(folder, with_controlnet=False)


USES = {
    "dino": (build_tiny_dino, lambda folder: GroundingDino(folder, "cpu").ground(IMAGE, ["cat"])),
    "sam": (build_tiny_sam, lambda folder: SamSegmenter(folder, "cpu").segment(IMAGE, [Box(0, 0, 9, 9)])),
    "vlm": (
        build_tiny_vlm,
        lambda folder: VlmDescriber(folder, "cpu", most_tokens=4).describe(IMAGE, DescribeRequest()),
    ),
    "diffusion": (build_diffusion, lambda folder: open_model(folder, device="cpu")),
}


def poison(folder: Path, bait: Path, known: bool) -> None:
    """Every configuration names classes of the folder's own; where not `known`, the library's own names are gone as well."""
    for file in [*folder.rglob("*.json")]:
        told = json.loads(file.read_text())
        if not isinstance(told, dict) or file.name in ("tokenizer.json", "vocab.json"):
            continue
        told |= {"auto_map": OURS}
        if not known:
            told |= {
                name: "Ours" for name in ("tokenizer_class", "processor_class", "image_processor_type") if name in told
            }
        file.write_text(json.dumps(told))
        (file.parent / "ours.py").write_text(CODE.format(bait=str(bait)))


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("name", USES)
def test_it_does_not_run(name: str, known: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build, use = USES[name]
    folder, bait = tmp_path / "model", tmp_path / "bait"
    build(folder)
    poison(folder, bait, known)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.setattr("builtins.input", lambda *_: "y")
    try:
        use(str(folder))
    except SedicError as error:
        assert error.exit_code == 8
    assert not bait.exists()


def test_the_bait_would_be_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import AutoProcessor

    folder, bait = build_tiny_dino(tmp_path / "model"), tmp_path / "bait"
    poison(folder, bait, known=False)
    monkeypatch.setattr("builtins.input", lambda *_: "y")
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))
    try:
        AutoProcessor.from_pretrained(folder, local_files_only=True)
    except Exception as error:
        assert bait.exists(), error
    assert bait.exists()
