"""sedic-diff: two .sedic files held against each other."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from sedic_tools.commands.command import add_profile, parser, printable, run
from sedic_tools.commands.output import read_sedic
from sedic_tools.commands.standard_output import put
from sedicfmt.errors import EncodeError, SedicError

if TYPE_CHECKING:
    from sedicfmt.model import SedicFile
    from sedicfmt.showing.compare import Difference

DIFFERENT = 1


def arguments() -> argparse.ArgumentParser:
    """What the command takes."""
    p = parser(
        "Show in what two .sedic files differ, part by part. Exit code 0: one content, 1: they differ.",
        "two files; one may be - for standard input", examples=EXAMPLES,
    )  # fmt: skip
    p.add_argument("--pictures", action="store_true", help="decode both, and tell the PSNR of their reference pictures")
    p.add_argument("--partial", action="store_true", help="take incomplete files for what they hold, unchecked")
    add_profile(p)
    return p


def main() -> int:
    """Entry point; returns the exit code."""
    p = arguments()
    chosen = p.parse_args()
    if len(chosen.inputs) != 2:
        p.error("name two files")
    return run(command, chosen)


def command(arguments: argparse.Namespace) -> int:
    """Read both, tell, return the exit code."""
    from sedicfmt.showing.compare import differences, reference_psnr

    if arguments.inputs == ["-", "-"]:
        raise EncodeError("standard input is one file; it cannot be both")
    data = [read_sedic(name) for name in arguments.inputs]
    left, right = (content(*one, arguments) for one in zip(data, arguments.inputs, strict=True))
    found = differences(left, right)
    psnr = reference_psnr(left, right) if arguments.pictures else None
    sizes = [len(one) for one in data]
    if arguments.json:
        put(json.dumps(as_json(arguments.inputs, sizes, found, psnr, arguments.pictures)))
    elif found:
        put("\n".join(lines(arguments.inputs, sizes, found, psnr)))
    return DIFFERENT if found else 0


def content(data: bytes, name: str, arguments: argparse.Namespace) -> SedicFile:
    """A file's content. Raises SedicError that names the file."""
    from sedicfmt.container.content import read_file

    try:
        return read_file(data, arguments.partial, arguments.profile)
    except SedicError as error:
        error.message = f"{name}: {error.message}"
        raise


def lines(names: list[str], sizes: list[int], found: list[Difference], psnr: float | None) -> list[str]:
    """For people."""
    told = [
        f"{mark} {printable(name)}, {size:,} bytes" for mark, name, size in zip(("<", ">"), names, sizes, strict=True)
    ]
    for one in found:
        told.append(one.path + (f": overlap {one.overlap:.3f}" if one.overlap is not None else ""))
        for mark, side in (("<", one.left), (">", one.right)):
            told.append(f"  {mark} {'not there' if side is None else printable(str(side))}")
    return told + ([f"reference pictures: {psnr:.2f} dB"] if psnr is not None else [])


def as_json(
    names: list[str], sizes: list[int], found: list[Difference], psnr: float | None, asked: bool
) -> dict[str, Any]:
    """For programs."""
    files = [{"input": name, "file_bytes": size} for name, size in zip(names, sizes, strict=True)]
    told = {"same": not found, "files": files, "differences": [one.as_json() for one in found]}
    equal = psnr == float("inf")
    return {**told, "psnr": None if equal else psnr, "equal_pictures": equal} if asked else told


EXAMPLES = """\
  sedic-diff a.sedic b.sedic
  sedic-diff a.sedic b.sedic --pictures --json
"""

if __name__ == "__main__":
    sys.exit(main())
