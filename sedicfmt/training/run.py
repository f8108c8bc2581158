"""What every training run has: a model and its running average, Adam, a schedule, a log, and checkpoints that go on exactly.

A run can be killed at will; started again by the same command it goes on from its last checkpoint with the same data and
learning rate and, on the CPU, the same noise, as if it had never stopped. A run is a subclass that draws its batches from
`self.rng` and torch's generator and gives the loss of one.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import os
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


@dataclass
class RunSettings:
    """What a run is made of; stored in its checkpoints and checked when it goes on. Subclasses add their own."""

    steps: int = 10000
    batch: int = 8
    rate: float = 8e-4  # Adam's learning rate at its highest
    warmup: int = 500
    flat: float = 0.0  # share of the steps that learn at the full rate before it falls
    ema: float = 0.9995
    seed: int = 1
    precision: str = "float32"  # or bfloat16: forward passes in it, weights and updates in float32


def learning_rate(step: int, s: RunSettings) -> float:
    """Linear warm-up, then `flat` of the steps at the full rate, then a cosine down to a hundredth."""
    if step < s.warmup:
        return s.rate * (step + 1) / s.warmup
    begin = max(s.warmup, s.flat * s.steps)
    progress = max(0.0, (step - begin) / max(1.0, s.steps - begin))
    return s.rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))


class Run:
    """A training run in the folder `out`. `data_digest`: SHA-256 of what it learns from."""

    def __init__(
        self, model: nn.Module, rng: np.random.Generator, out: Path, settings: Any, device: str, data_digest: str
    ):
        self.s, self.out, self.device, self.rng, self.data_digest = settings, out, device, rng, data_digest
        self.step, self.seconds = 0, 0.0
        self.model: Any = model.to(device).to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.model)
        self.optimiser = torch.optim.Adam(self.groups(), lr=settings.rate, betas=(0.9, 0.99))
        if (out / "checkpoint.pt").exists():
            self.resume(out / "checkpoint.pt")

    def groups(self) -> list[dict]:
        """Adam's parameter groups; "factor" multiplies the learning rate."""
        return [{"params": list(self.model.parameters()), "factor": 1.0}]

    def loss(self) -> tuple[Tensor, dict[str, float]]:
        """Draw a batch; its loss, and the parts of it to log."""
        raise NotImplementedError

    def check(self) -> dict[str, float]:
        """Figures on held-out data, for the log alone: never used to choose anything by itself."""
        return {}

    def extra(self) -> dict[str, Any]:
        """What a checkpoint holds beside that, for an export."""
        return {}

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint of this run. Raises SystemExit if it is of other settings or data."""
        state = torch.load(path, map_location=self.device, weights_only=False)  # our own file, never a stranger's
        if {**state["settings"], "steps": self.s.steps} != asdict(self.s):  # a run may be made longer or shorter
            raise SystemExit(f"{path} was made with other settings: {state['settings']}")
        if state["data_sha256"] != self.data_digest:
            raise SystemExit(f"{path} was made with other data")
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.rng.bit_generator.state = state["draws"]
        torch.set_rng_state(state["noise"].cpu())
        self.step, self.seconds = state["step"], state["seconds"]

    def save(self) -> None:
        """Write checkpoint.pt, replacing the old one only when the new one is whole."""
        state = {
            "settings": asdict(self.s), "config": self.model.config, "step": self.step, "seconds": self.seconds,
            "model": self.model.state_dict(), "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(), "draws": self.rng.bit_generator.state,
            "noise": torch.get_rng_state(), "data_sha256": self.data_digest, **self.extra(),
        }  # fmt: skip
        torch.save(state, self.out / "checkpoint.tmp")
        os.replace(self.out / "checkpoint.tmp", self.out / "checkpoint.pt")

    def train_step(self) -> dict[str, float]:
        """One step of Adam; returns the parts of the loss."""
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.step, self.s) * group["factor"]
        with torch.autocast(torch.device(self.device).type, torch.bfloat16, enabled=self.s.precision == "bfloat16"):
            loss, parts = self.loss()
        if not torch.isfinite(loss):
            raise SystemExit(f"the loss is {loss.item()} at step {self.step}; the last checkpoint is untouched")
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        keep = min(self.s.ema, (self.step + 1) / (self.step + 10))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.model.parameters()), 1 - keep)
        return {"loss": loss.item(), **parts}

    def run(self, minutes: float, every: int) -> None:
        """Train until `settings.steps` or for `minutes`; a line of JSON in log.jsonl and a checkpoint every `every` steps."""
        stop, sums, count = time.time() + 60 * minutes, Counter[str](), 0
        while self.step < self.s.steps and time.time() < stop:
            began = time.time()
            sums.update(self.train_step())
            self.seconds += time.time() - began
            count += 1
            if self.step % every == 0 or self.step == self.s.steps:
                self.log({k: v / count for k, v in sums.items()}, self.step % (10 * every) == 0)
                self.save()
                sums, count = Counter(), 0
        self.save()

    def log(self, means: dict[str, float], with_check: bool) -> None:
        """A line in log.jsonl and on standard output."""
        line = {"step": self.step, "seconds": round(self.seconds), **means, **(self.check() if with_check else {})}
        with open(self.out / "log.jsonl", "a") as log:
            log.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)


def add_run_arguments(parser: argparse.ArgumentParser, settings: Any) -> None:
    """The options that every training command has, and one for each setting."""
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoint.pt and log.jsonl")
    parser.add_argument("--minutes", type=float, default=1e9)
    parser.add_argument("--every", type=int, default=200, help="steps between log lines and checkpoints")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=0, help="torch threads; 0: torch's own choice")
    for name, value in asdict(settings).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)


def prepare(args: argparse.Namespace, settings: Any) -> Any:
    """Set the threads, make the folder; the settings that were asked for."""
    if args.threads:
        torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    return type(settings)(**{k: getattr(args, k) for k in asdict(settings)})
