"""What becomes of the files in a folder, before any work."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sedicfmt.batch.jobs import PICTURES, plan
from sedicfmt.errors import EncodeError


def filled(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    return folder


def test_paths_below_the_folder_are_kept_and_sorted(tmp_path):
    folder = filled(
        tmp_path / "in", "b.PNG", "a.b.jpg", "deep/er/a.webp", "notes.txt", ".hidden.png", ".git/a.png", "x.sedic"
    )
    found = plan([folder], tmp_path / "out", PICTURES, ".sedic")
    assert [job.output_name for job in found.jobs] == ["a.b.sedic", "b.sedic", "deep/er/a.sedic"]
    assert found.jobs[2].source == folder / "deep/er/a.webp"
    assert found.jobs[2].output == tmp_path / "out/deep/er/a.sedic"
    assert found.others == {".sedic": 1, ".txt": 1}


def test_of_two_inputs_with_one_output_the_first_has_it(tmp_path):
    folder = filled(tmp_path, "deep/a.jpg", "deep/a.png", "deep/a.webp", "a.png")
    found = plan([folder], tmp_path / "out", PICTURES, ".sedic").jobs
    assert {job.name: job.rival for job in found} == {
        "a.png": "", "deep/a.jpg": "", "deep/a.png": "deep/a.jpg", "deep/a.webp": "deep/a.jpg",
    }  # fmt: skip


def test_nothing_to_do_is_an_error(tmp_path):
    with pytest.raises(EncodeError, match="holds no file"):
        plan([filled(tmp_path, "a.txt")], tmp_path / "out", PICTURES, ".sedic")
    with pytest.raises(PermissionError), pytest.MonkeyPatch.context() as shut:
        shut.setattr(os, "scandir", lambda path: refuse(path))
        plan([tmp_path], tmp_path / "out", PICTURES, ".sedic")


def refuse(path):
    raise PermissionError(13, "Permission denied", str(path))


def test_files_and_folders_together(tmp_path):
    folder = filled(tmp_path / "in", "deep/a.png", "notes.txt")
    odd = filled(tmp_path, "photo.with_no_known_suffix") / "photo.with_no_known_suffix"
    found = plan([odd, folder, tmp_path / "none.png"], tmp_path / "out", PICTURES, ".sedic")
    assert [job.output_name for job in found.jobs] == ["photo.sedic", "deep/a.sedic", "none.sedic"]  # none fails alone
    assert found.others == {".txt": 1}


def test_what_was_made_inside_the_folder_is_not_packed_again(tmp_path):
    folder = filled(tmp_path, "a.png", "packed/a.png", "packed/deep/b.png", "deep/packed/c.png")
    found = plan([folder], tmp_path / "packed", PICTURES, ".sedic")
    assert [job.name for job in found.jobs] == ["a.png", "deep/packed/c.png"]


def test_a_folder_within_that_cannot_be_read_refuses_nothing_else(tmp_path, monkeypatch):
    folder = filled(tmp_path / "in", "a.png", "shut/b.png")
    scan = os.scandir

    def scandir(path):
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = plan([folder], tmp_path / "out", PICTURES, ".sedic")
    assert [job.name for job in found.jobs] == ["a.png"]
    assert [Path(error.filename).name for error in found.closed] == ["shut"]
