"""Tables of back ends: the built-in ones, written out, and what other packages register as entry points.

A specification is a name, or a name, a colon and an argument that the back end understands. A name that is taken, by a
built-in back end or by another package, is an error, never a silent replacement. Nothing is imported before it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from sedicfmt.errors import BackendFailed, EncodeError


@dataclass(frozen=True)
class BackEnds:
    """One kind of back end: `kind` for messages, the entry points' `group`, and `built_in`: name -> "module:factory"."""

    kind: str
    group: str
    built_in: Mapping[str, str]

    def find(self, spec: str) -> tuple[Any, str | None]:
        """The factory that `spec` names, and its argument (None without a colon).

        Raises EncodeError for an unknown name, BackendFailed for a name registered twice or an entry point that does not load.
        """
        name, colon, argument = spec.partition(":")
        installed = self.installed()
        if name not in self.built_in and name not in installed:
            raise EncodeError(f"unknown {self.kind} {name!r}; known are {', '.join(self.names())}")
        factory = self._load_built_in(name) if name in self.built_in else self._load(installed[name])
        return factory, argument if colon else None

    def names(self) -> tuple[str, ...]:
        """All names that `find` knows, in alphabetical order."""
        return tuple(sorted({*self.built_in, *self.installed()}))

    def _load_built_in(self, name: str) -> Any:
        module, factory = self.built_in[name].split(":")
        return getattr(import_module(module), factory)

    def _load(self, entry: EntryPoint) -> Any:
        try:
            return entry.load()
        except Exception as error:  # whatever a stranger's module raises on import
            raise BackendFailed(f"the {self.kind} {entry.name!r} ({entry.value}) does not load: {error}") from error

    def installed(self) -> dict[str, EntryPoint]:
        """What other packages registered."""
        found: dict[str, EntryPoint] = {}
        for entry in entry_points(group=self.group):
            taken = self.built_in.get(entry.name) or (found[entry.name].value if entry.name in found else None)
            if taken:
                raise BackendFailed(f"two {self.kind}s are called {entry.name!r}: {taken} and {entry.value}")
            found[entry.name] = entry
        return found
