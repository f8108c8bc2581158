"""How long Algorithm 1 takes on a model of Stable Diffusion 2.1-base's size, beside a straightforward program for it.

    python -m sedic_tools.pages.benchmark_orag --width 0.1                              a tenth of the channels: for a CPU
    python -m sedic_tools.pages.benchmark_orag --device cuda --compile reduce-overhead  the real size; under ten minutes

Nothing is downloaded: UNet, DiffBIR's control branch, VAE and text encoder are random, for speed does not depend on what
numbers they hold. Measured is a whole restoration from uint8 to uint8 (by default three objects of ten steps, then twenty
steps, classifier-free guidance throughout, guidance as `OragSettings` has it): the median of `--runs`, after one that is not
counted, in which everything is compiled (on the CPU one of a few steps). "Object stages" end with the last object's last
step. Peak memory is what torch had allocated on a GPU; on the CPU it is the resident memory of a process for each row,
Python and libraries with it. CPU seconds are that process's, all threads', for a run; on the CPU the speed-up is theirs,
for seconds on the wall depend on what else the machine does.

`ROWS`: the straightforward program, ours, ours compiled, and ours with one saving off each. Not compiled, so that all rows
but one differ from "ours" by one thing.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

import torch

from sedic_tools.commands import command
from sedic_tools.commands.standard_output import put
from sedic_tools.pages.random_diffusion import build_model, build_request
from sedic_tools.pages.straightforward_orag import StraightforwardOrag, SwitchedDenoiser
from sedicfmt.decoders.diffusers.attention_maps import last_up_block
from sedicfmt.decoders.diffusers.denoiser import DiffusersDenoiser
from sedicfmt.decoders.diffusers.load import choose_dtype
from sedicfmt.decoders.interfaces import RestorationModel, Restorer, RestoreRequest
from sedicfmt.decoders.orag.restorer import OragRestorer
from sedicfmt.decoders.orag.settings import OragSettings
from sedicfmt.errors import BackendFailed, EncodeError, SedicError
from sedicfmt.harness.measured_process import run_measured
from sedicfmt.networks.devices import choose_device


@dataclass(frozen=True)
class Row:
    """One way to restore. `switches`: SwitchedDenoiser's; `settings`: other than the default; `layout`: of convolutions on
    a GPU."""

    title: str
    switches: dict[str, bool] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    straightforward: bool = False
    compiled: bool = False
    layout: torch.memory_format = torch.channels_last

    def restorer(self, model: RestorationModel, settings: OragSettings) -> Restorer:
        """What is measured."""
        if self.switches:
            assert isinstance(model.denoiser, DiffusersDenoiser)  # Stable Diffusion alone has the switches
            model = replace(model, denoiser=SwitchedDenoiser(model.denoiser, **self.switches))
        return (StraightforwardOrag if self.straightforward else OragRestorer)(model, settings.changed(self.settings))


# -- measuring ------------------------------------------------------------------------------------------------------------


def measure_here(name: str, model: RestorationModel, a: argparse.Namespace) -> dict[str, Any]:
    """A row's medians; on a GPU with its peak of bytes."""
    row, on_gpu = ROWS[name], model.device.startswith("cuda")
    settings = OragSettings(object_steps=a.object_steps, steps=a.steps)
    prepare(model, row.layout if on_gpu else torch.contiguous_format, a.compile if row.compiled else None)
    request, restorer = build_request(a.size, a.objects), row.restorer(model, settings)
    short = row.restorer(model, replace(settings, object_steps=2, steps=1))
    first, _, _ = timed(restorer if on_gpu else short, request, model.device)
    if on_gpu:
        torch.cuda.reset_peak_memory_stats(model.device)
    total, objects, cpu = map(
        median, zip(*(timed(restorer, request, model.device) for _ in range(a.runs)), strict=True)
    )
    peak = torch.cuda.max_memory_allocated(model.device) if on_gpu else None
    return {"total": total, "objects": objects, "whole": total - objects, "cpu": cpu, "first_run": first, "peak": peak}


def timed(restorer: Restorer, request: RestoreRequest, device: str) -> tuple[float, float, float]:
    """Seconds of all, seconds of the object stages, and seconds that the processor worked in all."""

    def now() -> float:
        if device.startswith("cuda"):
            torch.cuda.synchronize(device)
        return time.perf_counter()

    cpu = time.process_time()
    start = objects_end = now()

    def on_step(stage: str, done: int, total: int) -> None:
        nonlocal objects_end
        if done == total and stage.startswith("object"):
            objects_end = now()

    restorer.restore(replace(request, on_step=on_step))
    return now() - start, objects_end - start, time.process_time() - cpu


def prepare(model: RestorationModel, layout: torch.memory_format, mode: str | None) -> None:
    """Weights in `layout`; with a `mode`, parts to be compiled when they are called first. Guided steps walk the UNet's
    blocks, so that these are compiled beside the whole; layers that record stay as they are."""
    parts: Any = model  # of diffusers' kinds
    denoiser, vae = parts.denoiser, parts.space.vae
    for net in (denoiser.unet, denoiser.branch.net, vae):
        net.to(memory_format=layout)
    if mode:
        unet, last = denoiser.unet, last_up_block(denoiser.layers)
        blocks = [*unet.down_blocks, unet.mid_block, *unet.up_blocks[:last], *unet.up_blocks[last].resnets]
        for part in (unet, denoiser.branch.net, vae.encoder, vae.decoder, *blocks):
            part.compile(mode=mode, dynamic=False)


