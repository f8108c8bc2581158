"""What a caller may choose when a picture is packed, and the presets: choices under one name (table at the bottom)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Any

from sedicfmt.container import content_types
from sedicfmt.encoders.interfaces import DescribeRequest
from sedicfmt.encoders.objects.registry_objects import GROUNDERS, SEGMENTERS
from sedicfmt.encoders.registry import DESCRIBERS
from sedicfmt.errors import EncodeError
from sedicfmt.limits import MAX_OBJECTS
from sedicfmt.networks.devices import check_name as check_device
from sedicfmt.pipeline.choose_reference import AUTO, check_model
from sedicfmt.pipeline.idle import told_idle
from sedicfmt.pipeline.rate_control import Budget, operating_point


@dataclass(frozen=True)
class PackOptions:
    """Limits are the paper's J, l_d and l_all; bytes and bpp are of the whole file. Raises EncodeError for a bad value.

    `objects`, `words_object`, `words_overall`: None for what the paper has at the budget's rate (rate_control.POINTS).
    `model`: of the reference picture, a name of the registry or "auto" (choose_reference).
    `refine`: about ten seconds more for a reference picture nearer to the photo at the same bytes (search_refined).
    `llm_timeout` (seconds a request), `llm_retries`, `llm_max_tokens` (an answer), `llm_image_size` (pixels of the longest
    side, as sent): for describers that ask a language model, None for what they choose.
    `preset`: the name under which `from_preset` made these options; it decides nothing by itself.
    """

    describe: str = "offline"
    ground: str = "none"
    segment: str = "mask-head"
    base_url: str | None = field(default=None, repr=False)  # an address may hold a secret
    device: str = "auto"
    objects: int | None = None
    words_object: int | None = None
    words_overall: int | None = None
    max_bytes: int | None = None
    target_bpp: float | None = None
    mask_scale: int = 8
    seed: int = 0
    model: str = AUTO
    refine: bool = False
    llm_timeout: float | None = None
    llm_retries: int | None = None
    llm_max_tokens: int | None = None
    llm_image_size: int | None = None
    preset: str | None = None

    def __post_init__(self) -> None:
        for name in WHOLE:
            object.__setattr__(self, name, whole(getattr(self, name), name))
        for name in ("describe", "ground", "segment", "device", "model"):
            if not isinstance(getattr(self, name), str):
                raise EncodeError(f"{name} is a name, not {getattr(self, name)!r}", name)
        if not isinstance(self.base_url, str | None):
            raise EncodeError(f"an address is a text, not a {type(self.base_url).__name__}", "base_url")
        if not isinstance(self.refine, bool):
            raise EncodeError(f"refine is True or False, not {self.refine!r}", "refine")
        self._check()
        self._check_back_ends()

    def _check(self) -> None:
        if self.objects is not None and not 0 <= self.objects <= MAX_OBJECTS:
            raise EncodeError(f"{self.objects} objects; a file holds 0 to {MAX_OBJECTS}", "objects")
        if self.mask_scale not in (1, 2, 4, 8, 16, 32, 64, 128):
            raise EncodeError(f"a mask scale of {self.mask_scale}; it is a power of two from 1 to 128", "mask_scale")
        if self.seed is None or not 0 <= self.seed < 1 << 32:
            raise EncodeError(f"a seed of {self.seed}; it has 32 bits", "seed")
        for name, least in (("words_object", 1), ("words_overall", 0)):
            most = getattr(self, name)
            if most is not None and most < least:
                raise EncodeError(f"a limit of {most} words; it is at least {least}", name)
        if self.max_bytes is not None and self.target_bpp is not None:
            raise EncodeError("give either max_bytes or target_bpp", "max_bytes")
        if self.max_bytes is not None and self.max_bytes < 1:
            raise EncodeError(f"a budget of {self.max_bytes!r} bytes; it is a whole number from 1", "max_bytes")
        if self.target_bpp is not None and not (is_number(self.target_bpp) and 0 < self.target_bpp <= MOST_BPP):
            raise EncodeError(f"a target of {self.target_bpp} bpp; it is above 0 and at most {MOST_BPP}", "target_bpp")
        check_device(self.device, "device")
        if self.llm_timeout is not None and not (is_number(self.llm_timeout) and self.llm_timeout > 0):
            raise EncodeError(f"a time-out of {self.llm_timeout!r}; it is a number of seconds above 0", "llm_timeout")
        for name, least in (("llm_retries", 0), ("llm_max_tokens", 1), ("llm_image_size", 1)):
            if (given := getattr(self, name)) is not None and given < least:
                raise EncodeError(f"{name} is a whole number from {least}, not {given}", name)

    def _check_back_ends(self) -> None:
        """That there are any of those names, whether they will have something to do or not."""
        check_model(self.model)
        DESCRIBERS.check(self.describe, "describe")
        GROUNDERS.check(self.ground, "ground")
        SEGMENTERS.check(self.segment, "segment")

    @property
    def says_nothing(self) -> bool:
        """No objects and no words: a latent alone."""
        return self.objects == 0 and self.words_overall == 0

    def unused(self) -> list[str]:
        """What was asked for and has nothing to do."""
        if self.says_nothing:
            usual, asked = vars(PackOptions()), [*LLM_OPTIONS, "describe", "base_url", "ground", "segment", "device"]
            idle = [name for name in asked if getattr(self, name) != usual[name]]
            return told_idle(idle, "no words and no objects are asked for")
        if self.ground == "none" and self.segment != "mask-head":
            return [f"{self.segment} has no boxes to segment: name a grounder as well (ground)"]
        return []

    def llm(self) -> dict[str, Any]:
        """What was chosen for a language model, by the names of its settings."""
        given = {name: getattr(self, f"llm_{switch}") for switch, name in LLM.items()}
        return {name: value for name, value in given.items() if value is not None}

    def budget(self, pixels: int) -> Budget:
        """The most bytes for a picture of so many pixels."""
        return Budget.of(self.max_bytes, self.target_bpp, pixels)

    def limits(self, pixels: int) -> DescribeRequest:
        """How much may be said of a picture of so many pixels: what was given, else what the paper has at that rate."""
        usual = operating_point(self.budget(pixels), pixels)
        given = {name: getattr(self, name) for name in ("objects", "words_object", "words_overall")}
        return replace(usual, **{name: most for name, most in given.items() if most is not None})


def whole(value: Any, name: str) -> int | None:
    """Any whole number, numpy's too, as Python's; None stays None. Raises EncodeError with the option's name."""
    return None if value is None else content_types.whole(value, name)


