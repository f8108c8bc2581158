"""Fine-tuning of CompressAI's cheng2020-attn, where compressai is installed."""

import pytest

torch = pytest.importorskip("torch", reason="training needs torch (the train extra)")

from sedicfmt.errors import MissingDependency  # noqa: E402
from sedicfmt.training import train_cheng  # noqa: E402
from sedicfmt.training.config import load_config  # noqa: E402
from tests.conftest import draw_photo  # noqa: E402


def test_the_configuration_is_the_papers():
    run, settings = load_config("cheng2020", [])
    assert run is train_cheng.ChengRun
    assert (settings.rate, settings.lmbda, settings.quality, settings.start) == (1e-4, 1.8e-4, 1, "pretrained")


def test_without_compressai_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "compressai.models", None)
    with pytest.raises(MissingDependency, match="compressai"):
        train_cheng.ChengCodec(1)


def test_it_learns_and_goes_on(tmp_path, monkeypatch):
    pytest.importorskip("compressai", reason="the fine-tuning needs compressai (the cheng extra)")
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