def measure(names: Sequence[str], a: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """All rows, each told on standard error; one that fails has only an "error"."""
    model = build_model(a.width, choose_dtype(a.dtype, a.device), a.device) if a.device != "cpu" or a.here else None
    results: dict[str, dict[str, Any]] = {}
    for name in names:
        try:
            results[name] = measure_here(name, model, a) if model else measure_apart(name, a)
        except SedicError as error:
            if a.here:
                raise
            results[name] = {"error": str(error)}
        print(f"{name}: {results[name]}", file=sys.stderr, flush=True)
    return results


def measure_apart(name: str, a: argparse.Namespace) -> dict[str, Any]:
    """A row in a process of its own, with that process's peak of resident bytes."""
    numbers = ("width", "runs", "object_steps", "steps", "objects", "dtype")
    options = [f"--{n.replace('_', '-')}={getattr(a, n)}" for n in numbers]
    options += [f"--size={a.size[0]}x{a.size[1]}", "--device=cpu", f"--rows={name}", "--here", "--json"]
    options += [f"--compile={a.compile}"] if a.compile else []
    ran = run_measured([sys.executable, "-m", "sedic_tools.pages.benchmark_orag", *options])
    return {**ran.printed["rows"][name], "peak": ran.peak}


# -- telling --------------------------------------------------------------------------------------------------------------


def machine(a: argparse.Namespace) -> str:
    """What it was measured on, and what."""
    if a.device.startswith("cuda"):
        where = torch.cuda.get_device_name(a.device)
    else:
        known = Path("/proc/cpuinfo")
        found = re.search(r"model name\s*: (.*)", known.read_text()) if known.exists() else None
        where = f"{found.group(1) if found else platform.machine()}, {torch.get_num_threads()} thread(s)"
    what = f"{a.size[0]}x{a.size[1]}, {a.objects} x {a.object_steps} + {a.steps} steps, width {a.width:g}"
    dtype = str(choose_dtype(a.dtype, a.device)).removeprefix("torch.")
    return f"{where}; {dtype}; torch {torch.__version__}; {what}; {a.compile or 'not'} compiled; median of {a.runs}"


def table(results: dict[str, dict[str, Any]], compared: str) -> str:
    """Markdown. `compared`: which of a row's figures the speed-up is of."""
    lines = [
        "| implementation | seconds | object stages | whole stage | peak memory | speed-up | CPU seconds | first run |"
    ]
    lines.append("|---" * 8 + "|")
    slow = results.get("straightforward", {}).get(compared)
    for name, r in results.items():
        cells = [r.get("error", "").replace("|", "/")[:80]] + [""] * 6
        if "total" in r:
            gain = f"{slow / r[compared]:.2f}" if slow else ""
            cells = [f"{r[key]:.2f}" for key in ("total", "objects", "whole")]
            cells += [
                f"{r['peak'] / 2**20:,.0f} MiB" if r["peak"] else "",
                gain,
                f"{r['cpu']:.1f}",
                f"{r['first_run']:.1f}",
            ]
        lines.append(f"| {ROWS[name].title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def show(a: argparse.Namespace) -> None:
    """Measure and print."""
    a.device = choose_device(a.device)
    if any(side % 64 for side in a.size):
        raise EncodeError("the straightforward program takes sides that are multiples of 64")
    fits = {n for n, r in ROWS.items() if (a.compile or not r.compiled) and (n != "contiguous" or a.device != "cpu")}
    results = measure([n for n in ROWS if n in fits and n in (a.rows or ROWS)], a)
    if not results:
        raise BackendFailed("none of these rows can be measured so")
    told = table(results, "cpu" if a.device == "cpu" else "total")
    put(json.dumps({"machine": machine(a), "rows": results}) if a.json else f"{machine(a)}\n\n{told}")


def main(arguments: list[str] | None = None) -> int:
    """Entry point."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--width", type=float, default=1.0, help="share of Stable Diffusion's channels")
    p.add_argument("--device", default="auto")
    p.add_argument("--dtype", default="auto", help="fp32, fp16, bf16, or auto")
    p.add_argument("--compile", choices=MODES, help="torch.compile's mode; a row more")
    p.add_argument("--runs", type=int, default=3)
    p.add_argument("--size", type=lambda s: tuple(map(int, s.split("x"))), default=(768, 512), metavar="WxH")
    p.add_argument("--object-steps", type=int, default=10)
    p.add_argument("--steps", type=int, default=20)
    p.add_argument("--objects", type=int, default=3)
    p.add_argument("--rows", type=lambda s: s.split(","), metavar="NAME,NAME", help=", ".join(ROWS))
    p.add_argument("--json", action="store_true")
    p.add_argument("--here", action="store_true", help=argparse.SUPPRESS)  # a CPU's row, in its own process
    a = p.parse_args(arguments)
    return command.run(show, a)


MODES = ("default", "reduce-overhead", "max-autotune-no-cudagraphs", "max-autotune")

FULL = {"full_gradient": True}

ROWS = {
    "straightforward": Row(
        "straightforward",
        {"batched": False, "leaves": False},
        {"guidance": FULL},
        straightforward=True,
        layout=torch.contiguous_format,
    ),
    "ours": Row("**ours**"),
    "two-calls": Row("ours, both sides of cfg in two calls", {"batched": False}),
    "whole-unet": Row("ours, whole UNet computed for E", {"leaves": False}),
    "full-gradient": Row("ours, gradient through the control branch too", settings={"guidance": FULL}),
    "ancestral": Row("ours, ancestral sampler", settings={"sampler": "ancestral"}),
    "round-trip": Row("ours, VAE round trip between stages", settings={"round_trip": True}),
    "contiguous": Row("ours, convolutions not channels-last", layout=torch.contiguous_format),
    "compiled": Row("**ours, compiled**", compiled=True),
}


if __name__ == "__main__":
    sys.exit(main())
