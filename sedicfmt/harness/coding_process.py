"""One file by a built-in codec, or one picture of a file: what the harness runs in a process of its own.

    python -m sedicfmt.harness.coding_process encode --codec AVIF --bytes 1000 --scales best PICTURE FILE
    python -m sedicfmt.harness.coding_process decode --codec AVIF --size 768x512 FILE PICTURE.png

`encode` prints {"scale", "quality"} as JSON. Exit codes are errors.py's: 7 where nothing fits.
"""

from __future__ import annotations

import argparse
import json
import sys
from fractions import Fraction
from pathlib import Path

from PIL import Image

from sedicfmt.errors import LimitExceeded, SedicError
from sedicfmt.evaluation import classical
from sedicfmt.evaluation.codecs import Codec, codec_named, decode
from sedicfmt.evaluation.metrics import load_picture
from sedicfmt.picture import Picture

WHOLE = Fraction(1)


def main() -> int:
    """Entry point; returns the exit code."""
    options = _parser().parse_args()
    try:
        codec = codec_named(options.codec)
        if options.what == "encode":
            coded = best(load_picture(options.source), codec, options)
            options.made.write_bytes(coded.data)
            print(json.dumps({"scale": str(coded.scale), "quality": coded.quality}))
        else:
            width, height = map(int, options.size.split("x"))
            Image.fromarray(decode(options.source.read_bytes(), codec, (height, width))).save(options.made, "PNG")
    except SedicError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def best(photo: Picture, codec: Codec, options: argparse.Namespace) -> classical.Coded:
    """The file asked for. Raises LimitExceeded where none fits."""
    if options.quality is not None:
        return classical.code_once(photo, codec, WHOLE, options.quality)
    if options.scales == "best":
        found = classical.best_under(photo, options.bytes, codec)
    else:
        found = classical.fit_quality(classical.Encoder(photo, codec), options.bytes, WHOLE, len(codec.qualities) - 1)
    if found is None:
        raise LimitExceeded(f"no {codec.name} file of {options.bytes} bytes")
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=("encode", "decode"))
    parser.add_argument("--codec", required=True)
    parser.add_argument("--bytes", type=int)
    parser.add_argument("--quality", type=float)
    parser.add_argument("--scales", choices=("full", "best"), default="full")
    parser.add_argument("--size", help="of the picture, WIDTHxHEIGHT")
    parser.add_argument("source", type=Path)
    parser.add_argument("made", type=Path)
    return parser


if __name__ == "__main__":
    sys.exit(main())
