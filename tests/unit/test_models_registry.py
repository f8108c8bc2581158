"""The registry of latent models: what is allocated, what is refused, and how much of a wheel the weights take."""

import hashlib
import json
from importlib.util import find_spec
from pathlib import Path

import pytest

import sedicfmt
from sedicfmt.declared import needs_of
from sedicfmt.errors import BackendFailed, EncodeError, Unsupported
from sedicfmt.latents import registry
from sedicfmt.latents.nano import weights
from sedicfmt.model import SedicFile
from sedicfmt.pipeline.choose_reference import check_model

PACKAGE = Path(sedicfmt.__file__).parent
ROOT = Path(__file__).parents[2]


def test_an_unknown_id_is_told_and_has_its_own_exit_code():
    with pytest.raises(Unsupported, match="model 99 is not known") as caught:
        registry.codec_of(99)
    assert (caught.value.exit_code, caught.value.path) == (4, "header.model_id")


def test_an_unknown_name_is_told():
    with pytest.raises(EncodeError, match="no model sedic-giant; there are "):
        check_model("sedic-giant")


@pytest.mark.parametrize("line", registry.ALLOCATED.values(), ids=lambda line: line.name)
def test_card_and_specification_know_every_model(line):
    card = (ROOT / "docs/model-cards" / f"{line.name}.md").read_text()
    assert f"model id {line.id}" in card
    assert f"| {line.id} | {line.name} " in (ROOT / "spec/sedic.md").read_text()
    if line.extra and not all(find_spec(name) for name in needs_of(registry.CODECS.find(line.name)[0].make).packages):
        pytest.skip(f"{line.name} is not installed")
    codec = registry.codec_of(line.id)
    assert (codec.model_id, codec.name) == (line.id, line.name)
    assert codec.licence
    if entry := weights.MODELS.get(line.id):
        assert hashlib.sha256((PACKAGE / "latents/nano" / entry.file).read_bytes()).hexdigest() == entry.sha256
        assert entry.sha256 in card


def test_weights_that_are_missing_are_told(monkeypatch):
    from dataclasses import replace

    gone = replace(weights.MODELS[registry.DEFAULT_MODEL], file="gone.safetensors")
    monkeypatch.setitem(weights.MODELS, 200, gone)
    with pytest.raises(BackendFailed, match=r"weights of sedic-nano-2 cannot be read: gone\.safetensors"):
        weights.load_latent_model(200)


def test_weights_are_numbers_read_from_the_packages_folder(monkeypatch):
    """Safetensors of plain numbers: a list of names, types and shapes, and numbers behind it (S-4)."""
    opened, read_bytes = [], Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: opened.append(path) or read_bytes(path))
    for entry in weights.MODELS.values():
        weights.load_latent_model.cache_clear()
        weights.load_latent_model(entry.id)
        data = read_bytes(opened[-1])
        listed = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        assert {tensor["dtype"] for tensor in listed.values()} <= {"I8", "I16", "I32", "I64", "F16", "F32"}
    assert opened
    assert {path.parent for path in opened} == {PACKAGE / "latents/nano"}


def test_a_wrong_model_is_refused_before_decoding(monkeypatch):
    """One byte of the weights is another: nothing is decoded with them (R-1)."""
    from sedicfmt.latents import painting
    from sedicfmt.latents.nano import decode

    entry = weights.MODELS[registry.DEFAULT_MODEL]
    data = bytearray((PACKAGE / "latents/nano" / entry.file).read_bytes())
    data[-1] ^= 1
    monkeypatch.setattr(Path, "read_bytes", lambda _: bytes(data))
    monkeypatch.setattr(decode, "decode_payloads", lambda *_: pytest.fail("decoded by wrong weights"))
    weights.load_latent_model.cache_clear()
    file = SedicFile(32, 32, entry.id, b"", b"")
    try:
        with pytest.raises(BackendFailed, match="is not the file that sedic-nano-2 stands for"):
            painting.decode_latent(file)
    finally:
        weights.load_latent_model.cache_clear()


def test_all_weights_that_ship_take_at_most_24_megabytes():
    shipped = [file for kind in ("safetensors", "onnx", "npy", "npz") for file in PACKAGE.rglob(f"*.{kind}")]
    assert len(shipped) >= 3
    assert sum(file.stat().st_size for file in shipped) <= 24_000_000
