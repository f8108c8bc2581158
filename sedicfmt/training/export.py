"""A trained checkpoint as the weights file that ships: `sedic-train export CHECKPOINT OUT.safetensors`.

g_a, g_s and h_a at a byte a weight (`networks/small_weights.py`, spec clause G-8); h_s, the context of y and the prior of z as
the integers of clauses H-1 to H-10.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

from sedicfmt.latents.nano.context import SYMBOL_UNIT
from sedicfmt.latents.nano.entropy import CAUSAL, CROSS, HIDDEN, INDEX_GAIN
from sedicfmt.latents.nano.hyper_synthesis import MEAN_UNIT
from sedicfmt.latents.nano.network import NanoCodec
from sedicfmt.networks.small_weights import pack
from sedicfmt.training.weights import load_checkpoint, part_of

HIDDEN_UNIT = 256  # hidden values are in 1/256: up to 128
Arrays = dict[str, np.ndarray]


def load_model(checkpoint: Path) -> NanoCodec:
    """The running average of the codec in a checkpoint of `train_codec` or `train_restorer` (our own file)."""
    config, average = part_of(load_checkpoint(checkpoint), "codec")
    model = NanoCodec(**config)
    model.load_state_dict(average)
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


def integer_layer(name: str, rows: torch.Tensor, bias: torch.Tensor, unit_in: int, units_out: np.ndarray) -> Arrays:
    """A layer on inputs in 1/unit_in as weights, biases in units of the sums, multipliers and a shift (H-5).

    rows: float (outputs, ...); units_out: for each output, how many of its units make one.
    """
    weight, unit = quantise(rows)
    sums = bias.detach().double().numpy() * unit_in / unit
    multiplier, shift = fixed_point(unit / unit_in * units_out)
    largest = 127 * 32767 * weight[0].size + np.abs(sums).max()
    assert largest * 2**15 < 2**53, "sums must stay exact in float64"
    parts = {"weight": weight, "bias": np.rint(sums).astype(np.int32), "multiplier": multiplier, "shift": shift}
    return {f"{name}.{part}": value for part, value in parts.items()}


def export_entropy(model: NanoCodec) -> Arrays:
    """h_s, the context of y and the prior of z as integers."""
    h_s, prior = model.h_s, model.prior_z
    hidden = np.full(HIDDEN, HIDDEN_UNIT)
    y_out, z_out = (np.repeat([MEAN_UNIT, INDEX_GAIN], len(part.leave.bias) // 2) for part in (h_s, prior))
    around = [h_s.look.weight[:, HIDDEN:, p, q] for p, q in CROSS]
    look = torch.cat([h_s.look.weight[:, :HIDDEN, 1, 1], *around], 1)
    before = torch.cat([prior.look.weight[:, :, p, q] for p, q in CAUSAL], 1)
    assert SYMBOL_UNIT == HIDDEN_UNIT, "one unit for all inputs of h_s.look"
    return {
        **integer_layer("h_s.grow", h_s.grow.weight, h_s.grow.bias, 1, np.repeat(hidden, 4)),
        **integer_layer("h_s.leave", h_s.leave.weight.flatten(1), h_s.leave.bias, HIDDEN_UNIT, y_out),
        **integer_layer("h_s.look", look, h_s.look.bias, HIDDEN_UNIT, hidden),
        **integer_layer("h_s.leave_odd", h_s.leave_odd.weight.flatten(1), h_s.leave_odd.bias, HIDDEN_UNIT, y_out),
        **integer_layer("prior_z.look", before, prior.look.bias, 1, hidden),
        **integer_layer("prior_z.leave", prior.leave.weight.flatten(1), prior.leave.bias, HIDDEN_UNIT, z_out),
    }


def export(checkpoint: Path, out: Path) -> str:
    """Write the weights file; returns its SHA-256."""
    model = load_model(checkpoint)
    floats = {k: v for k, v in model.state_dict().items() if k.startswith(("g_a.", "g_s.", "h_a."))}
    tensors = pack({k: v.float().numpy() for k, v in floats.items()}) | export_entropy(model)
    save_file({k: np.ascontiguousarray(v) for k, v in sorted(tensors.items())}, out)
    return hashlib.sha256(out.read_bytes()).hexdigest()
