"""How full byte budgets get, and what the pictures are worth: `python -m sedic_tools.measure_budget FOLDER --bytes 1000`.

Every photo is packed at each budget with the offline describer. Printed are, for each budget: J and the words that were
let in, the file's bytes as a share of the budget (mean, median, least), the share of photos that fill 97 % of it, and why
the others do not: the latent at its largest scale, or no price up to MU_MOST that brings the next scale in; then PSNR and
MS-SSIM of the reference picture, painted from the file's bytes. A file over its budget ends the run. `--json` keeps the rows.
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

from sedic_tools.compare_classical import find_photos
from sedicfmt.encoders.words import count_words
from sedicfmt.evaluation.metrics import load_picture, ms_ssim, psnr
from sedicfmt.pipeline.pack import PackBackEnds, PackOptions, open_back_ends, pack_picture
from sedicfmt.pipeline.rate_control import FULL, LARGEST_SCALE
from sedicfmt.pipeline.unpack import UnpackOptions, unpack_bytes

BUDGETS = (300, 400, 500, 700, 1000, 1400, 2000, 2800, 4000)
HEAD = (
    "| budget, bytes | J | words | fill, mean | median | least | 97 % full | at scale 32 | between scales "
    "| PSNR, dB | MS-SSIM |"
)


@dataclass(frozen=True)
class Row:
    """One photo at one budget."""

    photo: str
    fill: float
    scale: int
    objects: int
    words: int
    psnr: float
    ms_ssim: float


def measure(path: Path, budget: int, options: dict[str, Any], back_ends: PackBackEnds) -> Row:
    """Pack, paint, compare."""
    photo = load_picture(path)
    packed = pack_picture(Image.fromarray(photo), PackOptions(max_bytes=budget, **options), back_ends=back_ends)
    if len(packed.data) > budget:
        raise SystemExit(f"{path.name}: {len(packed.data)} bytes, over the budget of {budget}")
    painted = np.asarray(unpack_bytes(packed.data, UnpackOptions("reference")).picture)
    file, fill = packed.file, len(packed.data) / budget
    words = count_words(file.text) + sum(count_words(part.text) for part in file.objects)
    quality = psnr(photo, painted), ms_ssim(photo, painted)
    return Row(path.name, fill, file.latent_scale, len(file.objects), words, *quality)


def line(budget: int, rows: list[Row]) -> str:
    """A budget's row of the table."""
    fills, short = [row.fill for row in rows], [row for row in rows if row.fill < FULL]
    largest = sum(row.scale == LARGEST_SCALE for row in short)
    cells = [f"{budget}", f"{fmean(r.objects for r in rows):.1f}", f"{fmean(r.words for r in rows):.0f}"]
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
    p.add_argument("--bytes", type=int, action="append", help="a budget; may be repeated")
    p.add_argument("--every", type=int, default=1, metavar="N", help="every Nth photo")
    p.add_argument("--latent-only", action="store_true", help="no objects and no words")
    p.add_argument("--json", type=Path, metavar="FILE", help="keep each photo's figures in FILE")
    arguments = p.parse_args()
    options = {"objects": 0, "words_overall": 0} if arguments.latent_only else {}
    back_ends = open_back_ends(PackOptions())
    photos, kept = find_photos(arguments.folder)[:: arguments.every], dict[int, list[Row]]()
    print(f"{len(photos)} photos\n\n{HEAD}\n|{'---|' * HEAD.count(' | ')}---|")
    for budget in arguments.bytes or BUDGETS:
        kept[budget] = [measure(path, budget, options, back_ends) for path in photos]
        print(line(budget, kept[budget]), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps({b: [vars(row) for row in rows] for b, rows in kept.items()}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
