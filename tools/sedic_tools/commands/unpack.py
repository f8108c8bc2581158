"""sedic-unpack: a .sedic file -> a PNG, or a folder of .sedic files -> a folder of PNGs."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sedic_tools.commands.command import add_profile, bar, done, note, parser, run, warn
from sedic_tools.commands.folder import are_many, run_batch
from sedic_tools.commands.output import check_output, is_our_png, read_sedic, refuse_foreign, write_output
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
    p.add_argument("--stage", choices=("reference", "objects", "final"), default="final", help="how far to decode")
    p.add_argument("--partial", action="store_true", help="decode an incomplete file as far as it goes, unchecked")
    p.add_argument(
        "--save-stages", metavar="DIR", type=Path, help="write the picture after each stage into DIR as well"
    )
    add_profile(p)
    add_restoring(p.add_argument_group("restoring", "in brackets, what the bundled restorer does by default"))
    add_algorithm(p.add_argument_group("the loop (the paper's Algorithm 1)", ALGORITHM))
    return run(command, p.parse_args())


def add_restoring(group: argparse._ArgumentGroup) -> None:
    """The restorer, where it runs, and how much it does."""
    group.add_argument(
        "--restorer", default="nano", metavar="NAME[:MODEL]", help="nano (bundled, default), or one of docs/models.md"
    )
    group.add_argument("--device", default="auto", help="auto (default), cpu, cuda, cuda:N, mps")
    group.add_argument("--dtype", default="auto", choices=("auto", "fp32", "fp16", "bf16"), help="(auto)")
    group.add_argument("--tiled-vae", action="store_true", help="less memory for large pictures (diffusers models)")
    group.add_argument(
        "--detail", type=float, metavar="X", help="share of the restored detail that is kept, 0 to 1 (1)"
    )
    group.add_argument(
        "--objects", type=int, metavar="N", help="restore only the first N objects on their own; 0: none (all)"
    )
    group.add_argument("--object-steps", type=int, metavar="N", help="denoising steps for each object (1)")
    group.add_argument("--steps", type=int, metavar="N", help="denoising steps for the whole picture (1)")
    group.add_argument("--no-text", action="store_true", help="as if all texts were empty")


def add_algorithm(group: argparse._ArgumentGroup) -> None:
    """The settings that the paper leaves open or varies (decoders/orag/settings.py)."""
    group.add_argument("--no-guidance", action="store_true", help="without attention guidance (equations 2 and 3)")
    group.add_argument("--eta", type=float, help="strength of the guidance (equation 3); given, it is on")
    group.add_argument(
        "--guided-share", type=float, metavar="X", help="T' as the guided share of an object's steps (0.5)"
    )
    group.add_argument("--updates", type=int, metavar="N", help="gradient steps within a guided step (1)")
    group.add_argument("--tokens", choices=("name", "all"), help="which words of an object guidance looks at (all)")
    group.add_argument("--eta-by-noise", action="store_true", default=None, help="eta times 1 - alpha_bar")
    group.add_argument("--own-noise", action="store_true", help="each stage draws its own noise (one for all)")
    group.add_argument(
        "--before-first", choices=("reference", "nothing"), help="what the first object is fused with (reference)"
    )
    group.add_argument(
        "--round-trip", action="store_true", default=None, help="through pixels between stages, as the paper"
    )
    group.add_argument(
        "--object-cfg", type=float, metavar="X", help="classifier-free guidance of the object stages (1)"
    )
    group.add_argument("--cfg", type=float, metavar="X", help="classifier-free guidance of the whole stage (1)")
    group.add_argument("--negative-prompt", metavar="TEXT", help="the unconditional side's text (none)")
    group.add_argument(
        "--start", choices=("noise", "reference", "objects"), help="what the whole stage starts from (noise)"
    )
    group.add_argument("--strength", type=float, metavar="X", help="share of the noise it starts at, above 0 to 1 (1)")
    group.add_argument("--colour", choices=("wavelet", "adain", "none"), help="colour correction (wavelet)")


def unpack_options(arguments: argparse.Namespace) -> UnpackOptions:
    """What the command line asks for."""
    from sedicfmt.decoders.registry import RestorerOptions
    from sedicfmt.pipeline.unpack import UnpackOptions

    changes: dict[str, Any] = {n: getattr(arguments, n) for n in SETTINGS if getattr(arguments, n) is not None}
    changes |= {"use_text": False} if arguments.no_text else {}
    changes |= {"shared_noise": False} if arguments.own_noise else {}
    guidance = {field: getattr(arguments, option) for field, option in GUIDANCE.items()}
    guidance = {field: value for field, value in guidance.items() if value is not None}
    if arguments.no_guidance:
        changes["guidance"] = None
    elif guidance:
        changes["guidance"] = guidance
    restoring = RestorerOptions(arguments.device, arguments.dtype, arguments.tiled_vae, changes)
    return UnpackOptions(arguments.stage, arguments.partial, arguments.profile, arguments.restorer, restoring)


def watcher(folder: Path | None, overwrite: bool) -> Watcher:
    """Progress on standard error; pictures of the stages into `folder`."""
    from sedicfmt.pipeline.unpack import Watcher
    from sedicfmt.pipeline.write_png import png, signed

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

    from sedicfmt.pipeline.unpack import unpack_bytes
    from sedicfmt.pipeline.write_png import png, png_text

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
    with unpack_folder(sources, Path(arguments.output), options, arguments.overwrite) as batch:
        return run_batch(batch, arguments)


ALGORITHM = "for experiments; other restorers have other defaults (sedicfmt/decoders/orag/settings.py)"
SETTINGS = (
    "objects", "object_steps", "steps", "object_cfg", "cfg", "negative_prompt", "start", "strength", "colour", "before_first",
    "round_trip", "detail",
)  # fmt: skip
GUIDANCE = {"eta": "eta", "share": "guided_share", "updates": "updates", "tokens": "tokens", "by_noise": "eta_by_noise"}

if __name__ == "__main__":
    sys.exit(main())
