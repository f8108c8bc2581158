"""A checkpoint of one of CompressAI's networks: from a file or CompressAI's zoo to a network that is ready, and its digest.

A file is what CompressAI and those who train with it write: `torch.save` of a network's tensors (`.pth.tar`, `.pth`, `.pt`),
by themselves or under "state_dict" or "network" beside the optimiser's; or the same tensors as safetensors. Nothing else than
tensors and plain values is read from it. Older names of tensors are CompressAI's to translate.

The tables of the entropy coder stand in the checkpoint as integers. They are taken as they are: computed anew, in floating
point, they could be others on another machine. A checkpoint without them, of a network in training, gets them computed.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from zipfile import ZipFile, is_zipfile

import torch

from sedicfmt.errors import BackendFailed, EncodeError, MissingDependency
from sedicfmt.latents.compressai.missing import need
from sedicfmt.latents.compressai.payload import CHECKPOINT_BYTES

SUFFIXES = (".pth.tar", ".pth", ".pt", ".safetensors")
ZOO = re.compile(r"(mse|ms-ssim)-([1-9])")
MOST_CHANNELS = 512  # N and M of a network; CompressAI's own have 320 at most. What is built grows with their product
MOST_QUANTILE = 32767  # a table of the prior has a place for each whole number between two quantiles
WRAPPERS = ("network", "state_dict", "model_state_dict")  # where trainers put the tensors
# Of the tensors, those that code and paint; what only training needs has had other names from version to version.
CODING = re.compile(
    r"(g_a|g_s|h_a|h_s|entropy_parameters)\..*|context_prediction\.(weight|bias)"
    r"|entropy_bottleneck\.(quantiles|_offset|_quantized_cdf|_cdf_length)"
    r"|gaussian_conditional\.(scale_table|_offset|_quantized_cdf|_cdf_length)"
)


@dataclass(frozen=True)
class Loaded:
    """One of CompressAI's networks, and the digest of its checkpoint."""

    net: Any
    digest: bytes


def zoo() -> Any:
    """The module of CompressAI that has its networks and their addresses. Raises MissingDependency, BackendFailed."""
    try:
        from compressai.zoo import image
    except ImportError as error:
        raise MissingDependency(need(str(error))) from error
    except Exception as error:  # torchvision beside a torch that it was not made for raises RuntimeError
        raise BackendFailed(f"compressai does not load here: {error}") from error
    return image


def load(architecture: str, checkpoint: str) -> Loaded:
    """A file's network, or one of the zoo ("mse-1" to "ms-ssim-8"); used again for the next picture.

    Raises OSError, BackendFailed, MissingDependency, EncodeError.
    """
    if ZOO.fullmatch(checkpoint):
        return _load(architecture, checkpoint, None)
    path = Path(checkpoint).expanduser()
    state = path.stat()
    return _load(architecture, str(path), (state.st_size, state.st_mtime_ns))


@lru_cache(maxsize=2)
def _load(architecture: str, checkpoint: str, state: tuple[int, int] | None) -> Loaded:
    if state is None:
        metric, _, quality = checkpoint.rpartition("-")
        net = network_of(architecture, _fetched(architecture, metric, int(quality)), checkpoint)
    else:
        net = network_of(architecture, read_tensors(Path(checkpoint)), Path(checkpoint).name)
    return Loaded(net, digest_of(net))


