"""The table of flipped bits and cut files: its command on a folder with one golden file, and that it would notice."""

import json
import shutil
from pathlib import Path

import sedicfmt
from sedic_tools.pages import flip_table

PAGE = Path(__file__).parents[2] / "docs/flips.md"
VALID = Path(__file__).parents[2] / "conformance/valid"
MANIFEST = json.loads((VALID.parent / "manifest.json").read_text())


def test_its_command(tmp_path):
    shutil.copy(VALID / "nothing-but-latent.sedic", tmp_path)
    assert flip_table.main([str(tmp_path), "--out", str(tmp_path / "page.md")]) == 0
    rows = [line for line in (tmp_path / "page.md").read_text().splitlines() if line.startswith("| nothing-but-latent")]
    assert [row.split(" | ")[1] for row in rows] == ["240", "30", "30"]


def test_the_page_tells_of_all_golden_files():
    rows = [
        line.split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| ") and line[2] not in "*f"
    ]
    told = {(row[0].removeprefix("| "), int(row[1])) for row in rows}
    drafts = {Path(entry["file"]).stem for entry in MANIFEST["valid"] if "since" in entry}  # the page is of 1.0
    sizes = {path.stem: path.stat().st_size for path in VALID.glob("*.sedic") if path.stem not in drafts}
    small = {(stem, size) for stem, size in sizes.items() if size <= flip_table.MOST_BYTES}
    assert told == {(stem, 8 * size) for stem, size in small} | small


def test_it_notices_a_wrong_stage():
    whole = sedicfmt.read((VALID / "no-object.sedic").read_bytes())
    other = (VALID / "nothing-but-latent.sedic").read_bytes()
    assert flip_table.prefix_verdict(other[:-1], whole) == "stage"  # without words it is a part of the other
    assert flip_table.prefix_verdict((VALID / "seed.sedic").read_bytes(), whole) == "accepted"
    assert flip_table.verdict(other) == "accepted"
