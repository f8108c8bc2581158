"""The page of `sedic-inspect --html` in a browser: slider, words under the pointer, keyboard, paper, nothing asked of others.

With SEDIC_SCREENSHOTS naming a folder, what was seen is kept there.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

import sedicfmt
from sedicfmt.pipeline.report import report_bytes
from sedicfmt.pipeline.unpack import UnpackOptions
from sedicfmt.showing.page import page
from sedicfmt.showing.stages import pictures_of, shown

SHOTS = os.environ.get("SEDIC_SCREENSHOTS")
HOSTILE = "<img src=https://example.invalid/x onerror=alert(1)> </script><script>alert(2)</script> \u202eevil"


def write_page(path: Path, data: bytes, name: str = "photo.sedic") -> Path:
    """A page with two more stages than the reference picture's, without restoring."""
    result, pictures = pictures_of(data, UnpackOptions("reference"))
    pictures += [shown(stage, result.picture.rotate(turn)) for stage, turn in (("object 1", 90), ("final", 180))]
    html = page(name, data, result.file, report_bytes(data), pictures, {"restorer": "tried"}, ["what is to be told"])
    path.write_text(html, "utf-8")
    return path


@pytest.fixture(scope="module")
def written(small_file, tmp_path_factory):
    return write_page(tmp_path_factory.mktemp("page") / "report.html", small_file.read_bytes())


@pytest.fixture(scope="module")
def looked_at(chromium, written):
    """The page, and all that it asked for."""
    context = chromium.new_context(viewport={"width": 1000, "height": 900})
    tab, asked = context.new_page(), []
    tab.on("request", lambda request: asked.append(request.url))
    tab.set_default_timeout(120_000)
    tab.goto(written.as_uri())
    yield tab, asked
    context.close()


def keep(tab, name: str) -> None:
    if SHOTS:
        tab.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def test_the_slider_moves_through_the_stages(looked_at):
    tab, _ = looked_at
    assert tab.locator("#stage-name").inner_text() == "final"
    tab.locator("#stage").focus()
    names = []
    for key in ("Home", "ArrowRight", "ArrowRight"):
        tab.keyboard.press(key)
        names.append(tab.locator("#stage-name").inner_text())
        assert tab.locator(".stack img.now").count() == 1
        assert tab.locator(".stack img.now").get_attribute("alt").startswith(names[-1])
        assert tab.locator("#stage").get_attribute("aria-valuetext") == names[-1]
    assert names == ["reference", "object 1", "final"]


