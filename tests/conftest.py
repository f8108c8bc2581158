"""Options and fixtures shared by all tests."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

hypothesis.settings.register_profile("untimed", deadline=None)  # speed is for benchmarks
hypothesis.settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the slow tests as well")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--slow"):
        for item in items:
            if "slow" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="slow; run with --slow"))


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The data folder (Kodak, COCO), named by SEDIC_DATA."""
    folder = Path(os.environ.get("SEDIC_DATA", "/nonexistent"))
    if not folder.is_dir():
        pytest.skip("SEDIC_DATA does not name the data folder")
    return folder


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A headless Chromium, the system's own, for all pages' tests: Playwright starts once a process."""
    playwright = pytest.importorskip("playwright.sync_api")
    found = os.environ.get("SEDIC_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        pytest.skip("needs chromium")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=found, args=["--no-sandbox"], timeout=120_000)
        yield browser
        browser.close()


def draw_photo(width: int, height: int, seed: int = 0) -> Image.Image:
    """A soft picture with a sky, a ground and some things on it, so that codecs have something to do."""
    rng = np.random.default_rng(seed)
    rows = np.linspace(0, 1, height)[:, None, None]
    sky, ground = rng.integers(60, 255, 3), rng.integers(20, 160, 3)
    picture = Image.fromarray(np.broadcast_to(sky * (1 - rows) + ground * rows, (height, width, 3)).astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    for _ in range(6):
        x, y = rng.integers(0, width), rng.integers(0, height)
        r = int(rng.integers(2, max(3, min(width, height) // 3)))
        pen.ellipse((x - r, y - r, x + r, y + r), fill=tuple(int(c) for c in rng.integers(0, 255, 3)))
    return picture.filter(ImageFilter.GaussianBlur(1))


@pytest.fixture()
def photo() -> Image.Image:
    """A drawn picture of 192x128."""
    return draw_photo(192, 128)


@pytest.fixture(scope="session")
def annotated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A drawn photo and annotations for it: packing with them needs no detector."""
    folder = tmp_path_factory.mktemp("annotated")
    draw_photo(192, 128).save(folder / "photo.png")
    objects = [
        {"name": "ball", "text": "ball, round and green", "mask": {"box": [30, 20, 100, 90]}},
        {"name": "disc", "text": "disc behind it, dark blue", "mask": {"polygon": [[110, 30], [180, 40], [150, 120]]}},
    ]
    (folder / "words.json").write_text(json.dumps({"overall": "Balls and discs on a soft ground.", "objects": objects}))
    return folder / "photo.png", folder / "words.json"


@pytest.fixture(scope="session")
def small_file(annotated: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A packed .sedic file with two objects."""
    import sedicfmt

    path = tmp_path_factory.mktemp("small") / "photo.sedic"
    path.write_bytes(sedicfmt.pack(annotated[0], describe=f"annotations:{annotated[1]}"))
    return path
