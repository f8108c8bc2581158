"""The pictures of README and of docs/format.md, from the photo and the file in examples/.

    python -m sedic_tools.pages.example_pictures examples/coffee.jpg examples/coffee.sedic

writes `docs/pictures/beside-avif.jpg` (the photo, AVIF within the same bytes, `.sedic` restored),
`docs/pictures/stages.jpg` (what the file holds, stage by stage) and `examples/coffee-restored.jpg`. AVIF is given
its best use: the photo is scaled down by the factor whose picture, scaled up again, has the highest PSNR
(sedicfmt/evaluation/classical.py).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import sedicfmt
from sedicfmt.evaluation import classical
from sedicfmt.evaluation.codecs import codec_named
from sedicfmt.evaluation.metrics import load_picture
from sedicfmt.model import SedicFile
from sedicfmt.picture import Picture

Titled = tuple[str, Image.Image]
WIDE, GAP, LINE, LETTERS = 476, 6, 40, 26  # pixels: of a picture, between pictures, of a title, of its letters


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the tool."""
    parser = argparse.ArgumentParser(prog="example_pictures", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photo", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"), help="a folder (default: %(default)s)")
    options = parser.parse_args(arguments)
    photo, data = load_picture(options.photo), options.file.read_bytes()
    restored = sedicfmt.unpack(data)
    options.out.mkdir(parents=True, exist_ok=True)
    beside(photo, data, restored).save(options.out / "beside-avif.jpg", quality=88, optimize=True)
    in_stages(data, restored).save(options.out / "stages.jpg", quality=88, optimize=True)
    # the mark that its detail was generated goes along
    name = f"{options.file.stem}-restored.jpg"
    restored.save(options.file.with_name(name), quality=92, xmp=restored.info["xmp"])


def beside(photo: Picture, data: bytes, restored: Image.Image) -> Image.Image:
    """Photo, AVIF of at most 1,000 bytes, `.sedic`, in a row."""
    avif = classical.best_under(photo, 1000, codec_named("AVIF"))
    assert avif and len(data) <= 1000
    shown = [
        ("the photo", Image.fromarray(photo)),
        (f"AVIF, {len(avif.data):,} bytes", Image.fromarray(avif.picture)),
        (f".sedic, {len(data):,} bytes", restored),
    ]
    return sheet(shown, 3)


def in_stages(data: bytes, restored: Image.Image) -> Image.Image:
    """Reference picture, masks over it, objects restored, all restored: two rows of two."""
    reference = sedicfmt.unpack(data, stage="reference")
    shown = [
        ("1 the latent, painted", reference),
        ("2 the mask over it", masked(reference, sedicfmt.read(data))),
        ("3 the object restored", sedicfmt.unpack(data, stage="objects")),
        ("4 the whole restored", restored),
    ]
    return sheet(shown, 2)


def masked(picture: Image.Image, file: SedicFile) -> Image.Image:
    """The picture, dimmed where no object is."""
    inside = np.zeros((picture.height, picture.width), bool)
    for described in file.objects:
        cells, scale = described.mask.cells, described.mask.scale
        large = np.repeat(np.repeat(cells, scale, 0), scale, 1)
        inside |= large[: picture.height, : picture.width].astype(bool)
    pixels = np.asarray(picture)
    return Image.fromarray(np.where(inside[..., None], pixels, pixels // 4 + 24).astype(np.uint8))


def sheet(shown: Sequence[Titled], columns: int) -> Image.Image:
    """Pictures of one size with their titles below, `columns` in a row, on white."""
    high = round(shown[0][1].height * WIDE / shown[0][1].width)
    rows = -(-len(shown) // columns)
    paper = Image.new("RGB", (columns * (WIDE + GAP) + GAP, rows * (high + LINE) + GAP), "white")
    pen, font = ImageDraw.Draw(paper), ImageFont.load_default(LETTERS)
    for number, (title, picture) in enumerate(shown):
        left, top = GAP + number % columns * (WIDE + GAP), GAP + number // columns * (high + LINE)
        paper.paste(picture.resize((WIDE, high), Image.Resampling.LANCZOS), (left, top))
        pen.text((left + WIDE // 2, top + high + 2), title, fill="#111", font=font, anchor="ma")
    return paper


if __name__ == "__main__":
    main()
