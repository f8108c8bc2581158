"""Model av1: OBUs and boxes taken off and put back, what is refused, the search, and budgets."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import sedicfmt
from sedicfmt.container.content import write_file
from sedicfmt.errors import BackendFailed, LimitExceeded, Malformed, MissingDependency, SedicError
from sedicfmt.latents.allocated import ALLOCATED, DEFAULT_MODEL, id_of
from sedicfmt.latents.av1 import avif_file, still_picture
from sedicfmt.latents.av1 import obus as av1_obus
from sedicfmt.latents.av1.search import LARGEST_SCALE, USUAL_SCALE, Av1Encoder, uphill
from sedicfmt.latents.nano.weights import load_latent_model
from sedicfmt.latents.painting import decode_latent, paint_reference
from sedicfmt.latents.registry import codec_of
from sedicfmt.model import Mask, SedicFile, SedicObject
from sedicfmt.picture import psnr
from sedicfmt.pipeline import choose_reference, seen_distance
from sedicfmt.pipeline.choose_reference import AUTO, with_reference
from sedicfmt.pipeline.pack import pack_picture
from sedicfmt.pipeline.pack_options import PackOptions
from sedicfmt.pipeline.rate_control import Budget, fit
from sedicfmt.pipeline.report import report_bytes
from tests.conftest import draw_photo

AV1 = id_of("av1")
SPECIFICATION = (Path(__file__).parents[2] / "spec/sedic.md").read_text()


def still(width=96, height=64, step=9):
    return still_picture.encode(draw_photo(width, height), step, 8)


def file_of(y, width=96, height=64, z=b"", **more):
    return SedicFile(width, height, AV1, z, y, **more)


def noisy(width, height, seed=1, noise=40):
    pixels = np.asarray(draw_photo(width, height, seed), np.int16)
    return np.clip(pixels + np.random.default_rng(seed).integers(-noise, noise + 1, pixels.shape), 0, 255).astype(
        np.uint8
    )


def test_the_sequence_header_is_the_specifications_example():
    written = re.search(r"For 288x192 these are the bytes `([0-9A-F ]+)`", SPECIFICATION)[1]
    assert av1_obus.sequence_header(288, 192) == bytes.fromhex(written)


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (16, 16), (77, 133), (288, 192), (1030, 520)])
def test_the_rebuilt_file_shows_what_the_encoders_own_shows(size):
    picture, own = draw_photo(*size), io.BytesIO()
    picture.save(own, "AVIF", quality=round(9 * 100 / still_picture.STEPS), speed=8, **still_picture.OPTIONS)
    frame = still_picture.encode(picture, 9, 8)
    assert len(own.getvalue()) - len(frame) > 280  # what boxes and sequence header cost
    with Image.open(own) as shown:
        assert np.array_equal(still_picture.decode(frame, *size), np.asarray(shown.convert("RGB")))


def test_obus_are_split_and_joined():
    frame = bytes(range(1, 200))
    whole = av1_obus.low_overhead(frame, 40, 30)
    assert list(av1_obus.split(whole)) == [(1, av1_obus.sequence_header(40, 30)), (6, frame)]
    assert av1_obus.frame_of(b"\x12\x00" + whole, 40, 30) == frame
    assert avif_file.obus_of(avif_file.wrap(frame, 40, 30)) == whole
    assert av1_obus.frame_of(whole.replace(b"\x3f\xe1", b"\x38\x21", 1), 40, 30) == frame  # another level


@pytest.mark.parametrize(
    "spoil",
    [
        lambda obus: obus[:-1],
        lambda obus: obus + obus,
        lambda obus: obus[2:],
        lambda obus: b"\x0e" + obus[1:],
        lambda obus: obus + b"\x2a\x01\x80",
        lambda obus: b"\x0a" + b"\xff" * 9,
        lambda obus: av1_obus.low_overhead(b"frame", 31, 40),
    ],
)
def test_other_obus_are_refused(spoil):
    with pytest.raises(Malformed):
        av1_obus.frame_of(spoil(av1_obus.low_overhead(b"frame", 40, 30)), 40, 30)
    with pytest.raises(Malformed, match="media data"):
        avif_file.obus_of(b"\0\0\0\x10ftypavif\0\0\0\0\0\0\0\x04mdat")


@pytest.mark.parametrize(
    ("file", "path"),
    [
        (file_of(b"\x01", z=b"\x01"), "z"),
        (file_of(b""), "y"),
        (file_of(b"\x16\0"), "y"),
        (file_of(b"\xff" * 64), "y"),
        (file_of(b"no frame, but words"), "y"),
    ],
)
def test_what_is_no_frame_is_refused(file, path):
    with pytest.raises(Malformed) as caught:
        decode_latent(file)
    assert (caught.value.path, caught.value.offset) == (path, None)


@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=4), st.integers(0, 40))
@settings(max_examples=60)
def test_changed_frames_give_a_picture_of_the_size_or_our_error(changes, cut):
    frame = bytearray(still())
    for place, value in changes:
        frame[int(place * len(frame))] = value
    file = file_of(bytes(frame[: len(frame) - cut]))
    try:
        latent = decode_latent(file)
        assert paint_reference(file, latent).size == (96, 64)
    except (Malformed, BackendFailed) as error:
        assert error.path == "y"


def test_a_damaged_tile_is_no_error_of_the_format():
    """A-3: the file is valid, and its words can be read; it cannot be painted, and that is told as such."""
    data = (Path(__file__).parents[2] / "conformance/uncommon/av1-damaged-tile.sedic").read_bytes()
    assert report_bytes(data, check=True)["texts"]["overall"].startswith("A red boat")
    with pytest.raises(BackendFailed, match="paints no picture") as told:
        sedicfmt.unpack(data, "reference")
    assert (told.value.path, told.value.exit_code) == ("y", 8)


def test_a_pillow_without_avif_is_told(monkeypatch):
    frame = still()
    monkeypatch.setattr(still_picture.features, "check", lambda feature: False)
    with pytest.raises(BackendFailed, match="pip install"):
        codec_of(AV1)
    for call in (
        lambda: still_picture.encode(draw_photo(16, 16), 9, 8),
        lambda: still_picture.decode(frame, 96, 64),
    ):
        with pytest.raises(MissingDependency, match="pip install"):
            call()
    packed = pack_picture(
        draw_photo(96, 64), PackOptions(describe="offline", objects=0, words_overall=0, max_bytes=200)
    )
    assert packed.file.model_id == DEFAULT_MODEL
    assert any("alone was tried" in line for line in packed.warnings)


def test_auto_does_without_an_encoder_that_makes_something_else(monkeypatch):
    """As a Pillow whose AVIF encoder writes another sequence header."""
    monkeypatch.setattr(still_picture, "frame_of", refuse)
    packed = pack_picture(draw_photo(96, 64), PackOptions(objects=0, words_overall=0, max_bytes=400))
    assert packed.report["latent_model"] == ALLOCATED[DEFAULT_MODEL].name
    assert any("alone was tried" in line for line in packed.warnings)
    with pytest.raises(BackendFailed, match="AVIF encoder does not make"):
        pack_picture(draw_photo(96, 64), PackOptions(objects=0, words_overall=0, max_bytes=400, model="av1"))


def refuse(*unused):
    raise Malformed("a sequence header of other settings")


def test_another_encoders_sequence_header_is_told(monkeypatch):
    monkeypatch.setitem(still_picture.OPTIONS, "subsampling", "4:2:0")
    with pytest.raises(BackendFailed, match="sequence header"):
        still()


def test_av1_has_no_weights():
    assert ALLOCATED[AV1].coder == "av1"
    with pytest.raises(SedicError, match="no learned model"):
        load_latent_model(AV1)


@given(st.integers(1, LARGEST_SCALE), st.integers(0, 40), st.integers(1, 8), st.integers(0, LARGEST_SCALE))
def test_uphill_is_found(peak, start, least, too_large):
    def score(scale):
        return float("-inf") if scale > max(too_large, least) else -abs(scale - peak)

    highest_allowed = min(max(too_large, least), LARGEST_SCALE)
    assert uphill(score, start, least) == min(max(peak, least), highest_allowed)


@given(
    size=st.tuples(st.integers(16, 150), st.integers(16, 150)),
    seed=st.integers(0, 99),
    budget=st.integers(1, 900),
    model=st.sampled_from(["av1", AUTO]),
)
@settings(max_examples=12)
def test_a_file_is_never_over_its_budget(size, seed, budget, model):
    mask = Mask(np.ones((-(-size[1] // 8), -(-size[0] // 8)), np.uint8), 8)
    whole = SedicFile(*size, 0, b"", b"", "A grey thing on soft ground.", (SedicObject("thing, grey", mask),))
    pixels = noisy(*size, seed)
    try:
        file, report = with_reference(whole, pixels, model, Budget(budget), print)
    except LimitExceeded as error:
        smallest = int(re.search(r"has (\d+) bytes", error.message)[1])
        assert smallest > budget
        file, report = with_reference(whole, pixels, model, Budget(budget := smallest), print)
    data = write_file(file)
    assert len(data) <= budget
    assert report["latent_model"] == ALLOCATED[file.model_id].name
    assert sedicfmt.read(data) == file
    assert sedicfmt.unpack(data, stage="reference").size == size


SHORT_OF_MEMORY = """
import resource, sys
from pathlib import Path
import numpy as np
from PIL import Image
from sedicfmt.errors import SedicError
from sedicfmt.latents.av1 import still_picture