def test_the_words_under_the_pointer_are_the_masks(looked_at, small_file):
    tab, _ = looked_at
    box = tab.locator(".stack svg").bounding_box()
    file = sedicfmt.read(small_file)
    for j, part in enumerate(file.objects):
        alone = part.mask.cells.astype(bool)
        for later in file.objects[j + 1 :]:
            alone &= ~later.mask.cells.astype(bool)
        row, column = (int(places[len(places) // 2]) for places in alone.nonzero())
        rows, columns = part.mask.cells.shape
        tab.mouse.move(
            box["x"] + (column + 0.5) / columns * box["width"], box["y"] + (row + 0.5) / rows * box["height"]
        )
        assert tab.locator("#tip").inner_text() == f"object {j + 1}: {part.text}"
        assert tab.locator("li.on").inner_text() == f"object {j + 1}: {part.text}"
    keep(tab, "pointer")
    tab.mouse.move(box["x"] + 2, box["y"] + box["height"] - 2)
    assert tab.locator("#tip").is_hidden()


def test_masks_are_reached_by_the_keyboard_and_can_be_hidden(looked_at):
    tab, _ = looked_at
    tab.locator(".mask").first.focus()
    assert tab.locator("#tip").inner_text().startswith("object 1: ball")
    tab.keyboard.press("Escape")
    assert tab.locator("#tip").is_hidden()
    tab.locator("#show-masks").focus()
    tab.keyboard.press("Space")
    assert tab.locator(".masks").is_hidden()
    tab.keyboard.press("Space")
    assert tab.locator(".masks").is_visible()


def test_a_byte_tells_its_segment(looked_at, small_file):
    tab, _ = looked_at
    data = small_file.read_bytes()
    segments = report_bytes(data)["segments"]
    y = next(segment for segment in segments if segment["kind"] == "latent.y")
    tab.locator("#part").scroll_into_view_if_needed()
    tab.locator(".bytes span[data-part='2']").first.hover()
    told = tab.locator("#part").inner_text()
    assert told.startswith(f"latent y: {y['bytes']} bytes")
    assert f"bytes {y['offset']} to {y['offset'] + y['bytes'] - 1}" in told
    assert tab.locator("tr.on th").inner_text() == "latent y"
    assert tab.locator(".bar rect.on").count() == 1
    shown_bytes = tab.locator(".bytes pre").inner_text().splitlines()
    assert bytes.fromhex("".join(line[8:56] for line in shown_bytes)) == data
    tab.locator("tr[data-part='1']").focus()
    assert tab.locator("#part").inner_text().startswith("latent z:")
    tab.locator("#show-masks").focus()


def test_nothing_is_asked_of_others(looked_at, written):
    _, asked = looked_at
    assert {url for url in asked if not url.startswith("data:")} == {written.as_uri()}


def test_every_control_has_a_name(looked_at):
    tab, _ = looked_at
    assert tab.get_by_label("Stage").count() == 1
    assert tab.get_by_label("show masks").count() == 1
    assert tab.locator("img:not([alt]), html:not([lang]), .mask:not([aria-label])").count() == 0
    contrast = tab.evaluate(CONTRAST)
    assert contrast >= 4.5, contrast


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1000, 360])
def test_it_fits_in_light_and_dark_wide_and_narrow(chromium, written, scheme, width):
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    tab = context.new_page()
    tab.goto(written.as_uri())
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    dark = tab.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark == (scheme == "dark")
    assert tab.evaluate(CONTRAST) >= 4.5
    keep(tab, f"{scheme}-{width}")
    context.close()


def test_paper_shows_all_stages_and_no_switches(chromium, written):
    context = chromium.new_context(viewport={"width": 800, "height": 1000})
    tab = context.new_page()
    tab.goto(written.as_uri())
    tab.emulate_media(media="print")
    assert tab.locator(".stack img:visible").count() == 3
    assert tab.locator("figcaption:visible").all_inner_texts() == ["reference", "object 1", "final"]
    assert tab.locator("#stage").is_hidden()
    keep(tab, "print")
    if SHOTS:
        tab.pdf(path=str(Path(SHOTS) / "print.pdf"))
    context.close()


def test_a_strangers_words_are_words(chromium, photo, tmp_path):
    data = sedicfmt.pack(photo, objects=0, words_overall=0)
    data = sedicfmt.write(replace(sedicfmt.read(data), text=HOSTILE))
    path = write_page(tmp_path / "hostile.html", data, HOSTILE)
    context = chromium.new_context()
    tab, asked, spoken = context.new_page(), [], []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("dialog", lambda dialog: (spoken.append(dialog.message), dialog.dismiss()))
    tab.goto(path.as_uri())
    assert tab.locator("p[dir=auto]").inner_text() == HOSTILE.replace("\u202e", "\ufffd")
    assert spoken == []
    assert {url for url in asked if not url.startswith("data:")} == {path.as_uri()}
    context.close()


CONTRAST = """() => {
  const parse = (c) => c.match(/[\\d.]+/g).map(Number);
  const linear = (v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = (c) => { const [r, g, b] = parse(c).slice(0, 3).map((v) => linear(v / 255));
    return .2126 * r + .7152 * g + .0722 * b };
  const paper = light(getComputedStyle(document.body).backgroundColor);
  const ratio = (c) => { const [a, b] = [light(c), paper].sort((x, y) => y - x); return (a + .05) / (b + .05) };
  return Math.min(...[...document.querySelectorAll("p, td, th, dt, dd, h1, h2")].map((e) => ratio(getComputedStyle(e).color)));
}"""
