"""What is computed of figures: BD-rates, published curves, time left, files of CompressAI's form."""

import json
from pathlib import Path

import pytest

from sedicfmt.errors import EncodeError
from sedicfmt.harness.bd_rate import bd_rate
from sedicfmt.harness.metrics.table import METRICS
from sedicfmt.harness.prepare import Photo
from sedicfmt.harness.progress import Progress, clock_words
from sedicfmt.harness.published import read_published
from sedicfmt.harness.results import Results, Row, file_name, write_compressai
from sedicfmt.harness.sources.search import finest_within

CURVE = [(0.1, 25.0), (0.2, 28.0), (0.4, 31.0), (0.8, 34.0)]


def test_a_curve_at_half_the_rate_has_a_bd_rate_of_minus_fifty():
    pytest.importorskip("bjontegaard")
    found = bd_rate(CURVE, [(rate / 2, value) for rate, value in CURVE], "psnr", True)
    assert found.percent == pytest.approx(-50, abs=0.01) and found.overlap == pytest.approx(1)
    lower = bd_rate([(r, -v) for r, v in CURVE], [(r / 2, -v) for r, v in CURVE], "lpips-alex", False)
    assert lower.percent == pytest.approx(-50, abs=0.01)
    structural = [(rate, 1 - 10 ** (-value / 20)) for rate, value in CURVE]
    doubled = bd_rate(structural, [(rate * 2, value) for rate, value in structural], "ms-ssim", True)
    assert doubled.percent == pytest.approx(100, abs=0.01)


@pytest.mark.parametrize(
    ("tested", "why"),
    [
        (CURVE[:3], "3 points; 4 are needed"),
        ([*CURVE[:3], (0.9, 30.0)], "does not grow"),
        ([(rate, value + 50) for rate, value in CURVE], "do not overlap"),
    ],
)
def test_why_there_is_no_bd_rate(tested, why):
    pytest.importorskip("bjontegaard")
    found = bd_rate(CURVE, tested, "psnr", True)
    assert found.percent is None and why in found.why


def test_published_curves_are_marked(tmp_path):
    (tmp_path / "a.csv").write_text("bpp,psnr,dists\n0.2,24,\n0.1,23,0.2\n")
    curve = read_published({"name": "A", "file": "a.csv", "note": "its table 2"}, tmp_path, "published[0]")
    assert curve.name == "A (published)" and curve.note == "its table 2"
    assert curve.points == ({"bpp": 0.1, "psnr": 23.0, "dists": 0.2}, {"bpp": 0.2, "psnr": 24.0})
    results = {"bpp": [0.2, 0.1], "psnr-rgb": [30.0, 29.0], "ms-ssim-rgb": [0.95, 0.9], "encoding_time": [1, 1]}
    (tmp_path / "b.json").write_text(json.dumps({"name": "mbt", "description": "", "results": results}))
    curve = read_published({"file": "b.json"}, tmp_path, "published[0]")
    assert curve.name == "mbt (published)"
    assert curve.points[0] == {"bpp": 0.1, "psnr": 29.0, "ms-ssim": 0.9}
    older = {name.removesuffix("-rgb"): values for name, values in results.items()}  # as its first releases wrote them
    (tmp_path / "b.json").write_text(json.dumps({"name": "mbt", "description": "", "results": older}))
    assert read_published({"file": "b.json"}, tmp_path, "published[0]") == curve


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.csv", "bpp,quality\n1,2\n", "quality"),
        ("a.csv", "psnr\n1\n", "wants the columns bpp"),
        ("a.csv", "bpp,psnr\n1,high\n", "line 2"),
        ("a.csv", "bpp,psnr\n1,2,3\n", "line 2"),
        ("a.csv", "", "wants the columns"),
        ("a.json", "{}", "no result file"),
        ("a.json", '{"results": {"bpp": [1, 2], "psnr-rgb": [3]}}', "no result file"),
        ("a.json", "[", "no result file"),
    ],
)
def test_a_bad_published_file_is_told(tmp_path, name, text, told):
    (tmp_path / name).write_text(text)
    with pytest.raises(EncodeError, match=told):
        read_published({"file": name}, tmp_path, "published[0]")


def test_what_we_write_for_compressai_is_read_back(tmp_path):
    """The same names that `compressai.utils.plot` looks for, and what `published` reads."""
    metrics = [metric for metric in METRICS if metric.name in ("psnr", "ms-ssim")]
    photo = Photo("p", Path("p.png"), "digest", 100, 100)
    results = Results(metrics, [photo])
    for point, size in (("b", 200), ("a", 100)):
        values = {"psnr": 20 + size / 100, "ms-ssim": 0.5 + size / 1000}
        results.rows.append(Row("our/codec", point, photo, size, values=values, picture=Path("p.png")))
        results.summarise("our/codec", point)
    write_compressai(results, tmp_path, "a folder")
    held = json.loads((tmp_path / "compressai" / "our-codec.json").read_text())
    assert held == {
        "name": "our/codec",
        "description": "a folder",
        "results": {"bpp": [0.08, 0.16], "psnr-rgb": [21.0, 22.0], "ms-ssim-rgb": [0.6, 0.7]},
    }
    one = json.loads((tmp_path / "compressai" / "our-codec" / "p-a.json").read_text())
    assert one["source"] == "p" and one["results"] == {"bpp": 0.08, "psnr-rgb": 21.0, "ms-ssim-rgb": 0.6}
    read = read_published({"file": "compressai/our-codec.json"}, tmp_path, "published[0]")
    assert read.points[1] == {"bpp": 0.16, "psnr": 22.0, "ms-ssim": 0.7}


@pytest.mark.parametrize("name", ["../../x", "a/b", "a b", "..", "", "ä.png"])
def test_names_stay_within_a_folder(name):
    made = file_name(name)
    assert made and "/" not in made and made not in (".", "..")


def test_the_time_left_is_what_such_units_took(monkeypatch):
    now, told = [0.0], []
    progress = Progress(lambda words, done, of: told.append((words, done, of)), lambda: now[0])
    progress.expect("encode", 3)
    progress.expect("decode", 2)
    progress.done("encode", made=False)  # was there: says nothing
    assert progress.left() is None and told == [("encode", 1, 5)]
    now[0] = 10.0
    progress.done("encode")
    assert progress.left() == pytest.approx(10 + 2 * 10)  # what has not begun is taken for the mean
    now[0] = 12.0
    progress.done("decode")
    assert progress.left() == pytest.approx(10 + 2)
    assert told[-1] == ("decode, 0:12 left", 3, 5)


def test_clocks():
    assert [clock_words(s) for s in (0, 42.4, 61, 3909)] == ["0:00", "0:42", "1:01", "1:05:09"]


@pytest.mark.parametrize("budget", [0, 5, 10, 15, 95, 100, 1000])
def test_the_finest_setting_that_fits(budget):
    asked: list[int] = []

    def size_at(index: int) -> int:
        asked.append(index)
        return 10 * (index + 1)

    found = finest_within(10, budget, size_at)
    assert found == (min(budget // 10, 10) - 1 if budget >= 10 else None)
    assert len(asked) == len(set(asked)) <= 5
