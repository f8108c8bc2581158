"""How far a run is and how long it will still take, from what each kind of work took so far."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable
from threading import Lock


class Progress:
    """Counts units of work by kind, such as "encode VVC". `show` gets a line after each; `clock` is there for tests."""

    def __init__(self, show: Callable[[str, int, int], None], clock: Callable[[], float] = time.monotonic):
        self.show, self.clock, self.lock = show, clock, Lock()
        self.expected: Counter[str] = Counter()
        self.finished: Counter[str] = Counter()
        self.made: Counter[str] = Counter()
        self.spent: defaultdict[str, float] = defaultdict(float)
        self.last = self.start = clock()

    def expect(self, kind: str, units: int) -> None:
        """So many more units of a kind are to come."""
        self.expected[kind] += units

    def done(self, kind: str, made: bool = True) -> None:
        """One unit is done; `made`: False where it was there already, which says nothing of the time."""
        with self.lock:
            now = self.clock()
            self.finished[kind] += 1
            if made:
                self.made[kind] += 1
                self.spent[kind] += now - self.last
            self.last = now
            self.show(self.words(kind), self.finished.total(), self.expected.total())

    def words(self, kind: str) -> str:
        """What is at work, and the time left."""
        left = self.left()
        return f"{kind}, {clock_words(left)} left" if left is not None else kind

    def left(self) -> float | None:
        """Seconds that all units still to come will take as those before did; None where nothing was made yet.

        A kind that has not begun is taken for the mean of the others.
        """
        if not self.made:
            return None
        usual = sum(self.spent.values()) / self.made.total()
        mean = {kind: self.spent[kind] / count for kind, count in self.made.items()}
        return sum((units - self.finished[kind]) * mean.get(kind, usual) for kind, units in self.expected.items())


def clock_words(seconds: float) -> str:
    """Such as 1:05:09 or 0:42."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
