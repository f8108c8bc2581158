"""Every back end there is, of every kind: ready, or what it lacks and the commands that bring that.

Nothing is opened, run or fetched. A back end is ready where its factory can be imported, the packages that the factory
declares are installed (declared.py), and the models that it uses when none is named are in the hub's cache. What only a
server, a key or a user's own folder can show is not looked at.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

from sedicfmt.back_ends import BackEnds, entry_points, package_of
from sedicfmt.declared import Needs, needs_of
from sedicfmt.decoders.registry import RESTORERS
from sedicfmt.encoders.objects.registry_objects import GROUNDERS, SEGMENTERS
from sedicfmt.encoders.registry import DESCRIBERS
from sedicfmt.errors import SedicError
from sedicfmt.installing import install_extra, install_requirements_of, pip_install
from sedicfmt.latents.registry import CODECS

KINDS: tuple[BackEnds, ...] = (DESCRIBERS, GROUNDERS, SEGMENTERS, CODECS, RESTORERS)


@dataclass(frozen=True)
class BackEndState:
    """A back end by `kind` and `name`; `package`: that it comes from and its version, "" for ours; `usage`: how it is named;
    `lacks`: what is not here, none where it is ready; `commands`: shell commands that bring what it lacks, as far as known."""

    kind: str
    name: str
    package: str
    usage: str
    lacks: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """For `--json`."""
        told = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}
        return {**told, "ready": not self.lacks}


def list_back_ends() -> list[BackEndState]:
    """The state of each, by kind and name. What is wrong with one is in its own state."""
    return [_state(table, name) for table in KINDS for name in _names(table)]


def _names(table: BackEnds) -> list[str]:
    """Also those that two packages have, which is told of each."""
    return sorted({*table.built_in, *(entry.name for entry in entry_points(table.group))})


def _state(table: BackEnds, name: str) -> BackEndState:
    entry = {entry.name: entry for entry in entry_points(table.group)}.get(name)
    dist, package = (entry.dist, package_of(entry)) if entry else (None, "")
    try:
        factory, _ = table.find(name)
    except SedicError as error:
        told = (f"a factory that loads: {error.message}",)
        command = install_requirements_of(dist.name) if dist and isinstance(error.__cause__, ImportError) else ""
        return BackEndState(table.kind, name, package, name, told, (command,) if command else ())
    needs = needs_of(factory.make)
    lacks, commands = _lacking(needs, dist.name if dist else "")
    return BackEndState(table.kind, name, package, needs.usage or name, tuple(lacks), tuple(commands))


def _lacking(needs: Needs, package: str) -> tuple[list[str], list[str]]:
    """What is not here, and the commands that bring it."""
    lacks = [f"the package {name}" for name in needs.packages if not _is_installed(name)]
    commands = list[str]()
    if lacks:
        commands = [_install(needs, package)]
    for model, command in needs.models.items():
        if not in_hub_cache(model):
            lacks.append(f"the model {model}")
            commands.append(command)
    return lacks, [command for command in commands if command]


def _install(needs: Needs, package: str) -> str:
    if needs.requirements:
        return pip_install(*needs.requirements)
    return install_requirements_of(package) if package else install_extra(needs.extra)


def _is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):  # a parent that is not there, a module that was taken away
        return False


def in_hub_cache(model: str) -> bool:
    """Whether the hub's cache on this machine has the weights of "owner/name", or the file of "owner/name:file"."""
    name, _, file = model.partition(":")
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "huggingface")
    cache = Path(os.environ.get("HF_HUB_CACHE") or Path(home, "hub")).expanduser()
    snapshots = cache / f"models--{name.replace('/', '--')}" / "snapshots"
    wanted = [f"*/{file}"] if file else ["*/**/*.safetensors", "*/**/*.bin"]
    return any(path.is_file() for pattern in wanted for path in snapshots.glob(pattern))
