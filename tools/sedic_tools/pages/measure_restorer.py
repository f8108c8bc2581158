"""What restoring does to pictures: every variant of the loop beside the reference picture, each in a process of its own.

    python -m sedic_tools.pages.measure_restorer KODAK --out docs/restoring.md --sheet docs/restoring.jpg

Every photo is packed once by `sedic-pack`; then for each variant (`restorer_variants.py`) `sedic-unpack` makes a picture. The
default's stages, as `--save-stages` writes them, fill the contact sheet. The measures are
judge.py's. Seconds are wall time of the whole process.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from sedicfmt.api import read, write
from sedicfmt.evaluation import contact_sheet
from sedicfmt.evaluation.judge import MEASURES, Judge, Measure, natural
from sedicfmt.evaluation.metrics import find_photos, load_picture
from sedicfmt.harness.measured_process import BESIDE, Ran, run_measured
from sedicfmt.picture import Picture

from .restorer_variants import DEFAULT, VARIANTS


@dataclass(frozen=True)
class Outcome:
    """One photo by one variant: its figures, the process, and the picture's file."""

    figures: Mapping[str, float | None]
    ran: Ran
    picture: Path

    def figure(self, measure: Measure) -> float:
        """One that is there (`shown`)."""
        figure = self.figures[measure.name]
        assert figure is not None
        return figure


def pack(photo: Path, work: Path) -> Path:
    """The photo as a file, as `sedic-pack` makes it without options."""
    packed = work / f"{photo.stem}.sedic"
    run_measured([str(BESIDE / "sedic-pack"), str(photo), "-o", str(packed), "--json"])
    return packed


def changed(packed: Path, other: Path, variant: str) -> Path:
    """The file that a variant unpacks: the packed one, or an untrue one beside it."""
    change = VARIANTS[variant].change
    if change is None:
        return packed
    untrue = packed.with_name(f"{packed.stem}-{variant.replace(' ', '-')}.sedic")
    untrue.write_bytes(write(change(read(packed), read(other))))
    return untrue


def unpack(photo: Path, packed: Path, variant: str, work: Path) -> Outcome:
    """One variant of a packed photo, measured against the photo."""
    painted = work / f"{photo.stem}-{variant.replace(' ', '-')}.png"
    stages = ["--save-stages", str(stages_of(photo, work))] if variant == DEFAULT else []
    command = [
        str(BESIDE / "sedic-unpack"),
        str(packed),
        "-o",
        str(painted),
        "--json",
        *VARIANTS[variant].options,
        *stages,
    ]
    ran = run_measured(command)
    figures = Judge(load_picture(photo)).figures(load_picture(painted))
    return Outcome({m.name: figure for m, figure in zip(MEASURES, figures, strict=True)}, ran, painted)


def stages_of(photo: Path, work: Path) -> Path:
    """Where the default's stages of a photo are written."""
    return work / f"{photo.stem}-stages"


def shown(rows: Sequence[Outcome]) -> list[Measure]:
    """The measures that every picture has."""
    return [m for m in MEASURES if all(row.figures[m.name] is not None for row in rows)]


def variants_table(outcomes: Mapping[str, Sequence[Outcome]], photos: Sequence[Picture]) -> str:
    """A row a variant, means over the photos; the photos' own NIQE at the end."""
    measures = shown([row for rows in outcomes.values() for row in rows])
    lines = [
        "| variant | options | " + " | ".join(m.name for m in measures) + " | seconds | peak, MB |",
        "|---" * (len(measures) + 4) + "|",
    ]
    for variant, rows in outcomes.items():
        means = [format(fmean(o.figure(m) for o in rows), m.form) for m in measures]
        costs = f"{fmean(o.ran.seconds for o in rows):.2f} | {fmean(o.ran.peak for o in rows) / 1e6:.0f}"
        options = f"`{' '.join(VARIANTS[variant].options)}`" if VARIANTS[variant].options else VARIANTS[variant].told
        lines.append(f"| {variant} | {options} | {' | '.join(means)} | {costs} |")
    own = [figure for photo in photos if (figure := natural(photo)) is not None]
    blank = " | ".join(f"{fmean(own):.2f}" if m.name == "NIQE" else "" for m in measures)
    return "\n".join([*lines, f"| the photos themselves | | {blank} | | |"])


def differences_table(outcomes: Mapping[str, Sequence[Outcome]]) -> str:
    """A row a variant: how far it is from the default, mean over photos and its standard error; bold beyond two of them."""
    measures = shown([row for rows in outcomes.values() for row in rows])
    lines = ["| minus the default | " + " | ".join(m.name for m in measures) + " |", "|---" * (len(measures) + 1) + "|"]
    for variant, rows in outcomes.items():
        if variant != DEFAULT:
            pairs = list(zip(rows, outcomes[DEFAULT], strict=True))
            cells = [difference([a.figure(m) - b.figure(m) for a, b in pairs]) for m in measures]
            lines.append(f"| {variant} | {' | '.join(cells)} |")
    return "\n".join(lines)


