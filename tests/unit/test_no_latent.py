"""A file without a latent (model none, N-1): words and masks, and one grey where a reference picture is asked for."""

import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import sedicfmt
from sedicfmt.errors import EncodeError, LimitExceeded, Malformed
from sedicfmt.latents.allocated import id_of
from sedicfmt.latents.none.codec import GREY
from sedicfmt.pipeline.report import report_bytes
from tests.conftest import draw_photo

ROOT = Path(__file__).parents[2]
NOTHING = hashlib.sha256(b"").hexdigest()


@pytest.fixture(scope="module")
def data(annotated):
    photo, words = annotated
    return sedicfmt.pack(photo, describe=f"annotations:{words}", model="none")


def decoded(path, *options):
    command = [sys.executable, "-E", "-S", ROOT / "spec/decoder.py", path, *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_words_and_masks_are_all_there_is(data):
    file = sedicfmt.read(data)
    assert (file.model_id, file.z, file.y, file.latent_scale) == (id_of("none"), b"", b"", 16)
    assert file.text and len(file.objects) == 2
    report = report_bytes(data, check=True)
    assert report["models"]["latent"] == {"id": 4, "name": "none"}
    assert [(s["coder"], s["bytes"]) for s in report["segments"][:2]] == [("empty", 0)] * 2
    assert report["digests"] == {"z": NOTHING, "y": NOTHING}


def test_the_reference_is_grey(data):
    shown = np.asarray(sedicfmt.unpack(data, stage="reference"))
    assert shown.shape == (128, 192, 3)
    assert (shown == GREY).all()


def test_the_second_decoder_says_the_same(data, tmp_path):
    (tmp_path / "a.sedic").write_bytes(data)
    done = decoded(tmp_path / "a.sedic")
    assert done.returncode == 0, done.stderr
    for said in ('"name": "none"', f'"digests": {{"z": "{NOTHING}", "y": "{NOTHING}"}}', '"coder": "empty"'):
        assert said in done.stdout


@pytest.mark.parametrize(
    ("change", "path"),
    [({"z": b"\1"}, "z"), ({"y": b"\1"}, "y"), ({"latent_scale": 15}, "header.latent_scale")],
)
def test_what_says_something_of_nothing_is_malformed(data, change, path, tmp_path):
    changed = sedicfmt.write(replace(sedicfmt.read(data), **change))
    assert sedicfmt.read(changed).text  # words need no model
    with pytest.raises(Malformed, match="N-1") as told:
        sedicfmt.unpack(changed, stage="reference")
    assert told.value.path == path
    (tmp_path / "a.sedic").write_bytes(changed)
    done = decoded(tmp_path / "a.sedic")
    assert (done.returncode, f'"path": "{path}"' in done.stdout + done.stderr or path in done.stderr) == (3, True)


def test_a_budget_is_kept_and_told_where_nothing_fits(annotated):
    photo, words = annotated
    whole = {"describe": f"annotations:{words}", "model": "none"}
    assert len(sedicfmt.pack(photo, max_bytes=40, **whole)) <= 40
    with pytest.raises(LimitExceeded, match="the smallest file of this picture has"):
        sedicfmt.pack(photo, max_bytes=8, **whole)


def test_there_is_nothing_to_refine():
    with pytest.raises(EncodeError, match="no latent to refine"):
        sedicfmt.pack(draw_photo(64, 48), model="none", refine=True, objects=0, words_overall=0)


def test_restorers_run_on_the_grey(data):
    pytest.importorskip("torch", reason="restoring needs torch (the nano extra)")
    pytest.importorskip("safetensors")
    shown = np.asarray(sedicfmt.unpack(data, device="cpu"))
    assert shown.shape == (128, 192, 3)
    assert shown.std() > 0


def test_packing_it_loads_no_torch(annotated):
    code = f"import sedicfmt, sys; sedicfmt.pack({str(annotated[0])!r}, model='none', objects=0, words_overall=0)"
    done = subprocess.run(
        [sys.executable, "-c", code + "; print('torch' in sys.modules)"], capture_output=True, text=True
    )
    assert done.stdout.strip() == "False", done.stderr
