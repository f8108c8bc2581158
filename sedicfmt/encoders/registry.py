"""The table of describers: `offline`, `annotations:FILE`, and what other packages register as entry points.

A specification is a name, or a name, a colon and an argument that the describer understands. A factory takes the argument
(None without a colon) and the picture's file name (None where it has none) and returns a `Describer`. Packages register
factories in the group `sedicfmt.describers`; a name that is taken, here or by another package, is an error, never a
silent replacement.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from sedicfmt.encoders.interfaces import Describer
from sedicfmt.errors import BackendFailed, EncodeError

Factory = Callable[[str | None, str | None], Describer]
GROUP = "sedicfmt.describers"


def find_describer(spec: str, image_name: str | None = None) -> Describer:
    """The describer that `spec` names, for the picture called `image_name`.

    Raises EncodeError for an unknown name or a bad argument, BackendFailed for a name registered twice or an entry point
    that does not load, MissingDependency where the describer lacks something.
    """
    name, colon, argument = spec.partition(":")
    installed = _installed()
    if name in DESCRIBERS:
        return _built_in(name)(argument if colon else None, image_name)
    if name in installed:
        return _load(installed[name])(argument if colon else None, image_name)
    raise EncodeError(f"unknown describer {name!r}; known are {', '.join(describer_names())}")


def describer_names() -> tuple[str, ...]:
    """All names that `find_describer` knows, in alphabetical order."""
    return tuple(sorted({*DESCRIBERS, *_installed()}))


def _built_in(name: str) -> Factory:
    module, factory = DESCRIBERS[name].split(":")
    found: Factory = getattr(import_module(module), factory)
    return found


def _load(entry: EntryPoint) -> Factory:
    try:
        found: Factory = entry.load()
    except Exception as error:  # whatever a stranger's module raises on import
        raise BackendFailed(f"the describer {entry.name!r} ({entry.value}) does not load: {error}") from error
    return found


def _installed() -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=GROUP):
        taken = DESCRIBERS.get(entry.name) or (found[entry.name].value if entry.name in found else None)
        if taken:
            raise BackendFailed(f"two describers are called {entry.name!r}: {taken} and {entry.value}")
        found[entry.name] = entry
    return found


DESCRIBERS = {
    "annotations": "sedicfmt.encoders.describe_annotations:open_annotations",
    "offline": "sedicfmt.encoders.describe_offline:open_offline",
}
