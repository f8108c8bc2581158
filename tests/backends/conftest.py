"""Fixtures of the back ends' tests: one thread, and a tiny Stable Diffusion (`tiny_models.py`) as a folder and opened.

What imports torch or diffusers is imported within, for a test that needs them skips where they are missing.
"""

import shutil

import pytest


@pytest.fixture(scope="module")
def one_thread():
    """Networks this small are slower on two threads than on one, and on a busy machine by far."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """The tiny Stable Diffusion as diffusers saves it, with a ControlNet in `controlnet`."""
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
