"""Experiments with a toy codec of somebody else: what is measured, what is not done again, what fails alone."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest

from sedicfmt.errors import EncodeError
from sedicfmt.harness.cache import Cache
from sedicfmt.harness.experiment import experiment_of
from sedicfmt.harness.measure import Measurer
from sedicfmt.harness.metrics.metric import Weights
from sedicfmt.harness.progress import Progress
from sedicfmt.harness.results import write_csv
from sedicfmt.harness.run import Run
from tests.conftest import draw_photo

TOY = f"{sys.executable} {Path(__file__).with_name('toy_codec.py')}"
SIZED = {
    "encode": f"{TOY} encode {{input}} {{file}} {{setting}}",
    "decode": f"{TOY} decode {{file}} {{output}} {{width}}x{{height}}",
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    for seed in range(3):
        draw_photo(64, 48, seed).save(tmp_path / "in" / f"p{seed}.png")
    monkeypatch.setenv("TOY_LOG", str(tmp_path / "log"))
    (tmp_path / "log").touch()
    return tmp_path


def source(**more):
    return {"name": "toy", "codec": "external", "settings": [4, 8], **SIZED, **more}


def measured(place, *sources, jobs=1, metrics=("psnr", "grid"), **more):
    """The results, and the toy's calls."""
    (place / "log").write_text("")
    given = {"pictures": str(place / "in"), "metrics": list(metrics), "source": list(sources), **more}
    experiment, cache = experiment_of(given, place), Cache(place / "cache")
    cache.folder.mkdir(exist_ok=True)
    said: list[str] = []
    run = Run(
        experiment,
        cache,
        Measurer(experiment.metrics, Weights(), cache, said.append),
        Progress(lambda *a: None),
        jobs,
        said.append,
    )
    results = run.all()
    return results, (place / "log").read_text().splitlines()


def table(results, folder):
    write_csv(results, folder)
    with (folder / "results.csv").open() as stream:
        return [
            {k: v for k, v in row.items() if "seconds" not in k and "peak" not in k} for row in csv.DictReader(stream)
        ]


def test_bytes_are_the_files_and_more_of_them_are_nearer(place):
    results, calls = measured(place, source())
    assert len(calls) == 12 and [len(results.of("toy")), results.failures] == [2, []]
    low, high = results.of("toy")
    assert low.complete and low.bpp < high.bpp and low.values["psnr"] < high.values["psnr"]
    for row in results.rows:
        assert row.bpp == row.size * 8 / (64 * 48) and row.told["encode_peak_bytes"] > 1e6
    assert [c[0] for c in results.curve("toy", "psnr")] == [low.bpp, high.bpp]


def test_a_second_run_does_nothing_and_a_changed_option_only_what_it_changes(place):
    first, _ = measured(place, source())
    second, calls = measured(place, source())
    assert calls == [] and table(first, place) == table(second, place)
    _, calls = measured(place, source(settings=[4, 8, 12]))
    assert [call.split()[0] for call in calls] == ["encode"] * 3 + ["decode"] * 3
    _, calls = measured(place, source(decode=SIZED["decode"] + " again"))
    assert {call.split()[0] for call in calls} == {"decode"}
    draw_photo(64, 48, 9).save(place / "in" / "p1.png")
    _, calls = measured(place, source())
    assert len(calls) == 4 and all("p1" in call or "picture" in call or "file" in call for call in calls)


def test_several_jobs_find_the_same(place):
    one, _ = measured(place, source())
    (place / "cache").rename(place / "old")
    two, _ = measured(place, source(), jobs=2)
    assert table(one, place) == table(two, place)


def test_a_failure_is_told_and_stands_as_a_gap(place):
    """The toy fails at the decoding of one picture: its row has no figures, its points are on no curve, the others stay."""
    (place / "spoil").write_text("p1")
    results, _ = measured(place, source())
    assert len(results.failures) == 2 and all("p1" in line and "toy: spoilt" in line for line in results.failures)
    assert [s.complete for s in results.of("toy")] == [False, False] and results.curve("toy", "psnr") == []
    assert [row["note"] != "" for row in table(results, place)] == [False, True, False] * 2


