"""A training run's configuration: a TOML file with the kind of model and its settings.

    kind = "codec"

    [settings]
    steps = 12000

A name without ".toml" is one of the files beside this module (`configs/`). Settings that a file leaves out have the
defaults of the kind's class of settings.
"""

from __future__ import annotations

import tomllib
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

from sedicfmt.errors import EncodeError

CONFIGS = Path(__file__).parent / "configs"


def find_config(name: str) -> Path:
    """The file that a name stands for. Raises EncodeError naming those that there are."""
    path = Path(name) if name.endswith(".toml") else CONFIGS / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in CONFIGS.glob("*.toml")))
        raise EncodeError(f"no configuration {name}; there are {known}, or a file that ends in .toml")
    return path


def load_config(name: str, changes: list[str]) -> tuple[Any, Any]:
    """(class of the run, its settings) of a configuration with `changes`, each "setting=value". Raises EncodeError."""
    path = find_config(name)
    try:
        config = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise EncodeError(f"{path} is not TOML: {error}") from error
    run, settings = find_kind(config.get("kind", ""))
    values = {**config.get("settings", {}), **dict(_split(change) for change in changes)}
    return run, settings(**_checked(values, asdict(settings())))


def find_kind(kind: str) -> tuple[Any, Any]:
    """(run, settings) classes of a kind. Raises EncodeError."""
    if kind not in KINDS:
        raise EncodeError(f"no model of kind {kind!r} can be trained; there are {', '.join(KINDS)}", "kind")
    module, run, settings = KINDS[kind]
    loaded = import_module(module)
    return getattr(loaded, run), getattr(loaded, settings)


def _split(change: str) -> tuple[str, str]:
    name, equals, value = change.partition("=")
    if not equals:
        raise EncodeError(f"{change!r} is not of the form setting=value")
    return name, value


def _checked(values: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """The values with the types of the defaults."""
    for name, value in values.items():
        if name not in defaults:
            raise EncodeError(f"there is no setting {name}; there are {', '.join(defaults)}", f"settings.{name}")
        try:
            values[name] = type(defaults[name])(value)
        except (TypeError, ValueError) as error:
            wanted = type(defaults[name]).__name__
            raise EncodeError(f"{value!r} is no {wanted}", f"settings.{name}") from error
    return values


KINDS = {
    "codec": ("sedicfmt.training.train_codec", "CodecRun", "CodecSettings"),
    "cheng2020": ("sedicfmt.training.train_cheng", "ChengRun", "ChengSettings"),
    "restorer": ("sedicfmt.training.train_restorer", "RestorerRun", "RestorerSettings"),
}
