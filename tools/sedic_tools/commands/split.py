"""sedic-split: a .sedic file in numbered, checked frames for a link that carries few bytes at a time.

It writes photo.000.frame, photo.001.frame, ...; `sedic-join` puts them together again. With --repair N any N
of them may be lost.
Usual sizes: LoRaWAN 222 (EU868, DR4 and up), Iridium SBD 340 up and 270 down, APRS and other AX.25 256.
"""

from __future__ import annotations

import argparse
import errno
import json
import sys
from pathlib import Path

from sedic_tools.commands.command import done, parser, run
from sedic_tools.commands.output import read_sedic
from sedic_tools.commands.standard_output import put
from sedicfmt.errors import EncodeError
from sedicfmt.files import write_whole
from sedicfmt.frames import split

LORAWAN = 222


def arguments() -> argparse.ArgumentParser:
    """What the command takes."""
    p = parser(__doc__ or "", "one .sedic file, or - for standard input", examples=EXAMPLES)
    p.add_argument("-o", "--output", required=True, metavar="FOLDER", help="where the frames go: a new or an empty one")
    p.add_argument("--mtu", type=int, default=LORAWAN, metavar="BYTES", help="most bytes of a frame (default: 222)")
    p.add_argument("--repair", type=int, default=0, metavar="N", help="how many frames may be lost (default: 0)")
    return p


def main() -> int:
    """Entry point; returns the exit code."""
    return run(command, arguments().parse_args())


def command(arguments: argparse.Namespace) -> None:
    """Split, then write."""
    if len(arguments.inputs) != 1:
        raise EncodeError("one INPUT; every file has a folder of its own")
    frames = split(read_sedic(arguments.inputs[0]), arguments.mtu, arguments.repair)
    folder = Path(arguments.output)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(errno.EEXIST, "The folder holds files already", str(folder))
    stem = "photo" if arguments.inputs[0] == "-" else Path(arguments.inputs[0]).stem
    paths = [folder / f"{stem}.{index:03}.frame" for index in range(len(frames))]
    for path, frame in zip(paths, frames, strict=True):
        write_whole(path, frame, replace=False)
    sizes = [len(frame) for frame in frames]
    if arguments.json:
        names = [{"file": str(path), "bytes": size} for path, size in zip(paths, sizes, strict=True)]
        put(json.dumps({"frames": names, "repair": arguments.repair, "bytes": sum(sizes)}))
    done(f"{len(frames)} frames of at most {max(sizes)} bytes, {sum(sizes)} bytes together, in {folder}")


EXAMPLES = """\
  sedic-split photo.sedic -o frames --mtu 222 --repair 2
  sedic-split photo.sedic -o frames --mtu 340
"""

if __name__ == "__main__":
    sys.exit(main())