def test_a_target_is_searched_for_and_never_exceeded(place):
    given = source(settings=list(range(1, 17)), bytes=[700], bpp=[4.0])
    results, _ = measured(place, given)
    by_point = {s.point: s for s in results.of("toy")}
    assert set(by_point) == {"700 bytes", "4 bpp"}
    for row in results.rows:
        assert row.size <= (700 if row.point == "700 bytes" else 4 * 64 * 48 / 8)
    one, _ = measured(place, source(settings=list(range(1, 17)), bytes=[3]))
    assert one.of("toy")[0].count == 0 and {row.why for row in one.rows} == {"no setting fits"}


def test_a_program_that_takes_folders_is_called_once(place):
    folders = {
        "encode": f"{TOY} encode {{inputs}} {{files}} {{setting}}",
        "decode": f"{TOY} decode {{files}} {{outputs}}",
    }
    results, calls = measured(place, source(settings=[8], **folders))
    assert len(calls) == 2 and results.of("toy")[0].complete and not results.failures
    assert results.of("toy")[0].values["psnr"] == pytest.approx(
        measured(place, source(settings=[8]))[0].of("toy")[0].values["psnr"]
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"encode": f"{TOY} encode {{input}}"}, "has no {file}"),
        ({"decode": f"{TOY} decode {{output}}"}, "has no {file}"),
        ({"settings": [], "bytes": [100]}, "a rate needs"),
    ],
)
def test_what_breaks_the_contract_is_told_before_any_work(place, change, told):
    results, calls = measured(place, source(**change))
    assert calls == [] and told in results.failures[0]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("false {file} {output}", "exit code 1"),
        ("true {file} {output}", "made no picture"),
        ("no-such-program {file} {output}", "no-such-program"),
    ],
)
def test_a_decoder_that_makes_no_picture_is_told(place, line, told):
    results, _ = measured(place, source(settings=[8], decode=line))
    assert results.failures and told in results.failures[0]


def test_a_picture_of_another_size_is_no_result(place):
    results, _ = measured(place, source(settings=[8], decode=f"{TOY} decode {{file}} {{output}} 64x47"))
    assert "made 64x47 pixels of p0, not 64x48" in results.failures[0]


def test_a_lying_coder_enters_no_table(place):
    given = source(encode=f"{TOY} encode {{input}} {{file}} 16 {{bytes}}", bytes=[300])
    del given["settings"]
    results, _ = measured(place, given)
    assert "more than 300" in results.failures[0] and results.of("toy")[0].count == 0


def test_metrics_that_lack_something_leave_a_gap_and_the_others_run(place):
    results, _ = measured(place, source(settings=[8]), metrics=("psnr", "ms-ssim", "clipsim"))
    assert "needs clip-vit-base-patch16" in results.gaps["clipsim"]
    assert all("psnr" in row.values and "sides of at least 161" in row.gaps["ms-ssim"] for row in results.rows)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"source": [{"codec": "JPEG"}]}, "give bytes, bpp or settings"),
        ({"source": [{"codec": "JPEG", "bytes": [100], "byte": 5}]}, "unknown 'byte'"),
        ({"source": [{"codec": "JPEG", "bytes": [0]}]}, "no rate"),
        ({"source": [{"codec": "JPEG", "bytes": [9.5]}]}, "no rate"),
        ({"source": [{"codec": "JPEG", "bytes": [5, 5]}]}, "twice"),
        ({"source": [{"codec": "JPEG", "bytes": [5]}] * 2}, "two sources"),
        ({"source": [{"name": "x"}]}, "name a codec"),
        ({"metrics": ["psnrr"]}, "no metric 'psnrr'"),
        ({"prepare": "clic"}, "no way to prepare"),
        ({"anchor": "x"}, "no source is called"),
        ({"every": 0}, "no number"),
        ({"picture": "x"}, "unknown 'picture'"),
    ],
)
def test_what_a_configuration_gets_wrong_is_told_with_its_place(tmp_path, given, told):
    with pytest.raises(EncodeError, match=told):
        experiment_of({"pictures": str(tmp_path), **given}, tmp_path)


