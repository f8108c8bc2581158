"""The bundled latent codec beside classical ones at equal bytes: `python -m sedic_tools.measure_codec FOLDER --bytes 1000`.

Every photo is packed by `sedic-pack --objects 0 --words-overall 0 --max-bytes N` and unpacked by `sedic-unpack`, each in a
process of its own; bytes are the file's, container and check included. `--peers` takes the JSON of `compare_classical` and
prints its means at the same budgets.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import fmean

from sedic_tools.compare_classical import find_photos
from sedicfmt.evaluation import contact_sheet
from sedicfmt.evaluation.metrics import Picture, load_picture, ms_ssim, psnr

BIN = Path(sys.executable).parent
Row = tuple[int, float, float]  # bytes, PSNR in dB, MS-SSIM


def code(photo: Path, budget: int | None, model: list[str], work: Path) -> tuple[int, Picture]:
    """File bytes and unpacked picture of one photo; without a budget at the default price."""
    limit = ["--max-bytes", str(budget)] if budget else []
    bare = ["--objects", "0", "--words-overall", "0"]
    packed, painted = work / "x.sedic", work / "x.png"
    subprocess.run([BIN / "sedic-pack", photo, "-o", packed, *bare, *limit, *model], check=True, capture_output=True)
    subprocess.run(
        [BIN / "sedic-unpack", packed, "-o", painted, "--stage", "reference"], check=True, capture_output=True
    )
    return packed.stat().st_size, load_picture(painted)


def measure(
    photos: list[Path], budget: int | None, model: list[str], pictures: dict[str, contact_sheet.Cell]
) -> list[Row]:
    """One row a photo; the pictures are kept for the sheet."""
    rows = []
    with tempfile.TemporaryDirectory() as work:
        for path in photos:
            photo = load_picture(path)
            size, painted = code(path, budget, model, Path(work))
            rows.append((size, psnr(photo, painted), ms_ssim(photo, painted)))
            pictures[path.name] = contact_sheet.Cell(painted, contact_sheet.caption(size, rows[-1][1]))
    return rows


def lines_of(label: str, rows: list[Row], peers: dict[str, dict[str, float]]) -> list[str]:
    """Markdown rows: ours, then the peers at the same budget."""
    mean = [fmean(column) for column in zip(*rows, strict=True)]
    found = [f"| {label} | **sedic** | {mean[0]:.0f} | {mean[1]:.2f} | {mean[2]:.3f} |"]
    for codec, m in peers.items():
        found.append(f"| {label} | {codec} | {m['bytes']:.0f} | {m['psnr']:.2f} | {m['ms_ssim']:.3f} |")
    return found


def main() -> None:
    """Entry point."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folder", type=Path)
    p.add_argument("--bytes", type=int, action="append", default=[], help="a budget for every photo; may be repeated")
    p.add_argument("--peers", type=Path, help="JSON of compare_classical")
    p.add_argument("--sheet", type=Path, help="a contact sheet at the last budget")
    p.add_argument("--model", help="a latent model's name; sedic-pack's default if none is given")
    arguments = p.parse_args()
    model = ["--model", arguments.model] if arguments.model else []
    photos, pictures = find_photos(arguments.folder), dict[str, contact_sheet.Cell]()
    peers = json.loads(arguments.peers.read_text())["means"] if arguments.peers else {}
    print("| budget, bytes | codec | mean bytes | PSNR, dB | MS-SSIM |\n|---|---|---|---|---|")
    for budget in [None, *arguments.bytes]:
        rows = measure(photos, budget, model, pictures)
        print("\n".join(lines_of(str(budget or "none"), rows, peers.get(str(budget), {}))), flush=True)
    if arguments.sheet:
        shown = [photos[i] for i in contact_sheet.spread(len(photos), 8)]
        cells = [contact_sheet.Row([contact_sheet.Cell(load_picture(x), x.name), pictures[x.name]]) for x in shown]
        contact_sheet.save_sheet(contact_sheet.draw_sheet(["original", "sedic"], cells), arguments.sheet)


if __name__ == "__main__":
    main()
