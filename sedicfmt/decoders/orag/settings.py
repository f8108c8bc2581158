"""Everything about the restoring loop that the paper leaves open or its ablations vary, with the defaults of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sedicfmt.decoders.orag.attention_guidance import Guidance
from sedicfmt.decoders.orag.presets import NEGATIVE_PROMPT, PRESETS, WITHOUT_REFERENCE
from sedicfmt.decoders.orag.scheduler_ddim import Spacing
from sedicfmt.decoders.orag.values import RULES, checked
from sedicfmt.errors import EncodeError


@dataclass(frozen=True)
class OragSettings:
    """Defaults are those for Stable Diffusion (the paper's, then the authors' script's); a model brings its own.

    preset             which table of presets.py these began with, for the record; `changed` applies the table
    use_reference      False: the file's latent is not looked at; I_0 is a picture of one grey (the paper's table 3, row 7)
    objects            at most so many object stages; None: all of the file's (J). 0 is the paper's "J = 0"
    object_steps       denoising steps of each object stage
    steps              denoising steps of the whole stage
    sampler            "ddim", or "ancestral": fresh noise in every step (DiffBIR's)
    spacing            which levels the steps stand at: "trailing", or "ends", from the noisiest to the cleanest (DiffBIR's)
    guidance           equations 2 and 3 and what is open in them; None: without (the paper's Table 2)
    object_cfg, cfg    classifier-free guidance of object and whole stages; 1: the unconditional side is not computed
    negative_prompt    the unconditional side's text
    use_text           False: every text counts as empty (to measure what words do); guidance then has no tokens
    shared_noise       all stages start from one draw of noise, or each from its own; a sampler's noise goes the same way
    start              z_T of the whole stage: pure "noise" (Algorithm 1), the noised low frequencies of the "reference", the
                       noised "objects" picture, or its noised low frequencies, "objects-low" (the authors' script)
    strength           the share of T at which the whole stage starts; less keeps more of what `start` shows
    last_control       cf of the whole stage: the "objects" picture (Algorithm 1) or the "reference" (the authors' script)
    keep_objects       the whole stage leaves objects as their own stages restored them, or restores them again
    fusion             objects are put together at all "steps" (equation 4), or at the end of "stages" (the authors' script)
    before_first       z_{-1,t}, what the first object is fused with: the noised "reference" latent, or "nothing": no fusion
    round_trip         cf_{j+1} = epsilon(D(z_{j,0})) as Algorithm 1 has it, instead of z_{j,0} itself
    colour             correction of the finished picture: "wavelet", "adain" or "none"
    detail             of the difference that restoring made, how much the finished picture keeps, 0 to 1: less invented
                       detail is nearer to the photo and looks less like one
    """

    preset: Literal["none", "algorithm-1", "authors"] = "none"
    use_reference: bool = True
    objects: int | None = None
    object_steps: int = 10
    steps: int = 20
    sampler: Literal["ddim", "ancestral"] = "ddim"
    spacing: Spacing = "trailing"
    guidance: Guidance | None = field(default_factory=Guidance)
    object_cfg: float = 3.5
    cfg: float = 7.0
    negative_prompt: str = NEGATIVE_PROMPT
    use_text: bool = True
    shared_noise: bool = True
    start: Literal["noise", "reference", "objects", "objects-low"] = "reference"
    strength: float = 1.0
    last_control: Literal["objects", "reference"] = "objects"
    keep_objects: bool = False
    fusion: Literal["steps", "stages"] = "steps"
    before_first: Literal["reference", "nothing"] = "reference"
    round_trip: bool = False
    colour: str = "wavelet"
    detail: float = 1.0

    def __post_init__(self) -> None:
        """Raises EncodeError for settings that no loop can run."""
        for name in RULES:
            object.__setattr__(self, name, checked(name, getattr(self, name), RULES))
        self._check_start()

    def _check_start(self) -> None:
        if self.strength < 1 and self.start == "noise":
            told = "a strength below 1 needs a start that shows something: reference, objects or objects-low"
            raise EncodeError(told, "strength")
        if self.use_reference:
            return
        taking = {"start": "reference", "last_control": "reference"}
        wrong = [name for name, value in taking.items() if getattr(self, name) == value]
        wrong += ["colour"] if self.colour != "none" else []
        wrong += ["detail"] if self.detail < 1 else []
        if wrong:
            told = f"without the reference there is no {wrong[0]} {getattr(self, wrong[0])}: it takes from it"
            raise EncodeError(told, wrong[0])

    def changed(self, changes: Mapping[str, Any]) -> OragSettings:
        """These settings with some fields otherwise. `changes["guidance"]`: None, a Guidance, or a mapping of its fields.

        `changes["preset"]` sets the fields of that table of presets.py first, `use_reference` = False those that it needs; all
        other changes win over both.
        Raises EncodeError for fields that do not exist and values that make no sense.
        """
        merged: dict[str, Any] = {}
        guidance = self.guidance
        try:
            for table in (*tables_of(changes), changes):
                asked = table.get("guidance", guidance)
                guidance = replace(guidance or Guidance(), **asked) if isinstance(asked, Mapping) else asked
                merged |= table
            return replace(self, **{**merged, "guidance": guidance})
        except TypeError as error:
            raise EncodeError(f"these settings make no sense: {error}") from error


def tables_of(changes: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The tables of presets.py that stand behind some changes, the weaker first."""
    preset = PRESETS.get(changes.get("preset", "none"), {})
    return [preset, WITHOUT_REFERENCE if changes.get("use_reference", True) is False else {}]
