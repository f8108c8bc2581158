"""What WebP, AVIF, JPEG XL and JPEG make of a folder of photos within a budget of bytes.

    python -m sedic_tools.compare_classical FOLDER --bytes 1000 --bytes 2000 --json peers.json --sheet peers.png

For each photo, budget and codec the best file (`sedicfmt.evaluation.classical`: scaled down as suits it), its size on
disk, PSNR and MS-SSIM; then the means. With `--json` every finished photo is kept, so that a run that was stopped goes
on where it was, and one with more budgets or codecs only adds these. `docs/` shows the tables made from that file.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Sequence
from fractions import Fraction
from importlib import metadata
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import PIL
from PIL import Image, features

from sedicfmt.errors import EncodeError, SedicError
from sedicfmt.evaluation import classical, contact_sheet
from sedicfmt.evaluation.metrics import MEASURES, Picture, load_picture, ms_ssim, psnr

SUFFIXES = {".png", ".webp", ".jpg", ".jpeg"}
Report = dict[str, Any]
"""What `--json` holds: {settings, pictures: {name: {sha256, results: {bytes: {codec: Result}}}}, means: {bytes: …}}."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the tool; gives its exit code (errors.py)."""
    options = _parser().parse_args(arguments)
    codecs = options.codec or [codec.name for codec in classical.CODECS]
    try:
        photos = find_photos(options.folder)
        report = start_report(options.json, options.score)
        for i, path in enumerate(photos):
            if add_photo(report, path, options.bytes, codecs, MEASURES[options.score]):
                write_report(report, options.json)
            _progress(f"{i + 1}/{len(photos)} {path.name}")
        print(means_table(report))
        if options.sheet:
            sheet = draw_sheet(report, photos, options.bytes[0], codecs, options.rows)
            contact_sheet.save_sheet(sheet, options.sheet)
    except (SedicError, OSError) as error:
        print(f"compare_classical: {error}", file=sys.stderr)
        return getattr(error, "exit_code", 74)
    return 0


def find_photos(folder: Path) -> list[Path]:
    """The pictures in `folder` by name. Raises EncodeError where there is none."""
    found = sorted(p for p in folder.glob("*") if p.suffix.lower() in SUFFIXES)
    if not found:
        raise EncodeError(f"no picture ({', '.join(sorted(SUFFIXES))}) in {folder}")
    return found


def start_report(path: Path | None, score: str) -> Report:
    """The report to add to: the one at `path` where it was made with the same settings, else an empty one.

    Raises EncodeError where it was made with others: figures of two kinds in one table would mislead.
    """
    settings = {
        "score": score,
        "scales": [str(scale) for scale in classical.SCALES],
        "codecs": {codec.name: dict(codec.options) for codec in classical.CODECS},
        "versions": versions(),
    }
    if path is None or not path.exists():
        return {"settings": settings, "pictures": {}, "means": {}}
    report = json.loads(path.read_text())
    if report["settings"] != settings:
        raise EncodeError(f"{path} was made with other settings or versions: name another file for --json")
    return report


def versions() -> dict[str, str | None]:
    """The libraries that make the files, as their versions change the files; None for what is not installed."""
    found = {"pillow": PIL.__version__} | {name: features.version(name) for name in ("webp", "avif")}
    try:
        return found | {"pillow-jxl-plugin": metadata.version("pillow-jxl-plugin")}
    except metadata.PackageNotFoundError:
        return found | {"pillow-jxl-plugin": None}


