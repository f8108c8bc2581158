"""Frame <-> SedicFile: every payload decoded by its kind's module, errors with the place in the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial
from typing import NamedTuple, TypeVar

from sedicfmt.container.builder import build_frame
from sedicfmt.container.content_types import of_types
from sedicfmt.container.frame import Frame, Segment, objects_of, segment_kinds
from sedicfmt.container.parser import parse_frame
from sedicfmt.container.profile import check_changes, check_profile
from sedicfmt.container.size import check_size
from sedicfmt.errors import EncodeError, LimitExceeded, Malformed, SedicError, Truncated
from sedicfmt.limits import MAX_CODED_CELLS, MAX_MASK_CELLS, MAX_OBJECTS
from sedicfmt.model import Mask, SedicFile, SedicObject, grid_shape
from sedicfmt.segments import mask, text
from sedicfmt.segments.mask import ParsedMask

T = TypeVar("T")


class Content(NamedTuple):
    """Texts and masks of a file as they are decoded; `changes`: how many all of its run-length masks have (P-2)."""

    text: str
    names: list[str]
    masks: list[ParsedMask]
    changes: int


def read_file(data: bytes, allow_prefix: bool = False, profile: str = "full") -> SedicFile:
    """The content of a file's bytes. Raises a SedicError, LimitExceeded for a file beyond the profile (P-1).

    See `parser.parse_frame` for `allow_prefix`.
    """
    frame = parse_frame(data, allow_prefix)
    check_profile(frame, len(data), profile)
    return file_of(frame, profile)


def file_of(frame: Frame, profile: str = "full") -> SedicFile:
    """Decode texts and masks; z and y stay as payloads, which a model reads. What only decoding shows is bounded here."""
    return file_with(frame, content_of(frame, profile))


def content_of(frame: Frame, profile: str = "full") -> Content:
    """What `file_of` decodes, in plain values."""
    by_path = {segment.path: segment for segment in frame.segments}
    _check_mask_cells(frame)
    words = decoded(by_path["text"], text.parse) if "text" in by_path else ""
    names: list[str] = []
    masks: list[ParsedMask] = []
    changes = 0
    for j in range(objects_of(len(frame.segments))):
        described, masked = by_path[f"objects[{j}].text"], by_path[f"objects[{j}].mask"]
        names.append(decoded(described, text.parse))
        masks.append(decoded(masked, lambda payload: mask.parse(payload, frame.width, frame.height, masks)))
        changes += mask.changes(masked.payload, masks[-1])
        check_changes(changes, masked, profile)
    return Content(words, names, masks, changes)


def file_with(frame: Frame, content: Content) -> SedicFile:
    """The file of a frame and of what `content_of` made of it."""
    objects = tuple(SedicObject(name, one.as_mask()) for name, one in zip(content.names, content.masks, strict=True))
    z, y = (segment.payload for segment in frame.segments[:2])
    return SedicFile(
        frame.width, frame.height, frame.model_id, z, y, content.text, objects, frame.seed,
        frame.extensions, frame.version, frame.latent_scale, frame.complete,
    )  # fmt: skip


def _check_mask_cells(frame: Frame) -> None:
    """Before any mask is decoded: all of them together, and all that are coded cell by cell (M-5)."""
    cells = one_by_one = 0
    for segment in frame.segments:
        if segment.kind == "mask":
            declared = mask.declared_cells(segment.payload, frame.width, frame.height)
            cells, one_by_one = cells + declared[0], one_by_one + declared[1]
            if cells > MAX_MASK_CELLS or one_by_one > MAX_CODED_CELLS:
                raise LimitExceeded("the file's masks have too many cells", segment.path, segment.offset)


def decoded(segment: Segment, parse: Callable[[bytes], T]) -> T:
    """What `parse` makes of a segment's payload. Raises SedicError with the place in the file."""
    try:
        return parse(segment.payload)
    except Truncated as error:  # the payload's own end is in the wrong place; the file is whole
        raise Malformed(error.message, offset=error.offset or 0).inside(segment.path, segment.offset) from None
    except SedicError as error:
        error.offset = error.offset or 0
        raise error.inside(segment.path, segment.offset) from None


def write_file(file: SedicFile) -> bytes:
    """The one byte string of a content. Raises EncodeError or LimitExceeded with the path of what does not fit."""
    return build_frame(to_frame(of_types(file)))


def to_frame(file: SedicFile) -> Frame:
    """Texts and masks encoded, each by the coder that gives fewer bytes unless the mask names one."""
    if not file.complete:
        raise EncodeError("an incomplete file cannot be written: part of its content is missing")
    check_size(file.width, file.height)
    payloads = {"z": file.z, "y": file.y, "text": _encode("text", partial(text.build, file.text))}
    for j, part in enumerate(file.objects):
        for name, build in (("text", partial(text.build, part.text)), ("mask", partial(_build_mask, j, file))):
            payloads[f"objects[{j}].{name}"] = _encode(f"objects[{j}].{name}", build)
    segments = tuple(Segment(kind, path, payloads[path]) for kind, path in segment_kinds(len(file.objects)))
    values = (file.width, file.height, file.model_id, file.latent_scale, file.seed)
    frame = Frame(*values, segments, file.extensions, file.version)
    _check_mask_cells(frame)
    return frame


def _build_mask(j: int, file: SedicFile) -> bytes:
    """Where cells coded one by one, in masks of this size, would break the file's limit (M-5), "auto" means run-length."""
    import numpy as np

    part = file.objects[j].mask
    mask.check_scale(part.scale)
    expected = grid_shape(part.scale, file.width, file.height)
    if np.shape(part.cells) != expected:
        raise EncodeError(f"a mask of {np.shape(part.cells)} cells; {expected} are needed at scale {part.scale}")
    too_many = part.cells.size * len(file.objects) > MAX_CODED_CELLS
    coder = "run-length" if part.coder == "auto" and too_many else part.coder
    return _mask_payload(part, coder, tuple(before.mask for before in file.objects[:j]))


@lru_cache(maxsize=MAX_OBJECTS)
def _mask_payload(part: Mask, coder: str, earlier: tuple[Mask, ...]) -> bytes:
    """Kept, because rate control writes the same masks a dozen times."""
    return mask.build(replace(part, coder=coder), earlier)


def _encode(path: str, build: Callable[[], bytes]) -> bytes:
    try:
        return build()
    except SedicError as error:
        raise error.inside(path) from None
