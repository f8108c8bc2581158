"""The codec's training goes on after a stop exactly as if it had not stopped, and refuses what does not go together."""

import pytest

torch = pytest.importorskip("torch", reason="training needs torch (the train extra)")

from sedicfmt.errors import EncodeError  # noqa: E402
from sedicfmt.training import train_codec  # noqa: E402
from sedicfmt.training.run import RunSettings, learning_rate  # noqa: E402
from sedicfmt.training.weights import save_weights  # noqa: E402
from tests.backends.training_runs import settings, trained  # noqa: E402
from tests.conftest import draw_photo  # noqa: E402

pytestmark = pytest.mark.usefixtures("small_codec")


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
