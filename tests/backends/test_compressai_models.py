"""CompressAI's models as codecs of the harness, with random checkpoints."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import tests.torchvision_beside.sitecustomize  # noqa: F401 - a torchvision that does not fit this torch

torch = pytest.importorskip("torch")
zoo = pytest.importorskip("compressai.zoo")

from sedicfmt.errors import BackendFailed  # noqa: E402
from sedicfmt.evaluation import compressai_models  # noqa: E402
from sedicfmt.evaluation.codecs import codec_named  # noqa: E402

PHOTO = Image.fromarray(np.random.default_rng(6).integers(0, 256, (40, 70, 3), np.uint8))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Checkpoints of two architectures, one as a training script writes it."""
    made = tmp_path_factory.mktemp("checkpoints")
    torch.manual_seed(1)
    for name, suffix in (("bmshj2018-factorized", ".pth"), ("mbt2018-mean", ".pth.tar")):
        state = zoo.image_models[name](quality=1, metric="mse", pretrained=False).state_dict()
        torch.save({"state_dict": state} if suffix == ".pth.tar" else state, made / f"{name}-1{suffix}")
    return made


@pytest.mark.parametrize("name", ["bmshj2018-factorized", "mbt2018-mean"])
def test_a_file_is_decoded_by_another_opening(folder, name):
    codec = codec_named(f"compressai:{name}:{folder}")
    data = compressai_models.encode(PHOTO, 1, codec.options)
    compressai_models.network.cache_clear()
    picture = compressai_models.decode(data, codec.options)
    assert picture.size == PHOTO.size and len(data) > 20 and codec.qualities[0] == 1
    planes = torch.from_numpy(np.asarray(PHOTO, np.float32) / 255).permute(2, 0, 1)[None]
    padded = torch.nn.functional.pad(planes, (0, 58, 0, 24), "replicate")
    with torch.no_grad():
        net = compressai_models.network(name, str(folder), 1)
        wanted = (net(padded)["x_hat"][0, :, :40, :70].clamp(0, 1) * 255).round().permute(1, 2, 0).numpy()
    assert np.abs(np.asarray(picture) - wanted).max() <= 1


def test_what_is_no_model_and_no_checkpoint_is_told(folder):
    with pytest.raises(BackendFailed, match="no mbt2018-mean-2"):
        compressai_models.network("mbt2018-mean", str(folder), 2)
    for name in ("oracle", *(name for name in zoo.image_models if name.endswith("-vbr"))):
        with pytest.raises(BackendFailed, match=r"each quality: .*mbt2018-mean"):
            compressai_models.network(name, "", 1)
