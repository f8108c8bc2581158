"""How a training run of codec and restorer stands: what its checkpoint makes of photos that it never saw, while it goes on.

    python -m sedic_tools.choices.measure_checkpoint CHECKPOINT DATA [--scale 10] [--every N] [--sheet look.png]

Photos are those below DATA that the run holds out. Each is shown by the codec at `--scale` sixteenths and restored by one step
from full noise, without words. The bits are estimates of the symbols' likelihoods: they tell one checkpoint from another, and
are no file's size (`sedic-eval` measures files). `--sheet`: 1:1 cuts of photo, reference and restored picture, a row a photo.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from sedicfmt.decoders.nano.network import PATCH, NanoRestorerNetwork
from sedicfmt.decoders.nano.words import encode
from sedicfmt.decoders.orag.scheduler_ddim import cosine_level
from sedicfmt.evaluation.dists import dists
from sedicfmt.evaluation.grid import grid_peak
from sedicfmt.evaluation.lpips import lpips
from sedicfmt.latents.nano.network import STRIDE_Z, NanoCodec
from sedicfmt.model import coded_size
from sedicfmt.picture import Picture, psnr
from sedicfmt.training.photos import held_out, photos_below
from sedicfmt.training.weights import load_checkpoint, part_of

COARSEST = 32  # the restorer's: sides are filled up to it
CUT = 320  # pixels of a 1:1 cut
COLUMNS = ("PSNR", "LPIPS-alex", "DISTS", "grid")


def opened(checkpoint: Path) -> tuple[NanoCodec, NanoRestorerNetwork, int]:
    """Both networks by their running averages, and the step."""
    state = load_checkpoint(checkpoint)
    (codec_config, codec_weights), (config, weights) = (part_of(state, part) for part in ("codec", "restorer"))
    codec, restorer = NanoCodec(**codec_config), NanoRestorerNetwork(**config)
    codec.load_state_dict(codec_weights)
    restorer.load_state_dict(weights)
    return codec.eval(), restorer.eval(), state["step"]


def as_tensor(picture: Picture, multiple: int) -> torch.Tensor:
    """(1, 3, h, w) in -1..1, sides filled up to a multiple by their last pixels."""
    height, width = picture.shape[:2]
    filled = np.pad(picture, ((0, -height % multiple), (0, -width % multiple), (0, 0)), mode="edge")
    return torch.from_numpy(filled.transpose(2, 0, 1).copy())[None].float() / 127.5 - 1


def as_picture(tensor: torch.Tensor, height: int, width: int) -> Picture:
    """The same back, uint8 (height, width, 3)."""
    values = ((tensor[0].clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()
    return np.ascontiguousarray(values[:height, :width])


@torch.no_grad()
def reference_of(codec: NanoCodec, photo: Picture, scale: int) -> tuple[Picture, float]:
    """The reference picture, and estimated bits a pixel of the photo."""
    height, width = photo.shape[:2]
    size = coded_size(width, height, scale)
    small = np.asarray(Image.fromarray(photo).resize(size, Image.Resampling.LANCZOS))
    x_hat, bits_y, bits_z = codec.evaluate(as_tensor(small, STRIDE_Z) / 2)
    painted = Image.fromarray(as_picture(2 * x_hat, size[1], size[0]))
    return np.asarray(painted.resize((width, height), Image.Resampling.BICUBIC)), (bits_y + bits_z) / (height * width)


@torch.no_grad()
def restored(network: NanoRestorerNetwork, reference: Picture, seed: int = 1) -> Picture:
    """One step from full noise, without words."""
    control = F.pixel_unshuffle(as_tensor(reference, COARSEST), PATCH)
    noise = torch.randn(control.shape, generator=torch.Generator().manual_seed(seed))
    level = torch.full((1,), float(cosine_level(np.ones(1))[0]))
    guess = network(noise, level, network.words(torch.from_numpy(encode("")[0])[None]), control)
    return as_picture(F.pixel_shuffle(guess, PATCH), *reference.shape[:2])


def figures(photo: Picture, picture: Picture) -> list[float]:
    """One for each of COLUMNS."""
    return [psnr(photo, picture), lpips(photo, picture), dists(photo, picture), grid_peak(picture)]


def cut(picture: Picture) -> Picture:
    """The middle, at 1:1."""
    top, left = (max(0, (side - CUT) // 2) for side in picture.shape[:2])
    return picture[top : top + CUT, left : left + CUT]


def looks(
    checkpoint: Path, photos: list[Path], scale: int
) -> Iterator[tuple[str, float, list[Picture], list[list[float]]]]:
    """Of each photo its name, estimated bpp, [photo, reference, restored], and figures of the last two."""
    codec, restorer, _ = opened(checkpoint)
    for path in photos:
        photo = np.asarray(Image.open(path).convert("RGB"))
        reference, bpp = reference_of(codec, photo, scale)
        pictures = [photo, reference, restored(restorer, reference)]
        yield path.name, bpp, pictures, [figures(photo, picture) for picture in pictures[1:]]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("data", type=Path, help="the run's photos")
    parser.add_argument("--held-out", default="cid22", metavar="FOLDER", help="as the run was told (default cid22)")
    parser.add_argument("--scale", type=int, default=10, help="sixteenths (default 10)")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="every Nth of those photos")
    parser.add_argument("--sheet", type=Path, help="a PNG of 1:1 cuts to look at")
    options = parser.parse_args()
    photos = held_out(photos_below(options.data), options.held_out)[:: options.every]
    rows, bits, cuts = [], [], []
    for name, bpp, pictures, judged in looks(options.checkpoint, photos, options.scale):
        print(f"{name}: {bpp:.4f} bpp, restored {told(judged[1])}", flush=True)
        rows.append(judged)
        bits.append(bpp)
        cuts.append(np.concatenate([cut(picture) for picture in pictures], 1))
    before, after = np.mean(rows, 0)
    print(f"{len(rows)} photos, estimated {np.mean(bits):.4f} bpp; reference {told(before)}; restored {told(after)}")
    print(f"largest grid {max(judged[1][3] for judged in rows):.1f}")
    if options.sheet:
        widest = max(row.shape[1] for row in cuts)
        filled = [np.pad(row, ((0, 0), (0, widest - row.shape[1]), (0, 0))) for row in cuts]
        Image.fromarray(np.concatenate(filled)).save(options.sheet)


def told(values: np.ndarray | list[float]) -> str:
    """Figures in words."""
    forms = (".2f", ".3f", ".3f", ".1f")
    return ", ".join(f"{name} {value:{form}}" for name, value, form in zip(COLUMNS, values, forms, strict=True))


if __name__ == "__main__":
    main()
