"""The bundled model: numpy equals torch, integers equal everywhere, every size works."""

import numpy as np
import pytest

from sedicfmt.errors import Malformed
from sedicfmt.latents.nano import analyse
from sedicfmt.latents.nano.decode import decode_payloads
from sedicfmt.latents.nano.layers import in_bands
from sedicfmt.latents.nano.nano_latent import NanoLatent
from sedicfmt.latents.nano.weights import MODELS, load_latent_model
from sedicfmt.model import SedicFile
from tests.conftest import draw_photo


@pytest.fixture(scope="module", params=sorted(MODELS))
def model_id(request):
    return request.param


@pytest.fixture(scope="module")
def model(model_id):
    return load_latent_model(model_id, encoder=True)


@pytest.mark.parametrize("size", [(16, 16), (17, 33), (64, 64), (200, 120), (321, 481)])
def test_payloads_give_back_the_symbols(model, size):
    picture = np.array(draw_photo(*size))
    latent = analyse.analyse(picture, model)
    payload, symbols, mean = latent.coded()
    file = SedicFile(*size, model_id, latent.z_payload, payload)
    decoded = decode_payloads(file, model)
    assert np.array_equal(decoded.z, latent.z)
    assert np.array_equal(decoded.y, symbols)
    assert np.array_equal(decoded.mean, mean)
    assert model.synthesise(symbols, mean, *size).shape == (size[1], size[0], 3)


@pytest.mark.parametrize("part", ["z", "y"])
def test_other_payloads_are_refused(model, model_id, part):
    """A zero byte at the end changes no value, and is not what a writer makes (L-5)."""
    latent = analyse.analyse(np.array(draw_photo(64, 64)), model)
    payloads = {"z": latent.z_payload, "y": latent.y_payload()}
    payloads[part] += b"\0"
    with pytest.raises(Malformed) as caught:
        decode_payloads(SedicFile(64, 64, model_id, **payloads), model)
    assert caught.value.path == part


def test_the_reference_picture_resembles_the_photo(model):
    picture = np.array(draw_photo(384, 256))
    latent = analyse.analyse(picture, model)
    _, symbols, mean = latent.coded()
    restored = model.synthesise(symbols, mean, 384, 256).astype(float)
    assert np.mean((restored - picture) ** 2) < 0.1 * picture.var()


def test_a_higher_price_never_costs_more_bytes(model):
    latent = analyse.analyse(np.array(draw_photo(384, 256)), model)
    sizes = [len(latent.y_payload(mu)) for mu in (0, 0.1, 0.5, 3, 1e6)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < sizes[0]


def test_bands_give_what_the_whole_gives(model):
    y = np.random.default_rng(0).normal(size=(40, 3, 192)).astype(np.float32)
    whole = model._synthesise(y).astype(int)
    banded = in_bands(model._synthesise, y, 32, 8, 16).astype(int)
    assert abs(whole - banded).max() <= 1
    picture = np.random.default_rng(0).integers(0, 255, (40 * 32, 64, 3)).astype(np.uint8)
    assert np.abs(model._analyse(picture) - in_bands(model._analyse, picture, 1 / 32, 256, 512)).max() < 1e-3


def test_float64_paints_the_same_picture(model):
    latent = analyse.analyse(np.array(draw_photo(256, 192)), model)
    _, symbols, mean = latent.coded()
    double = NanoLatent(model.weights, np.float64)
    a, b = (m.synthesise(symbols, mean, 256, 192).astype(int) for m in (model, double))
    assert abs(a - b).max() <= 1


def test_a_changed_weights_file_is_refused(monkeypatch):
    from dataclasses import replace

    from sedicfmt.errors import BackendFailed
    from sedicfmt.latents.nano import weights

    monkeypatch.setitem(weights.MODELS, 2, replace(weights.MODELS[2], sha256="0" * 64))
    weights.load_latent_model.cache_clear()
    with pytest.raises(BackendFailed, match="SHA-256"):
        weights.load_latent_model(2)
    weights.load_latent_model.cache_clear()
