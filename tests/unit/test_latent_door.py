"""The latent codecs' door: one of another package takes a private id, and goes from pixel to bytes and back."""

import hashlib
from importlib.metadata import EntryPoint

import numpy as np
import pytest
from PIL import Image

import sedicfmt
from sedicfmt import back_ends
from sedicfmt.errors import BackendFailed, EncodeError, SedicError, Unsupported
from sedicfmt.latents import allocated, registry
from sedicfmt.latents.interfaces import CodedLatent
from sedicfmt.model import Extension
from sedicfmt.pipeline.pack import pack_picture
from sedicfmt.pipeline.pack_options import PackOptions
from sedicfmt.pipeline.png_text import png_text
from sedicfmt.pipeline.report import report_bytes
from sedicfmt.pipeline.unpack import unpack_bytes
from tests.conftest import draw_photo

LATENT_ALONE = {"objects": 0, "words_overall": 0}


class MeanColour:
    """The latent is three bytes: the picture's mean colour, and an extension that says who wrote it."""

    name, model_id, licence, least_scale = "mean", 240, "Apache-2.0", 1

    def __init__(self, argument=None):
        self.argument = argument

    def encoder(self, picture, refine=False):
        self.colour = bytes(int(v) for v in picture.mean((0, 1)))
        return self

    def usual(self):
        written_by = (Extension(100, False, self.argument.encode()),) if self.argument else ()
        return CodedLatent(16, b"", self.colour, {"colours": True}, written_by)

    smallest = usual

    def best(self, size, most_bytes, least_scale):
        return self.usual() if size(self.usual()) <= most_bytes else None

    def decode(self, file):
        return Decoded(file)


class Decoded:
    def __init__(self, file):
        self.file = file

    def digests(self):
        return {name: hashlib.sha256(part).hexdigest() for name, part in (("z", self.file.z), ("y", self.file.y))}

    def paint(self):
        width, height = self.file.coded_size
        return np.tile(np.frombuffer(self.file.y, np.uint8), (height, width, 1))


class TakesAnAllocatedId(MeanColour):
    model_id = 2


def no_codec():
    raise Unsupported("this machine is too small")


@pytest.fixture()
def installed(monkeypatch):
    """Registers names for classes of this module, as another package's metadata does."""

    def call(**codecs):
        entries = [EntryPoint(name, f"{__name__}:{what}", "sedicfmt.latents") for name, what in codecs.items()]
        monkeypatch.setattr(back_ends, "entry_points", lambda group: entries if group == "sedicfmt.latents" else [])

    return call


def test_from_pixel_to_bytes_and_back(installed):
    installed(mean="MeanColour")
    photo = draw_photo(96, 64)
    packed = pack_picture(photo, PackOptions(model="mean", **LATENT_ALONE))
    assert packed.report["latent_model"] == "mean"
    file = sedicfmt.read(packed.data)
    assert (file.model_id, file.z, len(file.y)) == (240, b"", 3)
    shown = np.asarray(unpack_bytes(packed.data).picture)
    assert shown.shape == (64, 96, 3)
    assert np.abs(shown.mean((0, 1)) - np.asarray(photo).mean((0, 1))).max() < 1
    report = report_bytes(packed.data, check=True)
    assert report["models"]["latent"] == {"id": 240, "name": None}
    assert set(report["digests"]) == {"z", "y"}


def test_a_budget_and_an_argument(installed):
    installed(mean="MeanColour")
    packed = pack_picture(draw_photo(96, 64), PackOptions(model="mean:somebody", max_bytes=60, **LATENT_ALONE))
    assert sedicfmt.read(packed.data).extensions == (Extension(100, False, b"somebody"),)
    assert len(packed.data) <= 60


def test_a_file_of_a_codec_that_is_gone_keeps_its_words(installed):
    installed(mean="MeanColour")
    data = pack_picture(draw_photo(96, 64), PackOptions(model="mean", **LATENT_ALONE)).data
    installed()
    assert sedicfmt.read(data).model_id == 240  # without the latent all is read
    with pytest.raises(Unsupported, match="model 240, an id for private use, is not known") as told:
        unpack_bytes(data)
    assert (told.value.exit_code, told.value.path) == (4, "header.model_id")


def test_an_allocated_codec_that_is_not_here_names_its_extra(monkeypatch):
    line = allocated.Allocated(77, "sedic-giant", "range", "sam")
    monkeypatch.setitem(allocated.ALLOCATED, 77, line)
    with pytest.raises(Unsupported, match=r"model 77 is sedic-giant: .*segment-anything"):
        registry.codec_of(77)


def test_a_codec_that_lacks_something_is_told_before_anything_is_described(installed, monkeypatch):
    """A description may cost money."""
    from sedicfmt.pipeline import pack

    installed(small="no_codec")
    monkeypatch.setattr(pack, "find_describer", lambda *_, **__: pytest.fail("a describer was opened"))
    with pytest.raises(SedicError, match="this machine is too small"):
        pack_picture(draw_photo(96, 64), PackOptions(model="small"))


def test_a_package_takes_no_allocated_id(installed):
    installed(mine="TakesAnAllocatedId")
    with pytest.raises(BackendFailed, match=r"'mine' .*has model id 2; ids for private use are 224 to 255") as told:
        registry.open_codec("mine")
    assert told.value.exit_code == 8


def test_a_package_takes_no_built_in_name(installed):
    installed(av1="MeanColour")
    with pytest.raises(BackendFailed, match="two latent codecs are called 'av1'"):
        registry.open_codec("av1")


def test_another_id_is_looked_for_in_those_that_open(installed):
    installed(broken="no_codec", mean="MeanColour")
    assert registry.codec_of(240).name == "mean"
    with pytest.raises(Unsupported, match="not known to this reader"):
        registry.codec_of(241)


@pytest.mark.parametrize("spec", ["av1:9", "sedic-nano-2:fast"])
def test_an_argument_that_nobody_takes(spec):
    with pytest.raises(EncodeError, match="takes no argument"):
        registry.open_codec(spec)


def test_the_pictures_text_names_the_model(installed):
    installed(mean="MeanColour")
    data = pack_picture(Image.new("RGB", (32, 32)), PackOptions(model="mean", **LATENT_ALONE)).data
    chunks = png_text(data, unpack_bytes(data)).chunks
    assert any(b"sedic:model\x00240" in text for _, text, *_ in chunks)


def test_a_name_that_nobody_registered():
    with pytest.raises(EncodeError, match="no model mean; there are auto, av1, compressai, none, sedic-nano-2") as told:
        pack_picture(Image.new("RGB", (32, 32)), PackOptions(model="mean", **LATENT_ALONE))
    assert told.value.path == "model"
