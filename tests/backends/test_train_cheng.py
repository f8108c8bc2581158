"""Fine-tuning of CompressAI's cheng2020-attn, where compressai is installed."""

import pytest

import tests.torchvision_beside.sitecustomize  # noqa: F401 - a torchvision that does not fit this torch

torch = pytest.importorskip("torch", reason="training needs torch (the train extra)")

from sedicfmt.errors import EncodeError, MissingDependency  # noqa: E402
from sedicfmt.latents.compressai import missing  # noqa: E402
from sedicfmt.training import train_cheng  # noqa: E402
from sedicfmt.training.config import load_config  # noqa: E402
from tests.conftest import draw_photo  # noqa: E402


def test_the_configuration_is_the_papers():
    run, settings = load_config("cheng2020", [])
    assert run is train_cheng.ChengRun
    assert (settings.rate, settings.lmbda, settings.quality, settings.start) == (1e-4, 1.8e-4, 1, "pretrained")


def test_without_compressai_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(missing, "find_spec", lambda name: None)
    with pytest.raises(MissingDependency, match="compressai"):
        train_cheng.ChengCodec(1)


def test_it_learns_and_goes_on(tmp_path, monkeypatch):
    pytest.importorskip("compressai", reason="the fine-tuning needs compressai (the extra of that name)")
    monkeypatch.setitem(train_cheng.CHANNELS, 1, 16)
    for seed in range(2):
        draw_photo(160, 140, seed).save(tmp_path / f"{seed}.png")
    made = train_cheng.ChengSettings(start="", crop=64, batch=2, warmup=0, steps=6, rate=1e-3)
    losses = {}
    for name, stops in (("whole", (4,)), ("stopped", (2, 4))):
        (tmp_path / name).mkdir()
        losses[name] = []
        for stop in stops:
            run = train_cheng.ChengRun(tmp_path, tmp_path / name, made, "cpu", tmp_path)
            while run.step < stop:
                losses[name].append(run.train_step()["loss"])
            run.save()
    assert losses["stopped"] == pytest.approx(losses["whole"], rel=1e-4)
    assert losses["whole"][-1] < losses["whole"][0]
    figures = run.check()
    assert 0 < figures["check_bpp_y"] < 10
    assert figures["check_psnr"] > 3
    run.model.net.update(force=True)  # as for a file: the prior's quantiles are in order


def test_of_the_zoos_checkpoint_nothing_but_tensors_is_read(tmp_path, monkeypatch):
    pytest.importorskip("compressai", reason="the fine-tuning needs compressai (the extra of that name)")
    from sedicfmt.latents.compressai.checkpoint import zoo

    asked, net = [], zoo().model_architectures["cheng2020-attn"](16)

    def fetch(url, **how):
        asked.append(how["weights_only"])
        return dict(net.state_dict())

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", fetch)
    monkeypatch.setattr(
        "compressai.zoo.image.load_state_dict_from_url", None
    )  # CompressAI's own way unpickles everything
    begun = train_cheng.ChengCodec(1, pretrained=True).net
    assert asked == [True]
    assert all(torch.equal(value, begun.state_dict()[name]) for name, value in net.named_parameters())
    assert begun.training and all(parameter.requires_grad for parameter in begun.parameters())


def test_it_begins_from_compressais_checkpoint_and_is_exported_as_one(tmp_path):
    """No step is trained, so what comes out is what went in, with tables."""
    pytest.importorskip("compressai", reason="the fine-tuning needs compressai (the extra of that name)")
    from sedicfmt.latents.compressai.checkpoint import load, save, zoo
    from sedicfmt.training.export_cheng import export

    torch.manual_seed(3)
    net = zoo().model_architectures["cheng2020-attn"](16)
    save(net, tmp_path / "start.pth.tar")
    draw_photo(160, 140).save(tmp_path / "0.png")
    made = train_cheng.ChengSettings(start=str(tmp_path / "start.pth.tar"), channels=16, crop=64, batch=1)
    train_cheng.ChengRun(tmp_path, tmp_path, made, "cpu").save()
    for out in ("out.pth.tar", "out.safetensors"):
        digest = export(tmp_path / "checkpoint.pt", tmp_path / out)
        assert load("cheng2020-attn", str(tmp_path / out)).digest.hex() == digest
    exported = load("cheng2020-attn", str(tmp_path / "out.pth.tar")).net
    assert all(torch.equal(value, exported.state_dict()[name]) for name, value in net.named_parameters())
    assert exported.entropy_bottleneck.quantized_cdf.numel()
    with pytest.raises(EncodeError, match=r"start.pth.tar has 16 channels, the run 8"):
        train_cheng.begin_from(train_cheng.ChengCodec(1, channels=8).net, tmp_path / "start.pth.tar")
