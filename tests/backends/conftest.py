"""Fixtures of the back ends' tests: one thread, what the client `openai` reads, a tiny Stable Diffusion (`tiny_models.py`)
as a folder and opened, a small codec to train and photos for it.

What imports torch or diffusers is imported within, for a test that needs them skips where they are missing.
"""

import shutil

import numpy as np
import pytest

from tests.backends.openai_talk import KEY
from tests.conftest import draw_photo


@pytest.fixture(scope="module")
def one_thread():
    """Networks this small are slower on two threads than on one, and on a busy machine by far."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture()
def openai_environment(monkeypatch, tmp_path):
    """For the client `openai`: a key, a cache folder for the test, no proxy, and nothing else that the client reads."""
    pytest.importorskip("openai")
    for name in ("OPENAI_BASE_URL", "OPENAI_MODEL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_CUSTOM_HEADERS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """The tiny Stable Diffusion as diffusers saves it, with a ControlNet in `controlnet`."""
    pytest.importorskip("diffusers")
    from tests.backends.tiny_models import build_tiny_stable_diffusion

    path = tmp_path_factory.mktemp("tiny") / "tiny-sd"
    build_tiny_stable_diffusion(path, with_controlnet=True)
    return path


@pytest.fixture(scope="session")
def model(folder):
    """`folder` and its ControlNet, opened."""
    from sedicfmt.decoders.diffusers.load import open_model

    return open_model(str(folder), str(folder / "controlnet"), "picture", device="cpu")


@pytest.fixture()
def copy(folder, tmp_path):
    """`folder` once more, to be spoilt."""
    return shutil.copytree(folder, tmp_path / "copy")


@pytest.fixture()
def inputs(model):
    """z, t, text and control for a batch of two: 64x128 pixels, so that no grid is square."""
    import torch

    from tests.backends.tiny_models import TEXTS

    generator = torch.Generator().manual_seed(3)
    z = torch.randn(2, 4, 8, 16, generator=generator)
    control = torch.rand(1, 3, 64, 128, generator=generator) * 2 - 1
    return z, 700, model.denoiser.encode_texts(TEXTS[:2]).embedding, control


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A folder of photos to train on."""
    folder = tmp_path_factory.mktemp("photos")
    for seed in range(4):
        draw_photo(300, 260, seed).save(folder / f"{seed}.png")
    return folder


@pytest.fixture()
def small_codec(monkeypatch):
    """The codec's training with a network and a start small enough for a test."""
    from sedicfmt.latents.nano.network import NanoCodec
    from sedicfmt.training import train_codec

    def tiny(**config):
        shape = {"widths": (8, 8, 8), "blocks_a": (1, 1, 1), "blocks_s": (1, 1, 1)}
        return NanoCodec(**{"cy": 8, "cz": 4, **config, **shape})

    def start(crops, patch, count):
        return np.eye(count, 3072, dtype=np.float32), np.ones(count, np.float32)

    monkeypatch.setattr(train_codec, "NanoCodec", tiny)
    monkeypatch.setattr(train_codec, "fit_klt", start)
