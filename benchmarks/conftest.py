"""What the benchmarks work on: files and texts that come with the repository, so that every machine measures the same."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))


@pytest.fixture(scope="session")
def photo() -> Image.Image:
    """768x512, drawn: shapes on a sky, with grain."""
    from tests.conftest import draw_photo

    pixels = np.asarray(draw_photo(768, 512, 5)).astype(int)
    pixels = pixels + np.random.default_rng(5).integers(-6, 7, pixels.shape)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


@pytest.fixture(scope="session")
def packed(photo: Image.Image) -> bytes:
    """The photo as a file with two objects and their words."""
    import sedicfmt

    objects = [
        {
            "name": "ball",
            "text": "a round green ball with a soft shadow on its left side",
            "mask": {"box": [30, 20, 300, 290]},
        },
        {
            "name": "disc",
            "text": "a dark blue disc behind it, half hidden",
            "mask": {"polygon": [[310, 30], [680, 140], [450, 420]]},
        },
    ]
    return sedicfmt.pack(photo, describe=annotations({"overall": TEXT, "objects": objects}), objects=2)


def annotations(held: dict) -> str:
    import json
    import tempfile

    with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
        json.dump(held, file)
    return f"annotations:{file.name}"


@pytest.fixture(scope="session")
def text() -> str:
    return TEXT


@pytest.fixture(scope="session")
def mask() -> np.ndarray:
    """An object of 96x64 cells, the grid of a 768x512 picture: uint8 of 0 and 1."""
    drawn = Image.new("L", (96, 64))
    pen = ImageDraw.Draw(drawn)
    pen.ellipse((20, 8, 70, 50), fill=1)
    pen.polygon([(60, 30), (90, 20), (80, 60), (50, 62)], fill=1)
    return np.asarray(drawn)


def png_of(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


TEXT = (
    "A small harbour in the evening light, with three wooden boats tied to a stone quay, their paint worn off at the bow. "
    "Behind them stand white houses with red roofs and a hill with a few dark trees."
)
