"""How many threads the libraries compute with, those of networks above all: ONNX Runtime, torch, the AV1 encoder.

A program that imports sedicfmt may have set its libraries itself, so nothing is set unless it is asked for (`--threads`,
`use_threads`); ONNX Runtime, which takes the number when a network is opened, then gets `DEFAULT`. numpy's own threads are
set by the environment, before it is imported (`sedic_tools.commands.start`). Results do not depend on the number: no library
here splits a sum among threads.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from sedicfmt.errors import EncodeError

MOST = 256
_asked: list[int] = []


def use_threads(count: int | None) -> None:
    """Compute with so many from now on, 1 to MOST; None: as if nobody had asked. Raises EncodeError for another number."""
    if count is not None and not 1 <= count <= MOST:
        raise EncodeError(f"threads are 1 to {MOST}, not {count}", "threads")
    _asked[:] = [] if count is None else [count]
    tell_torch()


def threads() -> int:
    """How many a network is opened with."""
    return _asked[0] if _asked else default_threads()


def default_threads() -> int:
    """As many as this process has processors, at most four: more gain little on networks as small as ours."""
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(4, here))


def tell_torch() -> None:
    """Tells torch, where it is loaded, how many threads it has, where somebody asked."""
    torch: Any = sys.modules.get("torch")
    if _asked and torch is not None:
        torch.set_num_threads(_asked[0])
