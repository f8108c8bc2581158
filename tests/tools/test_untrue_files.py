"""Files that say something untrue: other words, other masks, and nothing else."""

import subprocess
import sys

import numpy as np
import pytest

from sedic_tools.pages.untrue_files import with_masks_inverted, with_words_of
from sedicfmt.api import read, write
from sedicfmt.model import Mask, SedicFile, SedicObject
from tests.conftest import draw_photo


def described(text, *objects):
    cells = np.pad(np.ones((2, 3), np.uint8), 1)
    return SedicFile(40, 32, 2, b"z", b"y", text, tuple(SedicObject(o, Mask(cells)) for o in objects))


def test_untrue_words_keep_the_masks_and_are_the_other_photos():
    file = with_words_of(described("sea", "boat", "gull"), described("town", "tram"))
    assert (file.text, [o.text for o in file.objects]) == ("town", ["tram", "tram"])
    assert file.objects[0].mask == described("sea", "boat").objects[0].mask
    assert [o.text for o in with_words_of(described("sea", "boat"), described("town")).objects] == ["town"]


def test_untrue_masks_cover_what_was_not_covered_and_can_be_written():
    true = described("sea", "boat")
    false = with_masks_inverted(true, true)
    assert np.array_equal(false.objects[0].mask.cells, 1 - true.objects[0].mask.cells)
    assert read(write(false)) == false


def run(*arguments):
    command = [sys.executable, "-m", "sedic_tools.pages.untrue_files", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_wrong_usage_and_a_failing_pack_are_told(tmp_path):
    assert run("lies", tmp_path, tmp_path).returncode == 2
    failed = run("words", tmp_path / "nowhere", tmp_path / "out")
    assert failed.returncode == 74 and "nowhere" in failed.stderr


@pytest.mark.slow
def test_the_command_changes_the_words_alone(tmp_path):
    (tmp_path / "in").mkdir()
    for seed in range(2):
        draw_photo(64, 48, seed).save(tmp_path / "in" / f"p{seed}.png")
    options = ("--model", "av1", "--max-bytes", "300")
    assert subprocess.run([sys.executable, "-m", "sedic_tools.commands.pack", tmp_path / "in", "-o", tmp_path / "true",
                           *options], check=False).returncode == 0  # fmt: skip
    done = run("words", tmp_path / "in", tmp_path / "untrue", *options)
    assert done.returncode == 0, done.stderr
    true, untrue = ([read(tmp_path / way / f"p{i}.sedic") for i in (0, 1)] for way in ("true", "untrue"))
    assert untrue == [with_words_of(true[0], true[1]), with_words_of(true[1], true[0])]
