"""The ONNX graphs that ship: over the weights that ship, and the same networks as torch's and numpy's."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnxruntime", reason="the graphs are run by ONNX Runtime (the nano extra)")

from sedicfmt.decoders.interfaces import ObjectToRestore, RestoreRequest
from sedicfmt.decoders.nano import onnx_denoiser, released
from sedicfmt.decoders.nano.restorer import nano_settings
from sedicfmt.decoders.orag.restorer import OragRestorer
from sedicfmt.decoders.registry import RestorerOptions, find_restorer
from sedicfmt.errors import BackendFailed, EncodeError
from sedicfmt.latents.nano import weights as latent_weights
from sedicfmt.networks.onnx_runtime import Network
from sedicfmt.networks.threads import threads, use_threads
from tests.conftest import draw_photo

ROOM = Path(latent_weights.__file__).parent
CODECS = [(ROOM / model.file, model.graphs) for model in latent_weights.MODELS.values()]
MOST_BYTES = 24_000_000


@pytest.fixture(scope="module")
def model():
    return onnx_denoiser.open_onnx()


def codec_graph(number, part):
    weights = ROOM / latent_weights.MODELS[number].file
    return Network(released.graph_file(weights, part).read_bytes(), {weights.name: weights.read_bytes()})


def asked(photo, seed=1):
    mask = np.zeros(photo.shape[:2], np.uint8)
    mask[16:48, 16:64] = 1
    return RestoreRequest(photo, "A dog on grass.", (ObjectToRestore("Dog in brown", mask),), seed)


@pytest.mark.parametrize(("weights", "graphs"), [(released.WEIGHTS, released.GRAPHS), *CODECS])
def test_the_graphs_that_ship_are_those_of_the_weights_that_ship(weights, graphs, tmp_path):
    pytest.importorskip("onnx")
    from sedicfmt.training.export_graphs import export_graphs

    shutil.copy(weights, tmp_path)
    made = export_graphs(tmp_path / weights.name)
    assert {path.name: sha256 for path, sha256 in made.items()} == {
        released.graph_file(weights, part).name: sha256 for part, sha256 in graphs.items()
    }
    for path, sha256 in made.items():
        assert hashlib.sha256((weights.parent / path.name).read_bytes()).hexdigest() == sha256


def test_all_weights_are_within_their_budget():
    folder = Path(released.__file__).parents[2]
    shipped = [path for kind in ("safetensors", "onnx", "npy", "npz") for path in folder.rglob(f"*.{kind}")]
    assert len(shipped) >= 8 and sum(path.stat().st_size for path in shipped) <= MOST_BYTES


def test_another_graph_is_refused(monkeypatch):
    monkeypatch.setitem(onnx_denoiser.GRAPHS, "words", "0" * 64)
    with pytest.raises(BackendFailed, match="SHA-256"):
        onnx_denoiser.open_onnx()


@pytest.mark.parametrize("changes", [{}, {"steps": 2, "object_steps": 2, "cfg": 3.0, "sampler": "ancestral"}])
def test_torch_restores_the_same_picture(model, changes):
    pytest.importorskip("torch")
    from sedicfmt.decoders.nano.denoiser import open_nano

    photo, settings = np.asarray(draw_photo(110, 70)), nano_settings().changed(changes)
    by_torch, by_onnx = (OragRestorer(m, settings).restore(asked(photo)) for m in (open_nano(), model))
    assert np.abs(by_torch.picture.astype(int) - by_onnx.picture).max() <= 1
    assert np.abs(by_onnx.picture.astype(int) - photo).max() > 2  # it did something
    assert '"by": "ONNX Runtime"' in by_onnx.record["computed"] and '"by": "torch"' in by_torch.record["computed"]


@pytest.mark.parametrize("text", ["", "red", "A red xyzzy boat's sail, " * 9])
def test_words_are_read_as_by_torch(model, text):
    torch = pytest.importorskip("torch")
    from sedicfmt.decoders.nano.denoiser import open_nano

    by_onnx = model.denoiser.encode_texts([text, "a dog"])
    with torch.no_grad():
        by_torch = open_nano().denoiser.encode_texts([text, "a dog"])
    assert np.abs(by_torch.embedding.numpy() - by_onnx.embedding).max() < 1e-4
    assert by_onnx.spans == by_torch.spans and by_onnx.warnings == by_torch.warnings


def test_the_number_of_threads_changes_nothing(model):
    photo = np.asarray(draw_photo(160, 96))
    first = OragRestorer(model, nano_settings()).restore(asked(photo)).picture
    try:
        use_threads(3)
        assert threads() == 3
        again = find_restorer("nano", RestorerOptions(device="cpu")).restore(asked(photo)).picture
    finally:
        use_threads(None)
    assert np.array_equal(first, again)


@pytest.mark.parametrize("count", [0, -1, 257])
def test_a_number_of_threads_that_makes_no_sense(count):
    with pytest.raises(EncodeError, match="1 to 256"):
        use_threads(count)


def test_nothing_is_set_in_the_environment():
    code = """
import os
before = dict(os.environ)
from sedicfmt.decoders.registry import find_restorer
find_restorer("nano")
assert dict(os.environ) == before"""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OMP_")}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


@pytest.mark.parametrize("number", sorted(latent_weights.MODELS))
@pytest.mark.parametrize(("width", "height"), [(64, 64), (150, 97)])
def test_the_transforms_are_those_of_numpy(number, width, height):
    codec, photo = latent_weights.load_latent_model(number, encoder=True), np.asarray(draw_photo(width, height))
    padded = np.pad(photo, ((0, -height % 32), (0, -width % 32), (0, 0)), mode="edge")
    y = codec.analyse(photo)[None]
    if "g_a" in latent_weights.MODELS[number].graphs:
        analysed = codec_graph(number, "g_a")(picture=padded)
        assert np.abs(analysed - y).max() < 1e-3
        even = np.pad(y, ((0, 0), (0, 0), (0, y.shape[2] % 2), (0, y.shape[3] % 2)), mode="edge")
        assert np.array_equal(codec_graph(number, "h_a")(y=even)[0], codec.hyper_analyse(y[0]))
    rounded = np.rint(y[0]).astype(np.int32)
    painted = codec_graph(number, "g_s")(y=rounded[None].astype(np.float32))
    wanted = codec.synthesise(rounded, np.zeros(y[0].shape), padded.shape[1], padded.shape[0])
    assert painted.dtype == np.uint8 and painted.shape == padded.shape
    assert np.abs(painted.astype(int) - wanted).max() <= 1


def test_a_restorer_of_other_weights_is_refused(tmp_path):
    """A graph has its own file's offsets: with another file beside it, it must not paint."""
    cut = released.WEIGHTS.read_bytes()[:1000]
    graph = released.graph_file(released.WEIGHTS, "restorer").read_bytes()
    with pytest.raises(Exception, match=r"(?i)range|size|bound|offset|external"):
        Network(graph, {released.WEIGHTS.name: cut})
