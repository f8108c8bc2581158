"""What stands under an output's name after `kill -9` of sedic-pack or sedic-unpack, at moments over the whole run.

    nice -n 10 python -m sedic_tools.pages.kill_table --out docs/faults.md

Each row: so many runs, each ended by SIGKILL. "over the run": the i-th of n once it has computed for a time drawn from the
i-th n-th of 1.1 times what a run computes; on a busy machine the clock would tell little. "while it writes": as soon as
something else than the output is seen in the output's folder. Every other run finds an older output of the name. What stands
there afterwards must be the whole new output, or what stood there before: nothing, or the older one. Needs Linux's /proc.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median

from PIL import Image

from sedic_tools.commands.vector_parts import picture
from sedicfmt.harness.measured_process import BESIDE

NEW, OLDER, NOTHING, BROKEN = "the new output", "the older output", "nothing", "half an output"


@dataclass(frozen=True)
class Victim:
    """A command to kill: its line without the output, what it writes, and how many seconds it computes for that."""

    line: tuple[str, ...]
    output: str
    whole: bytes
    seconds: float


@dataclass(frozen=True)
class Killed:
    """Whether the command was still at work, what stands under the output's name, whether a temporary file is left."""

    running: bool
    found: str
    left_aside: bool


def main(arguments: list[str] | None = None) -> int:
    """Command line; exit code 1 if an output was found half written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="the page to write (default: standard output)")
    parser.add_argument("--kills", type=int, default=200, help="of each command over its run (default 200)")
    parser.add_argument("--aimed", type=int, default=40, help="of each command while it writes (default 40)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor() as pool:
        folder = Path(name)
        series = [(v, aimed) for v in victims(folder) for aimed in (False, True)]
        counts = (options.kills, options.aimed)
        made = list(pool.map(lambda s: kill_often(s[0], counts[s[1]], s[1], folder), series))
    rows = [row(victim, aimed, kills) for (victim, aimed), kills in zip(series, made, strict=True)]
    broken = sum(kill.found == BROKEN for kills in made for kill in kills)
    page = PAGE.format(rows="\n".join(rows))
    if options.out:
        options.out.write_text(page, encoding="utf-8", newline="\n")
    else:
        print(page)
    return int(broken > 0)


def victims(folder: Path) -> list[Victim]:
    """A small drawn picture packed with given words, and its reference picture unpacked: the quickest there is."""
    photo, words, packed = folder / "photo.png", folder / "words.json", folder / "photo.sedic"
    Image.fromarray(picture(192, 128)).save(photo)
    boat = {"name": "boat", "text": "boat, red", "mask": {"box": [60, 40, 130, 100]}}
    words.write_text(json.dumps({"overall": "A red boat lies on a calm lake.", "objects": [boat]}))
    pack = (str(BESIDE / "sedic-pack"), str(photo), "--describe", f"annotations:{words}")
    unpack = (str(BESIDE / "sedic-unpack"), str(packed), "--stage", "reference")
    return [measured(pack, packed), measured(unpack, folder / "photo.png.png")]


def measured(line: tuple[str, ...], output: Path) -> Victim:
    """Run a command three times to its end: what it writes, each time the same, and how long it computes."""
    seconds, outputs = [], set()
    for _ in range(3):
        before = getrusage(RUSAGE_CHILDREN)
        subprocess.run([*line, "-o", output], check=True)
        after = getrusage(RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        outputs.add(output.read_bytes())
    (whole,) = outputs
    return Victim(line, output.name, whole, median(seconds))


def kill_often(victim: Victim, count: int, aimed: bool, folder: Path, seed: int = 0) -> list[Killed]:
    """`count` runs, each killed; every other one finds an older output."""
    rng = random.Random(seed)
    kills = []
    for i in range(count):
        after = None if aimed else 1.1 * victim.seconds * (i + rng.random()) / count
        with tempfile.TemporaryDirectory(dir=folder) as place:
            kills.append(kill_once(victim, Path(place), after, older=b"an older output" if i % 2 else None))
    return kills


def kill_once(victim: Victim, place: Path, after: float | None, older: bytes | None) -> Killed:
    """Run into the folder `place`; kill after so many computed seconds, or, for None, once a temporary file is there."""
    output = place / victim.output
    if older is not None:
        output.write_bytes(older)
    child = subprocess.Popen([*victim.line, "-o", output])
    while child.poll() is None and not (aside(output) if after is None else computed(child.pid) >= after):
        time.sleep(0.001)
    running = child.poll() is None
    child.kill()
    child.wait()
    stands = output.read_bytes() if output.exists() else None
    names = {victim.whole: NEW, older: OLDER, None: NOTHING if older is None else BROKEN}
    return Killed(running, names.get(stands, BROKEN), aside(output))


def computed(process: int) -> float:
    """For how many seconds a process that was not yet waited for has run on a processor."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9


def aside(output: Path) -> bool:
    """Whether the output's folder holds another file."""
    return any(path != output for path in output.parent.iterdir())


def row(victim: Victim, aimed: bool, kills: list[Killed]) -> str:
    """A line of the table."""
    name, when = Path(victim.line[0]).name, "while it writes" if aimed else "over the run"
    found = Counter(kill.found for kill in kills)
    running, left = sum(kill.running for kill in kills), sum(kill.left_aside for kill in kills)
    counts = [len(kills), running, *(found[what] for what in (NOTHING, OLDER, NEW, BROKEN)), left]
    return f"| `{name}` | {when} | " + " | ".join(map(str, counts)) + " |"


PAGE = """\
# What happens when something goes wrong

## Killed

`kill -9` of a command, many times, and what stands under the output's name then: it must never be half an output, and an
older output stays until the new one is whole. (An output is written aside, under a name that begins with a dot, synced, and
takes its name then. What was written aside when the command was killed stays there: a command that is gone cannot take it
away. For folders see `docs/folders.md`.)

    nice -n 10 python -m sedic_tools.pages.kill_table --out docs/faults.md

| command | killed | runs | still at work | nothing | the older output | the new output | **half an output** | left aside |
|---|---|---|---|---|---|---|---|---|
{rows}

"over the run": at moments drawn evenly over 1.1 times what a run computes; "while it writes": as soon as something is written
aside. "still at work": the command had not ended by itself. Every other run finds an older output.

## Everything else

`pytest --slow tests/tools/test_faults.py` tries these, with a file, and where it says so with a folder, as output:

| what | exit code | what is left |
|---|---|---|
| interrupted (SIGINT) once the interpreter is up | 130; too late: 0, or the signal | nothing, the older, or the new output |
| disk full (also with a folder), or a limit on a file's size | 74 | nothing, or the older output |
| folder closed to writing (also with a folder) | 74 | nothing, or the older output |
| a device that is full, standard output full, closed, or a pipe that nobody reads | 74 | |
| standard error full, closed, or a pipe that nobody reads | the same as without | the same as without |
| weights of the latent, the restorer or the mask head missing or cut | 8 | nothing |
| a download of a model that breaks off (a server that hangs up) | 8 | nothing under the file's name |

Each with at most one line on standard error for what went wrong, which names the output where that is the fault, and never a
traceback. While the interpreter itself starts, in its first 50 milliseconds or so, an interruption is told by Python, in
its own way. (Where a download breaks the hub's library tells of each of its tries as well.)
"""

if __name__ == "__main__":
    sys.exit(main())
