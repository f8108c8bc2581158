"""A second opinion on detections: outside COCO's world the detector errs with confidence, the classifier errs otherwise.

A detection below SURE is dropped where the classifier, looking at its box, finds next to nothing (LEAST) of what such a
thing may be in ImageNet's words. Classes that ImageNet lacks (a person, a giraffe) are not checked. An animal gets its
kind's name where the classifier is certain of it ("macaw" for "bird"). Measured on the COCO photos in docs/offline.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sedicfmt.encoders.interfaces import Detection
from sedicfmt.encoders.offline.name_pictures import Namer, precise_name, share_of
from sedicfmt.picture import Picture

SURE = 0.9
LEAST = 0.01


def checked(image: Picture, detections: Sequence[Detection], namer: Namer) -> list[Detection]:
    """The detections that stand up to the classifier, in their order. Raises MissingDependency, BackendFailed."""
    return [kept for detection in detections if (kept := _checked(image, detection, namer)) is not None]


def _checked(image: Picture, detection: Detection, namer: Namer) -> Detection | None:
    words, has_kinds = MAY_BE.get(detection.name, ()), detection.name in HAVE_KINDS
    if not has_kinds and (not words or detection.score >= SURE):
        return detection
    seen = namer.look_at(image, detection.box).whole
    if detection.score < SURE and share_of(words, seen) < LEAST:
        return None
    kind = precise_name(words, seen) if has_kinds else None
    return replace(detection, name=kind) if kind else detection


HAVE_KINDS = frozenset({"bird", "dog", "bear"})
# what ImageNet's general words call a class of COCO, generously
MAY_BE = {
    "bicycle": ("bicycle", "motorcycle"), "car": ("car", "truck", "bus"), "motorcycle": ("motorcycle", "bicycle"),
    "airplane": ("airplane",), "bus": ("bus", "train", "truck", "car"), "train": ("train", "bus"),
    "truck": ("truck", "car", "bus"), "boat": ("boat",), "bird": ("bird",), "cat": ("cat", "big cat"),
    "dog": ("dog", "wild dog", "fox"), "horse": ("horse", "cart", "cow"), "sheep": ("sheep", "goat", "dog"),
    "cow": ("cow", "cart"), "elephant": ("elephant",), "bear": ("bear",), "zebra": ("zebra",), "sandwich": ("food",),
    "hot dog": ("food",), "pizza": ("food",), "donut": ("food",), "cake": ("food",), "broccoli": ("vegetable", "food"),
    "carrot": ("vegetable", "food", "fruit"), "banana": ("fruit",), "apple": ("fruit",), "orange": ("fruit",),
    "toilet": ("toilet", "sink"), "laptop": ("computer", "keyboard", "screen"), "tv": ("screen", "computer"),
    "clock": ("clock",), "umbrella": ("umbrella", "fabric", "clothing"), "teddy bear": ("teddy bear",),
    "bed": ("bed", "fabric", "couch"), "couch": ("couch", "bed", "chair", "fabric"), "refrigerator": ("refrigerator",),
    "oven": ("stove",), "sink": ("sink",), "vase": ("pot", "flower"),
}  # fmt: skip
