"""Networks of transformers, found and loaded: from a folder as transformers saves it, always in 32 bit, for inference.

They run once a picture, so half precision saves little, and the deformable attention of Grounding DINO is not made for it:
weights saved in another type are widened. Only .safetensors are fetched and read, no pickled weights. Another kind of model
in the folder, or a broken file, is told before anything heavy begins. A weight that the file lacks is an error here, while
transformers would go on with a random one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sedicfmt.errors import BackendFailed, MissingDependency
from sedicfmt.networks.failures import inference
from sedicfmt.networks.hub import ModelFiles, find_folder
from sedicfmt.networks.model_folder import Needed, check_weights, read_config
from sedicfmt.networks.packages import package

PACKAGES = ("torch", "transformers", "safetensors")


def network_files(needed: Needed = ()) -> ModelFiles:
    """The files of a network that `needed` some beside its config and weights."""
    return ModelFiles((*WEIGHTS, *needed), (WANTED,), WANTED)


def find_network(name: str, kinds: Sequence[str], needed: Needed, example: str) -> tuple[Path, str]:
    """The complete folder of the network called `name`, and its config's model_type, which must be one of `kinds`.

    `needed`: files beside its config and weights; `example`: the hub id to advise where `name` is a folder that is not
    there. Raises MissingDependency, BackendFailed.
    """
    for module in PACKAGES:
        package(module)
    folder = find_folder(name, network_files(needed), example)
    kind = str(read_config(folder).get("model_type"))
    if kind not in kinds:
        told = f"{name} holds a model of type {kind!r}, not {' or '.join(map(repr, kinds))}"
        raise BackendFailed(told, "config.json")
    check_weights(folder, ("model*.safetensors",))
    return folder, kind


def load_processor(name: str, folder: Path, device: str) -> Any:
    """What prepares the inputs of the network `name` in `folder`; no code out of the folder is run.

    Raises MissingDependency where it needs another package, BackendFailed where it does not load.
    """
    made = package("transformers").AutoProcessor
    with inference(name, device):
        try:
            return made.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        except ImportError as error:  # many want torchvision, SmolVLM num2words
            reason = " ".join(str(error).split())
            raise MissingDependency(f"the processor of {name} needs another package: {reason}") from error


def load_network(kind: str, folder: Path, device: str) -> Any:
    """The transformers model of class `kind` out of `folder`, in 32 bit, for inference. Raises BackendFailed."""
    torch, made = package("torch"), getattr(package("transformers"), kind)
    with inference(folder.name, device):
        how = {"dtype": torch.float32, "output_loading_info": True}
        net, report = made.from_pretrained(folder, local_files_only=True, trust_remote_code=False, **how)
        lacking = sorted({str(key) for key in report["missing_keys"]} & {key for key, _ in net.named_parameters()})
        if lacking or report["mismatched_keys"]:
            what = ", ".join([*lacking, *map(str, report["mismatched_keys"])][:3])
            raise BackendFailed(f"the weights in {folder} are not those of its config.json: {what}, ...")
        return net.eval().requires_grad_(False).to(device)


WEIGHTS: Needed = (("config.json",), ("model*.safetensors",))
WANTED = ("*.json", "*.txt", "*.jinja", "model*.safetensors")
