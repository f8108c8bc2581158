"""The registry of latent models: what is allocated, what is refused, and how much of a wheel the weights take."""

import hashlib
import json
from importlib.util import find_spec
from pathlib import Path

import pytest

import sedicfmt
from sedicfmt.declared import needs_of
from sedicfmt.errors import BackendFailed, EncodeError, MissingDependency, Unsupported
from sedicfmt.latents import registry
from sedicfmt.latents.allocated import ALLOCATED, DEFAULT_MODEL
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


@pytest.mark.parametrize("line", ALLOCATED.values(), ids=lambda line: line.name)
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
        shipped = PACKAGE / "latents/nano" / entry.file
        assert hashlib.sha256(shipped.read_bytes()).hexdigest() == entry.sha256
        assert entry.sha256 in card and entry.whole in card


def test_weights_that_are_missing_are_told(monkeypatch):
    from dataclasses import replace

    gone = replace(weights.MODELS[DEFAULT_MODEL], file="gone.safetensors")
    monkeypatch.setitem(weights.MODELS, 200, gone)
    with pytest.raises(BackendFailed, match=r"gone\.safetensors cannot be read"):
        weights.load_latent_model(200)


def test_weights_are_numbers_read_from_the_packages_folder(monkeypatch):
    """Safetensors of plain numbers: a list of names, types and shapes, and numbers behind it (S-4)."""
    opened, read_bytes = [], Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: opened.append(path) or read_bytes(path))
    for entry in weights.MODELS.values():
        weights.load_latent_model.cache_clear()
        weights.load_latent_model(entry.id)
        data = read_bytes(PACKAGE / "latents/nano" / entry.file)
        listed = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        assert {tensor["dtype"] for tensor in listed.values()} <= {"I8", "I16", "I32", "I64", "F16", "F32"}
    assert opened
    assert {path.parent for path in opened} == {PACKAGE / "latents/nano"}


def test_a_wrong_model_is_refused_before_decoding(monkeypatch):
    """One byte of the weights is another: nothing is decoded with them (R-1)."""
    from sedicfmt.latents import painting
    from sedicfmt.latents.nano import decode

    entry = weights.MODELS[DEFAULT_MODEL]
    data = bytearray((PACKAGE / "latents/nano" / entry.file).read_bytes())
    data[-1] ^= 1
    monkeypatch.setattr(Path, "read_bytes", lambda _: bytes(data))
    monkeypatch.setattr(decode, "decode_payloads", lambda *_: pytest.fail("decoded by wrong weights"))
    weights.load_latent_model.cache_clear()
    file = SedicFile(32, 32, entry.id, b"", b"")
    try:
        with pytest.raises(BackendFailed, match=r"sedic-nano-\d\.safetensors is not the file that ships"):
            painting.decode_latent(file)
    finally:
        weights.load_latent_model.cache_clear()


def test_all_weights_that_ship_take_at_most_24_megabytes():
    shipped = [path for kind in ("safetensors", "npz", "npy", "onnx") for path in PACKAGE.rglob(f"*.{kind}")]
    assert len(shipped) >= 10
    assert sum(file.stat().st_size for file in shipped) <= 24_000_000


def test_packing_by_the_former_model_needs_a_clone(monkeypatch, tmp_path):
    """Its files are read and painted anywhere."""
    weights.load_latent_model.cache_clear()
    monkeypatch.setattr(weights, "__file__", str(tmp_path / "a/b/c/weights.py"))
    entry = weights.MODELS[2]
    with pytest.raises(
        MissingDependency, match=r"which only a clone of the repository has; sedic-nano-3 packs anywhere"
    ):
        weights.whole_file(entry)
    monkeypatch.undo()
    whole, shipped = (weights.load_latent_model(2, encoder=encoder).weights for encoder in (True, False))
    assert {name for name in whole if not name.startswith(("g_a.", "h_a."))} == set(shipped)
    assert all((whole[name] == shipped[name]).all() for name in shipped)
