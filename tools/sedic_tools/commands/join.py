"""sedic-join: the frames of `sedic-split` put together again, in any order, some lost.

Where too many are lost the exit code is 5. With --partial what has arrived up to the first gap is written, if it shows a
picture: `sedic-unpack --partial` and the viewer read it. Damaged frames are left out with a warning.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from sedic_tools.commands.command import done, parser, run, warn
from sedic_tools.commands.output import check_output, is_sedic, on_stdout, read_input, write_output
from sedic_tools.commands.standard_output import put
from sedicfmt.container import parser as container
from sedicfmt.errors import Truncated
from sedicfmt.frames import Joined, join

MOST_FRAME_BYTES = 1 << 16


def arguments() -> argparse.ArgumentParser:
    """What the command takes."""
    p = parser(__doc__ or "", "frames, or folders of frames", examples=EXAMPLES)
    p.add_argument("-o", "--output", required=True, metavar="OUT.sedic", help="the file, or - for standard output")
    p.add_argument("--set", default="", metavar="NAME", help="of frames of several files those of this one: the beginning of "
                   "its name, as the message about them lists it")  # fmt: skip
    p.add_argument("--partial", action="store_true", help="write what has arrived, if that shows a picture")
    p.add_argument("--overwrite", action="store_true", help="replace whatever has the output's name")
    return p


def main() -> int:
    """Entry point; returns the exit code."""
    return run(command, arguments().parse_args())


def command(arguments: argparse.Namespace) -> None:
    """Join, then write."""
    check_output(arguments, is_sedic, ".sedic file")
    paths = frame_paths(arguments.inputs)
    joined = join((read_input(str(path), MOST_FRAME_BYTES) for path in paths), arguments.set)
    warn([f"{paths[place]} is left out: {error}" for place, error in joined.refused])
    stages = whole_stages(joined, arguments.partial)
    write_output(arguments.output, joined.data)
    if arguments.json and not on_stdout(arguments.output):
        put(json.dumps(as_json(joined, stages)))
    if not joined.complete:
        warn([f"incomplete and unchecked; it holds whole: {', '.join(stages)}"])
    done(
        f"{len(joined.data)} bytes from {joined.received} frames"
        + f", {len(joined.missing)} repaired" * joined.complete
    )


def frame_paths(inputs: list[str]) -> list[Path]:
    """The files that are named, and those called *.frame of the folders that are."""
    named = [Path(name) for name in inputs]
    return [path for one in named for path in (sorted(one.glob("*.frame")) if one.is_dir() else [one])]


def whole_stages(joined: Joined, partial: bool) -> list[str]:
    """The segments that can be shown. Raises Truncated for an incomplete file that shows nothing, or without `partial`."""
    are, numbers = "is" if len(joined.missing) == 1 else "are", ", ".join(map(str, joined.missing))
    lost = f"{len(joined.missing)} of {joined.needed} data frames {are} missing ({numbers})"
    if not joined.complete and not partial:
        raise Truncated(f"{lost}, and too few frames for repair arrived; --partial writes what can be shown")
    try:
        return [segment.path for segment in container.parse_frame(joined.data, allow_prefix=True).segments]
    except Truncated as error:
        raise Truncated(f"{lost}; what arrived before the first of them shows no picture yet") from error


def as_json(joined: Joined, stages: list[str]) -> dict[str, Any]:
    """What --json prints."""
    return {
        "complete": joined.complete, "bytes": len(joined.data), "received": joined.received, "needed": joined.needed,
        "missing": list(joined.missing), "refused": len(joined.refused), "stages": stages,
    }  # fmt: skip


EXAMPLES = """\
  sedic-join frames -o photo.sedic
  sedic-join inbox -o photo.sedic --set a73e                 of several photos' frames those of one
  sedic-join photo.000.frame photo.002.frame -o photo.sedic --partial
"""

if __name__ == "__main__":
    sys.exit(main())
