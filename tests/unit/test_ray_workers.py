"""What is done with Ray's answers, without a cluster: a stand-in whose actors are objects here and die where told.

`tests/backends/test_ray.py` does the same on a real one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from sedicfmt.batch import ray_workers
from sedicfmt.batch.jobs import Job
from sedicfmt.batch.ray_workers import TRIES, converted_on_ray
from sedicfmt.batch.workers import LOST, Made
from sedicfmt.errors import BackendFailed, BackendUnavailable, Malformed, MissingDependency
from tests.unit.test_workers import items


class ActorError(Exception):
    """An actor is gone."""


class TaskError(Exception):
    """An actor raised; `cause` is what."""

    def __init__(self, cause: Exception):
        super().__init__(str(cause))
        self.cause = cause


class Dies(BaseException):
    """A stand-in for the end of an actor's process."""


class Actor:
    """One that computes when it is asked for the answer, in the order in which it was asked; once dead it answers nothing."""

    def __init__(self, cluster, worker):
        self.cluster, self.worker, self.dead = cluster, worker, False
        self.convert = SimpleNamespace(remote=lambda job, data: (self, job, data))
        cluster.actors.append(self)

    def answer(self, job, data):
        if self.dead:
            raise ActorError
        try:
            return self.worker.convert(job, data)
        except Dies:
            self.dead = True
            raise ActorError from None
        except Exception as error:
            raise TaskError(error) from error


class Cluster:
    """What is used of the module ray."""

    exceptions = SimpleNamespace(RayActorError=ActorError, RayTaskError=TaskError)

    def __init__(self):
        self.actors: list[Actor] = []
        self.killed: list[Actor] = []

    def remote(self, **needs):
        self.needs = needs
        return lambda kind: SimpleNamespace(remote=lambda opener: Actor(self, kind(opener)))

    def get(self, asked):
        actor, job, data = asked
        return actor.answer(job, data)

    def kill(self, actor):
        self.killed.append(actor)


@dataclass
class Opener:
    """`kill once` ends the actor at its first try, `kill` at each."""

    tried: int = 0

    def __call__(self):
        def convert(job: Job, data: bytes) -> Made:
            if data == b"kill" or (data == b"kill once" and not self.tried):
                self.tried += 1
                raise Dies
            if data == b"bad":
                raise Malformed("no picture", "a.place", 7)
            if data == b"refused":
                raise BackendUnavailable("the key is refused")
            return Made(data[::-1])

        return convert


@pytest.fixture
def cluster(monkeypatch):
    made = Cluster()
    monkeypatch.setattr(ray_workers, "connected", lambda address: made)
    return made


def found(*words, actors=2, **more):
    return list(converted_on_ray(items(*words), Opener(), actors, **more))


def test_outputs_come_in_order_and_errors_keep_their_place(cluster):
    made = found(b"ab", b"bad", *(str(i).encode() * 2 for i in range(9)), gpus=1.0)
    assert [tag for tag, _ in made] == list(range(11))
    assert isinstance(made[1][1], Malformed) and made[0][1].data == b"ba"
    assert len(cluster.actors) == 2 and cluster.needs["num_gpus"] == 1.0
    assert set(map(id, cluster.killed)) == set(map(id, cluster.actors))


def test_a_lost_actor_is_replaced_and_loses_nothing(cluster):
    words = [b"ab", b"cd", b"kill once", b"ef", b"gh", b"ij"]
    made = found(*words)
    assert [out.data for _, out in made] == [word[::-1] for word in words]
    assert len(cluster.actors) == 3


def test_an_input_that_ends_every_actor_fails_alone(cluster):
    made = [out for _, out in found(b"ab", b"kill", b"cd", b"ef", b"gh")]
    assert isinstance(made[1], BackendFailed) and LOST in str(made[1])
    assert [made[i].data for i in (0, 2, 3, 4)] == [b"ba", b"dc", b"fe", b"hg"]
    assert len(cluster.actors) >= 2 + TRIES - 1


def test_what_concerns_all_ends_all_and_leaves_no_actor(cluster):
    with pytest.raises(BackendUnavailable):
        found(*[b"refused"] * 5)
    assert len(cluster.killed) == 2


def test_without_ray_it_says_what_installs_it(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingDependency, match="pip install"):
        list(converted_on_ray(items(b"ab"), Opener(), 1))
    assert Path(ray_workers.__file__).exists()


@pytest.mark.parametrize(("address", "told"), [(None, "Ray: a node"), ("here:1", "the Ray cluster at here:1: a node")])
def test_a_ray_that_does_not_start_is_told(monkeypatch, address, told):
    """Its errors are of many kinds, a plain Exception among them."""
    import sys

    def init(**options):
        raise Exception("a node did not come up")  # as Ray has it

    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(is_initialized=lambda: False, init=init))
    with pytest.raises(BackendUnavailable, match=told):
        list(converted_on_ray(items(b"ab"), Opener(), 1, address))
