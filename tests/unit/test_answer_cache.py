"""Kept answers come back whole or not at all; pictures as they are sent; time that is limited."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sedicfmt.encoders.talk.answer_cache import AnswerCache, answer_key, default_folder
from sedicfmt.encoders.talk.time_limit import within
from sedicfmt.scale_picture import data_url, scaled

PICTURE = np.random.default_rng(1).integers(0, 255, (4, 6, 3)).astype(np.uint8)
KEY = answer_key(PICTURE, {"model": "toy"})


def stored(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("answer", ["", "{}", "ein Hünd 犬\n", "x" * 100_000])
def test_an_answer_comes_back(tmp_path: Path, answer: str) -> None:
    cache = AnswerCache(tmp_path / "a" / "b")
    assert cache.get(KEY) is None
    cache.put(KEY, answer)
    cache.put(KEY, answer)
    assert cache.get(KEY) == answer and len(stored(tmp_path)) == 1
    assert cache.get(answer_key(PICTURE, {"model": "other"})) is None
    cache.forget(KEY)
    cache.forget(KEY)
    assert cache.get(KEY) is None and not stored(tmp_path)


def test_half_a_surrogate_pair_is_no_failure(tmp_path: Path) -> None:
    AnswerCache(tmp_path).put(KEY, "a\ud800b")
    assert AnswerCache(tmp_path).get(KEY) == "a?b"


@pytest.mark.parametrize("how", ["cut", "empty", "changed", "list", "number", "deep", "binary", "folder", "other key"])
def test_a_damaged_answer_counts_as_none(tmp_path: Path, how: str) -> None:
    cache = AnswerCache(tmp_path)
    cache.put(KEY, "an answer")
    (path,) = stored(tmp_path)
    text = path.read_text()
    if how == "folder":
        path.unlink()
        path.mkdir()
    else:
        entry = json.loads(text)
        spoilt = {"cut": text[:-5], "empty": "", "changed": text.replace("an answer", "another"), "list": "[]",
                  "number": json.dumps({**entry, "answer": 7}), "deep": "[" * 100_000, "binary": "\x00\xff",
                  "other key": json.dumps({**entry, "key": "0" * 64})}  # fmt: skip
        path.write_bytes(spoilt[how].encode("latin-1"))
    assert cache.get(KEY) is None


def test_writing_is_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = AnswerCache(tmp_path)
    cache.put(KEY, "old")

    def broken(*unused: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(OSError, match="no space"):
        cache.put(KEY, "new")
    assert cache.get(KEY) == "old" and len(stored(tmp_path)) == 1


def test_many_writers_of_one_answer(tmp_path: Path) -> None:
    cache = AnswerCache(tmp_path)
    threads = [threading.Thread(target=cache.put, args=(KEY, "same" * 1000)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache.get(KEY) == "same" * 1000 and len(stored(tmp_path)) == 1


def test_only_the_owner_can_read(tmp_path: Path) -> None:
    AnswerCache(tmp_path / "answers").put(KEY, "an answer")
    (path,) = stored(tmp_path)
    assert path.parent.stat().st_mode & 0o077 == 0 and path.stat().st_mode & 0o077 == 0


def test_a_key_knows_pixels_shape_and_parts() -> None:
    keys = {
        KEY,
        answer_key(PICTURE.reshape(6, 4, 3), {"model": "toy"}),
        answer_key(PICTURE ^ 1, {"model": "toy"}),
        answer_key(PICTURE, {"model": "toy", "user": ""}),
    }
    assert len(keys) == 4 and answer_key(np.asfortranarray(PICTURE), {"model": "toy"}) == KEY


def test_where_answers_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "sedicfmt" / "answers"
    for given in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", given)
        assert default_folder() == Path.home() / ".cache" / "sedicfmt" / "answers"


@pytest.mark.parametrize(
    ("size", "longest", "expected"),
    [((90, 60), 45, (45, 30)), ((60, 90), 45, (30, 45)), ((90, 60), 90, (90, 60)), ((5, 4), 90, (5, 4)),
     ((9000, 1), 100, (100, 1)), ((1, 1), 32, (1, 1))],
)  # fmt: skip
def test_pictures_are_scaled_down_only(size: tuple[int, int], longest: int, expected: tuple[int, int]) -> None:
    small = scaled(np.zeros((size[1], size[0], 3), np.uint8), longest)
    assert small.shape == (expected[1], expected[0], 3) and small.dtype == np.uint8


def test_a_data_url_is_a_jpeg(tmp_path: Path) -> None:
    from urllib.request import urlopen

    picture = np.full((20, 30, 3), (200, 100, 50), np.uint8)
    with urlopen(data_url(picture)) as stream:
        found = Image.open(stream)
        assert found.format == "JPEG"
        assert np.abs(np.asarray(found).astype(int) - picture).max() < 6


def test_time_is_limited_and_errors_pass() -> None:
    assert within(5, lambda: 7) == 7
    assert within(5, lambda: None) is None
    with pytest.raises(KeyError):
        within(5, lambda: {}["a"])
    began, stop = time.monotonic(), threading.Event()
    with pytest.raises(TimeoutError, match=r"within 0\.05 s"):
        within(0.05, lambda: stop.wait(20))
    stop.set()
    assert time.monotonic() - began < 5


def test_all_folders_of_the_cache_are_the_owners_alone(tmp_path, monkeypatch):
    """Those above it are made so, too, and those of an earlier version are closed; what is not the cache's stays as it is."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home" / "cache"))
    tmp_path.chmod(0o755)
    AnswerCache(default_folder()).put(KEY, "a")
    made = [place for place in (tmp_path / "home").rglob("*") if place.is_dir()] + [tmp_path / "home"]
    assert len(made) == 5 and all(place.stat().st_mode & 0o777 == 0o700 for place in made)
    for place in made:
        place.chmod(0o755)
    AnswerCache(default_folder()).put(KEY, "b")
    assert {place.name for place in made if place.stat().st_mode & 0o077} == {"home", "cache"}
    assert tmp_path.stat().st_mode & 0o777 == 0o755
    assert AnswerCache(default_folder()).get(KEY) == "b"
