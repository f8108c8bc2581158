"""The harness's cache: nothing half there, nothing stale, one entry for two runs."""

import json

import pytest

from sedicfmt.harness.cache import Cache, digest_of, digest_of_path


def test_what_was_kept_is_found_with_its_files(tmp_path):
    cache, made = Cache(tmp_path / "cache"), tmp_path / "made"
    made.write_bytes(b"bytes")
    assert cache.find({"a": 1}) is None
    kept = cache.keep({"a": 1, "b": 2}, {"seconds": 1.5}, {"file": made})
    found = cache.find({"b": 2, "a": 1})  # the order of names does not count
    assert found == kept and found.file("file").read_bytes() == b"bytes" and not made.exists()
    assert cache.find({"a": 1, "b": 3}) is None


def test_an_entry_that_is_there_stays(tmp_path):
    cache = Cache(tmp_path)
    for value in (1, 2):
        cache.keep({"a": 1}, {"value": value})
    assert cache.find({"a": 1}).told == {"value": 1}


def test_a_record_that_cannot_be_read_is_made_again(tmp_path):
    cache = Cache(tmp_path)
    (cache.keep({"a": 1}, {"value": 1}).folder / "stage.json").write_text('{"told"')
    assert cache.find({"a": 1}) is None
    cache.keep({"a": 1}, {"value": 2})
    assert cache.find({"a": 1}).told == {"value": 2}


def test_a_run_that_was_killed_leaves_nothing_that_is_found(tmp_path, monkeypatch):
    cache = Cache(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(json, "dumps", lambda *a, **k: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            cache.keep({"a": 1}, {"value": 1})
    assert cache.find({"a": 1}) is None


def test_a_folders_digest_follows_names_and_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"1")
    one = digest_of_path(tmp_path)
    (tmp_path / "a").write_bytes(b"2")
    two = digest_of_path(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    assert len({one, two, digest_of_path(tmp_path)}) == 3
    assert digest_of([1]) != digest_of([2])
