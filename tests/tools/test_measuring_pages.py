"""Programs that measure: what they print of what they are given; no time is judged."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from sedic_tools.pages.benchmark_page import page, words


def row(name, group, median, **extra):
    return {"name": name, "group": group, "stats": {"median": median, "iqr": median / 10}, "extra_info": extra}


def test_a_page_has_a_table_a_group_with_ratios_to_its_first_row():
    held = {
        "datetime": "2026-11-28T17:00:00", "machine_info": {"cpu": {"brand_raw": "a CPU"}, "python_version": "3.11.7"},
        "benchmarks": [row("test_ours", "text", 2e-3, bytes=1234), row("test_by[PNG]", "text", 5e-3), row("test_x", "a", 3)],
    }  # fmt: skip
    made = page(held, "A training run beside.")
    assert "Of 2026-11-28; a CPU, Python 3.11.7." in made and "A training run beside." in made
    assert "| ours | 2 ms | 200 µs | 1 | 1,234 |\n| by PNG | 5 ms | 500 µs | 2.5 |  |" in made
    assert made.index("## a") < made.index("## text")
    assert "pytest benchmarks --benchmark-only" in made


def test_names_in_words():
    assert words("test_mask_encode_by[COCO RLE]") == "mask encode by COCO RLE"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
def test_many_pictures_are_measured_stretch_by_stretch():
    line = [sys.executable, "-m", "sedic_tools.pages.measure_scale", "--pictures", "6", "--every", "3", "--jobs", "1"]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    rows = re.findall(r"^\| to (\d) \| [\d.]+ \| [\d.]+ \| (\d+) \|", done.stdout, re.M)
    assert [count for count, _ in rows] == ["3", "6", "3", "6"] and all(int(size) > 10 for _, size in rows)
    assert "run again, all kept" in done.stdout and " 6 lines." in done.stdout
