"""The training of the nano latent codec (the paper's equation 1): `sedic-train run codec`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from sedicfmt.errors import EncodeError
from sedicfmt.evaluation.efficientnet_lite import EfficientNetLiteFeatures
from sedicfmt.evaluation.feature_distance import distance_of
from sedicfmt.evaluation.lpips import Lpips
from sedicfmt.latents.nano.network import STRIDE_Y, STRIDE_Z, NanoCodec
from sedicfmt.training.klt import fit_klt
from sedicfmt.training.packed import load_photos
from sedicfmt.training.photos import CropShape, CropSource, photos_below
from sedicfmt.training.run import CHECKPOINT, RunSettings, TrainingRun
from sedicfmt.training.weights import load_weights
from sedicfmt.training.window import moved_window

FINE = ("g_s.enter4.", "g_s.body4.", "g_s.leave4.")  # layers that weights to start from may lack
LOADERS = 8  # threads that cut crops for a GPU; a CPU has better things to do


@dataclass
class CodecSettings(RunSettings):
    """What a run of the codec is made of."""

    lmbda: float = 1.3e-4  # weight of the squared error in 255^2 units beside bits a pixel
    rate_linear: float = (
        0.05  # the learning rate of the KLT's weights, which are small and right from the start, times this
    )
    klt_step: float = 350.0  # quantiser step of the KLT start, in 0..255 units
    klt_crops: int = 600  # what that start is fitted on
    crop: int = 256  # pixels a side, a multiple of 64
    widths: str = "96,192,320"  # channels at strides 8, 16 and 32
    start: str = ""  # a file of weights (`sedic-train weights`) to begin with; the KLT if empty
    feature_weight: float = 0.0  # of the distance in EfficientNet-Lite0's features beside the squared error
    lpips_weight: float = 0.0  # of LPIPS (AlexNet) on a window that moves (`moved_window`)
    held_out: str = ""  # photos below a folder of this name, every 20th of them, are never trained on


class CodecRun(TrainingRun):
    """A run of the codec on crops of photos; `check_photos`: a folder of held-out ones to log bpp and PSNR on."""

    def __init__(self, data: Path, out: Path, settings: CodecSettings, device: str, check_photos: Path | None = None):
        torch.manual_seed(settings.seed)
        if settings.crop % STRIDE_Z:
            raise EncodeError(f"crops must be a multiple of {STRIDE_Z} pixels", "settings.crop")
        photos = load_photos(data, settings.held_out)
        threads = LOADERS if torch.device(device).type == "cuda" else 0
        self.check_photos = check_photos
        self.source = CropSource(photos.images, CropShape(settings.crop), settings.seed, threads)
        self.features = EfficientNetLiteFeatures(0).to(device).eval() if settings.feature_weight else None
        self.lpips = Lpips("alex").to(device) if settings.lpips_weight else None
        fresh = not (out / CHECKPOINT).exists()
        model = self.make_model(settings, fresh)
        if fresh:
            self.start(model, settings)
        super().__init__(model, np.random.default_rng(settings.seed), out, settings, device, photos.digest)

    def make_model(self, settings: Any, fresh: bool) -> nn.Module:
        """The network; `fresh`: no checkpoint will fill it."""
        return NanoCodec(widths=read_widths(settings.widths))

    def start(self, model: Any, settings: Any) -> None:
        """Given weights, or g_a's and g_s's linear paths set to the KLT of random crops."""
        if settings.start:
            load_weights(model, Path(settings.start), FINE)
            return
        crops = self.source.batch(settings.klt_crops, -1 % 2**32) / 255 - 0.5
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
        x = torch.from_numpy(self.source.batch(self.s.batch, self.step)).to(self.device) / 255 - 0.5
        x = x.to(memory_format=self.layout)
        x_hat, bits_y, bits_z = self.model(x)
        pixels = x.shape[2] * x.shape[3]
        error = (x_hat - x).square().mean() * 255**2
        rate_y, rate_z = bits_y.mean() / pixels, bits_z.mean() / pixels
        parts = {"bpp_y": rate_y.item(), "bpp_z": rate_z.item(), "mse": error.item()}
        total = rate_y + rate_z + self.s.lmbda * error
        if self.lpips is not None:
            seen = moved_window(self.rng, self.s.crop)
            near = self.lpips(2 * x_hat[seen], 2 * x[seen])
            total, parts["lpips"] = total + self.s.lpips_weight * near, near.item()
        if self.features is not None:
            distance = self.feature_distance(self.features, x_hat, x)
            total, parts["features"] = total + self.s.feature_weight * distance, distance.item()
        return total, parts

    @staticmethod
    def feature_distance(features: nn.Module, x_hat: Tensor, x: Tensor) -> Tensor:
        """Distance in the features of pictures in -0.5..0.5."""
        with torch.no_grad():
            wanted = features((x + 0.5) * 255)
        return distance_of(features((x_hat + 0.5) * 255), wanted)

    def check(self) -> dict[str, float]:
        return check_rate(self.average, self.check_photos, self.lpips) if self.check_photos else {}


def read_widths(text: str) -> tuple[int, int, int]:
    """ "96,192,320" -> its numbers. Raises EncodeError."""
    try:
        c8, c16, c32 = map(int, text.split(","))
    except ValueError as error:
        raise EncodeError(f"widths are three numbers with commas, not {text!r}", "settings.widths") from error
    return c8, c16, c32


def check_rate(model: Any, folder: Path, lpips: Lpips | None = None) -> dict[str, float]:
    """Estimated bpp, PSNR and LPIPS (where given) over a folder: means over photos, of 8-bit pictures."""
    rows = [check_photo(model, path, lpips) for path in photos_below(folder)]
    return {f"check_{name}": float(np.mean([row[name] for row in rows])) for name in rows[0]}


@torch.no_grad()
def check_photo(model: Any, path: Path, lpips: Lpips | None) -> dict[str, float]:
    """The same of one photo, cut to whole positions of z."""
    pixels = np.asarray(Image.open(path).convert("RGB"), np.float32)
    pixels = pixels[: pixels.shape[0] // STRIDE_Z * STRIDE_Z, : pixels.shape[1] // STRIDE_Z * STRIDE_Z]
    x = torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None].to(next(model.parameters()).device) / 255 - 0.5
    x_hat, bits_y, bits_z = model.evaluate(x)
    x_hat = ((x_hat.clamp(-0.5, 0.5) + 0.5) * 255).round() / 255 - 0.5
    psnr = -10 * torch.log10((x_hat - x).square().mean())
    area = x.shape[2] * x.shape[3]
    row = {"bpp_y": bits_y / area, "bpp_z": bits_z / area, "psnr": float(psnr)}
    return row | ({"lpips": float(lpips(2 * x_hat, 2 * x))} if lpips else {})
