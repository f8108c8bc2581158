"""What a setting of the loop may be: one rule a name, the same for the command line, the library and the loop. No torch here.

A number of numpy's is taken as Python's, so that a record of settings can be written as JSON.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any

from sedicfmt.container.content_types import as_whole
from sedicfmt.errors import EncodeError

Rule = Callable[[Any], Any]  # the value as it is kept; ValueError for another, with what it has to be


def checked(name: str, value: Any, rules: Mapping[str, Rule]) -> Any:
    """The value that the setting `name` is kept as; one without a rule as it is. Raises EncodeError with the name as path."""
    try:
        return rules[name](value) if name in rules else value
    except ValueError as error:
        raise EncodeError(f"{name} is {error}, not {value!r}", name) from None


def checked_changes(changes: Mapping[str, Any], rules: Mapping[str, Rule]) -> dict[str, Any]:
    """Settings by their names, those of guidance as a mapping of their own. Raises EncodeError as `checked`."""
    kept = {name: checked(name, value, rules) for name, value in changes.items()}
    if isinstance(guidance := kept.get("guidance"), Mapping):
        if unknown := sorted(map(str, guidance.keys() - GUIDANCE_RULES.keys())):
            raise EncodeError(f"guidance has no {unknown[0]}; it has {', '.join(GUIDANCE_RULES)}", "guidance")
        kept["guidance"] = {name: checked(name, value, GUIDANCE_RULES) for name, value in guidance.items()}
    return kept


def whole(least: int, absent: bool = False) -> Rule:
    """A whole number from `least`; `absent`: or None."""

    def rule(value: Any) -> int | None:
        if value is None and absent:
            return None
        number = as_whole(value)
        if number is None or number < least:
            raise ValueError(f"a whole number from {least}")
        return number

    return rule


def number(least: float = -math.inf, most: float = math.inf, above: bool = False) -> Rule:
    """A finite number of that range; `above`: without `least` itself."""

    def rule(value: Any) -> float:
        real = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
        if not (real and least <= value <= most and not (above and value == least)):
            low = f" {'above' if above else 'from'} {least:g}" if math.isfinite(least) else ""
            high = f" to {most:g}" if math.isfinite(most) else ""
            raise ValueError(f"a number{low}{high}")
        return value if isinstance(value, int) else float(value)

    return rule


def flag(value: Any) -> bool:
    """True or False."""
    if type(value).__name__ not in ("bool", "bool_"):  # numpy's as well
        raise ValueError("True or False")
    return bool(value)


def text(value: Any) -> str:
    """Words, or none."""
    if not isinstance(value, str):
        raise ValueError("a text")
    return value


def of(*names: str) -> Rule:
    """One of the names."""

    def rule(value: Any) -> str:
        if not isinstance(value, str) or value not in names:
            raise ValueError(f"one of {', '.join(names)}")
        return value

    return rule


def guided(value: Any) -> Any:
    """None, a mapping of settings, or a `Guidance`, which can only be asked with torch."""
    if not (value is None or isinstance(value, Mapping) or hasattr(value, "eta")):
        raise ValueError("None or a mapping of eta, share, updates, tokens, by_noise, full_gradient")
    return value


CHOICES = {
    "preset": ("none", "algorithm-1", "authors"),
    "sampler": ("ddim", "ancestral"),
    "spacing": ("trailing", "ends"),
    "start": ("noise", "reference", "objects", "objects-low"),
    "last_control": ("objects", "reference"),
    "fusion": ("steps", "stages"),
    "before_first": ("reference", "nothing"),
    "colour": ("wavelet", "adain", "none"),
}
RULES: dict[str, Rule] = {
    **{name: of(*names) for name, names in CHOICES.items()},
    **dict.fromkeys(("use_reference", "use_text", "shared_noise", "round_trip", "keep_objects"), flag),
    "objects": whole(0, absent=True),
    "object_steps": whole(1),
    "steps": whole(1),
    "guidance": guided,
    "object_cfg": number(),
    "cfg": number(),
    "negative_prompt": text,
    "strength": number(0, 1, above=True),
    "detail": number(0, 1),
}
ANY_RULES = {
    **RULES,
    "strength": number(),
    "detail": number(),
}  # of another package's restorer, which may mean more by them
GUIDANCE_RULES: dict[str, Rule] = {
    "eta": number(0, above=True),
    "share": number(0, 1),
    "updates": whole(1),
    "tokens": of("name", "all"),
    "by_noise": flag,
    "full_gradient": flag,
}
