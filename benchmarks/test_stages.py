"""A picture of 768x512 packed and unpacked, stage by stage, beside what general and learned codecs take for a whole picture.

What opens once (models, back ends) is open before anything is measured. CompressAI's networks have random weights: as many
values, of no meaning. Their column of bytes says nothing, so it is empty.
"""

from __future__ import annotations

import io
from functools import cache

import numpy as np
import pytest
from PIL import Image

import sedicfmt
from benchmarks.conftest import MADE
from sedicfmt.evaluation.classical import best_under
from sedicfmt.evaluation.codecs import codec_named
from sedicfmt.latents.painting import decode_latent
from sedicfmt.latents.registry import open_codec
from sedicfmt.pipeline.pack import open_back_ends, pack_picture
from sedicfmt.pipeline.pack_options import PackOptions
from sedicfmt.pipeline.unpack import UnpackOptions, open_restorer, unpack_bytes

PACK, UNPACK = "pack a picture of 768x512, by stage", "unpack a picture of 768x512, by stage"
ROUNDS = 2
THEIRS = {"mbt2018-mean": 2, "cheng2020-attn": 1}  # models of CompressAI; the second takes long
WHOLE = (768, 512)


# -- packing --


def packing(photo: Image.Image, **changes):
    """A whole pack with its back ends open, as a function without arguments."""
    options = PackOptions(**changes)
    ends = open_back_ends(options)
    return lambda: pack_picture(photo, options, back_ends=ends).data


def test_pack_words_masks_and_latent(timed, photo):
    timed(packing(photo), PACK, MADE, ROUNDS)


def test_pack_within_1000_bytes(timed, photo):
    assert len(timed(packing(photo, max_bytes=1000), PACK, MADE, ROUNDS)) <= 1000


@pytest.mark.parametrize("name", ["WebP", "AVIF"])
def test_encode_within_1000_bytes_by(timed, photo, name):
    """The best size and quality that fit, as `sedic-eval` finds them for a codec."""
    pixels, codec = np.asarray(photo), codec_named(name)
    assert len(timed(lambda: best_under(pixels, 1000, codec).data, PACK, MADE, 1)) <= 1000


def test_pack_without_words(timed, photo):
    timed(packing(photo, objects=0, words_overall=0), PACK, MADE, ROUNDS)


@pytest.mark.parametrize("model", ["sedic-nano-3", "sedic-nano-2", "av1"])
def test_latent_alone(timed, photo, model):
    codec, pixels = open_codec(model), np.asarray(photo)

    def code():
        latent = codec.encoder(pixels).usual()
        return latent.z + latent.y

    timed(code, PACK, MADE, ROUNDS)


@pytest.mark.parametrize("name", ["JPEG", "WebP", "AVIF"])
def test_encode_by(timed, photo, name):
    timed(lambda: encoded(photo, name), PACK, MADE, ROUNDS)


@pytest.mark.parametrize("model", THEIRS)
def test_encode_by_compressai(timed, photo, model):
    picture = tensor(photo)
    timed(lambda: run(model, "compress", picture), PACK, None, THEIRS[model])


# -- unpacking --


def test_unpack_restored(timed, packed):
    options = UnpackOptions()
    restorer = open_restorer(options)
    done = timed(lambda: unpack_bytes(packed, options, restorer=restorer), UNPACK, packed, ROUNDS)
    assert done.picture.size == WHOLE


def test_unpack_to_the_reference_picture(timed, packed):
    assert timed(lambda: sedicfmt.unpack(packed, stage="reference"), UNPACK, packed, ROUNDS).size == WHOLE


def test_entropy_decode_alone(timed, packed):
    file = sedicfmt.read(packed)
    timed(lambda: decode_latent(file), UNPACK, file.z + file.y, ROUNDS)


def test_paint_alone(timed, packed):
    latent = decode_latent(sedicfmt.read(packed))
    timed(latent.paint, UNPACK, None, ROUNDS)


@pytest.mark.parametrize("name", ["JPEG", "WebP", "AVIF"])
def test_decode_by(timed, photo, name):
    data = encoded(photo, name)

    def decode() -> Image.Image:
        with Image.open(io.BytesIO(data)) as picture:
            return picture.convert("RGB")

    assert timed(decode, UNPACK, data, ROUNDS).size == WHOLE


@pytest.mark.parametrize("model", THEIRS)
def test_decode_by_compressai(timed, photo, model):
    made = run(model, "compress", tensor(photo))
    timed(lambda: run(model, "decompress", made["strings"], made["shape"]), UNPACK, None, THEIRS[model])


# -- peers --


def encoded(photo: Image.Image, name: str) -> bytes:
    """At full size and lowest quality: none of them comes down to .sedic's bytes there, the column says what they take."""
    out = io.BytesIO()
    photo.save(out, name, quality=0)
    return out.getvalue()


@cache
def network(model: str):
    """One of CompressAI's networks at its lowest rate."""
    zoo = pytest.importorskip("compressai.zoo", reason="CompressAI is not installed")
    import torch

    torch.manual_seed(1)
    net = zoo.image_models[model](quality=1, pretrained=False).eval()
    net.update(force=True)
    return net


def run(model: str, what: str, *given):
    """What one of CompressAI's networks makes of it."""
    net = network(model)
    import torch

    with torch.no_grad():
        return getattr(net, what)(*given)


def tensor(photo: Image.Image):
    """(1, 3, 512, 768) in 0 .. 1."""
    import torch

    return torch.from_numpy(np.asarray(photo).copy()).permute(2, 0, 1)[None].float() / 255
