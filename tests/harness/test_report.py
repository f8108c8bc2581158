"""What a report says of results that are given: gaps with their reasons, paired differences, by what sources were made."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest

from sedicfmt.harness.experiment import Experiment, source_of
from sedicfmt.harness.metrics.metric import metrics_named
from sedicfmt.harness.metrics.table import METRICS
from sedicfmt.harness.prepare import Photo
from sedicfmt.harness.published import Published
from sedicfmt.harness.report import differences, tables, write
from sedicfmt.harness.results import Results, Row
from sedicfmt.harness.sources.sedic import named_files
from sedicfmt.harness.sources.source import without_folders

NAMES = ("psnr", "grid", "fid-ssd")
SIZE = (96, 64)


@pytest.fixture
def results():
    """Three photos by `a` and `b`; `c` has a picture of one of them only."""
    photos = [Photo(f"p{i}", Path(f"p{i}.png"), str(i), *SIZE) for i in range(3)]
    found = Results(metrics_named(NAMES, METRICS), photos)
    for source, figures in (("a", [20.0, 30.0, 40.0]), ("b", [21.0, 31.2, 40.8]), ("c", [20.0, None, None])):
        for photo, psnr in zip(photos, figures, strict=True):
            row = Row(source, "900 bytes", photo, 900 if psnr else 0)
            row.picture, row.why = (Path("x.png"), "") if psnr else (None, "no quality fits")
            row.values |= {"psnr": psnr} if psnr else {}
            row.gaps |= {"grid": "too small"}
            found.rows.append(row)
        found.summarise(source, "900 bytes").whole["fid-ssd"] = {"gap": "12 crops are too few"}
    return found


def experiment(*sources, anchor=""):
    made = [source_of(given, "source", Path()) for given in sources]
    return Experiment("x", Path("photos"), made, metrics_named(NAMES, METRICS), anchor=anchor)


def rows_of(table):
    return [[cell.text for cell in row] for row in table.rows]


def test_a_point_without_all_pictures_has_a_row_without_figures_and_its_reason(results):
    (table,) = tables.point_tables(results, {"b": "told"})
    assert rows_of(table) == [
        ["a", "900", "1.1719", "30.00"],
        ["b", "900", "1.1719", "31.00"],
        ["c", "–", "–", "–"],
    ]
    assert [row[3].best for row in table.rows] == [False, True, False]
    assert table.notes == ["c, 900 bytes: 1 of 3 pictures (no quality fits)", "b: told"]


def test_a_metric_says_why_it_has_no_figure(results):
    states = {row[0]: row[5] for row in rows_of(tables.metric_table(results))}
    assert states == {
        "PSNR, dB": "measured",
        "grid": "no figure: too small",
        "FID-ssd": "no figure: 12 crops are too few",
    }
    results.gaps["psnr"] = "needs a package"
    assert rows_of(tables.metric_table(results))[0][5] == "needs a package"


def test_differences_are_paired_and_bold_beyond_two_standard_errors(results):
    (table,) = differences.tables(results, "a")
    assert table.title == "Minus a, 900 bytes" and rows_of(table) == [["b", "+1.0000 ± 0.1155"]]
    assert table.rows[0][1].best
    assert differences.tables(results, "") == [] == differences.tables(results, "c")
    weak = differences.difference([1.0, -1.0, 0.5, -0.5])
    assert weak == tables.Cell("+0.0000 ± 0.4564", False)


def test_every_source_says_by_what_it_was_made(results):
    given = experiment(
        {"codec": "sedic", "pack": "--objects 0", "unpack": "--stage reference"},
        {"codec": "JPEG", "scales": "best", "bytes": [900]},
        {
            "name": "theirs",
            "codec": "external",
            "encode": "e {input} {file}",
            "decode": "/opt/x/d {file} {output}",
            "version": "7",
        },
        {"codec": "FLIF", "bytes": [900]},
    )
    made = dict(rows_of(tables.source_table(results, given)))
    assert made[".sedic"].startswith("sedic-pack --objects 0; sedic-unpack --stage reference; sedicfmt ")
    assert "libjpeg" in made["JPEG"] and made["JPEG"].endswith("at the scale nearest to the photo")
    assert made["theirs"] == "e {input} {file}; d {file} {output}; version 7"
    assert "no codec 'FLIF'" in made["FLIF"]


def test_a_note_stands_on_both_pages(results, tmp_path):
    results.photos.clear()  # no crops
    pages = write.write_report(
        results, experiment({"codec": "JPEG", "bytes": [900]}), tmp_path, "sedic-eval", "shared cores"
    )
    assert [page.name for page in pages] == ["report.html", "report.md"]
    assert all("shared cores" in page.read_text() for page in pages) and sys.executable not in pages[0].read_text()


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("/opt/x/python /srv/codec.py {input}", "python codec.py {input}"),
        ("--describe annotations:/a/b/words.json", "--describe annotations:words.json"),
        ("sd21-diffbir:/a/sd21,/b/v2.pth ../here/x a/b", "sd21-diffbir:sd21,v2.pth ../here/x a/b"),
        ("--base-url http://localhost:8000/v1", "--base-url http://localhost:8000/v1"),
    ],
)
def test_folders_of_a_machine_are_nobodys_business(line, shown):
    assert without_folders(line) == shown


def test_published_points_stand_in_a_table_of_their_own():
    """Also a single one, which is no curve."""
    curve = Published("theirs (published)", ({"bpp": 0.02, "psnr": 22.3}, {"bpp": 0.03, "dists": 0.1}), "of a paper")
    given = dataclasses.replace(experiment(), published=[curve])
    table = tables.published_table(given)
    assert table is not None and table.notes == ["theirs (published): of a paper"]
    assert rows_of(table) == [["theirs (published)", "0.0200", "22.30"], ["theirs (published)", "0.0300", "–"]]
    assert tables.published_table(experiment()) is None


def test_a_checkpoint_after_an_at_sign_counts_by_its_bytes(tmp_path):
    (tmp_path / "w.pth.tar").write_bytes(b"1")
    option = f"compressai:cheng2020-attn@{tmp_path}/w.pth.tar"
    before = named_files(["--model", option])
    assert before[0] == "--model" and len(before[1]) == 2
    (tmp_path / "w.pth.tar").write_bytes(b"2")
    assert named_files(["--model", option]) != before
