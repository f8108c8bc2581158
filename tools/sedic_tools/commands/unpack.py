"""sedic-unpack: a .sedic file -> a picture, or a folder of .sedic files -> a folder of pictures."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sedic_tools.commands.command import add_model, add_profile, add_threads, bar, done, note, parser, run, warn
from sedic_tools.commands.folder import add_jobs, are_many, run_batch, where
from sedic_tools.commands.output import (
    check_output,
    is_our_picture,
    is_our_png,
    on_stdout,
    read_sedic,
    refuse_foreign,
    write_output,
)
from sedic_tools.commands.restoring_options import ALGORITHM, add_algorithm, add_restoring, restorer_options
from sedic_tools.commands.standard_output import stdout
from sedicfmt.errors import EncodeError

if TYPE_CHECKING:
    from sedicfmt.picture import Picture
    from sedicfmt.pipeline.unpack import UnpackOptions, Watcher
    from sedicfmt.pipeline.written_picture import PictureFormat


def arguments() -> argparse.ArgumentParser:
    """What the command takes."""
    p = parser(
        "Unpack a .sedic file into a picture.",
        ".sedic files, - for standard input, or folders of them",
        examples=EXAMPLES,
    )
    p.add_argument(
        "-o",
        "--output",
        required=True,
        help="the picture to write (.png, .jpg, .webp, .avif), - for standard output, or the folder",
    )
    p.add_argument("--format", choices=FORMATS, help="of the pictures of a folder, or on standard output (png)")
    p.add_argument("--quality", type=int, metavar="N", help="of JPEG (92), WebP (90), AVIF (80): 1 to 100")
    p.add_argument("--overwrite", action="store_true", help="replace what is there already, whoever made it")
    p.add_argument("--longest-side", type=int, metavar="N", help="make the picture smaller, to N pixels at most")
    add_jobs(p)
    p.add_argument("--stage", choices=("reference", "objects", "final"), default="final", help="how far to decode")
    p.add_argument("--partial", action="store_true", help="decode an incomplete file as far as it goes, unchecked")
    p.add_argument(
        "--save-stages", metavar="DIR", type=Path, help="write the picture after each stage into DIR as well"
    )
    add_model(p)
    add_profile(p)
    add_threads(p)
    add_restoring(p.add_argument_group("restoring", "in brackets, what the bundled restorer does by default"))
    add_algorithm(p.add_argument_group("the loop (the paper's Algorithm 1)", ALGORITHM))
    return p


def main() -> int:
    """Entry point; returns the exit code."""
    return run(command, arguments().parse_args())


def unpack_options(arguments: argparse.Namespace) -> UnpackOptions:
    """What the command line asks for."""
    from sedicfmt.pipeline.unpack import UnpackOptions

    restoring = restorer_options(arguments)
    given = (arguments.stage, arguments.partial, arguments.profile, arguments.restorer, restoring, arguments.model)
    return UnpackOptions(*given)


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
        write_output(str(path), png(picture, pnginfo=signed(generated=stage != "reference")))

    return Watcher(note, bar, save)


def command(arguments: argparse.Namespace) -> int:
    """Read, decode, write, report; returns the exit code."""
    from sedicfmt.pipeline.unpack import unpack_bytes
    from sedicfmt.pipeline.written_picture import PictureFormat, format_for

    options, suffix = unpack_options(arguments), f".{arguments.format}" if arguments.format else None
    if are_many(arguments):
        return unpack_all(
            arguments, options, PictureFormat(suffix or ".png", arguments.quality, arguments.longest_side)
        )
    written = format_for(arguments.output, suffix, arguments.quality, arguments.longest_side)
    check_output(arguments, is_our_picture, "picture that sedicfmt wrote")
    data = read_sedic(arguments.inputs[0])
    result = unpack_bytes(data, options, watcher(arguments.save_stages, arguments.overwrite))
    warn(result.warnings)
    write_output(arguments.output, written.write(data, result))
    if arguments.json:
        summary = {"output": arguments.output, **result.summary()}
        print(json.dumps(summary), file=sys.stderr if on_stdout(arguments.output) else stdout())
    else:
        size, seconds = result.picture.size, sum(result.seconds.values())
        done(f"{arguments.output}: {size[0]}x{size[1]}, {result.stage}, {seconds:.1f} s")
    return 0


def unpack_all(arguments: argparse.Namespace, options: UnpackOptions, written: PictureFormat) -> int:
    """Folders, or several files."""
    from sedicfmt.batch.folders import unpack_folder

    if arguments.save_stages:
        raise EncodeError("--save-stages is for one file; the files of a folder would overwrite each other's")
    sources = [Path(name) for name in arguments.inputs]
    with unpack_folder(
        sources, Path(arguments.output), options, arguments.overwrite, written=written, where=where(arguments)
    ) as batch:
        return run_batch(batch, arguments)


EXAMPLES = """\
  sedic-unpack photo.sedic -o photo.png
  sedic-unpack photo.sedic -o photo.jpg --quality 85
  sedic-unpack photo.sedic -o photo.png --stage reference        only painted: nothing is invented
  sedic-unpack photo.sedic -o photo.png --save-stages stages
  sedic-unpack cut.sedic -o what-is-there.png --partial --stage reference
  sedic-unpack packed -o pictures --format webp
"""
FORMATS = ("png", "jpg", "webp", "avif")

if __name__ == "__main__":
    sys.exit(main())
