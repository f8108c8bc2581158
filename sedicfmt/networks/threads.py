"""How torch's threads wait for each other: asleep. Those that wait busily are far slower where another process has a core."""

from __future__ import annotations

import os


def wait_asleep() -> None:
    """Sets OMP_WAIT_POLICY, unless the user did. It is read when torch loads, so call this before."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