def is_number(value: Any) -> bool:
    """Anything that counts as a real number."""
    return isinstance(value, Real) and not isinstance(value, bool)


def from_preset(preset: str | None = None, **given: Any) -> PackOptions:
    """The options of a preset, with what is given (not None) in their place; a budget given replaces the preset's.

    Raises EncodeError for an unknown preset, unknown names, and values that PackOptions refuses.
    """
    for name in given.keys() - vars(PackOptions()).keys():
        raise EncodeError(f"pack has no option {name}", name)
    given = {name: value for name, value in given.items() if value is not None}
    if preset is None:
        return PackOptions(**given)
    if not isinstance(preset, str) or preset not in PRESETS:
        raise EncodeError(f"no preset is called {preset!r}; there are {', '.join(PRESETS)}", "preset")
    chosen = dict(PRESETS[preset])
    if {"max_bytes", "target_bpp"} & given.keys():
        chosen.pop("target_bpp")
    return PackOptions(**{**chosen, **given, "preset": preset})


WHOLE = (
    "objects", "words_object", "words_overall", "max_bytes", "mask_scale", "seed",
    "llm_retries", "llm_max_tokens", "llm_image_size",
)  # fmt: skip
LLM = {"timeout": "timeout", "retries": "retries", "max_tokens": "max_tokens", "image_size": "longest_side"}
LLM_OPTIONS = tuple(f"llm_{switch}" for switch in LLM)
MOST_BPP = 1000  # far beyond any file: a picture as it is has 24
PRESETS: dict[str, dict[str, Any]] = {
    # The least that is still a picture with a caption: one object in ten words, twenty overall, coarse masks.
    "tiny": {"target_bpp": 0.01, "objects": 1, "words_object": 10, "words_overall": 20, "mask_scale": 16},
    # The paper's low rates, 0.02 to 0.03 bpp: J = 1, 20 and 30 words.
    "paper-low": {"target_bpp": 0.025, "objects": 1, "words_object": 20, "words_overall": 30},
    # The paper's high rates, 0.04 to 0.05 bpp: J = 3, 30 and 50 words.
    "paper-high": {"target_bpp": 0.045, "objects": 3, "words_object": 30, "words_overall": 50},
}
