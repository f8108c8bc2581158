"""sedic-corpus: files of all kinds, whole and damaged, and what the package says of each.

    sedic-corpus -n 10000 --seed 1 -o FOLDER

writes 00000.sedic, 00001.sedic, ... and corpus.jsonl with a line for each: `file`, `sha256`, `made` (whole, or what was
damaged), and either `report`, what `sedic-inspect --json --check` prints, or `error`, its code and path. The same seed gives
the same files (but for those of model av1, whose bytes are those of the installed libaom). Two decoders can be held against
each other by it: every branch of the syntax is reached within a few hundred files (tests/tools/test_corpus.py).
"""

from __future__ import annotations

import argparse
import errno
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

import sedicfmt
from sedic_tools.commands.command import add_version, documented, run
from sedic_tools.commands.corpus_content import content
from sedic_tools.commands.corpus_damage import damaged
from sedic_tools.commands.standard_output import put
from sedicfmt.container.parser import parse_frame
from sedicfmt.errors import SedicError
from sedicfmt.model import coded_size
from sedicfmt.pipeline.report import report_bytes

DAMAGED_BEHIND_EACH = 2
HUGE_LATENT = 1024  # pixels a side


def files(seed: int) -> Iterator[tuple[str, bytes]]:
    """(how it was made, bytes) of a whole file, then of some that were made of it by damage; without end.

    Damaged ones whose header now tells of a huge latent are left out: plain Python, as in `spec/decoder.py`, is slow with it.
    """
    rng = np.random.default_rng(seed)
    while True:
        whole = content(rng)
        data = sedicfmt.write(whole)
        yield "whole", data
        for _ in range(DAMAGED_BEHIND_EACH):
            made, other = damaged(rng, whole, data)
            if not has_huge_latent(other):
                yield made, other


def has_huge_latent(data: bytes) -> bool:
    """Whether the frame is whole and its latent larger than HUGE_LATENT; that of a broken frame is never decoded."""
    try:
        frame = parse_frame(data)
    except SedicError:
        return False
    return max(coded_size(frame.width, frame.height, frame.latent_scale)) > HUGE_LATENT


def verdict(data: bytes) -> dict[str, Any]:
    """{"report": ...} or {"error": {"code", "path"}}."""
    try:
        return {"report": report_bytes(data, check=True)}
    except SedicError as error:
        return {"error": {"code": error.code, "path": error.path}}


def write(count: int, seed: int, folder: Path) -> Counter[str]:
    """The files and their list; how many were accepted, and refused by which code. Raises OSError, SedicError."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(errno.EEXIST, "The folder holds files already", str(folder))
    try:
        return _write(count, seed, folder)
    except BaseException:
        for path in folder.iterdir():  # all of them ours: the folder was empty
            path.unlink()
        raise


def _write(count: int, seed: int, folder: Path) -> Counter[str]:
    numbers: Counter[str] = Counter()
    with (folder / "corpus.jsonl").open("w", encoding="utf-8") as lines:
        for number, (made, data) in enumerate(islice(files(seed), count)):
            name, said = f"{number:05}.sedic", verdict(data)
            (folder / name).write_bytes(data)
            line = {"file": name, "sha256": hashlib.sha256(data).hexdigest(), "made": made} | said
            lines.write(json.dumps(line) + "\n")
            numbers[said["error"]["code"] if "error" in said else "accepted"] += 1
    return numbers


def arguments() -> argparse.ArgumentParser:
    """What the command takes."""
    p = documented(__doc__ or "")
    p.add_argument("-n", "--count", type=int, required=True, metavar="N", help="how many files")
    p.add_argument("--seed", type=int, default=1, help="of the random numbers, 0 or more")
    p.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="a new or an empty one")
    p.set_defaults(json=False)
    add_version(p)
    return p


def main() -> int:
    """Entry point; returns the exit code."""
    p = arguments()
    chosen = p.parse_args()
    if chosen.count < 1 or chosen.seed < 0:
        p.error("the count is 1 or more, the seed 0 or more")
    return run(command, chosen)


def command(arguments: argparse.Namespace) -> None:
    """Write and count."""
    numbers = write(arguments.count, arguments.seed, arguments.output)
    put(", ".join(f"{number} {what}" for what, number in sorted(numbers.items())))


if __name__ == "__main__":
    sys.exit(main())
