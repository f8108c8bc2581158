"""Tables of back ends: the built-in ones, written out, and what other packages register as entry points.

A specification is a name, or a name, a colon and an argument that the back end understands. A name that is taken, by a
built-in back end or by another package, is an error, never a silent replacement. Nothing is imported before it is asked for.

A factory makes the back end. What it takes is what its parameters are called, as `inspect.signature` shows them:

    def open_mine(argument, *, device="auto", base_url=None): ...

The first one that may be given by its place gets the argument (None without a colon). All others are settings, and are given
by their names, those alone that it has. A setting that a user chose and that the factory does not have is the user's error.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sedicfmt.errors import BackendFailed, EncodeError
from sedicfmt.guard import Guard, a, words_of

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

BY_PLACE = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@cache
def all_entry_points() -> Any:
    """Of every package that is installed; reading their files takes a tenth of a second, so it is done once a process, and
    not at all where no name is looked up."""
    from importlib import metadata

    return metadata.entry_points()


def entry_points(group: str) -> Iterable[EntryPoint]:
    """What packages registered under a group's name."""
    found: Iterable[EntryPoint] = all_entry_points().select(group=group)
    return found


@dataclass(frozen=True)
class Factory:
    """What makes a back end, and whose it is; `takes`: the names of its settings, those in `must` without a default."""

    guard: Guard
    make: Any
    has_argument: bool
    takes: frozenset[str]
    must: frozenset[str]
    takes_all: bool = False

    def has(self, setting: str) -> bool:
        """Whether it takes the setting of that name."""
        return self.takes_all or setting in self.takes


@dataclass(frozen=True)
class BackEnds:
    """One kind of back end: `kind` for messages, the entry points' `group`, and `built_in`: name -> "module:factory".

    `method`: the one that every back end of this kind has; `decodes`: it is given a file's bytes (see `Guard`).
    `settings`: the names of all settings that this kind may be given; `whole`: the one that holds all the others, if there is
    one; `nothing`: the name that stands for no back end at all, if there is one.
    """

    kind: str
    group: str
    built_in: Mapping[str, str]
    method: str
    settings: tuple[str, ...] = ()
    whole: str = field(default="", kw_only=True)
    nothing: str = field(default="", kw_only=True)
    decodes: bool = field(default=False, kw_only=True)

    def open(self, spec: str, known: Mapping[str, Any], chosen: Mapping[str, str] | None = None) -> tuple[Guard, Any]:
        """The back end that `spec` names, and its guard; for `nothing` None in place of the back end.

        `known`: a value for each setting there is; `chosen`: those that a user asked for, with what to call them in an
        error's path. Raises EncodeError for an unknown name, an argument or a choice that the back end does not take,
        BackendFailed for a name registered twice and whatever a factory breaks, and what else a factory may raise.
        """
        factory, argument = self.find(spec)
        self._check(factory, spec, argument, chosen or {})
        settings = {name: known[name] for name in self.settings if name in known and factory.has(name)}
        with replace(factory.guard, decodes=False).at_work():  # no file is read yet, so none can be broken
            made = factory.make(*([argument] if factory.has_argument else []), **settings)
            if factory.guard.name != self.nothing:
                has_method = callable(getattr(made, self.method, None))
                factory.guard.require(has_method, f"has no method {self.method}: its factory gave {a(made)}")
        return factory.guard, made

    def find(self, spec: str) -> tuple[Factory, str | None]:
        """The factory that `spec` names, and its argument (None without a colon).

        Raises EncodeError for an unknown name, BackendFailed for a name registered twice, an entry point
        that does not load, and a factory that wants what nobody has.
        """
        self.check(spec)
        name, colon, argument = spec.partition(":")
        return self._load(name, self.installed().get(name)), argument if colon else None

    def check(self, spec: str, path: str = "") -> None:
        """Raises EncodeError, with the option's name as path, for a name that `find` does not know; nothing is imported."""
        name = spec.partition(":")[0]
        if name not in self.built_in and name not in self.installed():
            raise EncodeError(f"unknown {self.kind} {name!r}; known are {', '.join(self.names())}", path)

    def names(self) -> tuple[str, ...]:
        """All names that `find` knows, in alphabetical order."""
        return tuple(sorted({*self.built_in, *self.installed()}))

    def installed(self) -> dict[str, EntryPoint]:
        """What other packages registered. Raises BackendFailed for a name that two have."""
        found: dict[str, EntryPoint] = {}
        for entry in entry_points(self.group):
            taken = self.built_in.get(entry.name) or (found[entry.name].value if entry.name in found else None)
            if taken:
                raise BackendFailed(f"two {self.kind}s are called {entry.name!r}: {taken} and {_of_package(entry)}")
            found[entry.name] = entry
        return found

    def package(self, spec: str) -> str:
        """The other package that `spec` names a back end of, with its version; empty for ours and for what is not there."""
        entry = self.installed().get(spec.partition(":")[0])
        return package_of(entry) if entry else ""

    def _load(self, name: str, entry: EntryPoint | None) -> Factory:
        """Of ours a mistake in an import is not caught, and what its factory says of a package that lacks is enough."""
        guard = Guard(self.kind, name, package_of(entry) if entry else "", decodes=self.decodes)
        if entry is None:
            module, attribute = self.built_in[name].split(":")
            make = getattr(import_module(module), attribute)
        else:
            with guard.at_work():
                make = _loaded(guard, entry)
        factory = _described(guard, make, getattr(make, "reads_files", False) is True)
        unknown = sorted(factory.must - set(self.settings))
        told = f"wants {', '.join(unknown)}, which nobody has; a {self.kind} may take {', '.join(self.settings)}"
        guard.require(not unknown, told)
        return factory

    def _check(self, factory: Factory, spec: str, argument: str | None, chosen: Mapping[str, str]) -> None:
        """Raises EncodeError for what the user gave and the back end does not take."""
        name = spec.partition(":")[0]
        if argument is not None and not factory.has_argument:
            raise EncodeError(f"the {self.kind} {name!r} takes no argument, not {argument!r}")
        if idle := sorted(
            setting for setting in chosen if not factory.has(setting) and self.whole not in factory.takes
        ):
            raise EncodeError(
                f"the {self.kind} {name!r} has no use for the choice of {', '.join(idle)}", chosen[idle[0]]
            )


def package_of(entry: EntryPoint) -> str:
    """The installed package that an entry point is of, with its version; what it points to where that is not known."""
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value


def _of_package(entry: EntryPoint) -> str:
    return f"{entry.value} ({package_of(entry)})" if entry.dist else entry.value


def _loaded(guard: Guard, entry: EntryPoint) -> Any:
    try:
        return entry.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a stranger's module raises on import
        raise BackendFailed(f"{guard} ({entry.value}) does not load: {words_of(error)}") from error


def _described(guard: Guard, make: Any, reads_files: bool) -> Factory:
    """A factory by its signature. Raises BackendFailed for what cannot be called."""
    guard = replace(guard, reads_files=reads_files)
    try:
        parameters = [*inspect.signature(make).parameters.values()]
    except (TypeError, ValueError):
        guard.refuse(f"is no factory: {make!r} cannot be called, or has no signature")
    has_argument = bool(parameters) and parameters[0].kind in BY_PLACE
    settings = [p for p in parameters[has_argument:] if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    must = frozenset(p.name for p in settings if p.default is p.empty)
    takes_all = any(p.kind == p.VAR_KEYWORD for p in parameters)
    return Factory(guard, make, has_argument, frozenset(p.name for p in settings), must, takes_all)
