"""A folder of many small pictures packed by one command: CPU time, memory and journal, thousand by thousand.

    python -m sedic_tools.pages.measure_scale [--pictures 10000] [--side 16] [--every 1000] [--jobs 1 2] [-- OPTIONS]
    python -m sedic_tools.pages.measure_scale --photos FOLDER --pictures 24 --every 12 --jobs 1 2 [-- OPTIONS]

OPTIONS are sedic-pack's. The pictures are drawn here, no two alike, and without OPTIONS packed by `--model none` with one
sentence for all, so that what is left is the run itself; or they are the first ones of a folder, packed as usual. Then the
same command runs once more, which keeps everything: it reads each file, its output and the journal. For each number of workers
a table. CPU seconds are those of all the command's processes; memory is what is resident, of the command's process and of
its largest worker. Wall seconds count on an idle machine only. Linux.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image

from sedicfmt.batch.jobs import PICTURES, find
from sedicfmt.errors import EncodeError

TICKS = os.sysconf("SC_CLK_TCK")
MIB = 1 << 20


@dataclass(frozen=True)
class Seen:
    """After so many `pictures`: seconds of CPU and of the wall since the start, resident bytes of the command's process and of
    its largest worker."""

    pictures: int
    cpu: float
    wall: float
    resident: int
    worker: int


def draw(folder: Path, count: int, side: int) -> None:
    """`count` PNG files of `side` x `side` pixels, each of its own noise on its own colour."""
    folder.mkdir()
    rng = np.random.default_rng(count)
    for number in range(count):
        pixels = rng.integers(0, 40, (side, side, 3)) + rng.integers(0, 215, 3)
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number:07}.png")


def take(source: Path, folder: Path, count: int) -> None:
    """The first `count` pictures in and below `source`, by their names, copied. Raises EncodeError where they are fewer."""
    found, _ = find([source], PICTURES)
    if len(found) < count:
        raise EncodeError(f"{source} has {len(found)} pictures, not {count}")
    folder.mkdir()
    for number, path in enumerate(found[:count]):
        shutil.copyfile(path, folder / f"{number:07}{path.suffix}")


def cpu_and_resident(process: int) -> tuple[float, int]:
    """Seconds of CPU, with those of children that have ended, and resident bytes; nothing of a process that is gone."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return 0.0, 0
    return sum(map(int, fields[11:15])) / TICKS, int(fields[21]) * os.sysconf("SC_PAGE_SIZE")


def workers(process: int) -> list[int]:
    """Its children."""
    found = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [int(child) for child in found]


def watched(line: list[str], every: int) -> Iterator[Seen]:
    """Runs a command that prints a line of JSON a picture; looks at it after `every` pictures. Raises RuntimeError."""
    began, done = time.perf_counter(), 0
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stderr
        yield Seen(0, 0.0, 0.0, 0, 0)
        for told in process.stdout:
            done += json.loads(told).get("status") in ("made", "kept")
            if done and done % every == 0 and "summary" not in told:
                own, resident = cpu_and_resident(process.pid)
                others = [cpu_and_resident(child) for child in workers(process.pid)]
                cpu, largest = own + sum(cpu for cpu, _ in others), max((size for _, size in others), default=0)
                yield Seen(done, cpu, time.perf_counter() - began, resident, largest)
        complaint = process.stderr.read()
    if process.returncode:
        raise RuntimeError(f"{' '.join(line)} failed: {complaint}")


def table(seen: list[Seen]) -> str:
    """A row for each stretch between two looks."""
    lines = ["| pictures | CPU s | wall s | MiB | largest worker, MiB |", "|---" * 5 + "|"]
    for before, now in pairwise(seen):
        figures = f"{now.cpu - before.cpu:.1f} | {now.wall - before.wall:.1f} | {now.resident / MIB:.0f}"
        lines.append(f"| to {now.pictures:,} | {figures} | {f'{now.worker / MIB:.0f}' if now.worker else ''} |")
    return "\n".join(lines)


def measure(place: Path, jobs: int, every: int, options: list[str]) -> None:
    """Prints the tables of one number of workers, the first run's and the second's."""
    out = place / f"out{jobs}"
    line = [sys.executable, "-m", "sedic_tools.commands.pack", str(place / "in"), "-o", str(out), "--json"]
    line += ["--jobs", str(jobs), *options]
    for run in ("made", "run again, all kept"):
        print(f"\n`--jobs {jobs}`, {run}:\n\n{table(list(watched(line, every)))}", flush=True)
    journal = out / ".sedic-pack.jsonl"
    print(f"\nThe journal has {journal.stat().st_size:,} bytes, {len(journal.read_bytes().splitlines()):,} lines.")


def main() -> int:
    """Prints it all as Markdown."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--pictures", type=int, default=10_000)
    p.add_argument("--side", type=int, default=16)
    p.add_argument("--photos", type=Path, metavar="FOLDER")
    p.add_argument("--every", type=int, default=1000)
    p.add_argument("--jobs", type=int, nargs="+", default=[1])
    p.add_argument("options", nargs="*", metavar="OPTIONS")
    arguments = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "words.json").write_text('{"overall": "A small picture."}')
        options = arguments.options
        if arguments.photos:
            take(arguments.photos, place / "in", arguments.pictures)
            print(f"{arguments.pictures:,} photos")
        else:
            options = options or ["--model", "none", "--describe", f"annotations:{place / 'words.json'}"]
            draw(place / "in", arguments.pictures, arguments.side)
            print(f"{arguments.pictures:,} pictures of {arguments.side}x{arguments.side} pixels")
        for jobs in arguments.jobs:
            measure(place, jobs, arguments.every, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
