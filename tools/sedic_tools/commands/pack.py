"""sedic-pack: a picture -> a .sedic file, or a folder of pictures -> a folder of .sedic files."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sedic_tools.commands.command import add_threads, done, note, parser, run, warn
from sedic_tools.commands.folder import add_jobs, are_many, run_batch, where
from sedic_tools.commands.output import check_output, is_sedic, on_stdout, read_input, write_output
from sedic_tools.commands.standard_output import stdout
from sedicfmt.errors import EncodeError
from sedicfmt.latents.allocated import ALLOCATED, DEFAULT_MODEL
from sedicfmt.latents.registry import CODECS
from sedicfmt.limits import MAX_PICTURE_BYTES

if TYPE_CHECKING:
    from sedicfmt.pipeline.pack import PackResult
    from sedicfmt.pipeline.pack_options import PackOptions


def arguments() -> argparse.ArgumentParser:
    """What the command takes."""
    p = parser("Pack a picture into a .sedic file: words, object masks and a learned latent; 768x512 pixels in one to two kB.",
               "pictures, - for standard input, or folders: every picture in and below them", examples=EXAMPLES)  # fmt: skip
    p.add_argument(
        "-o", "--output", required=True, help="the .sedic file to write, - for standard output, or the folder"
    )
    p.add_argument("--overwrite", action="store_true", help="replace what is there already, whoever made it")
    add_jobs(p)
    p.add_argument("--preset", metavar="NAME", help="limits and budget in one word: tiny (0.01 bpp), paper-low, paper-high "
                   "(what the paper has at 0.02-0.03, 0.04-0.05 bpp); other switches go before it")  # fmt: skip
    p.add_argument("--describe", default="offline", help="offline (default), annotations:FILE (JSON or COCO), "
                   "openai[:MODEL] (else OPENAI_MODEL; key in OPENAI_API_KEY), or vlm:FOLDER_OR_ID")  # fmt: skip
    p.add_argument(
        "--base-url", metavar="URL", help="of an OpenAI-compatible server (else OPENAI_BASE_URL, else OpenAI)"
    )
    for switch, kind, metavar, told in LLM:
        p.add_argument(switch, type=kind, metavar=metavar, help=told)
    p.add_argument(
        "--ground", default="none", help="where named objects are: grounding-dino[:FOLDER_OR_ID]; none (default)"
    )
    p.add_argument("--segment", default="mask-head", help="masks of what was found so: mask-head (default), "
                   "sam[:FOLDER_OR_ID], sam-checkpoint:PATH")  # fmt: skip
    p.add_argument("--device", default="auto", help="for networks: auto (default), cpu, cuda, cuda:N, mps")
    p.add_argument("--objects", type=int, metavar="J", help=f"at most this many objects, 0-7 {USUAL.format(3, 1)}")
    p.add_argument("--words-object", type=int, metavar="N", help=f"words for an object at most {USUAL.format(30, 20)}")
    p.add_argument("--words-overall", type=int, metavar="N", help=f"words overall at most {USUAL.format(50, 30)}")
    budget = p.add_mutually_exclusive_group()
    budget.add_argument("--max-bytes", type=int, metavar="N", help="the whole file's bytes, never exceeded")
    budget.add_argument("--target-bpp", type=float, metavar="X", help="the same as bits a pixel of the whole file")
    p.add_argument("--mask-scale", type=int, metavar="S", help="pixels a mask cell, 1 to 128 (default 8)")
    p.add_argument("--model", metavar="NAME", help="of the reference picture: "
                   f"{', '.join(CODECS.built_in)}, or auto (default): {DEFAULT}, or within a budget "
                   "av1 where that comes nearer to the photo; compressai is named with its architecture and weights, "
                   "compressai:cheng2020-attn@FILE")  # fmt: skip
    p.add_argument("--refine", action="store_true", help="take about ten seconds more for a reference picture nearer to the "
                   "photo at the same bytes (needs torch)")  # fmt: skip
    p.add_argument("--seed", type=int, metavar="N", help="of the decoder's noise (default 0)")
    add_threads(p)
    return p


def main() -> int:
    """Entry point; returns the exit code."""
    return run(command, arguments().parse_args())


def pack_options(arguments: argparse.Namespace) -> PackOptions:
    """What the command line asks for."""
    from sedicfmt.pipeline.pack_options import from_preset

    return from_preset(arguments.preset, **{name: getattr(arguments, name) for name in OPTIONS})


def command(arguments: argparse.Namespace) -> int:
    """Read, pack, write, report; returns the exit code."""
    from sedicfmt.pipeline.pack import pack_picture
    from sedicfmt.pipeline.picture import open_picture

    options = pack_options(arguments)
    if are_many(arguments):
        from sedicfmt.batch.folders import pack_folder

        sources = [Path(name) for name in arguments.inputs]
        with pack_folder(
            sources, Path(arguments.output), options, arguments.overwrite, where=where(arguments)
        ) as batch:
            return run_batch(batch, arguments)
    check_name(arguments.output)
    check_output(arguments, is_sedic, ".sedic file")
    source = arguments.inputs[0]
    data = read_input(source, MAX_PICTURE_BYTES)
    name = None if source == "-" else str(Path(source).absolute())
    result = pack_picture(open_picture(data, source), options, name, note)
    warn(result.warnings)
    write_output(arguments.output, result.data)
    summary = {"output": arguments.output, "input_bytes": len(data), **result.summary()}
    if arguments.json:
        print(json.dumps(summary, default=str), file=sys.stderr if on_stdout(arguments.output) else stdout())
    else:
        done(f"{arguments.output}: {seen(result)}")
    return 0


def check_name(output: str) -> None:
    """Raises EncodeError for a name that says it is a picture: nobody would look for a .sedic file behind it."""
    from sedicfmt.batch.jobs import PICTURES

    if Path(output).suffix.lower() in (*PICTURES, *OTHER_PICTURES):
        raise EncodeError(f"{output} is a picture's name; name a .sedic file")


def seen(result: PackResult) -> str:
    """What was packed, in a line."""
    file, size = result.file, len(result.data)
    bpp, seconds = size * 8 / (file.width * file.height), sum(result.seconds.values())
    objects = f", {len(file.objects)} object{'s' * (len(file.objects) != 1)}" if file.objects else ""
    words = f': "{file.text}"' if file.text else ""
    return f"{size:,} bytes, {bpp:.4f} bpp, {seconds:.1f} s{objects}{words}"


OTHER_PICTURES = (  # that are not packed: cameras' raw formats, drawings, what programs work on
    ".3fr", ".ai", ".arw", ".bpg", ".cdr", ".cr2", ".cr3", ".crw", ".cur", ".dcm", ".dcr", ".dds", ".djvu", ".dng", ".emf",
    ".eps", ".erf", ".exr", ".fff", ".fits", ".flif", ".hdr", ".icns", ".ico", ".iiq", ".indd", ".jbig2", ".jls", ".jng",
    ".jxr", ".kdc", ".kra", ".mef", ".mng", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pam", ".pcx", ".pdf", ".pef", ".pict",
    ".ppt", ".ps", ".psb", ".psd", ".raf", ".ras", ".raw", ".rw2", ".rwl", ".sgi", ".sr2", ".srf", ".srw", ".svg", ".svgz",
    ".wbmp", ".wmf", ".x3f", ".xbm", ".xcf", ".xpm",
)  # fmt: skip
LLM = (
    ("--llm-timeout", float, "SECONDS", "openai: for one request in all (default 600)"),
    ("--llm-retries", int, "N", "openai: how often a request is sent again that the server could not take (default 3)"),
    ("--llm-max-tokens", int, "N", "openai, vlm: of one answer, thoughts included (default 4096; vlm 1024)"),
    ("--llm-image-size", int, "PIXELS", "openai, vlm: the picture's longest side as the model gets it (default 1024)"),
)
EXAMPLES = """\
  sedic-pack photo.jpg -o photo.sedic
  sedic-pack photo.jpg -o photo.sedic --max-bytes 1000
  sedic-pack photo.jpg -o photo.sedic --preset tiny --seed 7 --json
  sedic-pack photos -o packed --target-bpp 0.03          a folder; run it again to go on
  sedic-pack photo.jpg -o photo.sedic --describe annotations:words.json
"""
DEFAULT = ALLOCATED[DEFAULT_MODEL].name
USUAL = "(default {}; {} where the budget is below 0.035 bpp)"
OPTIONS = (
    "describe", "base_url", "ground", "segment", "device", "objects", "words_object", "words_overall", "max_bytes",
    "target_bpp", "mask_scale", "seed", "model", "refine", "llm_timeout", "llm_retries", "llm_max_tokens", "llm_image_size",
)  # fmt: skip

if __name__ == "__main__":
    sys.exit(main())
