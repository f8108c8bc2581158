"""Train the nano latent codec (paper's equation 1): `python -m sedicfmt.training.train_codec PHOTOS --out FOLDER`.

Runs on CPU or CUDA by the same command, and goes on exactly where it was stopped (`run.py`).
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from sedicfmt.training.klt import fit_klt
from sedicfmt.training.network import STRIDE_Y, STRIDE_Z, NanoCodec
from sedicfmt.training.photos import CropSource, digest, find_photos
from sedicfmt.training.run import Run, RunSettings, add_run_arguments, prepare

KLT_CROPS = 600  # what the linear start is fitted on


@dataclass
class Settings(RunSettings):
    """What a run of the codec is made of."""

    lmbda: float = 1.3e-4  # weight of the squared error in 255^2 units beside bits a pixel
    rate_linear: float = (
        0.05  # the learning rate of the KLT's weights, which are small and right from the start, times this
    )
    klt_step: float = 350.0  # quantiser step of the KLT start, in 0..255 units
    crop: int = 256  # pixels a side, a multiple of 64
    start: str = ""  # a file of weights (torch's state_dict) to begin with; the KLT if empty
    held_out: str = ""  # photos whose path contains this, every 20th of them, are never trained on


class CodecRun(Run):
    """A run of the codec on random crops of photos; `check_photos`: a folder to log bpp and PSNR on."""

    def __init__(self, photos: Path, out: Path, settings: Settings, device: str, check_photos: Path | None = None):
        torch.manual_seed(settings.seed)
        paths = without_held_out(find_photos(photos), settings.held_out)
        self.check_photos, self.source = check_photos, CropSource(paths, size=settings.crop, seed=settings.seed)
        model = NanoCodec()
        if not (out / "checkpoint.pt").exists():
            self.start(model, settings)
        super().__init__(model, self.source.rng, out, settings, device, digest(paths))

    def start(self, model: NanoCodec, settings: Settings) -> None:
        """Given weights, or g_a's and g_s's linear paths set to the KLT of random crops."""
        if settings.start:
            model.load_state_dict(torch.load(settings.start, map_location="cpu", weights_only=True))
            return
        crops = self.source.batch(KLT_CROPS) / 255 - 0.5
        basis, deviation = fit_klt(crops, STRIDE_Y, len(model.g_a.linear.bias))
        model.start_from_klt(basis, deviation, settings.klt_step / 255)

    def groups(self) -> list[dict]:
        """The KLT's weights learn at `rate_linear` of the others' rate."""
        linear = [*self.model.g_a.linear.parameters(), *self.model.g_s.linear.parameters()]
        known = {id(p) for p in linear}
        rest = [p for p in self.model.parameters() if id(p) not in known]
        return [{"params": rest, "factor": 1.0}, {"params": linear, "factor": self.s.rate_linear}]

    def loss(self) -> tuple[Tensor, dict[str, float]]:
        """Equation 1 on a batch of crops; parts are means over the batch."""
        x = torch.from_numpy(self.source.batch(self.s.batch)).to(self.device) / 255 - 0.5
        x = x.to(memory_format=torch.channels_last)
        x_hat, bits_y, bits_z = self.model(x)
        pixels = x.shape[2] * x.shape[3]
        error = (x_hat - x).square().mean() * 255**2
        rate_y, rate_z = bits_y.mean() / pixels, bits_z.mean() / pixels
        parts = {"bpp_y": rate_y.item(), "bpp_z": rate_z.item(), "mse": error.item()}
        return rate_y + rate_z + self.s.lmbda * error, parts

    def check(self) -> dict[str, float]:
        return check_rate(self.average, self.check_photos) if self.check_photos else {}


def held_out(paths: list[Path], folder: str) -> list[Path]:
    """Every 20th of the photos whose path contains `folder`, in order; none if `folder` is empty."""
    return [p for p in paths if folder in p.parts][::20]


def without_held_out(paths: list[Path], folder: str) -> list[Path]:
    """The photos to train on."""
    kept_apart = set(held_out(paths, folder))
    return [p for p in paths if p not in kept_apart]


def check_rate(model: NanoCodec, folder: Path) -> dict[str, float]:
    """Estimated bpp and PSNR (of the mean picture's, 8 bit) over a folder; never used to choose anything by itself."""
    rows = []
    for path in find_photos(folder):
        pixels = np.asarray(Image.open(path).convert("RGB"), np.float32)
        pixels = pixels[: pixels.shape[0] // STRIDE_Z * STRIDE_Z, : pixels.shape[1] // STRIDE_Z * STRIDE_Z]
        x = torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None].to(next(model.parameters()).device) / 255 - 0.5
        x_hat, bits_y, bits_z = model.evaluate(x)
        error = ((x_hat.clamp(-0.5, 0.5) - x) * 255).round().square().mean()
        area = x.shape[2] * x.shape[3]
        rows.append((bits_y / area, bits_z / area, float(10 * torch.log10(255**2 / error))))
    y, z, psnr = np.mean(rows, axis=0)
    return {"check_bpp_y": float(y), "check_bpp_z": float(z), "check_psnr": float(psnr)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path, help="folder of training photos, searched with its subfolders")
    parser.add_argument("--check", type=Path, help="folder of photos to report bpp and PSNR on")
    add_run_arguments(parser, Settings())
    args = parser.parse_args()
    settings = prepare(args, Settings())
    CodecRun(args.photos, args.out, settings, args.device, args.check).run(args.minutes, args.every)


if __name__ == "__main__":
    main()
