"""The bundled model: numpy equals torch, integers equal everywhere, every size works."""

import numpy as np
import pytest

from sedicfmt.decoders.reference import decode_latent
from sedicfmt.encoders import latent_nano
from sedicfmt.errors import Malformed
from sedicfmt.model import SedicFile
from sedicfmt.models import hyper_synthesis as h_s
from sedicfmt.models.layers import in_bands
from sedicfmt.models.nano_latent import NanoLatent
from sedicfmt.models.registry import REGISTRY, load_latent_model
from tests.conftest import draw_photo


@pytest.fixture(scope="module", params=sorted(REGISTRY))
def model_id(request):
    return request.param


@pytest.fixture(scope="module")
def model(model_id):
    return load_latent_model(model_id)


@pytest.mark.parametrize("size", [(16, 16), (17, 33), (64, 64), (200, 120), (321, 481)])
def test_payloads_give_back_the_symbols(model, size):
    picture = np.array(draw_photo(*size))
    latent = latent_nano.analyse(picture, model)
    payload, symbols, mean = latent.coded()
    file = SedicFile(*size, model_id, latent.z_payload, payload)
    decoded = decode_latent(file, model)
    assert np.array_equal(decoded.z, latent.z)
    assert np.array_equal(decoded.y, symbols)
    assert np.array_equal(decoded.mean, mean)
    assert model.synthesise(symbols, mean, *size).shape == (size[1], size[0], 3)


@pytest.mark.parametrize("part", ["z", "y"])
def test_other_payloads_are_refused(model, model_id, part):
    """A zero byte at the end changes no value, and is not what a writer makes (L-5)."""
    latent = latent_nano.analyse(np.array(draw_photo(64, 64)), model)
    payloads = {"z": latent.z_payload, "y": latent.y_payload()}
    payloads[part] += b"\0"
    with pytest.raises(Malformed) as caught:
        decode_latent(SedicFile(64, 64, model_id, **payloads), model)
    assert caught.value.path == part


def test_the_reference_picture_resembles_the_photo(model):
    picture = np.array(draw_photo(384, 256))
    latent = latent_nano.analyse(picture, model)
    _, symbols, mean = latent.coded()
    restored = model.synthesise(symbols, mean, 384, 256).astype(float)
    assert np.mean((restored - picture) ** 2) < 0.1 * picture.var()


def test_a_higher_price_never_costs_more_bytes(model):
    latent = latent_nano.analyse(np.array(draw_photo(384, 256)), model)
    sizes = [len(latent.y_payload(mu)) for mu in (0, 0.1, 0.5, 3, 1e6)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < sizes[0]


def test_hyper_synthesis_is_the_specifications_arithmetic():
    """Clauses H-2 to H-6 once more, in plain Python integers."""
    rng = np.random.default_rng(3)
    weights = {
        "h_s.grow.weight": rng.integers(-127, 128, (8, 3, 3, 3)).astype(np.int8),
        "h_s.grow.bias": rng.integers(-9000, 9000, 8).astype(np.int32),
        "h_s.grow.multiplier": rng.integers(1, 1 << 15, 8).astype(np.int32),
        "h_s.grow.shift": np.array([9], np.int32),
        "h_s.leave.weight": rng.integers(-127, 128, (6, 2)).astype(np.int8),
        "h_s.leave.bias": rng.integers(-9000, 9000, 6).astype(np.int32),
        "h_s.leave.multiplier": rng.integers(1, 1 << 15, 6).astype(np.int32),
        "h_s.leave.shift": np.array([20], np.int32),
    }
    z = rng.integers(-5, 6, (3, 2, 3)).astype(np.int32)
    mean, index = h_s.hyper_synthesis(z, weights)
    w = {k: v.tolist() for k, v in weights.items()}

    def at(c, i, j):
        return int(z[c, i, j]) if 0 <= i < 2 and 0 <= j < 3 else 0

    def requantised(total, name, o, low, high):
        shift = w[name + ".shift"][0]
        return min(max((total * w[name + ".multiplier"][o] + (1 << shift - 1)) >> shift, low), high)

    for row in range(4):
        for column in range(6):
            i, j, hidden = row // 2, column // 2, []
            for n in range(2):
                o = 4 * n + 2 * (row % 2) + column % 2
                taps = ((c, p, q) for c in range(3) for p in range(3) for q in range(3))
                grown = w["h_s.grow.weight"][o]
                total = w["h_s.grow.bias"][o] + sum(grown[c][p][q] * at(c, i + p - 1, j + q - 1) for c, p, q in taps)
                hidden.append(requantised(total, "h_s.grow", o, 0, 32767))
            out = []
            for o in range(6):
                total = w["h_s.leave.bias"][o] + sum(
                    a * b for a, b in zip(w["h_s.leave.weight"][o], hidden, strict=True)
                )
                out.append(requantised(total, "h_s.leave", o, -32767, 32767))
            assert mean[:, row, column].tolist() == out[:3]
            assert index[:, row, column].tolist() == [min(max(v, 0), 47) for v in out[3:]]


def test_bands_give_what_the_whole_gives(model):
    y = np.random.default_rng(0).normal(size=(40, 3, 192)).astype(np.float32)
    whole = model._synthesise(y).astype(int)
    banded = in_bands(model._synthesise, y, 32, 8, 16).astype(int)
    assert abs(whole - banded).max() <= 1
    picture = np.random.default_rng(0).integers(0, 255, (40 * 32, 64, 3)).astype(np.uint8)
    assert np.abs(model._analyse(picture) - in_bands(model._analyse, picture, 1 / 32, 256, 512)).max() < 1e-3


def test_float64_paints_the_same_picture(model):
    latent = latent_nano.analyse(np.array(draw_photo(256, 192)), model)
    _, symbols, mean = latent.coded()
    double = NanoLatent(model.weights, np.float64)
    a, b = (m.synthesise(symbols, mean, 256, 192).astype(int) for m in (model, double))
    assert abs(a - b).max() <= 1


def test_a_changed_weights_file_is_refused(monkeypatch):
    from dataclasses import replace

    from sedicfmt.errors import BackendFailed
    from sedicfmt.models import registry

    monkeypatch.setitem(registry.REGISTRY, 1, replace(registry.REGISTRY[1], sha256="0" * 64))
    registry.load_latent_model.cache_clear()
    with pytest.raises(BackendFailed, match="SHA-256"):
        registry.load_latent_model(1)
    registry.load_latent_model.cache_clear()
