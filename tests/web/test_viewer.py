"""The viewer and <sedic-img> in Chromium, from a server and from disk: what a person sees, and that no request leaves."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import sedicfmt
from sedicfmt.model import SedicFile
from sedicfmt.pipeline.report import report_bytes

ROOT = Path(__file__).parents[2]
DEMO = sorted((ROOT / "web/demo").glob("*.sedic"))

pytestmark = pytest.mark.slow


def open_file(page, place, path):
    page.goto(f"{place}/viewer.html")
    page.set_input_files("#file", path)


@pytest.mark.parametrize("from_disk", [False, True])
def test_words_masks_and_bytes_of_a_file(page, site, address, from_disk):
    place = f"file://{site}" if from_disk else address
    path = DEMO[0]
    report = report_bytes(path.read_bytes())
    open_file(page, place, path)
    page.wait_for_selector("#objects li")
    assert page.inner_text("#caption") == report["texts"]["overall"]
    assert f"{report['width']} × {report['height']}" in page.inner_text("#facts")
    rows = page.locator("#parts tr").all_inner_texts()
    assert [int(row.split("\t")[1]) for row in rows[1:-1]] == [s["bytes"] for s in report["segments"]]
    assert sum(int(row.split("\t")[1]) for row in rows) == report["file_bytes"]
    page.wait_for_selector("sedic-img img.picture")
    size = page.locator("sedic-img img.picture").evaluate(
        "async (i) => { await i.decode(); return [i.naturalWidth, i.naturalHeight]; }"
    )
    assert size == list(sedicfmt.read(path.read_bytes()).coded_size)
    assert all(asked.startswith((place, "blob:")) for asked in page.asked)


def test_pointing_tells_the_object(page, address):
    """At a cell of each mask that no other has, and at one that none has."""
    path = DEMO[0]
    file = sedicfmt.read(path.read_bytes())
    open_file(page, address, path)
    page.wait_for_selector("#objects li")
    box = page.locator("sedic-img").bounding_box()
    for mask, text in [(part.mask, part.text) for part in file.objects]:
        others = sum(part.mask.cells for part in file.objects if part.mask is not mask)
        row, column = np.argwhere(mask.cells & (np.asarray(others) == 0))[0]
        x, y = (column + 0.5) * mask.scale / file.width, (row + 0.5) * mask.scale / file.height
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        assert page.inner_text("sedic-img .told") == text
        assert text in page.inner_text("#objects .pointed")
    page.mouse.move(box["x"] - 5, box["y"] - 5)
    assert page.locator("sedic-img .told").is_hidden()


def test_the_keyboard_reaches_the_objects(page, address):
    open_file(page, address, DEMO[0])
    page.wait_for_selector("#objects li")
    page.focus("#file")
    first = page.locator("#objects button").first
    reached = "(button) => document.activeElement === button"
    for _ in range(3):  # the button to restore comes before, where there is one
        page.keyboard.press("Tab")
        if first.evaluate(reached):
            break
    tinted = (
        "(canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((v) => v > 0)"
    )
    assert first.evaluate(reached)
    assert page.locator("sedic-img canvas.masks").evaluate(tinted)


def test_learned_latent_from_disk(page, site):
    """The picture is that of the package; a sample may differ by one before and after it is resampled."""
    path = ROOT / "conformance/valid/three-objects-768x512.sedic"
    open_file(page, f"file://{site}", path)
    canvas = page.wait_for_selector("sedic-img canvas.picture")
    shown = canvas.evaluate("(c) => Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data)")
    expected = np.asarray(sedicfmt.unpack(path.read_bytes(), stage="reference").convert("RGB")).astype(int)
    samples = np.array(shown).reshape(*expected.shape[:2], 4)[..., :3]
    assert np.abs(samples - expected).max() <= 3 and np.abs(samples - expected).mean() < 0.1
    assert all(asked.startswith((f"file://{site}", "blob:")) for asked in page.asked)


def test_stop_ends_the_painting_and_another_file_goes_on(page, address, tmp_path):
    """A latent of 2048x2048 pixels takes plain JavaScript a minute."""
    large = tmp_path / "large.sedic"
    large.write_bytes(sedicfmt.write(SedicFile(2048, 2048, 2, b"", b"", "", ())))
    open_file(page, address, large)
    page.get_by_text("painting", exact=True).wait_for()
    page.locator("#stop").click()
    page.get_by_text("Stopped").wait_for()
    page.set_input_files("#file", DEMO[1])
    page.wait_for_selector("#objects li")
    assert page.inner_text("#said") == ""


def test_latents_beyond_what_a_page_should_paint_are_not(page, address, tmp_path):
    """Some bytes can state a latent that no page has memory for (section 8)."""
    path = tmp_path / "bomb.sedic"
    path.write_bytes(sedicfmt.write(SedicFile(4096, 4096, 2, b"", b"", "", ())))
    open_file(page, address, path)
    page.get_by_text("Not all of it is shown: limit").wait_for()
    assert "4096 × 4096" in page.inner_text("#facts")


@pytest.mark.parametrize("model, said", [(4, ""), (5, "compressai"), (7, "id 7"), (224, "id 224")])
def test_words_and_masks_need_no_model(page, address, tmp_path, model, said):
    """R-1: of a latent that cannot be painted here, or that is none (N-1), all else is shown; there is nothing to restore."""
    file = sedicfmt.read(DEMO[0].read_bytes())
    latent = {"z": b"", "y": b"", "latent_scale": 16} if model == 4 else {}
    path = tmp_path / "other.sedic"
    path.write_bytes(sedicfmt.write(replace(file, model_id=model, **latent)))
    open_file(page, address, path)
    page.wait_for_selector("#objects li")
    assert page.locator("#objects li").count() == len(file.objects)
    assert page.inner_text("#caption") == file.text
    page.get_by_text("header.model_id" if said else "words and places").wait_for()
    assert said in page.inner_text("#said")
    assert page.is_disabled("#restore")
    if not said:
        pixel = page.locator("sedic-img canvas.picture").evaluate(
            "(c) => Array.from(c.getContext('2d').getImageData(0, 0, 1, 1).data)"
        )
        assert pixel == [128, 128, 128, 255]


def test_refusals_say_why_and_where(page, address, tmp_path):
    data = bytearray(DEMO[0].read_bytes())
    cases = {
        "check": bytes([*data[:-3], data[-3] ^ 1, *data[-2:]]),
        "malformed": b"GIF89a..",
        "truncated": bytes(data[:12]),
    }
    for code, content in cases.items():
        path = tmp_path / f"{code}.sedic"
        path.write_bytes(content)
        open_file(page, address, path)
        said = page.get_by_text("Not shown" if code != "check" else "incomplete")
        said.wait_for()
        assert code == "check" or code in said.inner_text()


def test_what_has_arrived_is_shown(page, address, tmp_path):
    """C-14: the latent and the caption of a file that ends behind them."""
    data = DEMO[0].read_bytes()
    segments = report_bytes(data)["segments"]
    path = tmp_path / "cut.sedic"
    path.write_bytes(data[: segments[3]["offset"]])
    open_file(page, address, path)
    page.wait_for_selector("sedic-img img.picture")
    page.get_by_text("nothing of it was checked").wait_for()
    page.get_by_text(report_bytes(data)["texts"]["overall"]).first.wait_for()
    assert page.locator("#objects li").count() == 0


def test_texts_are_data(page, address, tmp_path):
    """S-3: markup stays text, and control characters can be seen."""
    file = sedicfmt.read(DEMO[0].read_bytes())
    evil = '<img src=x onerror="document.title=1"> <script>document.title=2</script> \x1b[31m \u202e'
    path = tmp_path / "evil.sedic"
    path.write_bytes(sedicfmt.write(replace(file, text=evil)))
    open_file(page, address, path)
    page.wait_for_selector("#objects li")
    caption = page.inner_text("#caption")
    assert "<script>" in caption and "\\u{1b}" in caption and "\\u{202e}" in caption
    assert page.title() == "evil.sedic - .sedic viewer"


@pytest.mark.parametrize("from_disk", [False, True])
def test_demo_shows_ten_pictures(page, site, address, from_disk):
    page.goto(f"file://{site}/demo.html" if from_disk else f"{address}/demo.html")
    pictures = page.locator("sedic-img")
    assert pictures.count() == len(DEMO) == 10
    for number in range(10):
        image = pictures.nth(number).locator("img.picture")
        image.wait_for(state="attached")
        assert image.evaluate("async (i) => { await i.decode(); return i.naturalWidth; }") > 100
    texts = [sedicfmt.read(path.read_bytes()).text for path in DEMO]
    for number, text in enumerate(texts):
        page.locator(f'sedic-img >> nth={number} >> div[aria-label="{text}"]').wait_for(state="attached")
    assert sum(path.stat().st_size for path in DEMO) < 10_240
    assert not any("painter" in asked for asked in page.asked)


def test_element_says_that_a_file_is_missing(page, address):
    page.goto(f"{address}/demo.html")
    said = page.evaluate(
        """() => new Promise((resolve) => { const image = document.createElement('sedic-img');
        image.addEventListener('failed', ({ detail }) => resolve(detail.message)); image.setAttribute('src', 'none.sedic');
        document.body.append(image); })"""
    )
    assert "404" in said


@pytest.mark.parametrize("scheme, width", [("light", 1100), ("dark", 1100), ("light", 360)])
def test_page_fits_its_window(page, address, tmp_path, scheme, width):
    """Nothing sticks out, and text has contrast; with SCREENSHOTS=FOLDER pictures are kept to be looked at."""
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    open_file(page, address, DEMO[0])
    page.wait_for_selector("#objects li")
    page.wait_for_selector("sedic-img img.picture")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    colours = page.evaluate("() => { const s = getComputedStyle(document.body); return [s.color, s.backgroundColor]; }")
    text, ground = (sum(map(int, c.strip("rgb()").split(","))) for c in colours)
    assert abs(text - ground) > 500 and (text > ground) == (scheme == "dark")
    picture = page.screenshot(full_page=True)
    assert Image.open(io.BytesIO(picture)).width == width
    if folder := os.environ.get("SCREENSHOTS"):
        (Path(folder) / f"viewer-{scheme}-{width}.png").write_bytes(picture)


@pytest.mark.parametrize("model", ["sedic-nano-2", "sedic-nano-3", "av1"])
def test_restored_picture_is_that_of_the_package(page, site, annotated, tmp_path, model):
    """From disk, by ONNX Runtime in WebAssembly; the parts of the network's float arithmetic may differ by a rounding."""
    if not (site / "data/restorer.js").exists():
        pytest.skip("no ONNX graphs, or run npm install --prefix web")
    photo, words = annotated
    data = sedicfmt.pack(photo, describe=f"annotations:{words}", model=model, seed=7)
    (tmp_path / "photo.sedic").write_bytes(data)
    open_file(page, f"file://{site}", tmp_path / "photo.sedic")
    page.wait_for_selector("#objects li")
    page.click("#restore:not([disabled])")
    canvas = page.wait_for_selector("sedic-img canvas.restored")
    shown = canvas.evaluate("(c) => Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data)")
    expected = np.asarray(sedicfmt.unpack(data).convert("RGB")).astype(int)
    difference = np.abs(np.array(shown).reshape(*expected.shape[:2], 4)[..., :3] - expected)
    reference = np.asarray(sedicfmt.unpack(data, stage="reference").convert("RGB")).astype(int)
    assert difference.mean() < 0.3 and difference.max() <= 4
    assert np.abs(reference - expected).mean() > 4 * difference.mean()  # which is not for want of restoring
    assert "generated" in page.inner_text("#kind")
    assert all(asked.startswith((f"file://{site}", "blob:")) for asked in page.asked)
