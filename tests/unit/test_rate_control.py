"""Byte budgets are kept, used and refused; presets and the paper's limits at each rate."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import sedicfmt
from sedicfmt.container.content import write_file
from sedicfmt.encoders.interfaces import DescribeRequest
from sedicfmt.errors import EncodeError, LimitExceeded
from sedicfmt.latents.allocated import DEFAULT_MODEL
from sedicfmt.latents.nano.search import FULL, LARGEST_SCALE, MU_MOST, NanoEncoder
from sedicfmt.model import Mask, SedicFile, SedicObject
from sedicfmt.pipeline.pack_options import PRESETS, PackOptions, from_preset
from sedicfmt.pipeline.rate_control import Budget, fit
from sedicfmt.segments.mask_grid import downscale
from tests.conftest import draw_photo

KODAK = 768 * 512
HIGH, LOW = DescribeRequest(3, 30, 50), DescribeRequest(1, 20, 30)


def content(width, height, words, objects):
    pixels = np.zeros((height, width), np.uint8)
    pixels[height // 4 : height // 2, width // 3 :] = 1
    part = SedicObject(" ".join(["grey"] * words), Mask(downscale(pixels, 8), 8))
    return SedicFile(width, height, DEFAULT_MODEL, b"", b"", " ".join(["soft ground,"] * words), (part,) * objects)


def coder_of(pixels):
    return NanoEncoder(pixels, DEFAULT_MODEL)


@given(
    size=st.tuples(st.integers(16, 150), st.integers(16, 150)),
    noise=st.integers(0, 120),
    words=st.integers(1, 50),
    objects=st.integers(0, 7),
    budget=st.integers(1, 1200),
)
@settings(deadline=None, max_examples=15)
def test_a_file_is_never_over_its_budget(size, noise, words, objects, budget):
    pixels = np.asarray(draw_photo(*size, seed=noise), np.int16)
    pixels = np.clip(pixels + np.random.default_rng(noise).integers(-noise, noise + 1, pixels.shape), 0, 255)
    coder, whole = coder_of(pixels.astype(np.uint8)), content(*size, words, objects)
    try:
        file, report = fit(whole, coder, Budget(budget))
    except LimitExceeded as error:
        smallest = int(re.search(r"has (\d+) bytes", error.message)[1])
        assert smallest > budget
        file, report = fit(whole, coder, budget := Budget(smallest))
        assert len(write_file(file)) <= smallest
        return
    data = write_file(file)
    assert len(data) <= budget
    assert sedicfmt.read(data) == file
    assert len(file.objects) <= objects
    assert 0 <= report["mu"] <= MU_MOST


@pytest.mark.parametrize("budget", [1000])
def test_a_budget_is_used(budget):
    pixels = np.asarray(draw_photo(384, 256, 4), np.int16)
    pixels = np.clip(pixels + np.random.default_rng(1).integers(-40, 41, pixels.shape), 0, 255).astype(np.uint8)
    file, report = fit(content(384, 256, 5, 1), coder_of(pixels), Budget(budget))
    assert FULL * budget <= len(write_file(file)) or report["latent_scale"] == LARGEST_SCALE


def test_a_large_photo_in_few_bytes_keeps_its_words():
    """Its latent is tiny for its size whatever is said of it, so that nothing is gained by silence."""
    pixels = np.asarray(Image.effect_noise((1536, 1024), 40).convert("RGB"))
    file, report = fit(content(1536, 1024, 9, 1), coder_of(pixels), Budget(450))
    assert report["given_up"] == []
    assert len(file.objects) == 1


@pytest.mark.parametrize(
    ("options", "limits"),
    [
        ({}, HIGH),
        ({"max_bytes": 1000}, LOW),  # 0.0203 bpp
        ({"target_bpp": 0.02}, LOW),
        ({"target_bpp": 0.03}, LOW),
        ({"target_bpp": 0.04}, HIGH),
        ({"target_bpp": 0.05}, HIGH),
        ({"target_bpp": 0.02, "objects": 3}, DescribeRequest(3, 20, 30)),
        ({"target_bpp": 0.05, "words_overall": 0}, DescribeRequest(3, 30, 0)),
        ({"preset": "paper-low"}, LOW),
        ({"preset": "paper-high"}, HIGH),
        ({"preset": "tiny"}, DescribeRequest(1, 10, 20)),
        ({"preset": "tiny", "objects": 0}, DescribeRequest(0, 10, 20)),
    ],
)
def test_limits_are_the_papers_at_each_rate(options, limits):
    assert from_preset(**options).limits(KODAK) == limits


def test_a_budget_replaces_a_presets():
    assert from_preset("tiny").budget(KODAK) == Budget(491)
    assert from_preset("tiny", max_bytes=800).budget(KODAK) == Budget(800)
    assert from_preset("paper-low", target_bpp=0.02).budget(KODAK) == Budget(983)
    assert from_preset("tiny", max_bytes=None).preset == "tiny"
    assert from_preset(None, seed=3) == PackOptions(seed=3)
    assert set(PRESETS) == {"tiny", "paper-low", "paper-high"}
    with pytest.raises(EncodeError, match="no preset is called 'huge'; there are tiny, paper-low, paper-high"):
        from_preset("huge")
    with pytest.raises(EncodeError, match="either"):
        from_preset("tiny", max_bytes=800, target_bpp=0.1)


def test_presets_make_files_of_their_rates(annotated):
    sizes = {}
    for preset, chosen in PRESETS.items():
        data = sedicfmt.pack(annotated[0], describe=f"annotations:{annotated[1]}", preset=preset)
        sizes[preset] = len(data)
        assert len(data) * 8 / (192 * 128) <= chosen["target_bpp"]
    assert sizes["tiny"] < sizes["paper-low"] < sizes["paper-high"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_bytes": 0},
        {"max_bytes": 5.5},
        {"max_bytes": "a"},
        {"target_bpp": 0},
        {"target_bpp": 1e308},
        {"target_bpp": -1},
    ],
)
def test_what_is_no_budget(wrong):
    with pytest.raises(EncodeError):
        from_preset(**wrong)
