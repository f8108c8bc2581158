"""The reference picture's table over a folder of photos: every figure from a file on disk that another process decoded.

    python -m sedic_tools.pages.kodak_table FOLDER --out docs/kodak.md --sheet docs/kodak.jpg

For each photo three processes: `sedic-pack`, `sedic-unpack --stage reference` and `sedic-inspect`. Bytes are the file's
and its segments' as inspect prints them, bpp is file bytes x 8 / pixels, PSNR and MS-SSIM compare the PNG that unpack
wrote with the photo. Seconds are wall time of the whole process, imports included; the stages' own stand beside them.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import fmean
from typing import Any

from PIL import Image

from sedicfmt.errors import BackendFailed, SedicError
from sedicfmt.evaluation import contact_sheet
from sedicfmt.evaluation.metrics import find_photos, load_picture, ms_ssim
from sedicfmt.harness.measured_process import BESIDE, Ran, run_measured
from sedicfmt.picture import psnr

TOOLS = ("pack", "unpack", "inspect")


@dataclass(frozen=True)
class Measured:
    """One photo: its three processes, PSNR in dB and MS-SSIM of the unpacked PNG."""

    photo: Path
    unpacked: Path
    runs: Mapping[str, Ran]
    psnr: float
    ms_ssim: float

    @property
    def inspected(self) -> dict[str, Any]:
        """What `sedic-inspect --json` printed."""
        return self.runs["inspect"].printed

    def kind_bytes(self, kind: str) -> int:
        """Bytes of all segments of one kind."""
        return sum(segment["bytes"] for segment in self.inspected["segments"] if segment["kind"] == kind)

    @property
    def reference_bytes(self) -> int:
        """What the reference picture alone needs: the overhead and the latent."""
        return self.inspected["overhead_bytes"] + self.kind_bytes("latent.z") + self.kind_bytes("latent.y")


def measure(photo: Path, work: Path, tools: Path) -> Measured:
    """Packs, unpacks and inspects one photo; its .sedic and .png are left in `work`."""
    packed, unpacked = work / f"{photo.stem}.sedic", work / f"{photo.stem}.png"
    for stale in (packed, unpacked):  # nothing of an earlier run may be measured in place of this one's
        stale.unlink(missing_ok=True)
    arguments = {
        "pack": [str(photo), "-o", str(packed), "--json"],
        "unpack": [str(packed), "-o", str(unpacked), "--stage", "reference", "--json"],
        "inspect": [str(packed), "--json"],
    }
    runs = {tool: run_measured([str(tools / f"sedic-{tool}"), *arguments[tool]]) for tool in TOOLS}
    printed, size = runs["inspect"].printed["file_bytes"], packed.stat().st_size
    if printed != size:
        raise BackendFailed(f"{packed.name} has {size} bytes on disk, sedic-inspect says {printed}")
    a, b = load_picture(photo), load_picture(unpacked)
    return Measured(photo, unpacked, runs, psnr(a, b), ms_ssim(a, b))


def table_of(measured: Sequence[Measured], columns: Sequence[Column]) -> str:
    """A row a photo and the means, in Markdown."""
    lines = ["| photo | " + " | ".join(title for title, _, _ in columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for m in measured:
        lines.append(f"| {m.photo.stem} | " + " | ".join(format(of(m), form) for _, of, form in columns) + " |")
    means = (format(fmean(of(m) for m in measured), form) for _, of, form in columns)
    return "\n".join([*lines, "| **mean** | " + " | ".join(means) + " |"])


def stage_table(measured: Sequence[Measured]) -> str:
    """Mean and greatest seconds of every stage that pack and unpack report under "seconds"."""
    lines = ["| process | stage | mean, s | most, s |", "|---|---|---|---|"]
    for tool in TOOLS[:2]:
        stages = dict.fromkeys(stage for m in measured for stage in m.runs[tool].printed.get("seconds", {}))
        for stage in stages:
            # A photo that skipped the stage spent no time in it.
            seconds = [m.runs[tool].printed.get("seconds", {}).get(stage, 0.0) for m in measured]
            lines.append(f"| {tool} | {stage} | {fmean(seconds):.3f} | {max(seconds):.3f} |")
    return "\n".join(lines)


def page(measured: Sequence[Measured], command: str, sheet: str) -> str:
    """The whole Markdown page."""
    made = f"{datetime.date.today()}, sedicfmt {version('sedicfmt')}, Python {platform.python_version()}"
    parts = [f"# Reference pictures of {len(measured)} photos", f"Made by `{command}` on {made}. {HOW}"]
    parts += [f"![contact sheet]({sheet})"] if sheet else []
    parts += ["## Bytes and quality", table_of(measured, QUALITY), "## Time and memory", table_of(measured, COSTS)]
    parts += ["### Seconds of the stages", stage_table(measured)]
    return "\n\n".join(parts) + "\n"


def draw_sheet(measured: Sequence[Measured], most: int) -> Image.Image:
    """Original and ours."""
    rows = []
    for m in (measured[i] for i in contact_sheet.spread(len(measured), most)):
        ours = contact_sheet.Cell(load_picture(m.unpacked), contact_sheet.caption(m.reference_bytes, m.psnr))
        rows.append(contact_sheet.Row([contact_sheet.Cell(load_picture(m.photo), m.photo.name), ours]))
    return contact_sheet.draw_sheet(["original", ".sedic, reference picture"], rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the tool; gives its exit code (errors.py)."""
    options = _parser().parse_args(arguments)
    try:
        photos = find_photos(options.folder)
        with tempfile.TemporaryDirectory() as scratch:
            work = options.work or Path(scratch)
            work.mkdir(parents=True, exist_ok=True)
            measured = [measure(photo, work, options.tools) for photo in photos]
            if options.sheet:
                contact_sheet.save_sheet(draw_sheet(measured, options.rows), options.sheet)
    except (SedicError, OSError) as error:
        print(f"kodak_table: {error}", file=sys.stderr)
        return getattr(error, "exit_code", 74)
    sheet = os.path.relpath(options.sheet, options.out.parent) if options.sheet else ""
    options.out.write_text(page(measured, command_line(options), sheet))
    return 0


