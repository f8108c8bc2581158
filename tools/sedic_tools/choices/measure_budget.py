"""How full byte budgets get, and what the pictures are worth.

    python -m sedic_tools.choices.measure_budget FOLDER --bytes 1000

Every photo is packed at each budget or preset (`--preset tiny`) with the offline describer. Printed are the bytes of the
files, J and the words that were let in; the bytes as a share of the budget (mean, median, least), how many photos fill 97 %
of it, and why the others do not: the latent is at its largest scale, or no price up to MU_MOST brings the next scale in; then
PSNR and MS-SSIM of the reference picture, painted from the file's bytes. A file over its budget ends the run. `--json` keeps
the figures of each photo.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

import numpy as np
from PIL import Image

from sedicfmt.encoders.words import count_words
from sedicfmt.evaluation.metrics import find_photos, load_picture, ms_ssim
from sedicfmt.latents.nano.search import FULL, LARGEST_SCALE
from sedicfmt.picture import psnr
from sedicfmt.pipeline.pack import PackBackEnds, open_back_ends, pack_picture
from sedicfmt.pipeline.pack_options import PackOptions, from_preset
from sedicfmt.pipeline.unpack import UnpackOptions, unpack_bytes

BUDGETS = (300, 400, 500, 700, 1000, 1400, 2000, 2800, 4000)
HEAD = (
    "| budget, bytes | mean bytes | J | words | fill, mean | median | least | 97 % full | at scale 32 | between scales "
    "| PSNR, dB | MS-SSIM |"
)


@dataclass(frozen=True)
class Row:
    """One photo at one budget."""

    photo: str
    bytes: int
    fill: float
    scale: int
    objects: int
    words: int
    psnr: float
    ms_ssim: float


def measure(path: Path, options: PackOptions, back_ends: PackBackEnds) -> Row:
    """Pack, paint, compare."""
    photo = load_picture(path)
    budget = options.budget(photo.shape[0] * photo.shape[1]).most_bytes or 0
    packed = pack_picture(Image.fromarray(photo), options, back_ends=back_ends)
    if len(packed.data) > budget:
        raise SystemExit(f"{path.name}: {len(packed.data)} bytes, over the budget of {budget}")
    painted = np.asarray(unpack_bytes(packed.data, UnpackOptions("reference")).picture)
    file, fill = packed.file, len(packed.data) / budget
    words = count_words(file.text) + sum(count_words(part.text) for part in file.objects)
    quality = psnr(photo, painted), ms_ssim(photo, painted)
    return Row(path.name, len(packed.data), fill, file.latent_scale, len(file.objects), words, *quality)


def line(label: str, rows: list[Row]) -> str:
    """A budget's row of the table."""
    fills, short = [row.fill for row in rows], [row for row in rows if row.fill < FULL]
    largest = sum(row.scale == LARGEST_SCALE for row in short)
    cells = [
        label,
        f"{fmean(r.bytes for r in rows):,.0f}",
        f"{fmean(r.objects for r in rows):.1f}",
        f"{fmean(r.words for r in rows):.0f}",
    ]
    cells += [
        f"{fmean(fills):.3f}",
        f"{median(fills):.3f}",
        f"{min(fills):.3f}",
        f"{len(rows) - len(short)}/{len(rows)}",
    ]
    cells += [f"{largest}", f"{len(short) - largest}"]
    cells += [f"{fmean(r.psnr for r in rows):.2f}", f"{fmean(r.ms_ssim for r in rows):.4f}"]
    return "| " + " | ".join(cells) + " |"


def main() -> int:
    """Entry point; returns the exit code."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folder", type=Path)
    p.add_argument("--bytes", type=int, action="append", default=[], help="a budget; may be repeated")
    p.add_argument("--preset", action="append", default=[], help="of sedic-pack; may be repeated")
    p.add_argument("--every", type=int, default=1, metavar="N", help="every Nth photo")
    p.add_argument("--latent-only", action="store_true", help="no objects and no words")
    p.add_argument("--json", type=Path, metavar="FILE", help="keep each photo's figures in FILE")
    arguments = p.parse_args()
    less: dict[str, Any] = {"objects": 0, "words_overall": 0} if arguments.latent_only else {}
    asked = {preset: from_preset(preset, **less) for preset in arguments.preset}
    asked |= {f"{n:,}": PackOptions(max_bytes=n, **less) for n in arguments.bytes or (() if asked else BUDGETS)}
    photos, kept = find_photos(arguments.folder)[:: arguments.every], dict[str, list[Row]]()
    back_ends = open_back_ends(PackOptions())
    print(f"{len(photos)} photos\n\n{HEAD}\n|{'---|' * HEAD.count(' | ')}---|")
    for label, options in asked.items():
        kept[label] = [measure(path, options, back_ends) for path in photos]
        print(line(label, kept[label]), flush=True)
    if arguments.json:
        arguments.json.write_text(
            json.dumps({label: [vars(row) for row in rows] for label, rows in kept.items()}, indent=1)
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
