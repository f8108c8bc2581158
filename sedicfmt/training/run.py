"""What every training run has: a model and its running average, Adam, a schedule, a log, and checkpoints that go on exactly.

A run can be killed at will; started again by the same command it goes on from its last checkpoint with the same data and
learning rate and, on the CPU, the same noise, as if it had never stopped. A run is a subclass that draws its batches from
`self.rng`, or by `self.step`, and from torch's generator, and gives the loss of one.
"""

from __future__ import annotations

import copy
import json
import math
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sedicfmt.errors import BackendFailed, EncodeError
from sedicfmt.training.weights import load_checkpoint

CHECKPOINT, LOG = "checkpoint.pt", "log.jsonl"


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


class TrainingRun:
    """A training run in the folder `out`. `data_digest`: SHA-256 of what it learns from."""

    layout = torch.channels_last

    def __init__(
        self, model: nn.Module, rng: np.random.Generator, out: Path, settings: Any, device: str, data_digest: str
    ):
        self.s, self.out, self.device, self.rng, self.data_digest = settings, out, device, rng, data_digest
        self.step, self.seconds, self.sums, self.count = 0, 0.0, Counter[str](), 0
        self.model: Any = model.to(device).to(memory_format=self.layout)
        self.average = copy.deepcopy(self.model)
        self.optimiser = torch.optim.Adam(self.groups(), lr=settings.rate, betas=(0.9, 0.99))
        if (out / CHECKPOINT).exists():
            self.resume(out / CHECKPOINT)

    def groups(self) -> list[dict]:
        """Adam's parameter groups; "factor" multiplies the learning rate, "apart" see `clip`."""
        return [{"params": list(self.model.parameters()), "factor": 1.0}]

    def clip(self) -> None:
        """Hold the gradient's length to 1, that of groups marked "apart" by itself."""
        apart = [group["params"] for group in self.optimiser.param_groups if group.get("apart")]
        together = [p for g in self.optimiser.param_groups if not g.get("apart") for p in g["params"]]
        for parameters in (together, *apart):
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)

    def loss(self) -> tuple[Tensor, dict[str, float]]:
        """Draw a batch; its loss, and the parts of it to log."""
        raise NotImplementedError

    def check(self) -> dict[str, float]:
        """Figures on held-out data, for the log."""
        return {}

    def extra(self) -> dict[str, Any]:
        """What a checkpoint holds beside that, for an export."""
        return {}

    def resume_extra(self, state: dict[str, Any]) -> None:
        """Take back what `extra` gave."""

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint of this run. Raises EncodeError if it is of other settings or data."""
        state = load_checkpoint(path, self.device)
        asked, made = asdict(self.s), {**asdict(type(self.s)()), **state["settings"]}
        differing = sorted(k for k in asked if asked[k] != made.get(k) and k != "steps")  # a run may be made longer
        if differing:
            raise EncodeError(f"{path} was made with other settings: {', '.join(differing)}")
        if state["data_sha256"] != self.data_digest:
            raise EncodeError(f"{path} was made with other data")
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.resume_extra(state)
        self.rng.bit_generator.state = state["draws"]
        torch.set_rng_state(state["noise"].cpu())
        if "noise_cuda" in state and torch.device(self.device).type == "cuda":
            torch.cuda.set_rng_state(state["noise_cuda"].cpu())
        self.step, self.seconds = state["step"], state["seconds"]
        self.sums, self.count = Counter(state.get("sums", {})), state.get("count", 0)
        forget_after(self.out / LOG, self.step)

    def save(self) -> None:
        """Write the checkpoint, replacing the old one only when the new one is whole."""
        state = {
            "settings": asdict(self.s), "config": self.model.config, "step": self.step, "seconds": self.seconds,
            "model": self.model.state_dict(), "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(), "draws": self.rng.bit_generator.state,
            "noise": torch.get_rng_state(), "data_sha256": self.data_digest,
            "sums": dict(self.sums), "count": self.count, **self.extra(),
        }  # fmt: skip
        if torch.device(self.device).type == "cuda":
            state["noise_cuda"] = torch.cuda.get_rng_state()
        torch.save(state, self.out / "checkpoint.tmp")
        os.replace(self.out / "checkpoint.tmp", self.out / CHECKPOINT)

    def train_step(self) -> dict[str, float]:
        """One step of Adam; returns the parts of the loss. Raises BackendFailed if it is no number."""
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.step, self.s) * group["factor"]
        with torch.autocast(torch.device(self.device).type, torch.bfloat16, enabled=self.s.precision == "bfloat16"):
            loss, parts = self.loss()
        if not torch.isfinite(loss):
            raise BackendFailed(f"the loss is {loss.item()} at step {self.step}; the last checkpoint is untouched")
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.clip()
        self.optimiser.step()
        self.step += 1
        keep = min(self.s.ema, (self.step + 1) / (self.step + 10))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.model.parameters()), 1 - keep)
        return {"loss": loss.item(), **parts}

    def run(self, minutes: float, every: int, on_step: Callable[[int, int], None] = lambda step, steps: None) -> None:
        """Train until `settings.steps` or for `minutes`, with a line in the log and a checkpoint every `every` steps.

        On an interrupt (Ctrl-C) the checkpoint is written first. `on_step(step, steps)` shows progress.
        """
        stop = time.time() + 60 * minutes
        try:
            while self.step < self.s.steps and time.time() < stop:
                began = time.time()
                self.sums.update(self.train_step())
                self.seconds += time.time() - began
                self.count += 1
                on_step(self.step, self.s.steps)
                if self.step % every == 0 or self.step == self.s.steps:
                    self.log(self.step % (10 * every) == 0 or self.step == self.s.steps)
                    self.save()
        finally:
            self.save()

    def log(self, with_check: bool) -> None:
        """A line in the log: means since the last one."""
        means = {name: total / self.count for name, total in self.sums.items()}
        self.sums, self.count = Counter(), 0
        line = {"step": self.step, "seconds": round(self.seconds), **means, **(self.check() if with_check else {})}
        with open(self.out / LOG, "a") as log:
            log.write(json.dumps(line) + "\n")


def forget_after(log: Path, step: int) -> None:
    """Take the lines off the log that tell of steps after the checkpoint: they will be made, and told, again."""
    if log.exists():
        lines = log.read_text().splitlines(keepends=True)
        log.write_text("".join(line for line in lines if json.loads(line)["step"] <= step))
