"""equal_bytes on two small drawn photos, in a process of its own: pages, going on, and nothing stale."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

if any(importlib.util.find_spec(name) is None for name in ("torch", "pytorch_msssim", "skvideo", "scipy", "cv2")):
    pytest.skip("the table needs the nano and eval extras", allow_module_level=True)

from sedic_tools import equal_bytes, equal_bytes_page
from sedic_tools.equal_bytes_page import Line
from sedic_tools.equal_bytes_sources import ALONE, REFERENCE, RESTORED, Classical, Sedic
from sedicfmt.evaluation import classical
from sedicfmt.evaluation.frechet import NETWORKS
from tests.conftest import draw_photo


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in (1, 2):
        draw_photo(208, 192, seed=i).save(folder / f"photo{i}.png")
    return folder


def run(photos: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "sedic_tools.equal_bytes",
        str(photos),
        "--out",
        str(photos.parent / "table"),
        *more,
    ]
    return subprocess.run(command, capture_output=True, text=True)


def report_of(photos: Path) -> dict:
    return json.loads((photos.parent / "table.json").read_text())


def test_a_table_of_one_codec_goes_on_where_it_stopped(photos):
    options = ["--codec", "JPEG", "--no-sedic", "--bytes", "1500"]
    done = run(photos, *options, "--bytes", "900")
    assert done.returncode == 0, done.stderr
    report = report_of(photos)
    for budget, cell in report["cells"]["JPEG"].items():
        assert [row[0] <= int(budget) for row in cell["rows"].values()] == [True, True]
        assert len(cell["rows"]["photo1.png"]) == len(report["columns"])
        assert cell["fid"] == [None, None]  # four crops determine no covariance
    page = (photos.parent / "table.md").read_text()
    assert (
        "python -m sedic_tools.equal_bytes photos --out table --bytes 1500 --bytes 900 --codec 'JPEG' --no-sedic"
        in page
    )
    assert "JPEG, full size: " in page or "| JPEG, full size |" in page
    for file in ("md", "json", "svg"):
        assert str(photos.parent) not in (photos.parent / f"table.{file}").read_text()
    assert (photos.parent / "table.jpg").stat().st_size > 1000

    # a row that is there is not made again, and a cell that lost its end is finished from its rows
    report["cells"]["JPEG"]["900"]["rows"]["photo1.png"][3] = 99.0
    del report["cells"]["JPEG"]["900"]["fid"]
    (photos.parent / "table.json").write_text(json.dumps(report))
    assert run(photos, *options, "--bytes", "900").returncode == 0
    assert report_of(photos) == report | {"cells": report_of(photos)["cells"]}
    assert report_of(photos)["cells"]["JPEG"]["900"]["rows"]["photo1.png"][3] == 99.0

    # what another library made is not used
    for key in report["keys"].values():
        key["made by"] = "libjpeg 6b"
    made = next(iter(report["keys"]))
    stale = json.dumps(report).replace(made, "00000000")
    (photos.parent / "table.json").write_text(stale)
    done = run(photos, *options, "--bytes", "900")
    assert done.returncode == 0 and "measured anew" in done.stderr
    assert report_of(photos)["cells"]["JPEG"]["900"]["rows"]["photo1.png"][3] < 99.0


def test_other_photos_are_not_mixed_in(photos, capsys):
    options = [str(photos), "--out", str(photos.parent / "table"), "--no-sedic", "--codec", "JPEG", "--bytes", "900"]
    assert equal_bytes.main(options) == 0
    draw_photo(208, 192, seed=9).save(photos / "photo2.png")
    assert equal_bytes.main(options) == 2
    assert "other photos" in capsys.readouterr().err


@pytest.mark.slow
def test_sedic_stands_in_the_table(photos):
    done = run(photos, "--codec", "JPEG", "--bytes", "900")
    assert done.returncode == 0, done.stderr
    cells = report_of(photos)["cells"]
    for way in (RESTORED, REFERENCE, ALONE):
        assert all(0 < row[0] <= 900 for row in cells[way]["900"]["rows"].values())
    restored, reference = (cells[way]["900"]["rows"]["photo1.png"] for way in (RESTORED, REFERENCE))
    assert restored[0] == reference[0] and restored[3:] != reference[3:]
    page = (photos.parent / "table.md").read_text()
    assert "| .sedic, restored |" in page and "The restored picture is ahead of all classical codecs in: " in page


def test_a_key_follows_code_weights_options_and_versions(monkeypatch, tmp_path):
    import sedicfmt

    before = Sedic(1000).key
    assert before == Sedic(2000).key != Sedic(1000, "another").key
    (tmp_path / "weights.safetensors").write_bytes(b"1")
    monkeypatch.setattr(sedicfmt, "__path__", [*sedicfmt.__path__, str(tmp_path)])
    one = Sedic(1000).key
    (tmp_path / "weights.safetensors").write_bytes(b"2")
    assert len({json.dumps(key) for key in (before, one, Sedic(1000).key)}) == 3
    keys = [Classical(codec, (900,)).key for codec in classical.CODECS if codec.name in ("JPEG", "WebP")]
    assert keys[0] != keys[1] and all("Pillow" in key["made by"] for key in keys)


def test_an_oversized_file_stops_the_table(photos, monkeypatch, capsys):
    monkeypatch.setattr(equal_bytes, "Classical", lambda codec, budgets: Liar(codec, budgets))
    options = [str(photos), "--out", str(photos.parent / "table"), "--no-sedic", "--codec", "JPEG", "--bytes", "900"]
    assert equal_bytes.main(options) == 8
    assert "more than 900" in capsys.readouterr().err


class Liar(Classical):
    def code(self, path, photo, known):
        for want, coded in super().code(path, photo, known):
            yield want, coded and classical.Coded(coded.codec, coded.scale, coded.quality, bytes(901), coded.picture)


# the page, from figures made up


def line(way: str, psnr: float, fid: float | None = 1.0) -> Line:
    return Line(way, 2, 990.0, [psnr, 0.5, 1.0, 1.0, 0.1, 5.0, *([fid] * len(NETWORKS))])


def test_the_best_is_bold_and_ties_as_written_are_too(photos):
    lines = [line("AVIF", 22.004), line("VVC", 22.001), line(RESTORED, 21.0, None)]
    table = equal_bytes_page.table_of(lines, sorted(photos.iterdir())).splitlines()
    assert [row.split(" | ")[2] for row in table[2:5]] == ["**22.00**", "**22.00**", "21.00"]
    assert table[4].split(" | ")[-1] == "- |"
    assert "↑" in table[0].split(" | ")[2] and "↓" in table[0].split(" | ")[4]


def test_where_ours_is_behind_is_said():
    told = equal_bytes_page.verdict(
        [line("AVIF", 22.0), line("VVC", 23.0), line(RESTORED, 21.0, 0.5), line(ALONE, 22.5)]
    )
    assert "ahead of all classical codecs in: FID-ssd, FID-lite1." in told[0]
    assert f"- PSNR, dB: VVC 23.00, {RESTORED} 21.00, {ALONE} 22.50" in told[1]
    assert "MS-SSIM: AVIF 0.500" in told[1]  # a tie is no win
    assert equal_bytes_page.verdict([line("AVIF", 22.0)]) == []
