"""What is said of choices that have nothing to do: it is no error, since a program may give the same ones to every file."""

from __future__ import annotations

from collections.abc import Sequence


def told_idle(names: Sequence[str], why: str) -> list[str]:
    """The warning that the options of these names have nothing to do; none where there are none."""
    if not names:
        return []
    listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    return [f"{why}: {listed} {'has' if len(names) == 1 else 'have'} nothing to do"]
