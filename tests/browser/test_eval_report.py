"""The report of `sedic-eval` in a browser: it asks for nothing, breaks nothing, and shows curves, tables and pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sedicfmt.harness.experiment import Experiment, source_of
from sedicfmt.harness.metrics.metric import metrics_named
from sedicfmt.harness.metrics.table import METRICS
from sedicfmt.harness.prepare import Photo
from sedicfmt.harness.report import write
from sedicfmt.harness.results import Results, Row


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    """Two sources at two rates, three photos; one has a name that is HTML."""
    folder, random = tmp_path_factory.mktemp("report"), np.random.default_rng(3)
    photos = []
    for i in range(3):
        Image.fromarray(random.integers(0, 256, (80, 120, 3), np.uint8)).save(folder / f"p{i}.png")
        photos.append(Photo(f"p{i}", folder / f"p{i}.png", str(i), 120, 80))
    metrics = metrics_named(("psnr",), METRICS)
    results = Results(metrics, photos)
    for source, gain in (("a", 0.0), ("<b>theirs</b>", 1.0)):
        for point, count in (("500 bytes", 500), ("1,000 bytes", 1000)):
            for photo in photos:
                row = Row(source, point, photo, count)
                row.picture, row.values = photo.path, {"psnr": 20 + gain + count / 500}
                results.rows.append(row)
            results.summarise(source, point)
    given = [{"name": name, "codec": "JPEG", "bytes": [500, 1000]} for name in ("a", "<b>theirs</b>")]
    made = Experiment("Looked at", folder, [source_of(g, "source", folder) for g in given], metrics, anchor="a")
    return write.write_report(results, made, folder, "sedic-eval", "")[0]


def test_it_is_whole_and_asks_for_nothing(chromium, report):
    context = chromium.new_context(viewport={"width": 1000, "height": 800})
    tab, asked, said = context.new_page(), [], []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.goto(report.as_uri())
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == [] == said
    assert tab.locator("h1").inner_text() == "Looked at"
    assert tab.locator("svg polyline, svg path").count() >= 2
    bold = "[...document.querySelectorAll('td')].filter(cell => getComputedStyle(cell).fontWeight >= 600)"
    assert {"24.00", "22.00"} & set(tab.evaluate(f"{bold}.map(cell => cell.innerText)"))
    assert tab.get_by_text("<b>theirs</b>").count() >= 1
    pictures = tab.locator("img")
    assert pictures.count() >= 1
    assert tab.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()
