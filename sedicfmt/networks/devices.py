"""Which device a network runs on, by the name that torch gives it."""

from __future__ import annotations

import re

from sedicfmt.errors import EncodeError, MissingDependency
from sedicfmt.networks.packages import package

NAME = re.compile(r"(cpu|cuda|mps)(?::(0|(?<=cuda:)[1-9][0-9]*))?")  # of the others there is one


def choose_device(name: str, extra: str = "") -> str:
    """torch's name of the device for "auto", "cpu", "cuda", "cuda:1", "mps"; of the only CPU it is "cpu", numbered or not.

    `extra`: the one to advise where torch is not here.

    Raises EncodeError for what is no device's name, MissingDependency for a device that is not here, or without torch.
    """
    told = check_name(name)
    torch = package("torch", extra)
    if told is None:
        return "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    kind, number = told[1], int(told[2] or 0)
    here = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if number >= here[kind]:
        raise MissingDependency(f"this machine has no {name} that torch can use; try --device cpu")
    return "cpu" if kind == "cpu" else name


def check_name(name: str, path: str = "") -> re.Match[str] | None:
    """The parts of a device's name, None of "auto". Raises EncodeError for what is none, with `path`."""
    told = NAME.fullmatch(name)
    if told is None and name != "auto":
        raise EncodeError(f"no device is called {name!r}; there are auto, cpu, cuda, cuda:N and mps", path)
    return told
