"""Two latent codecs at equal bytes of whole files: what each shows, as a reference picture and restored.

    python -m sedic_tools.choices.measure_latents DATA [--models sedic-nano-2,sedic-nano-3] [--every N]
                                                       [--checkpoint CHECKPOINT] [--sheet look.png]

Photos are those below DATA that training holds out, each packed with the offline describer's words and masks in the bytes
that `--bytes` are to 768x512 pixels. Restored: by the restorer that ships, as `sedic-unpack` does it; and by a CHECKPOINT's
restorer, in one step without words. `--sheet`: 1:1 cuts, a row a photo: the photo, then of each model the reference and
what the restorer that ships makes of it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

import sedicfmt
from sedic_tools.choices.measure_checkpoint import cut, opened, restored
from sedicfmt.evaluation.dists import dists
from sedicfmt.evaluation.lpips import lpips
from sedicfmt.evaluation.metrics import ms_ssim
from sedicfmt.picture import Picture, psnr
from sedicfmt.training.photos import held_out, photos_below

PIXELS = 768 * 512  # what --bytes is for
MEASURES = {"PSNR": psnr, "MS-SSIM": ms_ssim, "LPIPS-alex": lpips, "DISTS": dists}


def shown(photo: Picture, model: str, most_bytes: int, checkpoint: Path | None) -> Iterator[tuple[str, int, Picture]]:
    """What is shown of one file: (by what, the file's bytes, picture)."""
    data = sedicfmt.pack(Image.fromarray(photo), model=model, max_bytes=most_bytes)
    reference = np.asarray(sedicfmt.unpack(data, stage="reference"))
    yield "reference", len(data), reference
    yield "restored", len(data), np.asarray(sedicfmt.unpack(data))
    if checkpoint:
        yield "restored by the checkpoint", len(data), restored(opened(checkpoint)[1], reference)


def main() -> None:
    p = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    p.add_argument("data", type=Path, help="the photos of training")
    p.add_argument("--models", default="sedic-nano-2,sedic-nano-3")
    p.add_argument("--held-out", default="cid22", metavar="FOLDER", help="as runs are told (default cid22)")
    p.add_argument("--every", type=int, default=2, metavar="N", help="every Nth of those photos (default 2)")
    p.add_argument("--bytes", type=int, default=1000, help="to 768x512 pixels (default 1000)")
    p.add_argument("--checkpoint", type=Path)
    p.add_argument("--sheet", type=Path)
    options = p.parse_args()
    photos = held_out(photos_below(options.data), options.held_out)[:: options.every]
    rows: dict[tuple[str, str], list[list[float]]] = {}
    cuts = []
    for path in photos:
        photo = np.asarray(Image.open(path).convert("RGB"))
        most, line = round(options.bytes * photo[..., 0].size / PIXELS), [cut(photo)]
        for model in options.models.split(","):
            for by, size, picture in shown(photo, model, most, options.checkpoint):
                rows.setdefault((model, by), []).append([size, *(of(photo, picture) for of in MEASURES.values())])
                print(path.name, most, model, by, *(f"{value:.4g}" for value in rows[model, by][-1]), flush=True)
                line += [cut(picture)] if by != "restored by the checkpoint" else []
        cuts.append(np.concatenate(line, 1))
    for told in table(rows):
        print(told)
    if options.sheet:
        narrowest = min(row.shape[1] for row in cuts)
        Image.fromarray(np.concatenate([row[:, :narrowest] for row in cuts])).save(options.sheet)


def table(rows: dict[tuple[str, str], list[list[float]]]) -> Iterator[str]:
    """Means over the photos, as Markdown."""
    yield f"| model | picture | bytes | {' | '.join(MEASURES)} |"
    yield "|---" * (3 + len(MEASURES)) + "|"
    for (model, by), found in rows.items():
        size, *values = np.mean(found, 0)
        yield f"| {model} | {by} | {size:.0f} | {' | '.join(f'{value:.3f}' for value in values)} |"


if __name__ == "__main__":
    main()
