"""Small files that state large things: how soon, and in how much memory, each is refused.

    nice -n 10 python -m sedic_tools.pages.bomb_table --out docs/bombs.md

Whatever a file states (its own size, its segments' and extensions', its picture's, its latent's, how many cells its masks
have) is held against the limits before anything is allocated for it. What is within the limits is decoded before it can be
refused; the second table says what that costs at most.
"""

from __future__ import annotations

import argparse
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

from sedic_tools.pages.bomb_files import CELL_BY_CELL, bombs, extremes, framed
from sedicfmt.container.content import read_file
from sedicfmt.errors import SedicError
from sedicfmt.latents.painting import decode_latent
from sedicfmt.model import SedicFile
from sedicfmt.segments import text

MOST_SECONDS, MOST_BYTES = 0.05, 32 << 20
Read = Callable[[bytes], object]


def main(arguments: list[str] | None = None) -> int:
    """Command line; exit code 1 if a bomb was not refused for its own fault within 50 ms and 32 MB."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="the page to write (default: standard output)")
    options = parser.parse_args(arguments)
    warm_up()
    refused = [measured(name, bomb.data, read_file, bomb.refused) for name, bomb in bombs().items()]
    costly = [measured(name, data, read_whole if "latent" in name else read_file) for name, data in extremes().items()]
    page = PAGE.format(bombs="\n".join(row for row, _ in refused), extremes="\n".join(row for row, _ in costly))
    if options.out:
        options.out.write_text(page, encoding="utf-8", newline="\n")
    else:
        print(page)
    return int(not all(good for _, good in refused))


def warm_up() -> None:
    """Load the tables that every reader loads once."""
    read_whole(framed(256, 256, text=text.build("A dog."), masks=[CELL_BY_CELL]))


def read_whole(data: bytes) -> SedicFile:
    """Texts, masks and the latent's symbols."""
    file = read_file(data)
    decode_latent(file)
    return file


def measured(name: str, data: bytes, read: Read, refused: str = "") -> tuple[str, bool]:
    """A line of the table, the fastest of three and the most memory; and whether it was `refused` so within the bounds."""
    runs = []
    for _ in range(3):
        text.build.cache_clear()  # else a text read before costs nothing
        start = time.process_time()
        verdict = verdict_of(data, read)
        runs.append(time.process_time() - start)
    peak = peak_memory(data, read)
    good = verdict == refused and min(runs) <= MOST_SECONDS and peak <= MOST_BYTES
    return f"| {name} | {len(data):,} | {verdict} | {1000 * min(runs):,.1f} | {peak / (1 << 20):,.1f} |", good


def verdict_of(data: bytes, read: Read) -> str:
    """The code of the refusal and its place, or "read"."""
    try:
        read(data)
    except SedicError as error:
        return f"{error.code}, {error.path}" if error.path else error.code
    return "read"


def peak_memory(data: bytes, read: Read) -> int:
    """The most bytes that were allocated at a time, numpy's included, beside the file itself."""
    text.build.cache_clear()
    tracemalloc.start()
    verdict_of(data, read)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


PAGE = """\
# Bombs: small files that state large things

Whatever a file states is held against the limits before anything is allocated for it: it must be refused within 50 ms and
32 MB (a processor's time, the fastest of three; all that Python and numpy allocate). `tests/unit/test_bombs.py` holds the
memory in CI.

    nice -n 10 python -m sedic_tools.pages.bomb_table --out docs/bombs.md

| file | bytes | refused as | ms | MiB |
|---|---|---|---|---|
{bombs}

What lies within the limits (`sedicfmt/limits.py`, M-5) is decoded before it can be refused. The most that small files cost
then, read with the latent's symbols:

| file | bytes | | ms | MiB |
|---|---|---|---|---|
{extremes}
"""

if __name__ == "__main__":
    sys.exit(main())
