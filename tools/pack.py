"""sedic-pack: a picture -> a .sedic file."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path

from sedic_tools.command import note, parser, read_input, run, warn, write_output


def main() -> int:
    """Entry point; returns the exit code."""
    p = parser("Pack a picture into a .sedic file: words, object masks and a learned latent, in one to two kilobytes.")
    p.add_argument("-o", "--output", required=True, help="the .sedic file to write, or - for standard output")
    p.add_argument("--describe", default="offline", help="offline (default), annotations:FILE (JSON or COCO), "
                   "openai[:MODEL] (key in OPENAI_API_KEY), or vlm:FOLDER_OR_ID")  # fmt: skip
    p.add_argument(
        "--base-url", metavar="URL", help="of an OpenAI-compatible server (else OPENAI_BASE_URL, else OpenAI)"
    )
    p.add_argument(
        "--ground", default="none", help="where named objects are: grounding-dino[:FOLDER_OR_ID]; none (default)"
    )
    p.add_argument("--segment", default="grabcut", help="masks of what was found so: grabcut (default), "
                   "sam[:FOLDER_OR_ID], sam-checkpoint:PATH")  # fmt: skip
    p.add_argument("--device", default="auto", help="for networks: auto (default), cpu, cuda, cuda:N, mps")
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

    options = PackOptions(**{f.name: getattr(arguments, f.name) for f in dataclasses.fields(PackOptions)})
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
