"""What training exports runs in numpy as it does in torch."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch (the train extra)")

from safetensors.numpy import load_file  # noqa: E402

from sedicfmt.latents.nano import analyse as latent_nano  # noqa: E402
from sedicfmt.latents.nano.likelihood import hard_bits  # noqa: E402
from sedicfmt.latents.nano.nano_latent import NanoLatent  # noqa: E402
from sedicfmt.latents.nano.network import rounded, shifted_parts  # noqa: E402
from sedicfmt.training import train_codec  # noqa: E402
from sedicfmt.training.export import export, export_entropy, load_model  # noqa: E402
from tests.backends.training_runs import trained  # noqa: E402
from tests.conftest import draw_photo  # noqa: E402

pytestmark = pytest.mark.usefixtures("small_codec")


def test_the_export_is_the_network(photos, tmp_path):
    trained(photos, tmp_path, 4)
    export(tmp_path / "checkpoint.pt", tmp_path / "w.safetensors")
    network, model = load_model(tmp_path / "checkpoint.pt"), NanoLatent(load_file(tmp_path / "w.safetensors"))
    picture = np.array(draw_photo(128, 64))
    x = torch.from_numpy(picture.transpose(2, 0, 1).astype(np.float32))[None] / 255 - 0.5
    with torch.no_grad():
        y = network.g_a(x)
        z = torch.round(network.h_a(y))
        y_hat, _ = network.h_s.in_two_passes(y, network.h_s.hidden(z), rounded)
        painted = network.g_s(y_hat)
    assert np.abs(model.analyse(picture) - y[0].numpy()).max() < 0.1  # weights of a byte
    latent = latent_nano.AnalysedPicture(z[0].numpy().astype(np.int32), b"", y[0].numpy(), scan_of(model, z))
    _, symbols, mean = latent.coded()
    assert np.abs(symbols + mean / 64 - y_hat[0].numpy()).max() < 0.1
    restored = model.synthesise(symbols, mean, 128, 64)
    expected = np.clip(np.rint((painted[0].numpy().transpose(1, 2, 0) + 0.5) * 255), 0, 255)
    assert np.abs(restored - expected).max() <= 3


def scan_of(model, z):
    return model.scan(z[0].numpy().astype(np.int32), 2, 4)


def restless(layer, seed, size):
    """Weights of all sizes, so that nothing is zero by its start."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(size * torch.randn(parameter.shape, generator=generator))


def test_the_integers_of_the_context_are_the_networks(photos, tmp_path):
    network = train_codec.NanoCodec()
    restless(network.h_s, 0, 0.4)
    restless(network.prior_z, 1, 0.1)
    with torch.no_grad():
        network.prior_z.leave.bias[4:] = 20 / 8  # a deviation of 2.5: the values of the test are no outliers
    model = NanoLatent({**export_entropy(network), "h_a.leave.bias": np.zeros(4)})
    rng = np.random.default_rng(0)
    z, symbols = rng.integers(-3, 4, (4, 3, 5)), rng.integers(-2, 3, (8, 6, 10))
    with torch.no_grad():
        hidden = network.h_s.hidden(torch.from_numpy(z[None]).float())
        coded = [(m, i) for m, i, _ in passes(network, hidden, symbols)]
        mean_z, index_z = network.prior_z(torch.from_numpy(z[None]).float())
    scan = model.scan(z.astype(np.int32), 6, 10)
    for number, (mean, index) in enumerate(coded):
        mean64, integer = scan.steer(number, (symbols * scan.masks[0]).astype(np.int32))
        assert np.abs(mean64 / 64 - mean[0].numpy()).max() < 0.1
        assert np.abs(integer - np.clip(index[0].numpy(), 0, 47)).max() <= 1
    data = model.encode_z(z.astype(np.int32))
    assert np.array_equal(model.decode_z(data, z.shape), z)
    estimate = float(hard_bits(*shifted_parts(torch.from_numpy(z[None]), mean_z, index_z)).sum()) / 8
    assert len(data) == pytest.approx(estimate, rel=0.02, abs=2)


def passes(network, hidden, symbols):
    """What `in_two_passes` asks of each pass, when the values are `symbols`."""
    seen = []

    def code(y, mean, index):
        seen.append((mean, index, y))
        return torch.from_numpy(symbols[None]).float(), mean

    network.h_s.in_two_passes(torch.from_numpy(symbols[None]).float(), hidden, code)
    return seen


@pytest.mark.parametrize(
    "weights", [pytest.param(name, marks=pytest.mark.slow) for name in ("sedic-nano-2", "sedic-nano-3")]
)
def test_a_shipped_codec_as_a_network_paints_what_it_paints(weights):
    from sedicfmt.latents.allocated import id_of
    from sedicfmt.latents.nano.analyse import analyse
    from sedicfmt.latents.nano.weights import load_latent_model
    from sedicfmt.training.shipped import shipped_codec

    number, photo = id_of(weights), np.asarray(draw_photo(128, 128))
    model, network = load_latent_model(number, encoder=True), shipped_codec(number)
    _, symbols, mean = analyse(photo, model).coded()
    shipped = torch.from_numpy((symbols + mean / 64).astype(np.float32))[None]
    with torch.no_grad():
        y = network.g_a(torch.from_numpy(photo.transpose(2, 0, 1)[None] / np.float32(255)) - 0.5)
        y_hat, _ = network.h_s.in_two_passes(y, network.h_s.hidden(torch.round(network.h_a(y))), rounded)
        painted = ((network.g_s(shipped)[0].clamp(-0.5, 0.5) + 0.5) * 255).round().permute(1, 2, 0).numpy()
    assert np.abs(painted - model.synthesise(symbols, mean, 128, 128)).max() <= 1
    assert ((y_hat - shipped).abs() > 0.25).float().mean() < 0.01  # a value may round to another symbol