def difference(values: Sequence[float]) -> str:
    """Mean ± standard error of at least two values."""
    mean, error = fmean(values), stdev(values) / len(values) ** 0.5
    text = f"{mean:+.4f} ± {error:.4f}"
    return f"**{text}**" if abs(mean) > 2 * error else text


def photos_table(photos: Sequence[Path], reference: Sequence[Outcome], restored: Sequence[Outcome]) -> str:
    """A row a photo: reference -> restored."""
    measures = shown([*reference, *restored])
    lines = ["| photo | " + " | ".join(m.name for m in measures) + " | seconds |", "|---" * (len(measures) + 2) + "|"]
    for photo, a, b in zip(photos, reference, restored, strict=True):
        pairs = [f"{a.figure(m):{m.form}} -> {b.figure(m):{m.form}}" for m in measures]
        lines.append(f"| {photo.stem} | {' | '.join(pairs)} | {b.ran.seconds:.2f} |")
    return "\n".join(lines)


def stage_sheet(photos: Sequence[Path], restored: Sequence[Outcome], work: Path) -> Any:
    """Photo, reference, each object's stage and the final picture, a row a photo."""
    rows = []
    for photo, outcome in zip(photos, restored, strict=True):
        cells = [contact_sheet.Cell(load_picture(photo), photo.stem)]
        for stage in STAGES:
            path = stages_of(photo, work) / f"{stage.replace(' ', '-')}.png"
            cells.append(contact_sheet.Cell(load_picture(path) if path.exists() else None, ""))
        cells[-1] = contact_sheet.Cell(cells[-1].picture, f"{outcome.ran.seconds:.1f} s")
        rows.append(contact_sheet.Row(cells))
    return contact_sheet.draw_sheet(["photo", *STAGES], rows)


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--out", type=Path, help="Markdown page; without it the table is printed")
    parser.add_argument("--sheet", type=Path, help="contact sheet of the stages")
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--every", type=int, default=1, help="every so many photos of the folder")
    parser.add_argument("--jobs", type=int, default=1, help="processes side by side; more than one spoils the seconds")
    parser.add_argument("--work", type=Path, help="keep files and pictures here")
    arguments = parser.parse_args()
    if arguments.sheet and DEFAULT not in arguments.variants:
        parser.error(f"--sheet shows the variant {DEFAULT}, which is not among the variants asked for")
    with tempfile.TemporaryDirectory() as temporary:
        work = arguments.work or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        report(arguments, find_photos(arguments.photos)[:: arguments.every], work)


def report(arguments: argparse.Namespace, photos: Sequence[Path], work: Path) -> None:
    """Measure everything; write the page and the sheet."""
    packed = [pack(photo, work) for photo in photos]
    outcomes: dict[str, list[Outcome]] = {}
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for variant in arguments.variants:
            files = [changed(f, packed[(i + 1) % len(packed)], variant) for i, f in enumerate(packed)]
            jobs = [pool.submit(unpack, p, f, variant, work) for p, f in zip(photos, files, strict=True)]
            outcomes[variant] = [job.result() for job in jobs]
            print(f"{variant}: measured", file=sys.stderr, flush=True)
    parts = [variants_table(outcomes, [load_picture(p) for p in photos])]
    if DEFAULT in outcomes and len(photos) > 1:
        parts.append(differences_table(outcomes))
    if {"reference", DEFAULT} <= set(outcomes):
        parts.append(photos_table(photos, outcomes["reference"], outcomes[DEFAULT]))
    page = "\n\n".join(parts) + "\n"
    if arguments.out:
        arguments.out.write_text(HEADING.format(command=" ".join(map(told, sys.argv[1:]))) + page)
    else:
        print(page)
    if arguments.sheet:
        contact_sheet.save_sheet(stage_sheet(photos, outcomes[DEFAULT], work), arguments.sheet)


def told(argument: str) -> str:
    """An argument of the command to repeat: where folders lie on one machine is nobody's business."""
    return Path(argument).name if Path(argument).is_absolute() else argument


HEADING = """# Restoring, measured

Made by `python -m sedic_tools.pages.measure_restorer {command}`. Means over the photos; every picture was
decoded from a file by another process. Where a variant's mean differs from the default's by more than two standard errors
of the photos' paired differences, the difference is bold. LPIPS (AlexNet, VGG16), DISTS, features-ssd and NIQE: lower is
better; PSNR, MS-SSIM, SSIMULACRA2 and ColorVideoVDP (JOD, a full-HD screen): higher is better. The models were trained with
LPIPS-alex and EfficientNet-Lite0's features; the others had no part in it.

"""
STAGES = ("reference", "object 1", "object 2", "object 3", "final")
if __name__ == "__main__":
    main()
