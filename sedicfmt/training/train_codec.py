"""Train the nano latent codec (paper's equation 1): `python -m sedicfmt.training.train_codec PHOTOS --out FOLDER`.

Runs on CPU or CUDA by the same command; kill it at will, start it again and it goes on from its last checkpoint with
the same crops and learning rate, and on the CPU the same noise, as if it had never stopped.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from sedicfmt.training.klt import fit_klt
from sedicfmt.training.network import STRIDE_Y, STRIDE_Z, NanoCodec
from sedicfmt.training.photos import CropSource, digest, find_photos

KLT_CROPS = 600  # what the linear start is fitted on


@dataclass
class Settings:
    """What a run is made of; stored in its checkpoints and checked when it goes on."""

    lmbda: float = 1.3e-4  # weight of the squared error in 255^2 units beside bits a pixel
    steps: int = 11000
    batch: int = 8
    rate: float = 8e-4  # Adam's learning rate at its highest
    rate_linear: float = 0.05  # the same for the KLT's weights, which are small and right from the start, times this
    warmup: int = 500
    klt_step: float = 350.0  # quantiser step of the KLT start, in 0..255 units
    ema: float = 0.9995
    seed: int = 1


def learning_rate(step: int, s: Settings) -> float:
    """Linear warm-up, then a cosine down to a hundredth."""
    if step < s.warmup:
        return s.rate * (step + 1) / s.warmup
    progress = (step - s.warmup) / max(1, s.steps - s.warmup)
    return s.rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))


class Trainer:
    """One run: model, its running average, optimiser, crops, and their checkpoint."""

    def __init__(self, photos: Path, out: Path, settings: Settings, device: str):
        self.s, self.out, self.device = settings, out, device
        torch.manual_seed(settings.seed)
        paths = find_photos(photos)
        self.source = CropSource(paths, seed=settings.seed)
        self.photos_digest = digest(paths)
        self.model = NanoCodec()
        self.step, self.seconds = 0, 0.0
        checkpoint = out / "checkpoint.pt"
        if not checkpoint.exists():
            self.start()
        self.model = self.model.to(device).to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.model)
        self.optimiser = torch.optim.Adam(self.groups(), lr=settings.rate, betas=(0.9, 0.99))
        if checkpoint.exists():
            self.resume(checkpoint)

    def groups(self) -> list[dict]:
        """Adam's parameter groups: the KLT's weights learn at `rate_linear` of the others' rate."""
        linear = [*self.model.g_a.linear.parameters(), *self.model.g_s.linear.parameters()]
        known = {id(p) for p in linear}
        rest = [p for p in self.model.parameters() if id(p) not in known]
        return [{"params": rest, "factor": 1.0}, {"params": linear, "factor": self.s.rate_linear}]

    def start(self) -> None:
        """Set g_a's and g_s's linear paths to the KLT of random crops."""
        crops = self.source.batch(KLT_CROPS) / 255 - 0.5
        basis, deviation = fit_klt(crops, STRIDE_Y, len(self.model.g_a.linear.bias))
        self.model.start_from_klt(basis, deviation, self.s.klt_step / 255)

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint of this run. Raises SystemExit if it is of other settings or photos."""
        state = torch.load(path, map_location=self.device, weights_only=False)  # our own file, never a stranger's
        if {**state["settings"], "steps": self.s.steps} != asdict(self.s):  # a run may be made longer or shorter
            raise SystemExit(f"{path} was made with other settings: {state['settings']}")
        if state["photos_sha256"] != self.photos_digest:
            raise SystemExit(f"{path} was made with other photos")
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.source.rng.bit_generator.state = state["crops"]
        torch.set_rng_state(state["noise"].cpu())
        self.step, self.seconds = state["step"], state["seconds"]

    def save(self) -> None:
        """Write checkpoint.pt, replacing the old one only when the new one is whole."""
        state = {
            "settings": asdict(self.s), "config": self.model.config, "step": self.step, "seconds": self.seconds,
            "model": self.model.state_dict(), "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(), "crops": self.source.rng.bit_generator.state,
            "noise": torch.get_rng_state(), "photos_sha256": self.photos_digest,
        }  # fmt: skip
        torch.save(state, self.out / "checkpoint.tmp")
        os.replace(self.out / "checkpoint.tmp", self.out / "checkpoint.pt")

    def train_step(self) -> dict[str, float]:
        """One step of Adam on equation 1; returns the loss's parts, means over the batch."""
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.step, self.s) * group["factor"]
        x = torch.from_numpy(self.source.batch(self.s.batch)).to(self.device) / 255 - 0.5
        x = x.to(memory_format=torch.channels_last)
        x_hat, bits_y, bits_z = self.model(x)
        pixels = x.shape[2] * x.shape[3]
        error = (x_hat - x).square().mean() * 255**2
        rate_y, rate_z = bits_y.mean() / pixels, bits_z.mean() / pixels
        loss: Tensor = rate_y + rate_z + self.s.lmbda * error
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        keep = min(self.s.ema, (self.step + 1) / (self.step + 10))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.model.parameters()), 1 - keep)
        return {"loss": loss.item(), "bpp_y": rate_y.item(), "bpp_z": rate_z.item(), "mse": error.item()}

    def run(self, minutes: float, check: Path | None, every: int) -> None:
        """Train until `settings.steps` or for `minutes`; append a line of JSON to log.jsonl every `every` steps."""
        stop, sums, count = time.time() + 60 * minutes, dict.fromkeys(("loss", "bpp_y", "bpp_z", "mse"), 0.0), 0
        while self.step < self.s.steps and time.time() < stop:
            began = time.time()
            for key, value in self.train_step().items():
                sums[key] += value
            self.seconds += time.time() - began
            count += 1
            if self.step % every == 0 or self.step == self.s.steps:
                line = {"step": self.step, "seconds": round(self.seconds), **{k: v / count for k, v in sums.items()}}
                if check is not None and self.step % (10 * every) == 0:
                    line |= check_rate(self.average, check)
                with open(self.out / "log.jsonl", "a") as log:
                    log.write(json.dumps(line) + "\n")
                print(json.dumps(line), flush=True)
                self.save()
                sums, count = dict.fromkeys(sums, 0.0), 0
        self.save()


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
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoint.pt and log.jsonl")
    parser.add_argument("--check", type=Path, help="folder of photos to report bpp and PSNR on")
    parser.add_argument("--minutes", type=float, default=1e9)
    parser.add_argument("--every", type=int, default=200, help="steps between log lines and checkpoints")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=0, help="torch threads; 0: torch's own choice")
    for name, value in asdict(Settings()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    settings = Settings(**{k: getattr(args, k) for k in asdict(Settings())})
    Trainer(args.photos, args.out, settings, args.device).run(args.minutes, args.check, args.every)


if __name__ == "__main__":
    main()