picture = Image.fromarray(np.arange(64 * 64 * 3, dtype=np.uint32).astype(np.uint8).reshape(64, 64, 3))
still_picture.decode(still_picture.encode(picture, 20, 10), 64, 64)
large = still_picture.encode(picture.resize((2048, 2048)), 20, 10)
held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (held + (int(sys.argv[1]) << 20), resource.RLIM_INFINITY))
for work in (lambda: still_picture.decode(large, 2048, 2048), lambda: still_picture.decode(bytes([255]) * 64, 64, 64)):
    try:
        work()
        print("read")
    except SedicError as error:
        print(error.code)
"""


@pytest.mark.parametrize(
    ("mebibytes", "said"), [(4, "limit"), (20, "limit"), (28, "limit"), (50, "limit"), (400, "read")]
)
def test_a_lack_of_memory_is_no_fault_of_the_file(mebibytes, said):
    """AV1's library tells the one as the other; a damaged frame stays one where there is memory."""
    done = subprocess.run(
        [sys.executable, "-c", SHORT_OF_MEMORY, str(mebibytes)], capture_output=True, text=True, check=True
    )
    first, damaged = done.stdout.split()
    assert first == said
    assert mebibytes < 20 or damaged == "backend"  # this decoder paints nothing of it


def test_a_budget_is_used():
    pixels = noisy(384, 256, noise=8)
    file, report = fit(SedicFile(384, 256, AV1, b"", b""), Av1Encoder(pixels), Budget(600))
    assert 0.9 * 600 < len(write_file(file)) <= 600
    assert file.z == b""
    assert report["quality"] >= 0