def network_of(architecture: str, tensors: dict[str, Any], name: str) -> Any:
    """CompressAI's network with these tensors, ready to code. Raises BackendFailed for those of another network,
    MissingDependency."""
    made_by = zoo().model_architectures[architecture]
    from compressai.zoo.pretrained import load_pretrained

    try:
        renamed = load_pretrained(tensors)
        check_sizes(renamed)
        net = made_by.from_state_dict(renamed)
        net.update()  # computes only what is not there
    except (KeyError, IndexError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        told = " ".join(str(error).split())[:200]
        raise BackendFailed(f"{name} is no checkpoint of {architecture}: {type(error).__name__}: {told}") from error
    return net.eval().requires_grad_(False)


def check_sizes(tensors: dict[str, Any]) -> None:
    """Raises ValueError for a network that is larger than any that codes pictures: a small file can ask for all memory."""
    widest = max((n for name, tensor in tensors.items() if name.startswith("g_a.") for n in tensor.shape), default=0)
    if widest > MOST_CHANNELS:
        raise ValueError(f"{widest} channels; {MOST_CHANNELS} are the most")
    quantiles = tensors["entropy_bottleneck.quantiles"]
    if not bool((quantiles.abs() <= MOST_QUANTILE).all()):  # False for NaN, too
        raise ValueError(f"a quantile of the prior is no number within {MOST_QUANTILE}")


def read_tensors(path: Path) -> dict[str, Any]:
    """A file's tensors by name. Raises OSError, and BackendFailed for what is no such file."""
    with path.open("rb"):  # what the system says of the name is told as it is
        pass
    try:
        content = _read(path)
        for wrapper in WRAPPERS:
            content = content.get(wrapper, content)
        if "average" in content and "config" in content:
            raise BackendFailed(f"{path.name} is a run of training: sedic-train export {path} OUT.pth.tar")
        if not content or not all(isinstance(value, torch.Tensor) for value in content.values()):
            raise ValueError("it holds no dictionary of tensors")
        if odd := sorted(name for name, tensor in content.items() if not _holds_its_values(tensor)):
            raise ValueError(f"{odd[0]} does not bring a value for each of its places")
    except BackendFailed:
        raise
    except Exception as error:  # torch, pickle and safetensors have many errors for a broken or hostile file
        raise BackendFailed(f"{path.name} cannot be read as tensors and plain values alone: {error}") from error
    return dict(content)


def digest_of(net: Any) -> bytes:
    """The checkpoint's digest in files (K-3)."""
    total = hashlib.sha256()
    for name, tensor in sorted(net.state_dict().items()):
        if CODING.fullmatch(name):
            kind = "<f4" if tensor.is_floating_point() else "<i4"
            total.update(name.encode() + b"\0" + tensor.detach().cpu().contiguous().numpy().astype(kind).tobytes())
    return total.digest()[:CHECKPOINT_BYTES]


def save(net: Any, path: Path) -> None:
    """Writes a network's tensors as CompressAI does; as safetensors where the name ends so. Raises OSError."""
    tensors = {name: value.detach().cpu().contiguous() for name, value in net.state_dict().items()}
    if path.suffix == ".safetensors":
        from safetensors.torch import save_file

        save_file(tensors, path)
    else:
        torch.save(tensors, path)


def _holds_its_values(tensor: torch.Tensor) -> bool:
    """Whether there is a value for each place: a stride of 0 makes terabytes of one number."""
    is_plain = tensor.layout == torch.strided and tensor.device.type == "cpu" and not tensor.is_quantized
    return is_plain and tensor.numel() * tensor.element_size() <= tensor.untyped_storage().nbytes()


def _read(path: Path) -> dict[str, Any]:
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        tensors: dict[str, Any] = load_file(path)
        return tensors
    if is_zipfile(path):  # torch.save compresses nothing
        with ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > path.stat().st_size:
                raise ValueError("it is compressed, and grows when it is read")
    content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return content


def _fetched(architecture: str, metric: str, quality: int) -> dict[str, Any]:
    """The zoo's tensors, from torch's cache or the network. Raises EncodeError, MissingDependency."""
    known = zoo().model_urls[architecture][metric]
    if quality not in known:
        raise EncodeError(f"the zoo has {architecture} by {metric} in the qualities 1 to {max(known)}, not {quality}")
    try:
        tensors: dict[str, Any] = torch.hub.load_state_dict_from_url(
            known[quality], map_location="cpu", progress=False, check_hash=True, weights_only=True
        )
    except Exception as error:  # no network, a broken download: both say that it is not here
        reason = f"{type(error).__name__}: {error}".split("\n")[0]
        raise MissingDependency(
            f"{architecture}'s {metric}-{quality} is not on this machine and could not be fetched ({reason}); fetch "
            f"{known[quality]} and name the file: --model compressai:{architecture}@FILE"
        ) from error
    return tensors
