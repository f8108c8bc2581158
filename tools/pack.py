"""sedic-pack: a picture -> a .sedic file."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from sedic_tools.command import note, parser, read_input, run, warn, write_output


def main() -> int:
    """Entry point; returns the exit code."""
    p = parser("Pack a picture into a .sedic file: words, object masks and a learned latent, in one to two kilobytes.")
    p.add_argument("-o", "--output", required=True, help="the .sedic file to write, or - for standard output")
    p.add_argument("--describe", default="offline", help="offline (default), or annotations:FILE (JSON or COCO)")
    p.add_argument("--objects", type=int, default=3, metavar="J", help="at most this many objects (0-7, default 3)")
    p.add_argument("--words-object", type=int, default=30, metavar="N", help="words for an object at most (default 30)")
    p.add_argument("--words-overall", type=int, default=50, metavar="N", help="words overall at most (default 50)")
    budget = p.add_mutually_exclusive_group()
    budget.add_argument("--max-bytes", type=int, metavar="N", help="the whole file's bytes, never exceeded")
    budget.add_argument("--target-bpp", type=float, metavar="X", help="the same as bits a pixel of the whole file")
    p.add_argument("--mask-scale", type=int, default=8, metavar="S", help="pixels a mask cell, 1 to 128 (default 8)")
    p.add_argument("--seed", type=int, default=0, metavar="N", help="of the decoder's noise (default 0)")
    arguments = p.parse_args()
    return run(command, arguments)


def command(arguments: argparse.Namespace) -> None:
    """Read, pack, write, report."""
    from sedicfmt.pipeline.pack import PackOptions, pack_picture
    from sedicfmt.pipeline.picture import open_picture

    names = ("describe", "objects", "words_object", "words_overall", "max_bytes", "target_bpp", "mask_scale", "seed")
    options = PackOptions(**{name: getattr(arguments, name) for name in names})
    data = read_input(arguments.input)
    name = None if arguments.input == "-" else Path(arguments.input).name
    result = pack_picture(open_picture(data, arguments.input), options, name, note)
    warn(result.warnings)
    write_output(arguments.output, result.data)
    if arguments.json:
        file, size = result.file, len(result.data)
        summary = {
            "output": arguments.output, "input_bytes": len(data), "file_bytes": size,
            "width": file.width, "height": file.height, "bpp": size * 8 / (file.width * file.height),
            "seconds": result.seconds, "warnings": result.warnings, "report": result.report,
        }  # fmt: skip
        print(json.dumps(summary, default=str), file=sys.stderr if arguments.output == "-" else sys.stdout)


if __name__ == "__main__":
    sys.exit(main())
