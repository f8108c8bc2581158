"""The tables of what finds objects: grounders (where is a phrase) and segmenters (the mask of what a box frames).

    grounders:   grounding-dino[:FOLDER_OR_ID]   none
    segmenters:  grabcut   sam[:FOLDER_OR_ID]   sam-checkpoint:PATH

and what other packages register in `sedicfmt.grounders` and `sedicfmt.segmenters`. A factory takes the specification's
argument (None without a colon) and the device's name, and fails at once, before any work, where a model is missing.
"""

from __future__ import annotations

from sedicfmt.back_ends import BackEnds
from sedicfmt.encoders.interfaces import Grounder, Segmenter
from sedicfmt.errors import EncodeError

GROUNDERS = BackEnds(
    "grounder",
    "sedicfmt.grounders",
    {
        "grounding-dino": "sedicfmt.encoders.objects.ground_grounding_dino:open_grounding_dino",
        "none": "sedicfmt.encoders.objects.registry_objects:open_no_grounder",
    },
)

SEGMENTERS = BackEnds(
    "segmenter",
    "sedicfmt.segmenters",
    {
        "grabcut": "sedicfmt.encoders.objects.registry_objects:open_grabcut",
        "sam": "sedicfmt.encoders.objects.segment_sam:open_sam",
        "sam-checkpoint": "sedicfmt.encoders.objects.segment_sam_checkpoint:open_sam_checkpoint",
    },
)


def find_grounder(spec: str, device: str = "auto") -> Grounder | None:
    """The grounder that `spec` names, ready to run; None for "none".

    Raises EncodeError for an unknown name or a bad argument, MissingDependency (with the command that helps) where a
    package or a model is missing, BackendFailed for one that does not load or a name registered twice.
    """
    factory, argument = GROUNDERS.find(spec)
    made: Grounder | None = factory(argument, device)
    return made


def find_segmenter(spec: str, device: str = "auto") -> Segmenter:
    """The segmenter that `spec` names, ready to run. Raises what `find_grounder` raises."""
    factory, argument = SEGMENTERS.find(spec)
    made: Segmenter = factory(argument, device)
    return made


def open_no_grounder(argument: str | None, device: str) -> None:
    """For "none": nothing is looked for, and nothing checked. Raises EncodeError for an argument."""
    if argument is not None:
        raise EncodeError(f"the grounder 'none' takes no argument, not {argument!r}")


def open_grabcut(argument: str | None, device: str) -> Segmenter:
    """GrabCut needs no model and no device. Raises EncodeError for an argument, MissingDependency without OpenCV."""
    if argument is not None:
        raise EncodeError(f"the segmenter 'grabcut' takes no argument, not {argument!r}")
    from sedicfmt.encoders.objects.segment_grabcut import GrabCutSegmenter
    from sedicfmt.networks.packages import package

    package("cv2")
    return GrabCutSegmenter()