@pytest.mark.parametrize(("budget", "clear"), [(150, 99), (3000, 99), (150, 1)])
def test_auto_takes_what_is_nearer_in_the_end(budget, clear, monkeypatch):
    """By features of what a decoder shows, or of the reference pictures where they differ clearly; by PSNR of these where the
    features' network is missing."""
    pixels = noisy(192, 128, noise=8)
    whole = SedicFile(192, 128, 0, b"", b"")
    names = (ALLOCATED[DEFAULT_MODEL].name, "av1")
    learned = choose_reference.Made(*with_reference(whole, pixels, names[0], Budget(budget), print))
    files = [learned.file, choose_reference._rival(learned, pixels, budget, quick=True)[0].file]
    monkeypatch.setattr(seen_distance, "CLEAR", clear)
    stage, far = seen_distance.distances(files, pixels)
    assert stage == ("reference" if clear == 1 else "final")
    file, report = with_reference(whole, pixels, AUTO, Budget(budget), print)
    assert report["latent_distance"] == {name: round(one, 4) for name, one in zip(names, far, strict=True)}
    assert report["latent_compared"] == f"features, {stage}"
    assert far[names.index(report["latent_model"])] == min(far)
    assert ALLOCATED[file.model_id].name == report["latent_model"]
    assert file == with_reference(whole, pixels, report["latent_model"], Budget(budget), print)[0]

    def missing(*_):
        raise MissingDependency("the weights are not here")

    monkeypatch.setattr(seen_distance, "distances", missing)
    _, report = with_reference(whole, pixels, AUTO, Budget(budget), print)
    alone = {
        name: -psnr(pixels, np.asarray(sedicfmt.unpack(sedicfmt.write(one), stage="reference")))
        for name, one in zip(names, files, strict=True)
    }
    assert report["latent_compared"] == "psnr, reference"
    assert report["latent_distance"] == {name: round(one, 4) for name, one in alone.items()}
    assert alone[report["latent_model"]] == min(alone.values())


def test_what_is_shown_of_a_large_picture_is_the_reference(monkeypatch):
    pixels = noisy(96, 64)
    files = [with_reference(SedicFile(96, 64, 0, b"", b""), pixels, "av1", Budget(300), print)[0]]
    assert seen_distance.distances(files, pixels)[0] == "final"
    monkeypatch.setattr(seen_distance, "MOST_RESTORED", 96 * 64 - 1)
    stage, (far,) = seen_distance.distances(files, pixels)
    assert stage == "reference" and 0 < far < 4


def test_where_nothing_restores_the_reference_is_compared(monkeypatch):
    def missing(*_):
        raise MissingDependency("no runtime")

    pixels = noisy(96, 64)
    files = [with_reference(SedicFile(96, 64, 0, b"", b""), pixels, "av1", Budget(300), print)[0]]
    monkeypatch.setattr(seen_distance, "open_restorer", missing)
    assert seen_distance.distances(files, pixels)[0] == "reference"


def test_without_a_budget_auto_is_the_learned_coder():
    whole = SedicFile(96, 64, 0, b"", b"")
    file, report = with_reference(whole, noisy(96, 64), AUTO, Budget(), print)
    assert (file.model_id, report["latent_model"]) == (DEFAULT_MODEL, ALLOCATED[DEFAULT_MODEL].name)
    assert "latent_distance" not in report
    assert choose_reference.CLASSICAL == "av1"
    file, report = with_reference(whole, noisy(96, 64), "av1", Budget(), print)
    assert (file.model_id, file.latent_scale) == (AV1, USUAL_SCALE)
