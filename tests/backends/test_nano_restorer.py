"""The bundled restorer: its words, its network, its weights, and what the command line makes of it."""

import dataclasses
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="restoring by torch (the extra)")
pytest.importorskip("safetensors", reason="the bundled weights need safetensors (the nano extra)")

from sedicfmt.decoders.interfaces import ObjectToRestore, RestoreRequest  # noqa: E402
from sedicfmt.decoders.nano import denoiser  # noqa: E402
from sedicfmt.decoders.nano.network import NanoRestorerNetwork, precondition  # noqa: E402
from sedicfmt.decoders.nano.patch_space import PatchSpace  # noqa: E402
from sedicfmt.decoders.nano.restorer import nano_settings  # noqa: E402
from sedicfmt.decoders.nano.word_vectors import load_vectors  # noqa: E402
from sedicfmt.decoders.nano.words import PLACES, UNKNOWN, encode, numbers_of_words, vocabulary  # noqa: E402
from sedicfmt.decoders.orag.attention_guidance import Guidance, guide, name_in, named_tokens  # noqa: E402
from sedicfmt.decoders.orag.restorer import OragRestorer  # noqa: E402
from sedicfmt.decoders.registry import RestorerOptions, find_restorer  # noqa: E402
from sedicfmt.errors import BackendFailed, EncodeError, MissingDependency  # noqa: E402
from sedicfmt.installing import install_extra  # noqa: E402
from tests.backends.toy_model import on_grids  # noqa: E402
from tests.conftest import draw_photo  # noqa: E402

ROOT = Path(__file__).parents[2]
UNPACK = (sys.executable, "-m", "sedic_tools.commands.unpack")


@pytest.fixture(scope="module")
def model():
    return denoiser.open_nano()


def test_words_have_numbers_and_spans():
    number = numbers_of_words()
    numbers, spans = encode("Red-xyzzy BOAT's")
    assert numbers[:5].tolist() == [number["red"], UNKNOWN, number["boat"], number["s"], 0]
    assert [("Red-xyzzy BOAT's"[s.start : s.end], s.index) for s in spans] == [
        ("Red", 0), ("xyzzy", 1), ("BOAT", 2), ("s", 3),
    ]  # fmt: skip


def test_vectors_of_like_words_are_near():
    vectors, number = load_vectors(), numbers_of_words()
    assert len(vectors) == len(vocabulary()) == len(set(vocabulary()))

    def likeness(a, b):
        return float(vectors[number[a] - 2] @ vectors[number[b] - 2])

    assert likeness("fur", "fluffy") > 0.5 > likeness("fur", "roof")
    assert likeness("brick", "roof") > 0.5 > likeness("brick", "sailboat")


def test_long_texts_are_cut_with_a_warning(model):
    encoded = model.denoiser.encode_texts(["red " * (PLACES + 1), "blue"])
    assert len(encoded.spans[0]) == PLACES
    assert len(encoded.warnings) == 1 and str(PLACES) in encoded.warnings[0]


def test_patches_are_exact_and_whole():
    picture = torch.rand(1, 3, 64, 96)
    space = PatchSpace()
    assert torch.equal(space.decode(space.encode(picture)), picture)
    assert space.encode(picture).shape == (1, 192, 8, 12)


def test_a_new_network_gives_the_best_guess_without_learning():
    """F = 0: pure noise leaves the control, no noise leaves z."""
    network = NanoRestorerNetwork(widths=(8, 8, 16, 16), depths=(1, 1, 1, 1), text_width=8)
    z, control = torch.randn(2, 192, 4, 4), torch.randn(2, 192, 4, 4)
    text = network.words(torch.zeros(2, 64, dtype=torch.long))
    almost = torch.tensor([1e-6, 1 - 1e-6])
    with torch.no_grad():
        guess = network(z, almost, text, control)
    assert torch.allclose(guess[0], control[0], atol=1e-3)
    assert torch.allclose(guess[1], z[1], atol=0.02)
    told, gain = precondition(z, almost, control)
    assert float(told[0].abs().max()) < 1e-3
    assert gain.flatten().tolist() == pytest.approx([0.14, 0.001], rel=0.01)


def test_the_maps_beside_a_guess_are_those_of_attention(model):
    network = model.denoiser.network
    z, control, level = torch.randn(1, 192, 8, 12), torch.randn(1, 192, 8, 12), torch.tensor([0.3])
    text = model.denoiser.encode_texts(["a red boat"]).embedding
    _, maps = network.with_maps(z, level, text, control)
    assert torch.allclose(
        network.attention(z, level, text, control), maps.flatten(0, 1).unflatten(1, (4, 6)), atol=1e-6
    )
    assert torch.allclose(maps.sum(-1), torch.ones(()), atol=1e-5)


def test_guidance_lowers_the_energy_of_the_bundled_model(model):
    text = "Dog in brown, large, on the left"
    encoded = model.denoiser.encode_texts([text])
    mask = torch.zeros(64, 96, dtype=torch.bool)
    mask[8:48, 8:40] = True
    photo = torch.from_numpy(np.array(draw_photo(96, 64))).permute(2, 0, 1)[None] / 127.5 - 1
    control = model.space.encode(photo)
    z = torch.randn(1, 192, 8, 12, generator=torch.Generator().manual_seed(1))
    tokens = named_tokens(name_in(text), encoded.spans[0], "all")
    _, energies = guide(
        z,
        lambda x: model.denoiser.attention_maps(x, 600, encoded.embedding, control),
        on_grids(mask),
        tokens,
        0.05,  # a short way along the gradient
        updates=3,
    )
    assert energies[0] > energies[1] > energies[2]


