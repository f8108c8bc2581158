"""Our AV1 frames, wrapped as .avif, through libavif's own program: equal sample by sample, by each AV1 decoder that it has."""

import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

from sedicfmt.latents.av1 import still_picture
from sedicfmt.latents.av1.avif_file import wrap
from tests.conftest import draw_photo

pytestmark = pytest.mark.skipif(shutil.which("avifdec") is None, reason="avifdec (libavif-bin) is not installed")


def decoders():
    told = subprocess.run(["avifdec", "--version"], capture_output=True, text=True, check=True).stdout
    return re.findall(r"(\w+) \[(?:enc/)?dec\]", told)


@pytest.mark.parametrize("size", [(1, 1), (77, 133), (288, 192)])
def test_other_decoders_show_the_same(size, tmp_path):
    frame = still_picture.encode(draw_photo(*size), 12, 6)
    source, target = tmp_path / "x.avif", tmp_path / "x.png"
    source.write_bytes(wrap(frame, *size))
    found = decoders()
    assert found
    for decoder in found:
        command = ["avifdec", "--codec", decoder, "--depth", "8", source, target]
        subprocess.run(command, capture_output=True, check=True, timeout=60)
        with Image.open(target) as shown:
            apart = np.asarray(shown.convert("RGB")).astype(int) - still_picture.decode(frame, *size)
        assert abs(apart).max() <= 1, decoder
