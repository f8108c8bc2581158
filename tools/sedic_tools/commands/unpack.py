"""sedic-unpack: a .sedic file -> a PNG, or a folder of .sedic files -> a folder of PNGs."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sedic_tools.commands.command import add_profile, bar, done, note, parser, run, warn
from sedic_tools.commands.folder import add_jobs, are_many, run_batch, where
from sedic_tools.commands.output import check_output, is_our_png, read_sedic, refuse_foreign, write_output
from sedic_tools.commands.restoring_options import ALGORITHM, add_algorithm, add_restoring, restorer_options
from sedicfmt.errors import EncodeError

if TYPE_CHECKING:
    from sedicfmt.picture import Picture
    from sedicfmt.pipeline.unpack import UnpackOptions, Watcher


def main() -> int:
    """Entry point; returns the exit code."""
    p = parser("Unpack a .sedic file into a picture.", ".sedic files, - for standard input, or folders of them")
    p.add_argument(
        "-o", "--output", required=True, help="the picture to write (.png), - for PNG on standard output, or the folder"
    )
    p.add_argument("--overwrite", action="store_true", help="replace what is there already, whoever made it")
    add_jobs(p)
    p.add_argument("--stage", choices=("reference", "objects", "final"), default="final", help="how far to decode")
    p.add_argument("--partial", action="store_true", help="decode an incomplete file as far as it goes, unchecked")
    p.add_argument(
        "--save-stages", metavar="DIR", type=Path, help="write the picture after each stage into DIR as well"
    )
    add_profile(p)
    add_restoring(p.add_argument_group("restoring", "in brackets, what the bundled restorer does by default"))
    add_algorithm(p.add_argument_group("the loop (the paper's Algorithm 1)", ALGORITHM))
    return run(command, p.parse_args())


def unpack_options(arguments: argparse.Namespace) -> UnpackOptions:
    """What the command line asks for."""
    from sedicfmt.pipeline.unpack import UnpackOptions

    restoring = restorer_options(arguments)
    return UnpackOptions(arguments.stage, arguments.partial, arguments.profile, arguments.restorer, restoring)


def watcher(folder: Path | None, overwrite: bool) -> Watcher:
    """Progress on standard error; pictures of the stages into `folder`."""
    from sedicfmt.pipeline.png_text import png, signed
    from sedicfmt.pipeline.unpack import Watcher

    if folder is None:
        return Watcher(note, bar)

    def save(stage: str, picture: Picture) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{stage.replace(' ', '-')}.png"
        if not overwrite:
            refuse_foreign(path, is_our_png, "PNG that sedicfmt wrote")
        write_output(str(path), png(picture, pnginfo=signed()))

    return Watcher(note, bar, save)


def command(arguments: argparse.Namespace) -> int:
    """Read, decode, write, report; returns the exit code."""
    import numpy as np

    from sedicfmt.pipeline.png_text import png, png_text
    from sedicfmt.pipeline.unpack import unpack_bytes

    options = unpack_options(arguments)
    if are_many(arguments):
        return unpack_all(arguments, options)
    if arguments.output != "-" and Path(arguments.output).suffix.lower() not in (".png", ""):
        raise EncodeError(f"{arguments.output}: pictures are written as PNG; name a .png file")
    check_output(arguments, is_our_png, "PNG that sedicfmt wrote")
    data = read_sedic(arguments.inputs[0])
    result = unpack_bytes(data, options, watcher(arguments.save_stages, arguments.overwrite))
    warn(result.warnings)
    write_output(arguments.output, png(np.asarray(result.picture), pnginfo=png_text(data, result)))
    if arguments.json:
        summary = {"output": arguments.output, **result.summary()}
        print(json.dumps(summary), file=sys.stderr if arguments.output == "-" else sys.stdout)
    else:
        size, seconds = result.picture.size, sum(result.seconds.values())
        done(f"{arguments.output}: {size[0]}x{size[1]}, {result.stage}, {seconds:.1f} s")
    return 0


def unpack_all(arguments: argparse.Namespace, options: UnpackOptions) -> int:
    """Folders, or several files."""
    from sedicfmt.batch.folders import unpack_folder

    if arguments.save_stages:
        raise EncodeError("--save-stages is for one file; the files of a folder would overwrite each other's")
    sources = [Path(name) for name in arguments.inputs]
    with unpack_folder(sources, Path(arguments.output), options, arguments.overwrite, where=where(arguments)) as batch:
        return run_batch(batch, arguments)


if __name__ == "__main__":
    sys.exit(main())
