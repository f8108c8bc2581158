"""sedic-unpack: a .sedic file -> a PNG."""

from __future__ import annotations

import argparse
import io
import json
import sys
from pathlib import Path

from sedic_tools.command import note, parser, read_sedic, run, warn, write_output
from sedicfmt.errors import EncodeError


def main() -> int:
    """Entry point; returns the exit code."""
    p = parser("Unpack a .sedic file into a picture.")
    p.add_argument("-o", "--output", required=True, help="the picture to write (.png), or - for PNG on standard output")
    p.add_argument("--stage", choices=("reference", "objects", "final"), default="final", help="how far to decode")
    p.add_argument("--partial", action="store_true", help="decode an incomplete file as far as it goes, unchecked")
    return run(command, p.parse_args())


def command(arguments: argparse.Namespace) -> None:
    """Read, decode, write, report."""
    from sedicfmt.pipeline.unpack import png_text, unpack_bytes

    if arguments.output != "-" and Path(arguments.output).suffix.lower() not in (".png", ""):
        raise EncodeError(f"{arguments.output}: pictures are written as PNG; name a .png file")
    data = read_sedic(arguments.input)
    result = unpack_bytes(data, arguments.stage, arguments.partial, note)
    warn(result.warnings)
    out = io.BytesIO()
    result.picture.save(out, "PNG", pnginfo=png_text(data, result), compress_level=1)
    write_output(arguments.output, out.getvalue())
    if arguments.json:
        summary = {
            "output": arguments.output, "width": result.picture.width, "height": result.picture.height,
            "stage": result.stage, "given_stage": result.given_stage, "complete": result.file.complete,
            "seconds": result.seconds, "warnings": result.warnings,
        }  # fmt: skip
        print(json.dumps(summary), file=sys.stderr if arguments.output == "-" else sys.stdout)


if __name__ == "__main__":
    sys.exit(main())
