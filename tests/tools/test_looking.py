"""sedic-inspect on many files and as a page, sedic-diff and sedic-grep, as their users run them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

BIN = Path(sys.executable).parent
VALID = Path(__file__).parents[2] / "conformance" / "valid"


def run(tool, *arguments, stdin=None):
    command = [BIN / f"sedic-{tool}", *map(str, arguments)]
    done = subprocess.run(command, input=stdin, capture_output=True, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.fixture(scope="module")
def folder(small_file, tmp_path_factory):
    """Two whole files, one below; a cut one; one that is none."""
    top = tmp_path_factory.mktemp("many")
    (top / "below").mkdir()
    shutil.copy(small_file, top / "balls.sedic")
    shutil.copy(VALID / "objects-2.sedic", top / "below" / "boat.sedic")
    (top / "cut.sedic").write_bytes(small_file.read_bytes()[:-4])
    (top / "notes.txt").write_text("red boat")
    return top


def test_a_folder_is_a_line_for_each_file(folder):
    code, out, err = run("inspect", folder)
    lines = out.splitlines()
    assert code in (5, 6)  # the cut one's
    assert "cut.sedic" in err
    assert [line.split()[2] for line in lines[1:]] == ["192x128", "32x32"]
    assert "balls.sedic: Balls and discs on a soft ground." in lines[1]
    assert "below/boat.sedic: A red boat" in lines[2]


def test_a_folder_as_json(folder):
    _, out, _ = run("inspect", folder, "--json", "--partial")
    reports = [json.loads(line) for line in out.splitlines()]
    assert [Path(report["input"]).name for report in reports] == ["balls.sedic", "boat.sedic", "cut.sedic"]
    assert [report["complete"] for report in reports] == [True, True, False]


def test_every_file_that_fails_is_told(folder, tmp_path):
    (tmp_path / "a.sedic").write_bytes(b"")
    (tmp_path / "b.sedic").write_bytes(b"x" * 40)
    code, out, err = run("inspect", tmp_path)
    assert (code, len(out.splitlines())) == (5, 1)
    assert "a.sedic" in err
    assert "b.sedic" in err


def test_a_page_and_a_plot_are_written(small_file, tmp_path):
    page, plot = tmp_path / "page.html", tmp_path / "plot.svg"
    code, out, err = run("inspect", small_file, "--html", page, "--plot", plot, "--stage", "reference")
    assert (code, out, err) == (0, "", "")
    assert page.read_text().count('class="shot"') == 1
    assert "ball, round and green" in page.read_text()
    assert plot.read_text().startswith("<svg")
    assert run("inspect", small_file, "--plot", plot)[0] == 0  # our own is replaced
    plot.write_text("<svg>mine</svg>")
    code, _, err = run("inspect", small_file, "--plot", plot)
    assert (code, "--overwrite" in err) == (2, True)
    assert plot.read_text() == "<svg>mine</svg>"


@pytest.mark.slow
def test_a_page_has_the_stages_of_restoring(small_file, tmp_path):
    code, _, err = run("inspect", small_file, "--html", tmp_path / "page.html", "--json")
    assert code == 0, err
    for stage in ("reference", "object 1", "object 2", "final"):
        assert f'data-name="{stage}"' in (tmp_path / "page.html").read_text()


def test_a_plot_as_png(small_file, tmp_path):
    code, out, _ = run("inspect", small_file, "--plot", tmp_path / "a.png", "--json")
    assert (code, json.loads(out)["file_bytes"]) == (0, small_file.stat().st_size)
    assert Image.open(tmp_path / "a.png").width == 1480


@pytest.mark.parametrize("wrong", [("--plot", "a.jpg"), ("--html", "nowhere/a.html"), ("{}", "--html", "a.html")])
def test_a_page_that_cannot_be(small_file, tmp_path, wrong):
    code, _, err = run("inspect", small_file, *(part.format(small_file) for part in wrong))
    assert code in (2, 74)
    assert len(err.splitlines()) == 1


def test_pictures_in_other_formats(small_file, folder, tmp_path):
    reference = ("--stage", "reference")
    for _ in range(2):  # our own is replaced
        code, _, err = run(
            "unpack", small_file, "-o", tmp_path / "a.webp", *reference, "--longest-side", "96", "--json"
        )
        assert code == 0, err
    with Image.open(tmp_path / "a.webp") as picture:
        assert (picture.format, picture.size) == ("WEBP", (96, 64))
    code, _, _ = run("unpack", folder, "-o", tmp_path / "out", *reference, "--format", "jpg", "--quality", "60")
    assert code in (5, 6)
    assert {path.name for path in (tmp_path / "out").rglob("*.jpg")} == {"balls.jpg", "boat.jpg"}
    code, _, err = run("unpack", small_file, "-o", tmp_path / "a.png", *reference, "--quality", "60")
    assert (code, "quality" in err) == (2, True)


def test_diff(folder, small_file):
    assert run("diff", folder / "balls.sedic", small_file) == (0, "", "")
    code, out, _ = run("diff", folder / "balls.sedic", folder / "below" / "boat.sedic")
    assert code == 1
    assert "text\n  < Balls and discs on a soft ground.\n  > A red boat" in out
    code, out, _ = run("diff", small_file, "-", "--json", "--pictures", stdin=small_file.read_bytes())
    told = json.loads(out)
    assert (code, told["same"], told["differences"], told["equal_pictures"]) == (0, True, [], True)


def test_diff_of_what_cannot_be_read(folder):
    code, _, err = run("diff", folder / "balls.sedic", folder / "cut.sedic")
    assert (code in (5, 6), "cut.sedic" in err) == (True, True)
    assert run("diff", folder / "balls.sedic")[0] == 2
    assert run("diff", folder / "balls.sedic", folder / "nowhere.sedic")[0] == 74


def test_grep(folder):
    code, out, err = run("grep", "Boat red", folder)
    assert "below/boat.sedic: text: A red boat lies" in out
    assert "notes.txt" not in out
    assert (code in (5, 6), "cut.sedic" in err) == (True, True)
    code, out, err = run("grep", "--names", "ball", folder, "--partial")
    assert (code, err, [Path(line).name for line in out.splitlines()]) == (0, "", ["balls.sedic", "cut.sedic"])
    code, out, _ = run("grep", "disc", folder / "balls.sedic", "--json")
    assert [match["path"] for match in json.loads(out)["matches"]] == ["text", "objects[1].text"]
    assert run("grep", "elephant", folder / "balls.sedic") == (1, "", "")


def test_grep_for_nothing(folder, tmp_path):
    assert run("grep", " ", folder)[0] == 2
    assert run("grep", "-e", "(", folder)[0] == 2
    assert run("grep", "a", tmp_path)[0] == 2
