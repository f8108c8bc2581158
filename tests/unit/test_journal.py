"""The journal of a folder: what it says of an output after every way in which a run can end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sedicfmt.batch.jobs import Job
from sedicfmt.batch.journal import ABSENT, FOREIGN, STALE, WHOLE, Journal, sha256

DATA, MADE, OPTIONS = b"a photo", b"its file", "digest of the options"


@pytest.fixture
def job(tmp_path):
    return Job("a/b.png", "a/b.sedic", tmp_path / "in" / "a" / "b.png", tmp_path / "out" / "a" / "b.sedic")


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def kept(out, job, data=DATA, made=MADE, options=OPTIONS):
    with Journal(out, "tool") as journal:
        journal.keep(job, sha256(data), made, options)


def state(out, job, data=DATA, options=OPTIONS):
    with Journal(out, "tool") as journal:
        return journal.state(job, sha256(data), options)


def test_a_file_is_known_by_a_later_run(out, job):
    assert state(out, job) == ABSENT
    kept(out, job)
    assert job.output.read_bytes() == MADE
    assert state(out, job) == WHOLE
    assert sorted(p.name for p in out.rglob("*") if p.is_file()) == [".tool.jsonl", "b.sedic"]


def test_what_makes_it_stale(out, job):
    kept(out, job)
    assert state(out, job, data=b"another photo") == STALE
    assert state(out, job, options="others") == STALE
    moved = Job(job.name, job.output_name, out.parent / "elsewhere" / "b.png", job.output)
    assert state(out, moved) == WHOLE  # the same bytes, wherever they lie
    assert state(out, moved, data=b"another photo") == FOREIGN


def test_what_somebody_else_wrote_is_foreign(out, job):
    job.output.parent.mkdir(parents=True)
    job.output.write_bytes(MADE)
    assert state(out, job) == FOREIGN
    kept(out, job)
    job.output.write_bytes(b"changed since")
    assert state(out, job) == FOREIGN


def test_killed_between_the_line_and_the_name(out, job, monkeypatch):
    def killed(*unused):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Path, "replace", killed)
        kept(out, job)
    assert state(out, job) == ABSENT
    kept(out, job)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Path, "replace", killed)
        kept(out, job, data=b"a second photo", made=b"its second file")
    assert job.output.read_bytes() == MADE
    assert state(out, job, data=b"a second photo") == STALE
    kept(out, job, data=b"a second photo", made=b"its second file")
    assert not list(out.rglob("*.part"))


@pytest.mark.parametrize("cut", [1, 2, 40])
def test_a_torn_last_line_loses_no_other(out, job, cut):
    other = Job("c.png", "c.sedic", job.source.with_name("c.png"), out / "c.sedic")
    kept(out, job)
    kept(out, other)
    path = out / ".tool.jsonl"
    path.write_bytes(path.read_bytes()[:-cut])
    assert state(out, job) == WHOLE
    assert state(out, other) == (WHOLE if cut == 1 else FOREIGN)  # of the last line only its end was lost, or more
    other.output.unlink()
    kept(out, other)
    assert state(out, job) == state(out, other) == WHOLE


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_any_bytes_in_its_place_are_no_line(out, job, junk):
    out.mkdir(exist_ok=True)
    (out / ".tool.jsonl").write_bytes(junk)
    kept(out, job)
    assert state(out, job) == WHOLE
    lines = (out / ".tool.jsonl").read_bytes().split(b"\n")
    assert json.loads(lines[-2])["output"] == "a/b.sedic"


def test_one_run_at_a_time(out):
    pytest.importorskip("fcntl")
    with Journal(out, "tool"), pytest.raises(BlockingIOError, match="Another run"), Journal(out, "tool"):
        pass
    with Journal(out, "tool"):
        pass


def test_a_codecs_weights_decide_by_their_bytes(tmp_path):
    from sedicfmt.batch.decided_by import pack_decided_by, unpack_decided_by
    from sedicfmt.pipeline.pack_options import PackOptions
    from sedicfmt.pipeline.unpack import UnpackOptions
    from sedicfmt.pipeline.written_picture import PictureFormat

    model = f"compressai:mbt2018@{tmp_path}/a.pt"
    seen = []
    for content in (b"one", b"two"):
        (tmp_path / "a.pt").write_bytes(content)
        for says in ({"objects": 0, "words_overall": 0}, {}):
            seen.append(pack_decided_by(PackOptions(model=model, **says))["weights"])
        seen.append(unpack_decided_by(UnpackOptions(model=model), PictureFormat())["weights"])
    assert seen[:3] == seen[:1] * 3 and seen[3:] == seen[3:4] * 3 and seen[0] != seen[3]
    assert "weights" not in pack_decided_by(PackOptions())


def test_a_folder_asked_of_a_model_is_made_anew_by_another_latent(monkeypatch):
    """The language model's name does not stand in the place of the latent codec's."""
    from sedicfmt.batch.decided_by import pack_decided_by
    from sedicfmt.pipeline.pack_options import PackOptions

    monkeypatch.setenv("OPENAI_API_KEY", "key")
    one, other = (pack_decided_by(PackOptions(describe="openai:m", model=model)) for model in ("av1", "sedic-nano-2"))
    assert one != other and one["asked_model"] == other["asked_model"] == "m"