def command_line(options: argparse.Namespace) -> str:
    """The command to repeat, folders by their names alone: where they lie on one machine is nobody's business."""
    given = {key: getattr(options, key) for key in ("out", "sheet") if getattr(options, key)}
    shown = [f"--{key} {path.name if path.is_absolute() else path}" for key, path in given.items()]
    return " ".join(["python -m sedic_tools.pages.kodak_table", options.folder.resolve().name, *shown])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kodak_table", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="the photos")
    parser.add_argument("--out", type=Path, required=True, help="the Markdown page")
    parser.add_argument("--work", type=Path, help="keeps each photo's .sedic and .png here")
    parser.add_argument("--sheet", type=Path, help="a contact sheet, .jpg or .png")
    parser.add_argument("--rows", type=int, default=8, help="photos on the sheet (default: %(default)s)")
    parser.add_argument("--tools", type=Path, default=BESIDE, help="where sedic-pack and its like are")
    return parser


Column = tuple[str, Callable[[Measured], float], str]


def _kind(kind: str) -> Column:
    return (kind, lambda m: m.kind_bytes(kind), ".0f")


def _seconds(tool: str) -> Column:
    return (f"{tool}, s", lambda m: m.runs[tool].seconds, ".2f")


def _peak(tool: str) -> Column:
    return (f"{tool}, MB", lambda m: m.runs[tool].peak / 1e6, ",.0f")


QUALITY: tuple[Column, ...] = (
    ("file, bytes", lambda m: m.inspected["file_bytes"], ",.0f"),
    ("bpp", lambda m: m.inspected["file_bytes"] * 8 / m.inspected["pixels"], ".4f"),
    ("overhead", lambda m: m.inspected["overhead_bytes"], ".0f"),
    *map(_kind, ("latent.z", "latent.y", "text.overall", "text.object", "mask")),
    ("reference, bytes", lambda m: m.reference_bytes, ",.0f"),
    ("PSNR, dB", lambda m: m.psnr, ".2f"),
    ("MS-SSIM", lambda m: m.ms_ssim, ".3f"),
)
COSTS: tuple[Column, ...] = (*map(_seconds, TOOLS), *map(_peak, TOOLS))

HOW = (
    "Bytes are those of files on disk, decoded by another process; `reference` is the overhead and the latent, all that"
    " the reference picture needs. Seconds are wall time of whole processes, MB their peak resident memory, 10^6 bytes."
)

if __name__ == "__main__":
    sys.exit(main())
