"""Files of model compressai where compressai is not: what they say is told, and what they need (K-2 to K-4)."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import sedicfmt
from sedicfmt.errors import BackendFailed, EncodeError, Malformed, MissingDependency, Unsupported
from sedicfmt.latents.compressai import missing
from sedicfmt.latents.compressai.payload import ARCHITECTURES, Maker, join, split
from sedicfmt.pipeline.report import report_bytes
from tests.conftest import draw_photo

ROOT = Path(__file__).parents[2]
MAKER = Maker("cheng2020-attn", bytes(range(8)), b"\xaa\xbb\xcc\xdd")
STRING = (1 << 31).to_bytes(8, "little")  # of no value


@pytest.fixture(scope="module")
def file():
    data = sedicfmt.pack(draw_photo(96, 64), model="none", objects=0, words_overall=0)
    return replace(sedicfmt.read(data), model_id=5, z=join(MAKER, STRING), y=STRING + bytes(4), text="A red boat.")


def decoded(tmp_path, file, *options):
    (tmp_path / "a.sedic").write_bytes(sedicfmt.write(file))
    command = [sys.executable, "-E", "-S", ROOT / "spec/decoder.py", tmp_path / "a.sedic", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_who_made_it_stands_before_the_string():
    payload = join(MAKER, STRING)
    assert payload.hex() == "060001020304050607aabbccdd" + STRING.hex()
    assert split(payload) == (MAKER, STRING)


def test_inspecting_tells_who_made_it_without_compressai(file, tmp_path):
    told = report_bytes(sedicfmt.write(file))["models"]["latent"]
    expected = {"architecture": "cheng2020-attn", "checkpoint": "0001020304050607", "symbols": "aabbccdd"}
    assert told == {"id": 5, "name": "compressai", **expected}
    done = decoded(tmp_path, file, "--no-latent")
    assert json.loads(done.stdout)["models"]["latent"] == told
    shown = subprocess.run(
        [sys.executable, "-m", "sedic_tools.commands.inspect", tmp_path / "a.sedic"], capture_output=True, text=True
    )
    assert "made by cheng2020-attn, checkpoint 0001020304050607" in shown.stdout
    broken = replace(file, z=b"\6")
    assert report_bytes(sedicfmt.write(broken))["models"]["latent"] == {"id": 5, "name": "compressai"}


def test_words_are_read_by_any_reader(file, tmp_path):
    assert sedicfmt.read(sedicfmt.write(file)).text == "A red boat."


def test_the_second_decoder_says_what_it_lacks(file, tmp_path):
    done = decoded(tmp_path, file)
    assert done.returncode == 8 and "cheng2020-attn with the checkpoint 0001020304050607" in done.stderr


@pytest.mark.parametrize(
    ("change", "exit_code", "path"),
    [
        ({"z": b""}, 3, "z"),
        ({"z": join(MAKER, b"")[:12]}, 3, "z"),
        ({"z": b"\7" + join(MAKER, STRING)[1:]}, 4, "z"),
        ({"z": b"\1" + join(MAKER, STRING)[1:]}, 3, "z"),
        ({"z": join(MAKER, STRING + b"\0")}, 3, "z"),
        ({"z": join(MAKER, bytes(8))}, 3, "z"),
        ({"y": bytes(4)}, 3, "y"),
        ({"y": b"\xff" * 8}, 3, "y"),
    ],
)
def test_the_second_decoder_sees_what_needs_no_network(file, tmp_path, change, exit_code, path):
    done = decoded(tmp_path, replace(file, **change))
    told = json.loads(done.stdout)["error"]
    assert (done.returncode, told["path"]) == (exit_code, path)


def test_what_is_no_head_is_refused():
    with pytest.raises(Malformed, match="K-2"):
        split(bytes(12))
    for number in {*range(256)} - set(ARCHITECTURES):
        with pytest.raises(Unsupported, match=f"the architecture {number} is not known"):
            split(bytes([number]) + bytes(12))


def test_what_lacks_is_told_with_its_command(file, monkeypatch):
    """To a file it is its own fault, so that a folder's others go on; to who packs with it, everybody's."""
    monkeypatch.setattr(missing, "find_spec", lambda name: None if name == "compressai" else name)
    told = r"compressai needs compressai: pip install .*compressai"
    with pytest.raises(BackendFailed, match=told) as failed:
        sedicfmt.unpack(sedicfmt.write(file), stage="reference")
    assert (failed.value.exit_code, failed.value.path) == (8, "header.model_id")
    with pytest.raises(MissingDependency, match=told) as lacking:
        sedicfmt.pack(draw_photo(64, 48), model="compressai:mbt2018", objects=0, words_overall=0)
    assert lacking.value.exit_code == 8


def test_names_are_looked_at_before_packages(monkeypatch):
    monkeypatch.setattr(missing, "find_spec", lambda name: None)
    with pytest.raises(EncodeError, match="no architecture 'jpeg' here; there are bmshj2018-factorized"):
        sedicfmt.pack(draw_photo(64, 48), model="compressai:jpeg", objects=0, words_overall=0)
