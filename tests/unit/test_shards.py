"""Tar shards: what becomes of their members, and of a shard with bad ones."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from sedicfmt.batch.jobs import Job, plan
from sedicfmt.batch.journal import Journal
from sedicfmt.batch.run import FAILED, KEPT, MADE, Run
from sedicfmt.batch.workers import Made
from sedicfmt.errors import BackendUnavailable, EncodeError

MEMBERS = {"0/a.png": b"ab", "0/a.txt": b"words", "b.JPG": b"cd", "b.json": b"{}", "last.cls": b"7"}


def shard(path: Path, members: dict[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as out:
        folder = tarfile.TarInfo("0")
        folder.type = tarfile.DIRTYPE
        out.addfile(folder)
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 12345
            out.addfile(info, io.BytesIO(data))
    return path


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as given:
        return {member.name: given.extractfile(member).read() for member in given}


def opener():
    def convert(job: Job, data: bytes) -> Made:
        if data == b"bad":
            raise EncodeError("is not a picture")
        if data == b"refused":
            raise BackendUnavailable("the key is refused")
        return Made(data[::-1])

    return convert


@pytest.fixture
def converted(tmp_path):
    def run(options: str = "options", name: str = "x.tar"):
        found = plan([tmp_path / "in" / name], tmp_path / "out", (".png", ".jpg"), ".sedic")
        with Journal(tmp_path / "out", "tool") as journal:
            made = Run(journal, options, opener, 1000, suffixes=(".png", ".jpg"), suffix=".sedic")
            (outcome,) = made.outcomes(found.jobs)
        return outcome

    return run


def test_pictures_are_converted_all_else_is_copied_and_the_order_stays(tmp_path, converted):
    shard(tmp_path / "in" / "x.tar", MEMBERS)
    outcome = converted()
    assert (outcome.status, outcome.summary["members"], outcome.summary["copied"]) == (MADE, 2, 3)
    wanted = {"0/a.sedic": b"ba", "0/a.txt": b"words", "b.sedic": b"dc", "b.json": b"{}", "last.cls": b"7"}
    assert list(members(tmp_path / "out" / "x.tar").items()) == list(wanted.items())
    before = (tmp_path / "out" / "x.tar").read_bytes()
    assert converted().status == KEPT
    assert converted("other options").status == MADE
    assert (tmp_path / "out" / "x.tar").read_bytes() == before  # no times, no owners: equal inputs, equal shards


def test_a_bad_member_fails_alone_and_the_shard_is_done_again(tmp_path, converted):
    shard(tmp_path / "in" / "x.tar", MEMBERS | {"c.png": b"bad", "d.png": b"gh"})
    outcome = converted()
    assert (outcome.status, outcome.summary["failed_members"]) == (FAILED, 1)
    assert "1 of 4 members failed, first c.png: is not a picture" in str(outcome.error)
    assert members(tmp_path / "out" / "x.tar")["d.sedic"] == b"hg"
    shard(tmp_path / "in" / "x.tar", MEMBERS)
    assert converted().status == MADE
    shard(tmp_path / "in" / "x.tar", MEMBERS | {"c.png": b"bad"})
    assert [converted().status for _ in range(2)] == [FAILED, FAILED]


def test_what_concerns_all_leaves_nothing_half_there(tmp_path, converted):
    shard(tmp_path / "in" / "x.tar", MEMBERS | {"c.png": b"refused"})
    with pytest.raises(BackendUnavailable):
        converted()
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".tool.jsonl"]


@pytest.mark.parametrize("content", [b"", b"no tar file at all", b"\0" * 300])
def test_what_is_no_shard_is_told(tmp_path, converted, content):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.tar").write_bytes(content)
    outcome = converted()
    assert outcome.status == FAILED and "x.tar" in str(outcome.error)


def test_a_cut_shard_is_told(tmp_path, converted):
    path = shard(tmp_path / "in" / "x.tar", {"a.png": b"x" * 5000})
    path.write_bytes(path.read_bytes()[:3000])
    assert converted().status == FAILED
    assert not (tmp_path / "out" / "x.tar").exists()


def test_two_members_of_one_name_are_refused(tmp_path, converted):
    shard(tmp_path / "in" / "x.tar", {"a.png": b"1", "a.jpg": b"2"})
    assert "a.sedic" in str(converted().error)
