"""`--without-reference`: a picture from words and masks alone, the file's latent untouched (the paper's table 3, row 7)."""

import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the restoring loop needs torch (the torch extra)")

import sedicfmt  # noqa: E402
from sedicfmt.decoders.interfaces import ObjectToRestore  # noqa: E402
from sedicfmt.decoders.orag.loop import Restoration  # noqa: E402
from sedicfmt.decoders.orag.presets import NEUTRAL  # noqa: E402
from sedicfmt.decoders.orag.restorer import OragRestorer  # noqa: E402
from sedicfmt.decoders.orag.settings import OragSettings  # noqa: E402
from sedicfmt.decoders.registry import RestorerOptions, find_restorer  # noqa: E402
from sedicfmt.errors import EncodeError  # noqa: E402
from sedicfmt.pipeline import unpack as unpacking  # noqa: E402
from sedicfmt.pipeline.png_text import png_text  # noqa: E402
from sedicfmt.pipeline.unpack import UnpackOptions, Watcher, unpack_bytes  # noqa: E402
from tests.backends.toy_model import left_half, picture, request, toy_model  # noqa: E402
from tests.conftest import draw_photo  # noqa: E402

SHORT = OragSettings(object_steps=2, steps=2, cfg=1, object_cfg=1)
BLIND = SHORT.changed({"use_reference": False})
DOG = [ObjectToRestore("dog", left_half())]


@pytest.fixture(scope="module")
def data():
    photo = draw_photo(64, 48)
    return sedicfmt.pack(photo, objects=0, words_overall=0, describe="offline")


# -- the loop ----------------------------------------------------------------------------------------------------------


def test_nothing_of_the_reference_is_in_the_picture():
    one, other = request(DOG), dataclasses.replace(request(DOG), reference=picture(seed=9))
    done = [OragRestorer(toy_model(keep=0.3), BLIND).restore(asked).picture for asked in (one, other)]
    assert np.array_equal(*done)
    seeing = [OragRestorer(toy_model(keep=0.3), SHORT).restore(asked).picture for asked in (one, other)]
    assert not np.array_equal(*seeing)


def test_words_masks_and_seed_still_decide():
    plain = OragRestorer(toy_model(keep=0.3), BLIND).restore(request(DOG)).picture
    for other in (
        dataclasses.replace(request(DOG), text="abd"),
        request([ObjectToRestore("dog", 1 - left_half())]),
        request(DOG, seed=4),
    ):
        assert not np.array_equal(plain, OragRestorer(toy_model(keep=0.3), BLIND).restore(other).picture)


def test_control_is_one_grey_and_the_start_noise():
    run = Restoration(toy_model(), BLIND, request(DOG))
    assert torch.allclose(run.control(run.latent0), torch.tensor(NEUTRAL / 127.5 - 1), atol=1e-6)
    assert torch.equal(run.whole_start(run.latent0, run.noise(0), 9), run.noise(0))
    nothing = OragRestorer(toy_model(), BLIND).restore(request(stop_after_objects=True))
    assert (nothing.picture == NEUTRAL).all()


@pytest.mark.parametrize(
    "wrong", [{"start": "reference"}, {"last_control": "reference"}, {"colour": "adain"}, {"detail": 0.5}]
)
def test_what_would_take_from_the_reference_is_refused(wrong):
    with pytest.raises(EncodeError, match="without the reference"):
        SHORT.changed({"use_reference": False, **wrong})


def test_presets_go_with_it():
    made = SHORT.changed({"preset": "authors", "use_reference": False})
    assert (made.start, made.last_control, made.colour, made.sampler) == ("noise", "objects", "none", "ancestral")


# -- the pipeline ------------------------------------------------------------------------------------------------------


def test_the_latent_is_not_even_decoded(data, monkeypatch):
    def never(model_id):
        raise AssertionError("the latent was opened")

    monkeypatch.setattr(unpacking, "codec_of", never)
    shown = []
    options = UnpackOptions(restoring=RestorerOptions(changes={"use_reference": False}))
    restorer = OragRestorer(toy_model(), BLIND)
    result = unpack_bytes(data, options, Watcher(on_picture=lambda stage, _: shown.append(stage)), restorer)
    assert result.picture.size == (64, 48) and shown == ["final"]
    assert {"entropy", "synthesis"}.isdisjoint(result.seconds)
    told = {name: value for _, name, _, value in texts(png_text(data, result))}
    assert told["sedic:model"].startswith("none") and json.loads(told["sedic:settings"])["use_reference"] is False


def texts(info):
    """(kind, name, "", value) of each text chunk that Pillow would write."""
    for kind, content, *_ in info.chunks:
        name, _, rest = content.partition(b"\0")
        yield kind, name.decode(), "", rest.lstrip(b"\0").decode()


def test_there_is_no_reference_stage_without_a_reference(data):
    options = UnpackOptions(stage="reference", restoring=RestorerOptions(changes={"use_reference": False}))
    with pytest.raises(EncodeError, match="nothing to show"):
        unpack_bytes(data, options)


def test_the_bundled_restorer_says_that_it_cannot(data, tmp_path):
    with pytest.raises(EncodeError, match="only adds detail to a reference"):
        find_restorer("nano", RestorerOptions(changes={"use_reference": False}))
    (tmp_path / "a.sedic").write_bytes(data)
    command = [sys.executable, "-m", "sedic_tools.commands.unpack", "a.sedic", "-o", "a.png", "--without-reference"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and "without one" in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["a.sedic"]


def test_a_diffusion_model_can(data, folder):
    how = {"use_reference": False, "steps": 2, "object_steps": 2, "device": "cpu"}
    restorers = (f"diffusers:{folder},{folder}/controlnet", f"diffusers:{folder}")
    done = [sedicfmt.unpack(data, restorer=name, **how) for name in restorers]
    assert all(p.size == (64, 48) and np.asarray(p).std() > 0 for p in done)
    with pytest.raises(EncodeError, match="use_reference"):
        sedicfmt.unpack(data, restorer=f"one-step:{folder}", use_reference=False)
