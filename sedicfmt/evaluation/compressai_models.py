"""The models of CompressAI's zoo as codecs, those of variable rate left out: `compressai:MODEL`, `compressai:MODEL:FOLDER`.

Without a folder the weights are those that CompressAI itself fetches (trained for MSE). FOLDER holds checkpoints of one's own,
`MODEL-QUALITY.pth` or `.pth.tar`, such as `mbt2018-mean-1.pth.tar`: a machine without a network takes them from there.

The file: height and width (2 bytes each), the number of strings (1), each string's length (3), the strings. Their real bytes,
coded by CompressAI's own coder; it is not promised to decode on another machine (entropy models in floating point).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..errors import BackendFailed, MissingDependency
from ..installing import install_extra

NOTE = "CompressAI's coder; weights for MSE"
ONE_FOR_ALL = "-vbr"  # one network for all rates, by a gain that has no quality's number
MULTIPLE = 64  # of both sides, as the networks take them
HEAD = struct.Struct(">HHBB")


def options_of(model: str) -> dict[str, Any]:
    """`MODEL[:FOLDER]` as options."""
    name, _, folder = model.partition(":")
    return {"model": name, "weights": folder}


def qualities(model: str) -> tuple[int, ...]:
    """The qualities that the zoo has weights for, worst first."""
    return tuple(range(1, 7 if model.startswith("cheng2020") else 9))


def encode(image: Image.Image, quality: float, options: Mapping[str, Any]) -> bytes:
    """The file at `quality` (`qualities`). Raises MissingDependency, BackendFailed."""
    import torch

    planes = torch.from_numpy(np.asarray(image, np.float32) / 255).permute(2, 0, 1)[None]
    below, right = (-side % MULTIPLE for side in planes.shape[2:])
    padded = torch.nn.functional.pad(planes, (0, right, 0, below), mode="replicate")
    with torch.no_grad():
        coded = network(options["model"], options["weights"], int(quality)).compress(padded)
    out = io.BytesIO()
    out.write(HEAD.pack(image.height, image.width, int(quality), len(coded["strings"])))
    out.write(struct.pack(">HH", *coded["shape"]))
    for (string,) in coded["strings"]:
        out.write(len(string).to_bytes(3, "big") + string)
    return out.getvalue()


def decode(data: bytes, options: Mapping[str, Any]) -> Image.Image:
    """The picture in what `encode` made."""
    import torch

    stream = io.BytesIO(data)
    height, width, quality, count = HEAD.unpack(stream.read(HEAD.size))
    shape = struct.unpack(">HH", stream.read(4))
    strings = [[stream.read(int.from_bytes(stream.read(3), "big"))] for _ in range(count)]
    with torch.no_grad():
        out = network(options["model"], options["weights"], quality).decompress(strings, shape)["x_hat"]
    pixels = (out[0, :, :height, :width].clamp(0, 1) * 255).round().byte().permute(1, 2, 0)
    return Image.fromarray(pixels.numpy())


def version() -> str:
    """CompressAI's. Raises MissingDependency."""
    _zoo()
    return f"compressai {metadata.version('compressai')}"


@cache
def network(model: str, folder: str, quality: int) -> Any:
    """The network, opened once a process. Raises MissingDependency without CompressAI, BackendFailed without its weights."""
    zoo = _zoo()
    known = sorted(name for name in zoo.image_models if not name.endswith(ONE_FOR_ALL))
    if model not in known:
        raise BackendFailed(f"CompressAI has no model {model!r} with weights for each quality: {', '.join(known)}")
    if not folder:
        return zoo.image_models[model](quality=quality, metric="mse", pretrained=True, progress=False).eval()
    return _from_checkpoint(zoo.image_models[model], Path(folder), f"{model}-{quality}", quality)


def _from_checkpoint(make: Any, folder: Path, stem: str, quality: int) -> Any:
    import torch

    for name in (f"{stem}.pth", f"{stem}.pth.tar"):
        if (folder / name).is_file():
            held = torch.load(folder / name, map_location="cpu", weights_only=True)
            for wrapper in ("network", "state_dict"):
                held = held.get(wrapper, held)
            net = make(quality=quality, metric="mse", pretrained=False)
            net.load_state_dict(held)  # strictly: renamed entropy parameters would give silently wrong rates
            net.update(force=True)
            return net.eval()
    raise BackendFailed(f"no {stem}.pth or {stem}.pth.tar in {folder}")


def _zoo() -> Any:
    try:
        from compressai import zoo
    except ModuleNotFoundError as missing:
        raise MissingDependency(f"CompressAI's models need {missing.name}: {install_extra('compressai')}") from missing
    return zoo
