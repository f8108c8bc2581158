"""Every single flipped bit and every prefix of the golden files, and what becomes of each.

    nice -n 10 python -m sedic_tools.pages.flip_table conformance/valid --out docs/flips.md

All flips and all prefixes must be refused by `sedicfmt.read`; with `allow_prefix` a prefix may also give a declared stage
(C-14), which must be what the whole file says as far as it goes.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import sedicfmt
from sedicfmt.errors import SedicError
from sedicfmt.model import SedicFile

CLASSES = ("malformed", "unsupported", "truncated", "check", "limit")
STAGE, ACCEPTED = "stage", "accepted"  # a declared prefix; anything else that was read, which must not be
MOST_BYTES = 4096
Rows = dict[str, Counter[str]]  # by file: how often each verdict


def main(arguments: list[str] | None = None) -> int:
    """Command line; exit code 1 if a flip or a prefix was taken for a whole file, or gave a wrong stage."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="golden files; those of more than 4,096 bytes are left out")
    parser.add_argument("--out", type=Path, help="the page to write (default: standard output)")
    options = parser.parse_args(arguments)
    flips, prefixes, stages = Rows(), Rows(), Rows()
    for path in sorted(options.folder.glob("*.sedic")):
        data = path.read_bytes()
        if len(data) <= MOST_BYTES:
            flips[path.stem] = Counter(verdict(changed) for changed in flipped(data))
            cuts = [data[:length] for length in range(len(data))]
            prefixes[path.stem] = Counter(map(verdict, cuts))
            whole = sedicfmt.read(data)
            stages[path.stem] = Counter(prefix_verdict(cut, whole) for cut in cuts)
    page = PAGE.format(flips=table(flips), prefixes=table(prefixes), stages=table(stages))
    if options.out:
        options.out.write_text(page, encoding="utf-8", newline="\n")
    else:
        print(page)
    return int(any(counts[ACCEPTED] for each in (flips, prefixes, stages) for counts in each.values()))


def flipped(data: bytes) -> Iterator[bytes]:
    """The data with each of its bits flipped in turn."""
    for bit in range(len(data) * 8):
        changed = bytearray(data)
        changed[bit // 8] ^= 128 >> bit % 8
        yield bytes(changed)


def verdict(data: bytes) -> str:
    """The class of the error that reading gives, or "accepted"."""
    try:
        sedicfmt.read(data)
    except SedicError as error:
        return error.code
    return ACCEPTED


def prefix_verdict(cut: bytes, whole: SedicFile) -> str:
    """The same with `allow_prefix`; "stage" where what is read is a part of `whole` and says that it is incomplete."""
    try:
        part = sedicfmt.read(cut, allow_prefix=True)
    except SedicError as error:
        return error.code
    latent = (part.width, part.height, part.z, part.y) == (whole.width, whole.height, whole.z, whole.y)
    said = part.text in ("", whole.text) and part.objects == whole.objects[: len(part.objects)]
    return STAGE if latent and said and not part.complete else ACCEPTED


def table(rows: Rows) -> str:
    """A line for each file and one for all."""
    lines = [row(name, counts) for name, counts in rows.items()]
    return "\n".join([*lines, row("**all**", sum(rows.values(), Counter()))])


def row(name: str, counts: Counter[str]) -> str:
    """A line of the table."""
    cells = [counts.total(), *(counts[column] for column in (*CLASSES, STAGE, ACCEPTED))]
    return f"| {name} | " + " | ".join(map(str, cells)) + " |"


PAGE = """\
# Flipped bits and cut files

What `sedicfmt.read` makes of the golden files under `conformance/valid` when one bit of them is flipped, each in turn, and
when they are cut, at each byte. Errors by class; "accepted" must be 0 everywhere.

    nice -n 10 python -m sedic_tools.pages.flip_table conformance/valid --out docs/flips.md

## One bit flipped

The check (C-12) finds every single flip; other classes come first where the header already tells.

| file | bits | malformed | unsupported | truncated | check | limit | stage | accepted |
|---|---|---|---|---|---|---|---|---|
{flips}

## Cut

Where the header leaves out the last segment's length a cut within that segment shows in the check.

| file | prefixes | malformed | unsupported | truncated | check | limit | stage | accepted |
|---|---|---|---|---|---|---|---|---|
{prefixes}

## Cut, and a prefix is allowed

With `allow_prefix` (`--partial`): a declared stage (C-14), equal to the whole file's content as far as it goes, or still
an error.

| file | prefixes | malformed | unsupported | truncated | check | limit | stage | accepted |
|---|---|---|---|---|---|---|---|---|
{stages}
"""

if __name__ == "__main__":
    sys.exit(main())
