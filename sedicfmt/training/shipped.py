"""A codec that ships, as a network again: transforms as they are, integer layers times their units (`export.py`).

It paints what the shipped one paints, up to rounding; with it a run can go on where another's checkpoint is gone, and a
restorer can learn on the pictures of a codec that is no longer trained.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from sedicfmt.latents.nano.entropy import CAUSAL, CROSS, HIDDEN, INDEX_GAIN
from sedicfmt.latents.nano.hyper_synthesis import MEAN_UNIT
from sedicfmt.latents.nano.network import NanoCodec
from sedicfmt.latents.nano.weights import load_latent_model
from sedicfmt.training.export import HIDDEN_UNIT, Arrays


def shipped_codec(model_id: int) -> NanoCodec:
    """The network of a registered model. Raises what `load_latent_model` raises."""
    weights = load_latent_model(model_id, encoder=True).weights
    codec = NanoCodec() if "g_s.enter4.weight" in weights else NanoCodec(fine=(0, 0))  # G-7
    state = {name: torch.from_numpy(weights[name].astype(np.float32)) for name in codec.state_dict() if name in weights}
    layers = integer_layers(weights, codec.g_a.linear.out_channels, codec.h_a.leave.out_channels)
    shapes = {name: tensor.shape for name, tensor in codec.state_dict().items()}
    codec.load_state_dict(state | {name: layer.view(shapes[name]) for name, layer in layers.items()})
    return codec.eval()


def integer_layers(weights: Arrays, cy: int, cz: int) -> dict[str, Tensor]:
    """h_s and the prior of z in floats, by their names in the network."""
    hidden = np.full(HIDDEN, HIDDEN_UNIT)
    y_out, z_out = (np.repeat([MEAN_UNIT, INDEX_GAIN], count) for count in (cy, cz))
    plan = {
        "h_s.grow": (1, np.repeat(hidden, 4)), "h_s.leave": (HIDDEN_UNIT, y_out), "h_s.leave_odd": (HIDDEN_UNIT, y_out),
        "h_s.look": (HIDDEN_UNIT, hidden), "prior_z.look": (1, hidden), "prior_z.leave": (HIDDEN_UNIT, z_out),
    }  # fmt: skip
    found: dict[str, Tensor] = {}
    for name, (unit_in, units_out) in plan.items():
        found[f"{name}.weight"], found[f"{name}.bias"] = in_floats(weights, name, unit_in, units_out)
    found["h_s.look.weight"] = looked(found["h_s.look.weight"], HIDDEN, cy, CROSS)
    found["prior_z.look.weight"] = looked(found["prior_z.look.weight"], 0, cz, CAUSAL)
    return found


def in_floats(weights: Arrays, name: str, unit_in: int, units_out: np.ndarray) -> tuple[Tensor, Tensor]:
    """(weight, bias) of an integer layer (H-5); `export.integer_layer` the other way."""
    weight, bias, multiplier, shift = (weights[f"{name}.{p}"] for p in ("weight", "bias", "multiplier", "shift"))
    unit = multiplier / 2.0 ** int(shift[0]) * unit_in / units_out
    return torch.from_numpy((weight.T * unit).T).float(), torch.from_numpy(bias * unit / unit_in).float()


def looked(rows: Tensor, middle: int, channels: int, places: tuple[tuple[int, int], ...]) -> Tensor:
    """A 3x3 layer from its rows: `middle` inputs at the middle, then `channels` at each of `places`."""
    layer = torch.zeros(len(rows), middle + channels, 3, 3)
    layer[:, :middle, 1, 1] = rows[:, :middle]
    for number, (p, q) in enumerate(places):
        first = middle + channels * number
        layer[:, middle:, p, q] = rows[:, first : first + channels]
    return layer
