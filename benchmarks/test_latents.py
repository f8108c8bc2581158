"""The latent: entropy decoding and painting, and a whole pack and unpack, beside general formats at about as many bytes."""

from __future__ import annotations

import io

import pytest
from PIL import Image

import sedicfmt

ROUNDS = {"rounds": 3, "iterations": 1, "warmup_rounds": 1}


def timed(benchmark, work, group: str):
    benchmark.group = group
    return benchmark.pedantic(work, **ROUNDS)


def test_entropy_decode(benchmark, packed):
    from sedicfmt.latents.painting import decode_latent

    file = sedicfmt.read(packed)
    benchmark.extra_info["bytes"] = len(file.z) + len(file.y)
    timed(benchmark, lambda: decode_latent(file), "latent, entropy decode")


def test_unpack_reference(benchmark, packed):
    benchmark.extra_info["bytes"] = len(packed)
    assert timed(benchmark, lambda: sedicfmt.unpack(packed, stage="reference"), "decode a picture of 768x512").size == (
        768,
        512,
    )


@pytest.mark.parametrize("model", ["sedic-nano-2", "av1"])
def test_pack_latent_alone(benchmark, photo, model):
    def pack() -> bytes:
        return sedicfmt.pack(photo, objects=0, words_overall=0, max_bytes=1500, model=model)

    benchmark.extra_info["bytes"] = len(timed(benchmark, pack, "encode a picture of 768x512 within 1,500 bytes"))


@pytest.mark.parametrize("name", ["WebP", "AVIF"])
def test_peers(benchmark, photo, name):
    """At full size and lowest quality: general formats do not reach 1,500 bytes there, `bytes` says what they take."""
    out = io.BytesIO()
    photo.save(out, name, quality=0)
    data = out.getvalue()
    benchmark.extra_info["bytes"] = len(data)

    def decode() -> Image.Image:
        with Image.open(io.BytesIO(data)) as picture:
            return picture.convert("RGB")

    timed(benchmark, decode, "decode a picture of 768x512")


@pytest.mark.parametrize("model", ["mbt2018-mean", "cheng2020-attn"])
def test_compressai_entropy_decode(benchmark, model):
    """CompressAI's own decoding of a picture of 768x512 with random weights: as many symbols, no meaning."""
    zoo = pytest.importorskip("compressai.zoo")
    import torch

    torch.manual_seed(1)
    network = zoo.image_models[model](quality=1, pretrained=False).eval()
    network.update(force=True)
    coded = network.compress(torch.rand(1, 3, 512, 768))
    benchmark.extra_info["bytes"] = sum(len(part) for strings in coded["strings"] for part in strings)
    timed(benchmark, lambda: network.decompress(coded["strings"], coded["shape"]), "decode a picture of 768x512")
