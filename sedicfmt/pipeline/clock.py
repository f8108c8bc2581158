"""Seconds of each stage of packing or unpacking, and word of its start to whoever shows progress."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

OnStage = Callable[[str], None]


class Clock:
    """`seconds`: how long each stage took that was run within `with clock(stage)`; none for one that failed."""

    def __init__(self, on_stage: OnStage):
        self.on_stage, self.seconds, self.stage = on_stage, dict[str, float](), ""

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        self.stage = stage
        self.on_stage(stage)
        began = time.perf_counter()
        yield
        self.seconds[stage] = round(time.perf_counter() - began, 4)

    def part(self, name: str) -> None:
        """Word of a part of the stage at work."""
        self.on_stage(f"{self.stage}: {name}")
