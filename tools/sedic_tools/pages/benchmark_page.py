"""What `benchmarks/` measured, as Markdown: a table a group, each row's time beside the group's first.

    python -m sedic_tools.pages.benchmark_page benchmarks.json [MORE.json ...] [NOTE] > docs/benchmarks.md

Several files are several runs, of other groups each. NOTE is a line of what else the machine did, and the like.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any


def page(held: dict[str, Any], note: str = "") -> str:
    """The page of what pytest-benchmark wrote."""
    groups = defaultdict(list)
    for one in held["benchmarks"]:
        groups[one["group"] or one["name"]].append(one)
    machine = held["machine_info"]
    cpu = machine.get("cpu", {}).get("brand_raw", machine.get("machine", ""))
    how = HOW.format(date=held["datetime"][:10], cpu=cpu, python=machine["python_version"])
    parts = ["# Benchmarks", COMMANDS, " ".join(filter(None, [how, note]))]
    for name, rows in sorted(groups.items()):
        parts += [f"## {name}", table(rows)]
    return "\n\n".join(parts) + "\n"


def table(rows: list[dict[str, Any]]) -> str:
    """A group: median seconds, how many times the first row's, and bytes."""
    first = rows[0]["stats"]["median"]
    lines = ["| | median | spread (IQR) | beside the first | bytes |", "|---" * 5 + "|"]
    for one in rows:
        stats, size = one["stats"], one["extra_info"].get("bytes")
        cells = [duration(stats["median"]), duration(stats["iqr"]), f"{stats['median'] / first:.3g}"]
        lines.append(f"| {words(one['name'])} | {' | '.join(cells)} | {'' if size is None else f'{size:,}'} |")
    return "\n".join(lines)


def words(name: str) -> str:
    """A test's name for people: `test_mask_encode_by[PNG]` is "mask encode by PNG"."""
    what, _, which = name.removeprefix("test_").removesuffix("]").partition("[")
    return f"{what.replace('_', ' ')} {which}".strip()


def duration(seconds: float) -> str:
    """With a unit that leaves few digits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


COMMANDS = """\
    OMP_NUM_THREADS=1 pytest benchmarks --benchmark-only --benchmark-json=benchmarks.json
    python -m sedic_tools.pages.benchmark_page benchmarks.json > docs/benchmarks.md"""
HOW = (
    "Of {date}; {cpu}, Python {python}. Times are CPU time, user and system, with the processes that were started; "
    "bytes are what each makes or reads of the same input. What is measured, and beside what, is told in "
    "[benchmarks/](../benchmarks/README.md)."
)


def joined(paths: list[str]) -> dict[str, Any]:
    """Several runs as one."""
    held = [json.loads(Path(path).read_text()) for path in paths]
    return held[0] | {"benchmarks": [one for run in held for one in run["benchmarks"]]}


if __name__ == "__main__":
    files = [word for word in sys.argv[1:] if word.endswith(".json")]
    print(page(joined(files), " ".join(word for word in sys.argv[1:] if word not in files)), end="")
