"""Fuzz the decoders with atheris (pip install -e '.[fuzz]'), one after another, and tell of it in a table.

    nice -n 10 python -m tests.fuzz.run --runs 210000 --seconds 1800 --out docs/fuzzing.md

A finding (an exception that is no refusal, an invariant that does not hold, an execution over 30 seconds, a process over
1 GiB or dead) is kept under tests/fuzz/found, where test_fuzz.py tries it ever after; the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from tests.fuzz import TARGETS

ROOT, FOUND = Path(__file__).parents[2], Path(__file__).parent / "found"
APART = ("/bin/sh", "-c", '"$@"; exit $?', "sh")  # else the peak of memory of who starts it would count as the target's
LIMITS = ("-max_len=512", "-timeout=30", "-rss_limit_mb=1024")


@dataclass(frozen=True)
class Fuzzed:
    """A target's run: inputs at first and at the end, how many of these are accepted, branches seen; `log` if it failed."""

    name: str
    seeds: int
    executions: int
    seconds: float
    corpus: int
    accepted: int
    branches: int
    log: str


def main(arguments: list[str] | None = None) -> int:
    """Command line; exit code 1 for a finding."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=-1, help="executions of each target (default: as the time allows)")
    parser.add_argument("--seconds", type=int, default=60, help="of each target at most (default 60)")
    parser.add_argument("--targets", nargs="+", default=TARGETS, choices=TARGETS)
    parser.add_argument("--seed", type=int, default=1, help="of libFuzzer's draws")
    parser.add_argument("--found", type=Path, default=FOUND, help="folder for what is found")
    parser.add_argument("--out", type=Path, help="the page to write (default: the table on standard output)")
    options = parser.parse_args(arguments)
    draws = [f"-runs={options.runs}", f"-max_total_time={options.seconds}", f"-seed={options.seed}"]
    done = [fuzz(name, draws, options.found) for name in options.targets]
    for fuzzed in done:
        if fuzzed.log:
            print(f"{fuzzed.name}:\n{fuzzed.log}", file=sys.stderr)
    if options.out:
        page = PAGE.format(runs=options.runs, seconds=options.seconds, rows=table(done))
        options.out.write_text(page, encoding="utf-8", newline="\n")
    else:
        print(table(done))
    return int(any(fuzzed.log for fuzzed in done))


def fuzz(name: str, draws: list[str], found: Path) -> Fuzzed:
    """Run one target in a process of its own; findings go into a folder of its name within `found`."""
    harness = import_module(f"tests.fuzz.fuzz_{name}")
    with tempfile.TemporaryDirectory() as folder:
        seeds = set(harness.seeds())
        for number, seed in enumerate(seeds):
            (Path(folder) / f"seed-{number}").write_bytes(seed)
        (found / name).mkdir(parents=True, exist_ok=True)
        target = [sys.executable, "-m", "tests.fuzz.target", name, folder, f"-artifact_prefix={found / name}/"]
        start = time.perf_counter()
        told = subprocess.run(
            [*APART, *target, *draws, *LIMITS],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        )  # fmt: skip
        seconds = time.perf_counter() - start
        corpus = [path.read_bytes() for path in Path(folder).iterdir()]
    log = "\n".join(told.stdout.splitlines()[-40:]) if told.returncode else ""
    counts = [_last(pattern, told.stdout) for pattern in (r"^#(\d+)\s", r"cov: (\d+)")]
    accepted = 0 if log else sum(map(harness.check, corpus))
    return Fuzzed(name, len(seeds), counts[0], seconds, len(corpus), accepted, counts[1], log)


def _last(pattern: str, text: str) -> int:
    numbers = re.findall(pattern, text, re.MULTILINE)
    return int(numbers[-1]) if numbers else 0


def table(done: list[Fuzzed]) -> str:
    """A line for each target and one for all."""
    lines = [row(f.name, f.seeds, f.executions, f.seconds, f.branches, f.corpus, f.accepted, bool(f.log)) for f in done]
    executions, seconds = sum(f.executions for f in done), sum(f.seconds for f in done)
    findings = sum(bool(f.log) for f in done)
    return "\n".join([HEAD, *lines, row("**all**", "", executions, seconds, "", "", "", findings)])


def row(name: str, *counts: float | str) -> str:
    """A line of the table."""
    return f"| {name} | " + " | ".join(c if isinstance(c, str) else f"{c:,.0f}" for c in counts) + " |"


HEAD = """\
| target | seeds | executions | seconds | branches | inputs kept | of these accepted | findings |
|---|---|---|---|---|---|---|---|"""

PAGE = """\
# Hostile input

`tests/fuzz` has a harness for each decoder, which [atheris](https://github.com/google/atheris) (libFuzzer) feeds with bytes
that it makes from the conformance files, led by the branches that they reach:

| target | whatever the bytes are |
|---|---|
| file | a file, once the right check is put behind them: written back as it was; `sedic-inspect`'s lines steer no terminal |
| text | a text's payload: it is the one payload of its text |
| mask | a mask's payload, of a small picture, with and without an earlier mask: it is the one payload of its cells |
| latent | payloads z and y of the learned model: they are what their symbols make when coded again |
| av1 | an AV1 frame, which the library decodes to a picture of the stated size |

or they are refused as the input's fault. Anything else is a finding: another exception, an invariant that does not hold, an
execution over 30 seconds, a process over 1 GiB or dead. What is found stays as a test under `tests/fuzz/found`. CI runs
each target for a few seconds (`pytest --slow tests/fuzz`); this is a long run, on one core:

    nice -n 10 python -m tests.fuzz.run --runs {runs} --seconds {seconds} --out docs/fuzzing.md

{rows}

A file within the limits takes up to 2.3 seconds, more with a large latent (docs/bombs.md), under the fuzzer some times as
long.
"seeds": the inputs at the start; "inputs kept": all that reached something new, and the seeds. The AV1 library is not
instrumented, so that what leads there is chance.
"""

if __name__ == "__main__":
    sys.exit(main())
