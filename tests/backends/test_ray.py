"""Actors of a local Ray: the outputs of one process, in their order, also where an actor is killed."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

if find_spec("ray") is None:
    pytest.skip("a Ray cluster needs the ray extra", allow_module_level=True)

from sedicfmt.batch.ray_workers import converted_on_ray
from sedicfmt.errors import BackendFailed, BackendUnavailable, Malformed
from tests.unit.test_workers import Toy, items

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def cluster():
    import ray

    ray.init(num_cpus=2, log_to_driver=False, include_dashboard=False)
    yield
    ray.shutdown()


def test_two_actors_do_what_one_process_does_and_a_killed_one_loses_nothing(tmp_path):
    words = [b"ab", b"cd", b"bad", b"kill once", *(str(i).encode() * 2 for i in range(12))]
    found = list(converted_on_ray(items(*words), Toy(tmp_path), 2))
    assert [tag for tag, _ in found] == list(range(len(words)))
    assert isinstance(found[2][1], Malformed)
    made = [out.data for i, (_, out) in enumerate(found) if i != 2]
    assert made == [word[::-1] for i, word in enumerate(words) if i != 2]
    assert (tmp_path / "killed").exists()


def test_an_input_that_ends_every_actor_fails_alone(tmp_path):
    found = [made for _, made in converted_on_ray(items(b"ab", b"kill", b"cd", b"ef"), Toy(tmp_path), 2)]
    assert isinstance(found[1], BackendFailed)
    assert [found[i].data for i in (0, 2, 3)] == [b"ba", b"dc", b"fe"]


def test_what_concerns_all_ends_all(tmp_path):
    with pytest.raises(BackendUnavailable):
        list(converted_on_ray(items(*[b"refused"] * 5), Toy(tmp_path), 2))