def add_photo(report: Report, path: Path, budgets: Sequence[int], codecs: Sequence[str], score: Any) -> bool:
    """Adds what is not there yet of one photo; False where all was. A photo whose content changed is done anew."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    entry = report["pictures"].get(path.name)
    if entry is None or entry["sha256"] != digest:
        entry = report["pictures"][path.name] = {"sha256": digest, "results": {}}
    missing = [(b, c) for b in budgets for c in codecs if c not in entry["results"].get(str(b), {})]
    photo = load_picture(path) if missing else None
    for budget, codec in missing:
        assert photo is not None
        coded = classical.best_under(photo, budget, classical.codec_named(codec), score=score)
        entry["results"].setdefault(str(budget), {})[codec] = coded and judge(photo, coded)
    report["means"] = means(report)
    return bool(missing)


def judge(photo: Picture, coded: classical.Coded) -> dict[str, Any]:
    """A Result: bytes of the file, PSNR in dB, MS-SSIM, and the settings that made it."""
    return {
        "bytes": len(coded.data),
        "psnr": round(psnr(photo, coded.picture), 3),
        "ms_ssim": round(ms_ssim(photo, coded.picture), 4),
        "scale": str(coded.scale),
        "quality": coded.quality,
    }


def means(report: Report) -> dict[str, dict[str, dict[str, float]]]:
    """{budget: {codec: {pictures, bytes, psnr, ms_ssim}}}, over the photos for which something fitted."""
    gathered: dict[str, dict[str, list[dict[str, float]]]] = {}
    for entry in report["pictures"].values():
        for budget, results in entry["results"].items():
            for codec, result in results.items():
                gathered.setdefault(budget, {}).setdefault(codec, []).extend([result] if result else [])
    return {
        budget: {codec: _mean_of(found) for codec, found in sorted(codecs.items()) if found}
        for budget, codecs in sorted(gathered.items(), key=lambda item: int(item[0]))
    }


def _mean_of(results: list[dict[str, float]]) -> dict[str, float]:
    rounded = {key: round(fmean(r[key] for r in results), n) for key, n in (("bytes", 1), ("psnr", 3), ("ms_ssim", 4))}
    return {"pictures": len(results)} | rounded


def read_report(path: Path, photos: Sequence[Path]) -> Report:
    """The report at `path` for these photos alone, so that means compared are over the same pictures.

    Raises EncodeError where it lacks one of them.
    """
    report = json.loads(path.read_text())
    absent = [photo.name for photo in photos if photo.name not in report["pictures"]]
    if absent:
        raise EncodeError(f"{path} has no figures for {', '.join(absent)}")
    report["pictures"] = {photo.name: report["pictures"][photo.name] for photo in photos}
    report["means"] = means(report)
    return report


def at_bytes(report: Report, codec: str, size: float) -> dict[str, float] | None:
    """A codec's mean {bytes, psnr, ms_ssim} at a mean of `size` bytes: between its two neighbouring budgets, linear in
    the logarithm of the bytes. None where `size` lies outside what was measured: nothing is extrapolated.
    """
    found = [codecs[codec] for codecs in report["means"].values() if codec in codecs]
    points = sorted((m["bytes"], m["psnr"], m["ms_ssim"]) for m in found)
    if not points or not points[0][0] <= size <= points[-1][0]:
        return None
    logs = [np.log(p[0]) for p in points]
    values = [float(np.interp(np.log(size), logs, [p[i] for p in points])) for i in (1, 2)]
    return {"bytes": size, "psnr": values[0], "ms_ssim": values[1]}


def means_table(report: Report) -> str:
    """The means as a Markdown table."""
    lines = ["| budget, bytes | codec | photos | mean bytes | PSNR, dB | MS-SSIM |", "|---|---|---|---|---|---|"]
    for budget, codecs in report["means"].items():
        for codec, m in codecs.items():
            lines.append(
                f"| {budget} | {codec} | {m['pictures']} | {m['bytes']:.0f} | {m['psnr']:.2f} | {m['ms_ssim']:.3f} |"
            )
    return "\n".join(lines)


def coded_again(report: Report, photo: Picture, name: str, budget: int, codec: str) -> contact_sheet.Cell:
    """The cell of a finished photo, from the settings in the report."""
    result = report["pictures"].get(name, {}).get("results", {}).get(str(budget), {}).get(codec)
    if result is None:
        return contact_sheet.Cell(None, f"nothing in {budget:,} bytes")
    coded = classical.code_once(photo, classical.codec_named(codec), Fraction(result["scale"]), result["quality"])
    return contact_sheet.Cell(coded.picture, contact_sheet.caption(len(coded.data), psnr(photo, coded.picture)))


def draw_sheet(report: Report, photos: Sequence[Path], budget: int, codecs: Sequence[str], most: int) -> Image.Image:
    """The contact sheet of at most `most` photos at one budget."""
    rows = []
    for i in contact_sheet.spread(len(photos), most):
        photo, name = load_picture(photos[i]), photos[i].name
        coded = [coded_again(report, photo, name, budget, codec) for codec in codecs]
        rows.append(contact_sheet.Row([contact_sheet.Cell(photo, name), *coded]))
    return contact_sheet.draw_sheet(["original", *codecs], rows)


def write_report(report: Report, path: Path | None) -> None:
    """Replaces the JSON file in one step, so that a stop in between leaves the old one whole."""
    if path is None:
        return
    scratch = path.with_name(path.name + ".part")
    scratch.write_text(json.dumps(report, indent=1) + "\n")
    os.replace(scratch, path)


def _progress(line: str) -> None:
    if sys.stderr.isatty():
        print(line, file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="compare_classical", description=(__doc__ or "").splitlines()[0])
    names = [codec.name for codec in classical.CODECS]
    parser.add_argument("folder", type=Path, help="the photos")
    parser.add_argument("--bytes", type=int, action="append", required=True, help="a budget; may be repeated")
    parser.add_argument("--codec", action="append", choices=names, help="only these; may be repeated")
    parser.add_argument("--score", choices=sorted(MEASURES), default="psnr", help="what picks a photo's scale")
    parser.add_argument("--json", type=Path, help="the report, kept after every photo and gone on with")
    parser.add_argument("--sheet", type=Path, help="a contact sheet at the first budget")
    parser.add_argument("--rows", type=int, default=8, help="photos on the sheet (default: %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
