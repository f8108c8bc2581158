"""sedic-train: the training of the models that ship, on a CPU or a GPU by the same command.

    sedic-train pack PHOTOS photos.zip --hold-out cid22        a folder of photos as one file of at most 45 MiB
    sedic-train run codec --data photos.zip --out RUN          train; the same command goes on where it stopped
    sedic-train run codec-gpu --data photos.zip --out RUN --minutes 9
    sedic-train plot RUN/log.jsonl curves.svg
    sedic-train weights RUN/checkpoint.pt w.safetensors --pieces    the running average, in pieces of at most 16 MB
    sedic-train join w.safetensors                             from its pieces
    sedic-train export RUN/checkpoint.pt OUT.safetensors       the weights file that ships, and its ONNX graphs
    sedic-train graphs OUT.safetensors                         the graphs alone
    sedic-train export RUN/checkpoint.pt OUT.pth.tar           of a run of cheng2020: CompressAI's own form

A RUN that was stopped goes on by the same command.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sedic_tools.commands.command import add_version, bar, documented, note, run
from sedic_tools.commands.output import check_folder
from sedic_tools.commands.standard_output import put
from sedicfmt.errors import MissingDependency
from sedicfmt.installing import install_extra


def arguments() -> argparse.ArgumentParser:
    """What the command takes."""
    p = documented(__doc__ or "")
    p.set_defaults(json=False)
    add_version(p)
    commands = p.add_subparsers(required=True, metavar="COMMAND")
    _add_pack(commands.add_parser("pack", help="photos as one small file"))
    _add_train(commands.add_parser("run", help="train, or go on training"))
    for name, command, inputs in SIMPLE:
        q = commands.add_parser(name, help=command.__doc__)
        for argument in inputs:
            q.add_argument(argument, type=Path)
        if name == "weights":
            q.add_argument("--pieces", action="store_true", help="also OUT.000, OUT.001 ... of at most 16 MB")
        if name == "export":
            q.add_argument(
                "--part", choices=PARTS, default=PARTS[0], help="which model of a restorer's run (default: %(default)s)"
            )
        q.set_defaults(command=command)
    return p


def main() -> int:
    """Entry point; returns the exit code."""
    return run(with_torch, arguments().parse_args())


def with_torch(arguments: argparse.Namespace) -> None:
    """Run the command. Raises MissingDependency where it needs torch or safetensors."""
    try:
        arguments.command(arguments)
    except ModuleNotFoundError as missing:
        if missing.name not in ("torch", "safetensors"):
            raise
        raise MissingDependency(f"training needs {missing.name}: {install_extra('train')}") from missing


def _add_pack(p: argparse.ArgumentParser) -> None:
    p.add_argument("photos", type=Path, help="a folder of photos, searched with its subfolders")
    p.add_argument("out", type=Path)
    p.add_argument(
        "--hold-out", default="", metavar="FOLDER", help="leave out every 20th photo below a folder so named"
    )
    p.add_argument("--side", type=int, default=400, help="pixels a side of a photo's window at most (default 400)")
    p.add_argument("--quality", type=int, default=75, help="of WebP (default 75)")
    p.add_argument("--most-mib", type=float, default=45.0, help="the file's size at most (default 45)")
    p.set_defaults(command=pack)


def _add_train(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "config", help="a configuration that ships (codec, codec-gpu, codec-tiny, restorer, cheng2020), or a .toml file"
    )
    p.add_argument("--data", type=Path, required=True, help="a folder of photos, or a pack")
    p.add_argument("--out", type=Path, required=True, help="folder for checkpoint.pt and log.jsonl")
    p.add_argument("--check", type=Path, help="a folder of held-out photos to log bpp and PSNR on")
    p.add_argument("--set", action="append", default=[], metavar="SETTING=VALUE", help="instead of the configuration's")
    p.add_argument("--minutes", type=float, default=float("inf"), help="stop after so long")
    p.add_argument("--every", type=int, default=100, help="steps between log lines and checkpoints (default 100)")
    p.add_argument("--device", default="auto", help="auto (default: a GPU if there is one), cpu, cuda, cuda:N")
    p.add_argument("--threads", type=int, metavar="N", help="torch's threads (default: its own choice)")
    p.set_defaults(command=train)


def pack(arguments: argparse.Namespace) -> None:
    """Photos as one small file."""
    from sedicfmt.training.packed import pack as make

    a = arguments
    count = make(a.photos, a.out, a.hold_out, a.side, a.quality, int(a.most_mib * 2**20))
    put(f"{count} photos, {a.out.stat().st_size} bytes")


def train(arguments: argparse.Namespace) -> None:
    """Train, or go on training."""
    from sedicfmt.networks.devices import choose_device
    from sedicfmt.training.config import load_config

    a = arguments
    kind, settings = load_config(a.config, a.set)
    device = choose_device(a.device)
    a.out.mkdir(parents=True, exist_ok=True)
    training = kind(a.data, a.out, settings, device, a.check)
    put(f"{a.config} on {device}, from step {training.step} of {settings.steps}", flush=True)
    training.run(a.minutes, a.every, lambda step, steps: bar("training", step, steps))
    note("")
    put(f"at step {training.step} after {training.seconds / 60:.1f} minutes of training")


def plot(arguments: argparse.Namespace) -> None:
    """Draw a log's curves as SVG."""
    from sedicfmt.training.plot import draw, read_log

    arguments.out.write_text(draw(read_log(arguments.log)))


def weights(arguments: argparse.Namespace) -> None:
    """The running average as float16."""
    from sedicfmt.training.pieces import split
    from sedicfmt.training.weights import save_weights

    check_folder(str(arguments.out))
    put(f"weights of step {save_weights(arguments.checkpoint, arguments.out)}")
    for piece in split(arguments.out) if arguments.pieces else []:
        put(f"{piece} {piece.stat().st_size}")


def join(arguments: argparse.Namespace) -> None:
    """Make a file from its pieces."""
    from sedicfmt.training.pieces import join as make

    make(arguments.file)


def export(arguments: argparse.Namespace) -> None:
    """The weights file that ships, and its ONNX graphs, with their SHA-256; or cheng2020-attn's in CompressAI's form."""
    from sedicfmt.training import export as codec
    from sedicfmt.training import export_cheng as cheng
    from sedicfmt.training import export_restorer as restorer
    from sedicfmt.training.weights import load_checkpoint

    check_folder(str(arguments.out))
    config = load_checkpoint(arguments.checkpoint)["config"]
    if cheng.made_by(config):
        put(f"{cheng.export(arguments.checkpoint, arguments.out)} {arguments.out}")
        return
    make = restorer.export if "restorer" in config and arguments.part == "restorer" else codec.export
    put(f"{make(arguments.checkpoint, arguments.out)} {arguments.out}")
    tell_graphs(arguments.out)


def graphs(arguments: argparse.Namespace) -> None:
    """The ONNX graphs of a weights file that ships; their SHA-256."""
    tell_graphs(arguments.weights)


def tell_graphs(weights: Path) -> None:
    """Make them."""
    from sedicfmt.training.export_graphs import export_graphs

    for path, sha256 in export_graphs(weights).items():
        put(f"{sha256} {path}")


PARTS = ("restorer", "codec")
SIMPLE = (
    ("plot", plot, ("log", "out")),
    ("weights", weights, ("checkpoint", "out")),
    ("join", join, ("file",)),
    ("export", export, ("checkpoint", "out")),
    ("graphs", graphs, ("weights",)),
)

if __name__ == "__main__":
    sys.exit(main())
