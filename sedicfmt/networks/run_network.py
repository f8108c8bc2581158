"""Loading and running the encoder's networks: which device, always in 32 bit, and whatever breaks told in our errors.

The networks run once a picture, so half precision saves little, and the deformable attention of Grounding DINO is not
made for it: weights saved in another type are widened. A weight that the file lacks is an error here, while transformers
would go on with a random one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sedicfmt.errors import BackendFailed, EncodeError, LimitExceeded, MissingDependency, SedicError
from sedicfmt.guard import lacks_memory
from sedicfmt.networks.find_network import package


def choose_device(name: str) -> str:
    """torch's name of the device for "auto", "cpu", "cuda", "cuda:1", "mps".

    Raises EncodeError for what is no device's name, MissingDependency for one that is not here.
    """
    torch = package("torch")
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    kind, _, number = name.partition(":")
    if kind not in ("cpu", "cuda", "mps") or (number and not number.isdecimal()):
        raise EncodeError(f"no device is called {name!r}; there are auto, cpu, cuda, cuda:N and mps")
    here = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if int(number or 0) >= here[kind]:
        raise MissingDependency(f"this machine has no {name} that torch can use; try cpu")
    return name


def load_network(kind: str, folder: Path, device: str) -> Any:
    """The transformers model of class `kind` out of `folder`, in 32 bit, for inference. Raises BackendFailed."""
    torch, made = package("torch"), getattr(package("transformers"), kind)
    with network_errors(folder.name, device):
        how = {"dtype": torch.float32, "output_loading_info": True}
        net, report = made.from_pretrained(folder, local_files_only=True, trust_remote_code=False, **how)
        lacking = sorted({str(key) for key in report["missing_keys"]} & {key for key, _ in net.named_parameters()})
        if lacking or report["mismatched_keys"]:
            what = ", ".join([*lacking, *map(str, report["mismatched_keys"])][:3])
            raise BackendFailed(f"the weights in {folder} are not those of its config.json: {what}, ...")
        return net.eval().requires_grad_(False).to(device)


@contextmanager
def network_errors(name: str, device: str) -> Iterator[None]:
    """Without gradients; a lack of memory becomes LimitExceeded, any other failure BackendFailed, ours pass."""
    torch = package("torch")
    try:
        with torch.no_grad():
            yield
    except SedicError:
        raise
    except Exception as error:  # the libraries raise whatever comes to their minds, tokenizers a bare Exception
        if lacks_memory(error):
            raise LimitExceeded(f"not enough memory on {device} for {name} with this picture; try another") from error
        raise BackendFailed(f"{name} failed on {device}: {error}") from error
