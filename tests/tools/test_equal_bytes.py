"""equal_bytes on two small drawn photos, in a process of its own: pages, going on, and nothing stale."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

if any(importlib.util.find_spec(name) is None for name in ("torch", "pytorch_msssim", "skvideo", "scipy", "cv2")):
    pytest.skip("the table needs the nano and eval extras", allow_module_level=True)

from sedic_tools.pages import equal_bytes, equal_bytes_page
from sedic_tools.pages.equal_bytes_page import Line
from sedic_tools.pages.equal_bytes_sources import ALONE, REFERENCE, REFINED, RESTORED, Classical, Sedic
from sedicfmt.evaluation import classical, codecs
from sedicfmt.evaluation.frechet import NETWORKS
from sedicfmt.evaluation.judge import MEASURES, Judge
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
        "sedic_tools.pages.equal_bytes",
        str(photos),
        "--out",
        str(photos.parent / "table"),
        *more,
    ]
    return subprocess.run(command, capture_output=True, text=True)


def run_here(photos: Path, *more: str) -> int:
    return equal_bytes.main([str(photos), "--out", str(photos.parent / "table"), *more])


def report_of(photos: Path) -> dict:
    return json.loads((photos.parent / "table.json").read_text())


def test_the_command_writes_page_curves_sheet_and_report(photos):
    done = run(photos, "--codec", "JPEG", "--no-sedic", "--bytes", "1500", "--bytes", "900")
    assert done.returncode == 0, done.stderr
    report = report_of(photos)
    for budget, cell in report["cells"]["JPEG"].items():
        assert [row[0] <= int(budget) for row in cell["rows"].values()] == [True, True]
        assert len(cell["rows"]["photo1.png"]) == len(report["columns"])
        assert cell["fid"] == [None, None]  # four crops determine no covariance
    page = (photos.parent / "table.md").read_text()
    assert (
        "python -m sedic_tools.pages.equal_bytes photos --out table --bytes 1500 --bytes 900 --codec 'JPEG' --no-sedic"
        in page
    )
    for file in ("md", "json", "svg"):
        assert str(photos.parent) not in (photos.parent / f"table.{file}").read_text()
    assert (photos.parent / "table.jpg").stat().st_size > 1000


def test_a_table_goes_on_where_it_stopped_and_uses_nothing_stale(photos, capsys, monkeypatch):
    options = ("--codec", "JPEG", "--no-sedic", "--bytes", "900")
    assert run_here(photos, *options) == 0
    first = report_of(photos)
    file, cell = photos.parent / "table.json", first["cells"]["JPEG"]["900"]
    true, cell["rows"]["photo1.png"][3] = cell["rows"]["photo1.png"][3], 99.0  # shows whether it is measured again
    del cell["fid"], cell["rows"]["photo2.png"]
    file.write_text(json.dumps(first))
    monkeypatch.setattr(Judge, "figures", lambda judge, picture: [1.0] * (len(MEASURES) - 1) + [None])
    assert run_here(photos, *options) == 0
    second = report_of(photos)["cells"]["JPEG"]["900"]
    assert second["fid"] == [None, None]
    assert [second["rows"][f"photo{i}.png"][3] for i in (1, 2)] == [99.0, 1.0]
    monkeypatch.setattr(equal_bytes, "code_and_judge", None)  # nothing is left to do
    assert run_here(photos, *options) == 0
    monkeypatch.undo()

    file.write_text(file.read_text().replace("libjpeg-turbo", "libjpeg"))  # what another library made
    made = next(iter(report_of(photos)["keys"]))
    file.write_text(file.read_text().replace(made, "00000000"))
    capsys.readouterr()
    assert run_here(photos, *options) == 0
    assert "JPEG is measured anew" in capsys.readouterr().err
    third = report_of(photos)
    assert third["cells"]["JPEG"]["900"]["rows"]["photo1.png"][3] == true
    assert [key["made by"].startswith("libjpeg-turbo") for key in third["keys"].values()] == [True]


def test_other_photos_are_not_mixed_in(photos, capsys):
    options = ("--codec", "JPEG", "--no-sedic", "--bytes", "900")
    assert run_here(photos, *options) == 0
    draw_photo(208, 192, seed=9).save(photos / "photo2.png")
    assert run_here(photos, *options) == 2
    assert "other photos" in capsys.readouterr().err


@pytest.mark.slow
def test_sedic_stands_in_the_table(photos):
    done = run(photos, "--codec", "JPEG", "--bytes", "1000")
    assert done.returncode == 0, done.stderr
    cells = report_of(photos)["cells"]
    for way in (RESTORED, REFERENCE, ALONE, REFINED):
        assert all(0 < row[0] <= 1000 for row in cells[way]["1000"]["rows"].values())
    restored, reference = (cells[way]["1000"]["rows"]["photo1.png"] for way in (RESTORED, REFERENCE))
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
    keys = [Classical(codec, (900,)).key for codec in codecs.CODECS if codec.name in ("JPEG", "WebP")]
    assert keys[0] != keys[1] and all("Pillow" in key["made by"] for key in keys)


def test_an_oversized_file_stops_the_table(photos, monkeypatch, capsys):
    monkeypatch.setattr(equal_bytes, "Classical", lambda codec, budgets: Liar(codec, budgets))
    assert run_here(photos, "--codec", "JPEG", "--no-sedic", "--bytes", "900") == 8
    assert "more than 900" in capsys.readouterr().err


class Liar(Classical):
    def code(self, path, photo, wants, known):
        for want, coded in super().code(path, photo, wants, known):
            yield want, coded and classical.Coded(coded.codec, coded.scale, coded.quality, bytes(901), coded.picture)


# the page, from figures made up


def line(way: str, psnr: float, fid: float | None = 1.0) -> Line:
    return Line(way, 2, 990.0, [psnr, *[0.5] * (len(MEASURES) - 1), *([fid] * len(NETWORKS))])


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
