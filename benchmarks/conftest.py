"""What the benchmarks work on: files and texts that come with the repository, so that every machine measures the same.

Time is CPU time, user and system, of this process and of those that it started: what else a machine does tells less in it
than in a clock on the wall. A coder that uses two cores at once gains nothing by that here.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

Time = Callable[..., Any]
MADE = "made"  # no object: pytest and the tests import this file each under a name of its own


def cpu_seconds() -> float:
    """Of this process, to the nanosecond, and of the processes that it started and that have ended, to the microsecond."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.benchmark(timer=cpu_seconds))


@pytest.fixture
def timed(benchmark) -> Time:
    """timed(work, group, made): what `work` gives, measured among a group; `made`: the bytes that it makes or reads, or
    MADE where they are what it gives.

    `rounds`: of something slow, so many, after one that does not count where there are several; else pytest-benchmark finds
    how many.
    """

    def time_it(work: Callable[[], Any], group: str, made: Any = None, rounds: int = 0) -> Any:
        benchmark.group = group
        given = benchmark.pedantic(work, rounds=rounds, warmup_rounds=int(rounds > 1)) if rounds else benchmark(work)
        if made is not None:
            benchmark.extra_info["bytes"] = len(given if made == MADE else made)
        return given

    return time_it


@pytest.fixture(scope="session")
def photo() -> Image.Image:
    """768x512, drawn: shapes on a sky, with grain."""
    from tests.conftest import draw_photo

    pixels = np.asarray(draw_photo(768, 512, 5)).astype(int)
    pixels = pixels + np.random.default_rng(5).integers(-6, 7, pixels.shape)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


@pytest.fixture(scope="session")
def packed(photo: Image.Image, tmp_path_factory: pytest.TempPathFactory) -> bytes:
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
    words = tmp_path_factory.mktemp("words") / "words.json"
    words.write_text(json.dumps({"overall": TEXT, "objects": objects}))
    return sedicfmt.pack(photo, describe=f"annotations:{words}", objects=2)


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


def png_of(mask: np.ndarray) -> bytes:
    """A mask as a PNG of one bit a cell."""
    out = io.BytesIO()
    Image.fromarray(mask * 255).convert("1").save(out, "PNG", optimize=True)
    return out.getvalue()


def cells_of(png: bytes) -> np.ndarray:
    """The mask in such a PNG."""
    with Image.open(io.BytesIO(png)) as picture:
        return np.asarray(picture).astype(np.uint8)


def zip_of(parts: dict[str, bytes]) -> bytes:
    """A ZIP file of some parts, each deflated."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as held:
        for name, data in parts.items():
            held.writestr(name, data)
    return out.getvalue()


TEXT = (
    "A small harbour in the evening light, with three wooden boats tied to a stone quay, their paint worn off at the bow. "
    "Behind them stand white houses with red roofs and a hill with a few dark trees."
)