def test_restoring_is_repeatable_and_follows_seed_text_and_mask(model):
    photo = np.asarray(draw_photo(96, 64))
    settings = dataclasses.replace(nano_settings(), steps=2, object_steps=2)
    mask = np.zeros((64, 96), np.uint8)
    mask[16:48, 16:64] = 1

    dog = ObjectToRestore("Dog in brown", mask)

    def restored(seed=1, text="A photo, finely textured.", objects=(dog,)):
        return OragRestorer(model, settings).restore(RestoreRequest(photo, text, objects, seed)).picture

    first = restored()
    assert first.shape == photo.shape
    assert np.abs(first.astype(int) - restored(seed=2)).mean() > 0.5  # the seed chooses the texture
    assert np.array_equal(first, restored())
    for other in (restored(seed=2), restored(text=""), restored(objects=())):
        assert not np.array_equal(first, other)


def test_another_weights_file_is_refused(tmp_path):
    changed = bytearray(denoiser.WEIGHTS.read_bytes())
    changed[-1] ^= 1
    (tmp_path / "w.safetensors").write_bytes(changed)
    with pytest.raises(BackendFailed, match="SHA-256"):
        denoiser.open_nano(tmp_path / "w.safetensors")


@pytest.mark.parametrize(
    ("spec", "options", "error"),
    [
        ("oracle", {}, EncodeError),
        ("nano:big", {}, EncodeError),
        ("nano", {"dtype": "fp16"}, EncodeError),
        ("nano", {"device": "abacus"}, EncodeError),
        ("nano", {"device": "cuda:7"}, MissingDependency),
        ("nano", {"changes": {"steps": 0}}, EncodeError),
    ],
)
def test_what_no_restorer_can_do(spec, options, error):
    if options.get("device", "").startswith("cuda") and torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    with pytest.raises(error):
        find_restorer(spec, RestorerOptions(**options))


def test_without_torch_the_command_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    for asked in ({"changes": {"guidance": {"eta": 3.0}}}, {"device": "cuda"}):
        with pytest.raises(MissingDependency, match=re.escape(install_extra("torch"))):
            find_restorer("nano", RestorerOptions(**asked))
    find_restorer("nano")  # by ONNX Runtime
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingDependency, match=re.escape(install_extra("nano"))):
        find_restorer("nano")


def test_changes_reach_the_settings():
    restorer = find_restorer("nano", RestorerOptions(changes={"steps": 3, "guidance": {"eta": 7.0}})).inner
    assert (restorer.settings.steps, restorer.settings.guidance.eta) == (3, 7.0)
    assert find_restorer("nano", RestorerOptions(changes={"guidance": None})).inner.settings.guidance is None


def test_the_command_saves_its_stages_and_tells_what_it_did(tmp_path):
    source = ROOT / "conformance/valid/three-objects-768x512.sedic"
    out = tmp_path / "out.png"
    done = subprocess.run(
        [*UNPACK, source, "-o", out, "--json", "--save-stages", tmp_path / "stages", "--steps", "1", "--object-steps", "1"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["restored_by"]["restorer"] == denoiser.NAME
    names = [f"object-{j}.png" for j in range(1, 4)]
    assert sorted(p.name for p in (tmp_path / "stages").iterdir()) == sorted(["reference.png", *names, "final.png"])
    with Image.open(out) as picture:
        assert "a model generated its detail" in picture.text["sedic:stage"]
        assert picture.text["sedic:restorer"] == denoiser.NAME
        last = np.asarray(picture)
    assert np.array_equal(last, np.asarray(Image.open(tmp_path / "stages/final.png")))


@pytest.mark.slow
def test_an_interrupted_restoring_leaves_nothing_half_written(tmp_path):
    """Ctrl-C while the loop runs: exit code 130, whole pictures of the stages that were done, no output."""
    source, stages = ROOT / "conformance/valid/three-objects-768x512.sedic", tmp_path / "stages"
    command = [*UNPACK, source, "-o", tmp_path / "out.png", "--save-stages", stages, "--object-steps", "300"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    for _ in range(600):
        if (stages / "reference.png").exists():
            break
        time.sleep(0.05)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == ["reference.png"]
    Image.open(stages / "reference.png").load()


@pytest.mark.parametrize("other", ["without oneDNN", "two threads", "cuda"])
def test_other_arithmetic_gives_the_same_picture_up_to_two_levels(model, other):
    """The tolerance that spec/rationale.md states; CUDA where there is one."""
    if other == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA on this machine")
    photo = np.asarray(draw_photo(96, 64))
    objects = (ObjectToRestore("Dog in brown", np.pad(np.ones((32, 48), np.uint8), ((16, 16), (16, 32)))),)
    settings = dataclasses.replace(nano_settings(), guidance=Guidance())

    def restored(used):
        return OragRestorer(used, settings).restore(RestoreRequest(photo, "A photo.", objects, 1)).picture.astype(int)

    expected, threads = restored(model), torch.get_num_threads()
    torch.set_num_threads(2 if other == "two threads" else threads)
    with torch.backends.mkldnn.flags(enabled=other != "without oneDNN"):
        found = restored(denoiser.open_nano(device="cuda") if other == "cuda" else model)
    torch.set_num_threads(threads)
    assert np.abs(found - expected).max() <= 2
