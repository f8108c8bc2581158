"""A trained checkpoint as the weights file that ships: `python -m sedicfmt.training.export CHECKPOINT OUT.safetensors`.

g_a, g_s and h_a as float16; h_s as the integers of spec clauses H-1 to H-6; the prior of z as integer frequencies.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

from sedicfmt.bitcoding.range_coder import TOTAL
from sedicfmt.models.hyper_synthesis import MEAN_UNIT
from sedicfmt.training.network import NanoCodec

Z_LARGEST = 20  # values of z with an entry of their own; beyond it they are escaped
HIDDEN_UNIT = 256  # activations of h_s are in 1/256: up to 128
INDEX_GAIN = 8  # HyperSynthesis multiplies its index by this


def load_model(checkpoint: Path) -> NanoCodec:
    """The running average of a checkpoint of `train_codec` (our own file)."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=False)
    model = NanoCodec(**state["config"])
    model.load_state_dict(state["average"])
    return model.eval()


def quantise(weight: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """int8 weights and the float64 size of one unit for each output channel; as `network.int8_through`."""
    flat = weight.detach().double().numpy().reshape(len(weight), -1)
    unit = np.maximum(np.abs(flat).max(axis=1), 1e-8) / 127
    return np.rint(flat / unit[:, None]).astype(np.int8).reshape(weight.shape), unit


def fixed_point(ratio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(multiplier int32 of at most 15 bits, shift) with multiplier / 2^shift ~ ratio."""
    shift = int(np.floor(np.log2((2**15 - 1) / ratio.max())))
    return np.rint(ratio * 2.0**shift).astype(np.int32), np.array([shift], np.int32)


def export_hyper_synthesis(model: NanoCodec) -> dict[str, np.ndarray]:
    """h_s as integers: weights, biases in units of the sums, multipliers and shifts."""
    grow, unit1 = quantise(model.h_s.grow.weight)
    leave, unit2 = quantise(model.h_s.leave.weight)
    bias1 = model.h_s.grow.bias.detach().double().numpy() / unit1
    bias2 = model.h_s.leave.bias.detach().double().numpy() * HIDDEN_UNIT / unit2
    half = len(unit2) // 2
    multiplier1, shift1 = fixed_point(unit1 * HIDDEN_UNIT)
    outputs = np.concatenate([np.full(half, MEAN_UNIT), np.full(half, INDEX_GAIN)])
    multiplier2, shift2 = fixed_point(unit2 / HIDDEN_UNIT * outputs)
    largest = 127 * 32767 * max(grow[0].size, leave.shape[1]) + max(np.abs(bias1).max(), np.abs(bias2).max())
    assert largest * 2**15 < 2**53, "sums must stay exact in float64 (clause H-6)"
    return {
        "h_s.grow.weight": grow, "h_s.grow.bias": np.rint(bias1).astype(np.int32),
        "h_s.grow.multiplier": multiplier1, "h_s.grow.shift": shift1,
        "h_s.leave.weight": leave[:, :, 0, 0], "h_s.leave.bias": np.rint(bias2).astype(np.int32),
        "h_s.leave.multiplier": multiplier2, "h_s.leave.shift": shift2,
    }  # fmt: skip


@torch.no_grad()
def z_frequencies(model: NanoCodec) -> np.ndarray:
    """int32 (Cz, 2K + 2): frequencies of -K..K and of the escape, each row's sum 2^16, each entry at least 1."""
    values = torch.arange(-Z_LARGEST, Z_LARGEST + 1, dtype=torch.float32)
    grid = values.view(1, 1, 1, -1).expand(1, model.config["cz"], 1, -1)
    mass = (model.prior_z.cdf(grid + 0.5) - model.prior_z.cdf(grid - 0.5))[0, :, 0].double().numpy()
    mass = np.concatenate([mass, np.maximum(0, 1 - mass.sum(axis=1, keepdims=True))], axis=1)
    frequencies = 1 + np.floor(mass * (TOTAL - mass.shape[1])).astype(np.int64)
    rows = np.arange(len(frequencies))
    frequencies[rows, frequencies.argmax(axis=1)] += TOTAL - frequencies.sum(axis=1)
    return frequencies.astype(np.int32)


def export(checkpoint: Path, out: Path) -> str:
    """Write the weights file; returns its SHA-256."""
    model = load_model(checkpoint)
    floats = {k: v for k, v in model.state_dict().items() if k.startswith(("g_a.", "g_s.", "h_a."))}
    tensors = {k: v.contiguous().numpy().astype(np.float16) for k, v in floats.items()}
    tensors |= export_hyper_synthesis(model)
    tensors["z_frequencies"] = z_frequencies(model)
    save_file({k: np.ascontiguousarray(v) for k, v in sorted(tensors.items())}, out)
    return hashlib.sha256(out.read_bytes()).hexdigest()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    print(export(arguments.checkpoint, arguments.out), arguments.out)
