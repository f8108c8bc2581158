"""The restorer's training: goes on after a stop, its export is the network, and what it loses reaches the codec."""

import dataclasses
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch (the train extra)")

from sedicfmt.errors import BackendFailed, EncodeError  # noqa: E402
from sedicfmt.training import train_codec  # noqa: E402


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
def restorer_run(monkeypatch, small_codec, photos, described):
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
    settings = train.RestorerSettings(steps=8, batch=2, warmup=2, object_text=0.8, scenes=str(described))
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
