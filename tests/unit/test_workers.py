"""Several processes side by side: the order, what ends all, and processes that are lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from sedicfmt.batch.jobs import Job
from sedicfmt.batch.workers import LOST, Made, converted
from sedicfmt.errors import BackendFailed, BackendUnavailable, EncodeError, Malformed


@dataclass(frozen=True)
class Toy:
    """Turns bytes around; inputs of some words are told to fail, each in its own way. `seen` gets a file an opening."""

    seen: Path

    def __call__(self):
        (self.seen / str(os.getpid())).touch()

        def convert(job: Job, data: bytes) -> Made:
            if data == b"kill once" and not (self.seen / "killed").exists():
                (self.seen / "killed").touch()
                os.kill(os.getpid(), signal.SIGKILL)
            if data == b"kill":
                os.kill(os.getpid(), signal.SIGKILL)
            if data == b"bad":
                raise Malformed("no picture", "a.place", 7)
            if data == b"strange":
                raise Strange(1, 2)
            if data == b"refused":
                raise BackendUnavailable("the key is refused")
            return Made(data[::-1], {"name": job.name})

        return convert


class Strange(Exception):
    """One that pickle cannot make again."""

    def __init__(self, one: int, two: int):
        super().__init__(f"{one} {two}")


class Missing(Toy):
    """Does not open."""

    def __call__(self):
        raise EncodeError("no such model", "model")


def items(*words: bytes):
    for number, data in enumerate(words):
        yield number, Job(f"{number}.png", f"{number}.sedic", Path(f"{number}.png"), Path(f"{number}.sedic")), data


def test_outputs_come_in_order_and_each_process_opens_once(tmp_path):
    words = [str(i).encode() * 3 for i in range(30)]
    found = list(converted(items(*words), Toy(tmp_path), 2))
    assert [(tag, made.data) for tag, made in found] == [(i, word[::-1]) for i, word in enumerate(words)]
    assert found[3][1].summary == {"name": "3.png"}
    assert 1 <= len(list(tmp_path.iterdir())) <= 2


def test_inputs_are_read_only_as_far_ahead_as_processes_need(tmp_path):
    read = []

    def noted():
        for item in items(*[b"x"] * 40):
            read.append(item[0])
            yield item

    for done, _ in enumerate(converted(noted(), Toy(tmp_path), 2)):
        assert len(read) <= done + 4


def test_one_inputs_error_is_its_own_and_keeps_its_place(tmp_path):
    (_, bad), (_, strange), (_, good) = converted(items(b"bad", b"strange", b"ab"), Toy(tmp_path), 2)
    assert (type(bad), bad.path, bad.offset) == (Malformed, "a.place", 7)
    assert isinstance(strange, BackendFailed) and "Strange: 1 2" in str(strange)
    assert good.data == b"ba"


@pytest.mark.parametrize(("opener", "kind"), [(Toy, BackendUnavailable), (Missing, EncodeError)])
def test_what_concerns_all_ends_all(tmp_path, opener, kind):
    with pytest.raises(kind):
        list(converted(items(*[b"refused"] * 9), opener(tmp_path), 2))


def test_a_lost_process_loses_no_input(tmp_path):
    words = [b"ab"] * 3 + [b"kill once"] + [b"cd"] * 5
    found = list(converted(items(*words), Toy(tmp_path), 2))
    assert [tag for tag, _ in found] == list(range(9))
    assert all(made.data == word[::-1] for (_, made), word in zip(found, words, strict=True))


def test_an_input_that_always_ends_its_process_fails_alone(tmp_path):
    words = [b"ab", b"kill", b"cd", b"ef", b"gh", b"ij"]
    found = [made for _, made in converted(items(*words), Toy(tmp_path), 2)]
    assert isinstance(found[1], BackendFailed) and LOST in str(found[1])
    assert [made.data for i, made in enumerate(found) if i != 1] == [b"ba", b"dc", b"fe", b"hg", b"ji"]


def unending(*words: bytes):
    """Items, and then a wait for more."""
    yield from items(*words)
    time.sleep(600)


@pytest.mark.skipif(os.name != "posix", reason="kills a process as POSIX does")
def test_no_process_outlives_a_run_that_is_killed(tmp_path):
    code = "import sys; from pathlib import Path; from tests.unit.test_workers import *; "
    code += "list(converted(unending(b'ab', b'cd', b'ef'), Toy(Path(sys.argv[1])), 2))"
    run = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=Path(__file__).parents[2])
    deadline = time.monotonic() + 120
    while not list(tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    workers = [int(path.name) for path in tmp_path.iterdir()]
    run.kill()
    run.wait()
    while any(map(is_there, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert workers and not any(map(is_there, workers))


def is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")
    return not status.exists() or status.read_text().rpartition(") ")[2][0] != "Z"  # ended, and nobody asked how