def test_an_unknown_codec_or_setting_fails_before_any_work(place):
    results, _ = measured(place, {"codec": "FLIF", "bytes": [500]}, {"codec": "JPEG", "settings": [1000]})
    assert "no codec 'FLIF'" in results.failures[0] and "JPEG has the qualities" in results.failures[1]


@pytest.mark.parametrize("scales", ["best", "full"])
def test_a_built_in_codec_finds_what_the_search_finds_here(place, scales):
    """In another process, through files: the same bytes and the same figure as classical.py's own."""
    from fractions import Fraction

    from sedicfmt.evaluation import classical, codecs
    from sedicfmt.evaluation.metrics import load_picture
    from sedicfmt.picture import psnr

    results, _ = measured(place, {"codec": "WebP", "scales": scales, "bytes": [300, 700]}, metrics=("psnr",))
    assert not results.failures and len(results.rows) == 6
    for row in results.rows:
        photo, codec = load_picture(row.photo.path), codecs.codec_named("WebP")
        ladder = None if scales == "best" else [Fraction(1)]
        coded = classical.best_under(photo, int(row.point.split()[0]), codec, ladder)
        assert coded is not None and row.size == len(coded.data)
        assert row.values["psnr"] == psnr(photo, coded.picture) and row.told["scale"] == str(coded.scale)


def test_a_program_runs_in_its_own_folder_with_paths_that_hold_there(place, monkeypatch):
    """The configuration's folder is where `folder` begins; a cache that was named relatively is found from there, too."""
    monkeypatch.chdir(place)
    (place / "repository").mkdir()
    (place / "repository" / "codec.py").write_text(Path(__file__).with_name("toy_codec.py").read_text())
    lines = {
        what: line.replace(str(Path(__file__).with_name("toy_codec.py")), "codec.py") for what, line in SIZED.items()
    }
    results, _ = measured(place, source(settings=[8], folder="repository", **lines))
    assert not results.failures and results.of("toy")[0].complete


def test_a_library_that_breaks_leaves_a_gap(place, monkeypatch):
    import dataclasses

    from sedicfmt.harness import experiment

    broken = [dataclasses.replace(m, open=lambda weights: 1 / 0) if m.name == "grid" else m for m in experiment.METRICS]
    monkeypatch.setattr(experiment, "METRICS", broken)
    results, _ = measured(place, source(settings=[8]))
    assert all("ZeroDivisionError" in row.gaps["grid"] and "psnr" in row.values for row in results.rows)


@pytest.mark.parametrize(("ray", "given"), [(None, []), ("", ["--ray"]), ("there:6379", ["--ray=there:6379"])])
def test_sedic_files_are_made_on_the_cluster_that_is_named(place, monkeypatch, ray, given):
    from sedicfmt.harness.measured_process import Ended
    from sedicfmt.harness.sources import sedic

    lines: list[list[str]] = []
    monkeypatch.setattr(sedic, "run_metered", lambda line, take: lines.append(line) or Ended(8, "", "no cluster", 0, 0))
    experiment, cache = (
        experiment_of({"pictures": str(place / "in"), "source": [{"codec": "sedic"}]}, place),
        Cache(place / "c"),
    )
    cache.folder.mkdir()
    measurer = Measurer(experiment.metrics, Weights(), cache, lambda line: None)
    run = Run(experiment, cache, measurer, Progress(lambda *a: None), 2, ray=ray)
    assert "no cluster" in run.all().failures[0]
    assert lines[0][-2 - len(given) :] == ["--jobs", "2", *given]
