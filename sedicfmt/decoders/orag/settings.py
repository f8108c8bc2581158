"""Everything about the restoring loop that the paper leaves open or its ablations vary, with the defaults of a model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sedicfmt.decoders.orag.attention_guidance import Guidance
from sedicfmt.decoders.orag.colour_correction import CORRECTIONS
from sedicfmt.errors import EncodeError

NEGATIVE_PROMPT = "low quality, blurry, low-resolution, noisy, unsharp, weird textures"  # the authors' script


@dataclass(frozen=True)
class OragSettings:
    """Defaults are those for Stable Diffusion (the paper's, then the authors' script's); a model brings its own.

    objects            at most so many object stages; None: all of the file's (J). 0 is the paper's "J = 0"
    object_steps       denoising steps of each object stage
    steps              denoising steps of the whole stage
    guidance           equations 2 and 3 and what is open in them; None: without (the paper's Table 2)
    object_cfg, cfg    classifier-free guidance of object and whole stages; 1: the unconditional side is not computed
    negative_prompt    the unconditional side's text
    use_text           False: every text counts as empty (to measure what words do); guidance then has no tokens
    shared_noise       all stages start from one draw of noise, or each from its own
    start              z_T of the whole stage: pure "noise" (Algorithm 1), or the noised low frequencies of the "reference"
                       (the authors' script), or the noised "objects" picture
    strength           the share of T at which the whole stage starts; less keeps more of what `start` shows
    round_trip         cf_{j+1} = epsilon(D(z_{j,0})) as Algorithm 1 has it, instead of z_{j,0} itself
    colour             correction of the finished picture: "wavelet", "adain" or "none"
    detail             of the difference that restoring made, how much the finished picture keeps, 0 to 1: less invented
                       detail is nearer to the photo and looks less like one

    before_first       z_{-1,t}, what the first object is fused with: the noised "reference" latent, or "nothing": no fusion
    """

    objects: int | None = None
    object_steps: int = 10
    steps: int = 20
    guidance: Guidance | None = field(default_factory=Guidance)
    object_cfg: float = 3.5
    cfg: float = 7.0
    negative_prompt: str = NEGATIVE_PROMPT
    use_text: bool = True
    shared_noise: bool = True
    start: Literal["noise", "reference", "objects"] = "reference"
    strength: float = 1.0
    before_first: Literal["reference", "nothing"] = "reference"
    round_trip: bool = False
    colour: str = "wavelet"
    detail: float = 1.0

    def __post_init__(self) -> None:
        """Raises EncodeError for settings that no loop can run."""
        if min(self.object_steps, self.steps) < 1:
            raise EncodeError("a stage needs at least one step")
        if self.objects is not None and self.objects < 0:
            raise EncodeError(f"there cannot be {self.objects} objects")
        if not (math.isfinite(self.cfg) and math.isfinite(self.object_cfg)):
            raise EncodeError("the scale of classifier-free guidance is a finite number")
        if not 0 < self.strength <= 1:
            raise EncodeError(f"strength is above 0 and at most 1, not {self.strength}")
        if not 0 <= self.detail <= 1:
            raise EncodeError(f"detail is 0 to 1, not {self.detail}")
        if self.strength < 1 and self.start == "noise":
            raise EncodeError("a strength below 1 needs a start that shows something: reference or objects")
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise EncodeError(f"no {name} is called {getattr(self, name)!r}; there are {', '.join(known)}")

    def changed(self, changes: Mapping[str, Any]) -> OragSettings:
        """These settings with some fields otherwise. `changes["guidance"]`: None, a Guidance, or a mapping of its fields.

        Raises EncodeError for fields that do not exist and values that make no sense.
        """
        guidance = changes.get("guidance", self.guidance)
        try:
            if isinstance(guidance, Mapping):
                guidance = replace(self.guidance or Guidance(), **guidance)
            return replace(self, **{**changes, "guidance": guidance})
        except TypeError as error:
            raise EncodeError(f"these settings make no sense: {error}") from error


CHOICES = {
    "start": ("noise", "reference", "objects"),
    "colour": tuple(CORRECTIONS),
    "before_first": ("reference", "nothing"),
}
