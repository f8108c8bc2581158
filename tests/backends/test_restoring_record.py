"""The record names every setting that changes the picture: each field is changed in turn, and the PNG's text with it."""

import dataclasses
import io
import json

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="the restoring loop needs torch (the torch extra)")

from sedicfmt.decoders.interfaces import ObjectToRestore  # noqa: E402
from sedicfmt.decoders.orag.attention_guidance import Guidance  # noqa: E402
from sedicfmt.decoders.orag.one_step import OneStepRestorer  # noqa: E402
from sedicfmt.decoders.orag.restorer import OragRestorer  # noqa: E402
from sedicfmt.decoders.orag.settings import OragSettings  # noqa: E402
from sedicfmt.decoders.orag.values import CHOICES  # noqa: E402
from sedicfmt.model import SedicFile  # noqa: E402
from sedicfmt.pipeline.png_text import png, png_text  # noqa: E402
from sedicfmt.pipeline.unpack import UnpackResult  # noqa: E402
from tests.backends.toy_model import PLAIN, left_half, request, toy_model  # noqa: E402

BASE = dataclasses.replace(PLAIN, guidance=Guidance())


def another(value, name=""):
    """A value of the same kind that is not `value`; a new kind of field has to be added here."""
    if name in CHOICES:
        return next(v for v in CHOICES[name] if v != value)
    if isinstance(value, bool):
        return not value
    if value is None:
        return 1
    if isinstance(value, (int, float)):
        return value + 1 if name not in ("strength", "detail", "share") else value / 2
    return {"all": "name"}.get(value, "other words")


def settings_of(done):
    return json.loads(done.record["settings"])


def record_of(**changes):
    """A restoration by the toy model, which has ten levels; a strength below 1 needs a start that shows something."""
    changes = ({"start": "objects"} if "strength" in changes else {"object_steps": 4, "steps": 5}) | changes
    settings = BASE.changed(changes)
    return OragRestorer(toy_model(), settings).restore(request([ObjectToRestore("dog", left_half())]))


@pytest.mark.parametrize("name", [f.name for f in dataclasses.fields(OragSettings)])
def test_every_setting_is_told(name):
    before = settings_of(record_of())
    value = another(getattr(BASE, name), name) if name != "guidance" else None
    after = settings_of(record_of(**{name: value}))
    assert before[name] != after[name] == value


@pytest.mark.parametrize("name", [f.name for f in dataclasses.fields(Guidance)])
def test_every_setting_of_guidance_is_told(name):
    value = another(getattr(BASE.guidance, name), name)
    told = settings_of(record_of(guidance={name: value}))["guidance"]
    assert told[name] == value != settings_of(record_of())["guidance"][name]


@pytest.mark.parametrize("change", [{"strength": 0.5}, {"colour": "none"}, {"use_text": False}])
def test_a_one_step_restorer_tells_its_own(change):
    plain, other = OneStepRestorer(toy_model()), OneStepRestorer(toy_model(), **change)
    assert settings_of(plain.restore(request())).keys() == {"strength", "colour", "use_text"}
    (name, value), *_ = change.items()
    assert settings_of(other.restore(request()))[name] == value != settings_of(plain.restore(request()))[name]


def test_the_png_holds_it_whatever_the_words_are():
    words = 'low "quality"\n\x1b[31m, 低画質'
    done = record_of(negative_prompt=words)
    result = UnpackResult(Image.fromarray(done.picture), SedicFile(8, 8, 2, b"", b"", "abc"), "final", {}, done.record)
    with Image.open(io.BytesIO(png(np.asarray(result.picture), pnginfo=png_text(b"", result)))) as image:
        image.load()
        assert json.loads(image.text["sedic:settings"])["negative_prompt"] == words
        assert image.text["sedic:steps"] == "1 x 4 object steps, 5 whole steps"
        assert image.text["sedic:seed"] == "0"


def test_how_a_model_computes_is_told(folder):
    from sedicfmt.decoders.diffusers.load import open_model

    def computed(**how):
        model = open_model(str(folder), device="cpu", **how)
        done = OneStepRestorer(model).restore(request((), 64, 64))
        return json.loads(done.record["computed"])

    plain = computed()
    assert plain.items() >= {"device": "cpu", "dtype": "float32", "vae_dtype": "float32", "tiled_vae": False}.items()
    assert computed(dtype="bf16")["dtype"] == "bfloat16"
    assert computed(tiled_vae=True)["tiled_vae"] is True
    assert computed(layers=["mid_block"])["layers"] != plain["layers"]
