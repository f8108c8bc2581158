"""What people look at, without a browser: shares of a file, shapes of masks, files compared, files found by words."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image, ImageDraw

import sedicfmt
from sedicfmt.errors import EncodeError, SedicError
from sedicfmt.model import Mask
from sedicfmt.pipeline.report import report_bytes
from sedicfmt.showing.bit_allocation import COLOURS, draw_picture, draw_svg, parts_of
from sedicfmt.showing.compare import differences, overlap, reference_psnr
from sedicfmt.showing.elements import as_html, as_svg, tag
from sedicfmt.showing.hex_lines import MOST_BYTES, hex_lines
from sedicfmt.showing.mask_shape import MOST_CELLS, drawn, middle, path
from sedicfmt.showing.search import Said, matching, patterns_of, texts_of

VALID = Path(__file__).parents[2] / "conformance" / "valid"


@pytest.mark.parametrize(
    "name", ["smallest-size", "ignorable-extensions", "av1-one-pixel", "nothing-but-latent", "objects-6"]
)
def test_every_byte_belongs_to_one_part(name):
    data = (VALID / f"{name}.sedic").read_bytes()
    parts = parts_of(report_bytes(data))
    ends = [0, *(part.offset + part.bytes for part in parts)]
    assert ends[:-1] == [part.offset for part in parts]
    assert ends[-1] == len(data)
    assert {part.kind for part in parts} <= set(COLOURS)


def test_of_a_cut_file_what_is_behind_has_no_name(small_file):
    data = small_file.read_bytes()[:-12]
    parts = parts_of(report_bytes(data, allow_prefix=True))
    assert (parts[-1].kind, sum(part.bytes for part in parts)) == ("rest", len(data))


def test_the_bar_as_svg_and_as_picture_show_the_shares(small_file):
    report = report_bytes(small_file.read_bytes())
    svg = ElementTree.fromstring(as_svg(draw_svg(report)))
    bars = [box for box in svg.iter("{http://www.w3.org/2000/svg}rect") if box.get("height") == "44"]
    y = next(segment for segment in report["segments"] if segment["kind"] == "latent.y")
    assert float(bars[2].get("width")) == pytest.approx(720 * y["share"], abs=0.01)
    pixels = np.asarray(draw_picture(report))
    colour = [int(COLOURS["latent.y"][i : i + 2], 16) for i in (1, 3, 5)]
    assert (pixels[80] == colour).all(1).sum() == pytest.approx(1440 * y["share"], abs=2)


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, 1)))
def test_a_masks_path_covers_its_cells(cells):
    rows, columns = cells.shape
    image = Image.new("1", (columns * 3, rows * 3))
    for piece in path(cells, 3).split("z")[:-1]:
        start, wide, high, _ = piece[1:].replace("h", "|").replace("v", "|").split("|")
        x, y = map(int, start.split())
        ImageDraw.Draw(image).rectangle((x, y, x + int(wide) - 1, y + int(high) - 1), fill=1)
    assert np.array_equal(np.asarray(image)[1::3, 1::3], cells.astype(bool))
    x, y = middle(cells)
    assert cells[int(y), int(x)] or not cells.any()


def test_a_fine_mask_is_drawn_coarser():
    cells = np.zeros((700, 1001), np.uint8)
    cells[699, 1000] = 1
    coarse, step = drawn(cells)
    assert coarse.size <= MOST_CELLS
    assert coarse.sum() == coarse[699 // step, 1000 // step] == 1


def test_markup_is_text_and_nothing_steers():
    # within an attribute's quotes < is no markup, and Python leaves it as it is
    html = as_html(tag("p", "<b>\u202e&\x1b", tag("br"), "</p>", title='"><script>'))
    assert html == '<!DOCTYPE html>\n<p title="&quot;&gt;<script&gt;">&lt;b&gt;\ufffd&amp;\ufffd<br>&lt;/p&gt;</p>\n'


def test_a_long_file_is_shown_in_part():
    data = bytes(MOST_BYTES + 5)
    parts = parts_of({**report_bytes((VALID / "smallest-size.sedic").read_bytes()), "file_bytes": len(data)})
    lines = "".join(piece if isinstance(piece, str) else piece.text for piece in hex_lines(data, parts)).splitlines()
    assert len(lines) == MOST_BYTES // 16


def test_a_file_differs_from_itself_in_nothing(small_file):
    file = sedicfmt.read(small_file)
    assert differences(file, file) == []
    assert reference_psnr(file, file) == float("inf")


def test_each_part_that_differs_is_told(small_file):
    file = sedicfmt.read(small_file)
    first, second = file.objects
    cells = first.mask.cells.copy()
    cells[0, 0] ^= 1
    other = replace(
        file, seed=7, text="Others.", y=file.y + b"\0", latent_scale=12,
        objects=(replace(first, mask=Mask(cells, first.mask.scale)),),
    )  # fmt: skip
    found = {one.path: one for one in differences(file, other)}
    assert set(found) == {"latent_scale", "seed", "y", "text", "objects[0].mask", "objects[1].text", "objects[1].mask"}
    assert (found["seed"].left, found["seed"].right) == (0, 7)
    assert 0.9 < found["objects[0].mask"].overlap < 1
    assert (found["objects[1].text"].left, found["objects[1].text"].right) == (second.text, None)
    assert overlap(first.mask, Mask(first.mask.cells[:1], 8)) is None


def said(*texts: str) -> list[Said]:
    return [Said(str(number), text) for number, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("boat", [0]),
        ("BOAT red", [0, 1]),
        ("oat", []),
        ("boat cat", []),
        ("カヌー", [2]),
        ("湖", [2]),
        ("cafe\u0301", [3]),
        ("STRASSE", [3]),
        ("(", [3]),
    ],
)
def test_words_are_found_as_people_mean_them(words, found):
    texts = said("Two boats on a lake", "a Red sail", "湖のカヌー", "Café (Straße)")
    assert [int(one.path) for one in matching(texts, patterns_of(words))] == found


def test_an_expression():
    assert matching(said("a cat"), patterns_of("^a (cat|dog)$", True))
    for words, expression in (("(", True), ("  ", False)):
        with pytest.raises(EncodeError):
            patterns_of(words, expression)


@given(st.text(max_size=20), st.booleans(), st.text(max_size=40))
def test_any_words_give_a_result_or_our_error(words, expression, text):
    with suppress(SedicError):
        matching(said(text), patterns_of(words, expression))


def test_texts_are_read_without_masks(small_file, monkeypatch):
    monkeypatch.setattr("sedicfmt.segments.mask.parse", None)
    data = small_file.read_bytes()
    paths = ["text", "objects[0].text", "objects[1].text"]
    assert [one.path for one in texts_of(data)] == paths
    with pytest.raises(SedicError):
        texts_of(data[:-12])
    assert [one.path for one in texts_of(data[:-12], True)] == paths[:2]
