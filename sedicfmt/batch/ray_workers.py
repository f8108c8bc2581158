"""Inputs converted by actors on a Ray cluster, as workers.py does it by processes on one machine.

Inputs are read and outputs are written where the run was started; actors compute. So a file is done or not, nothing is
written twice, and the journal stays one process's. An actor that is lost (killed, its machine gone) is replaced, and what it
had is done again; an input at which some were lost is told as failed. Outputs come in the order of the inputs.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sedicfmt.batch.workers import AHEAD, LOST, EndsAll, Item, Made, Open, Worker
from sedicfmt.errors import BackendFailed, BackendUnavailable, MissingDependency
from sedicfmt.installing import install_extra

TRIES = 3  # actors that may be lost at an input, or before it where it waits behind one that ends them


@dataclass
class Actors:
    """As many actors as asked for, one input after the other in turn; `gpus`: of each, as Ray counts them."""

    ray: Any
    opener: Open
    count: int
    gpus: float = 0.0
    actors: list[Any] = field(init=False)
    turn: int = 0

    def __post_init__(self) -> None:
        self.actors = [self._new() for _ in range(self.count)]

    def _new(self) -> Any:
        kind = self.ray.remote(num_cpus=1, num_gpus=self.gpus)(Worker)
        return kind.remote(self.opener)

    def submit(self, item: Item) -> tuple[int, Any]:
        """Whose it is, and what will be its output."""
        number = self.turn = (self.turn + 1) % self.count
        return number, self.actors[number].convert.remote(item[1], item[2])

    def replace(self, number: int, lost: Any) -> None:
        """Another actor in the place of a lost one, unless that was done already."""
        if self.actors[number] is lost:
            self.actors[number] = self._new()

    def end(self) -> None:
        """All of them, whatever they do."""
        for actor in self.actors:
            self.ray.kill(actor)


@dataclass
class UnderWay:
    """An item at an actor."""

    item: Item
    number: int
    actor: Any
    made: Any


def converted_on_ray(
    items: Iterator[Item], opener: Open, actors: int, address: str | None = None, gpus: float = 0.0
) -> Iterator[tuple[Any, Made | Exception]]:
    """As `workers.converted`. `address`: of a cluster; None starts Ray on this machine where none is there.

    Raises MissingDependency without Ray, BackendUnavailable where it cannot be started or reached, and what ends all.
    """
    ray = connected(address)
    pool = Actors(ray, opener, actors, gpus)
    waiting, tries = deque[UnderWay](), Counter[int]()
    try:
        while True:
            while len(waiting) < AHEAD * actors and (item := next(items, None)) is not None:
                waiting.append(_under_way(pool, item))
            if not waiting:
                return
            first = waiting[0]
            made: Made | Exception
            try:
                made = ray.get(first.made)
            except ray.exceptions.RayTaskError as error:
                raise _ended(error) from error
            except ray.exceptions.RayActorError:
                pool.replace(first.number, first.actor)
                tries[id(first.item)] += 1
                if tries[id(first.item)] < TRIES:
                    waiting[0] = _under_way(pool, first.item)
                    continue
                made = BackendFailed(LOST)
            yield waiting.popleft().item[0], made
    finally:
        pool.end()


def _under_way(pool: Actors, item: Item) -> UnderWay:
    number, made = pool.submit(item)
    return UnderWay(item, number, pool.actors[number], made)


def _ended(error: Any) -> Exception:
    """What a worker raised, out of Ray's wrapping."""
    cause = getattr(error, "cause", error)
    return cause.error if isinstance(cause, EndsAll) else BackendFailed(str(error))


def connected(address: str | None) -> Any:
    """Ray, connected. Raises MissingDependency, BackendUnavailable where it cannot be started or reached."""
    os.environ.setdefault("RAY_DEDUP_LOGS", "0")  # else it keeps what it says twice, and prints it as the process ends
    try:
        import ray
    except ModuleNotFoundError as missing:
        raise MissingDependency(f"a Ray cluster needs {missing.name}: {install_extra('ray')}") from missing
    if not ray.is_initialized():
        try:
            ray.init(address=address, log_to_driver=False, include_dashboard=False, configure_logging=False)
        except Exception as error:  # of many kinds: no such address, a node that does not come up in its time
            raise BackendUnavailable(f"{f'the Ray cluster at {address}' if address else 'Ray'}: {error}") from error
    return ray
