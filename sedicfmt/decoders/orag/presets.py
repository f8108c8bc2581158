"""Tables of settings that go together: the paper's algorithm, the authors' script, a picture without its reference.

A preset is a name and the fields of `OragSettings` that it sets; fields that it does not name stay the model's own, and what
the user gives beside it wins. torch is not needed to read this file, so a command can list the names.

    algorithm-1   the paper's Algorithm 1 as it is printed: every stage draws its own noise and starts from it alone;
                  pictures go through the autoencoder between stages; the gradient of equation 3 is the full one; fusion
                  at every step (equation 4); no colour correction. Steps and eta are those of the paper's section 4.
    authors       as the authors' public script does it, an earlier state of the paper: no guidance; objects are put
                  together only at the end of each stage; the last stage is controlled by the reference and starts from
                  the low frequencies of the picture with the restored objects; DiffBIR's ancestral sampler and spacing.

What is open in both: algorithm-1 prints neither classifier-free guidance nor T' nor a sampler; those stay as they are. Of the
script it is not on record here what its object stages start from (here: noise) and whether it corrects colours. It takes
5 steps for its first object and 10 for the others (here: 10 for all).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NEGATIVE_PROMPT = "low quality, blurry, low-resolution, noisy, unsharp, weird textures"  # the authors' script
NEUTRAL = 128  # the grey that stands for a reference that is not looked at: the middle of what a model sees

ALGORITHM_1: Mapping[str, Any] = {
    "object_steps": 10,
    "steps": 20,
    "guidance": {"eta": 40.0, "updates": 1, "by_noise": False, "full_gradient": True},
    "shared_noise": False,
    "start": "noise",
    "strength": 1.0,
    "last_control": "objects",
    "keep_objects": False,
    "fusion": "steps",
    "round_trip": True,
    "colour": "none",
    "detail": 1.0,
}

AUTHORS: Mapping[str, Any] = {
    "object_steps": 10,
    "steps": 50,
    "guidance": None,
    "object_cfg": 3.5,
    "cfg": 7.0,
    "negative_prompt": NEGATIVE_PROMPT,
    "shared_noise": False,
    "start": "objects-low",
    "strength": 1.0,
    "last_control": "reference",
    "keep_objects": False,
    "fusion": "stages",
    "round_trip": True,
    "sampler": "ancestral",
    "spacing": "ends",
    "detail": 1.0,
}

WITHOUT_REFERENCE: Mapping[str, Any] = {
    "start": "noise",
    "strength": 1.0,
    "last_control": "objects",
    "colour": "none",
    "detail": 1.0,
}
"""What `use_reference = False` sets beside itself: nothing starts from the reference, is controlled or coloured by it."""

PRESETS: Mapping[str, Mapping[str, Any]] = {"algorithm-1": ALGORITHM_1, "authors": AUTHORS}
