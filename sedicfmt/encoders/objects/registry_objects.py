"""The tables of what finds objects: grounders (where is a phrase) and segmenters (the mask of what a box frames).

    grounders:   grounding-dino[:FOLDER_OR_ID]   none
    segmenters:  mask-head   sam[:FOLDER_OR_ID]   sam-checkpoint:PATH

and what other packages register in `sedicfmt.grounders` and `sedicfmt.segmenters`. A factory takes the specification's
argument (None without a colon) and, where it names it, the `device`, and fails at once, before any work, where a model is
missing.
"""

from __future__ import annotations

from sedicfmt.back_ends import BackEnds
from sedicfmt.encoders.guarded import GuardedGrounder, GuardedSegmenter

GROUNDERS = BackEnds(
    "grounder",
    "sedicfmt.grounders",
    {
        "grounding-dino": "sedicfmt.encoders.objects.ground_grounding_dino:open_grounding_dino",
        "none": "sedicfmt.encoders.objects.registry_objects:open_no_grounder",
    },
    "ground",
    ("device",),
    nothing="none",
)

SEGMENTERS = BackEnds(
    "segmenter",
    "sedicfmt.segmenters",
    {
        "mask-head": "sedicfmt.encoders.offline.segment_mask_head:open_mask_head",
        "sam": "sedicfmt.encoders.objects.segment_sam:open_sam",
        "sam-checkpoint": "sedicfmt.encoders.objects.segment_sam_checkpoint:open_sam_checkpoint",
    },
    "segment",
    ("device",),
)


def find_grounder(spec: str, device: str = "auto") -> GuardedGrounder | None:
    """The grounder that `spec` names, ready to run and with a guard around it (`inner` is the grounder); None for "none".

    Raises EncodeError for an unknown name or a bad argument, MissingDependency (with the command that helps) where a
    package or a model is missing, BackendFailed for one that does not load or breaks, or a name registered twice.
    """
    guard, made = GROUNDERS.open(spec, {"device": device})
    return None if made is None else GuardedGrounder(made, guard)


def find_segmenter(spec: str, device: str = "auto") -> GuardedSegmenter:
    """The segmenter that `spec` names, ready to run and with a guard around it. Raises what `find_grounder` raises."""
    guard, made = SEGMENTERS.open(spec, {"device": device})
    return GuardedSegmenter(made, guard)


def open_no_grounder() -> None:
    """For "none": nothing is looked for, and nothing checked."""
