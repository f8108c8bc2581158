"""Frame <-> SedicFile: every payload decoded by its kind's module, errors with the place in the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial
from typing import TypeVar

import numpy as np

from sedicfmt.container.builder import build_frame
from sedicfmt.container.frame import Frame, Segment, objects_of, segment_kinds
from sedicfmt.container.parser import parse_frame
from sedicfmt.container.profile import check_changes, check_profile
from sedicfmt.container.size import check_size
from sedicfmt.errors import EncodeError, LimitExceeded, Malformed, SedicError, Truncated
from sedicfmt.limits import MAX_CODED_CELLS, MAX_MASK_CELLS, MAX_OBJECTS
from sedicfmt.model import Mask, SedicFile, SedicObject
from sedicfmt.segments import mask, text
from sedicfmt.segments.mask_grid import grid_shape

T = TypeVar("T")


def read_file(data: bytes, allow_prefix: bool = False, profile: str = "full") -> SedicFile:
    """The content of a file's bytes. Raises a SedicError, LimitExceeded for a file beyond the profile (P-1).

    See `parser.parse_frame` for `allow_prefix`.
    """
    frame = parse_frame(data, allow_prefix)
    check_profile(frame, len(data), profile)
    return file_of(frame, profile)


def file_of(frame: Frame, profile: str = "full") -> SedicFile:
    """Decode texts and masks; z and y stay as payloads, which a model reads. What only decoding shows is bounded here."""
    by_path = {segment.path: segment for segment in frame.segments}
    _check_mask_cells(frame)
    changes = 0
    words = _decode(by_path["text"], text.parse) if "text" in by_path else ""
    objects: list[SedicObject] = []
    for j in range(objects_of(len(frame.segments))):
        described, masked = by_path[f"objects[{j}].text"], by_path[f"objects[{j}].mask"]
        earlier = [part.mask for part in objects]
        name = _decode(described, text.parse)
        cells = _decode(masked, lambda payload: mask.parse(payload, frame.width, frame.height, earlier))
        changes += mask.changes(masked.payload, cells)
        check_changes(changes, masked, profile)
        objects.append(SedicObject(name, cells))
    z, y = by_path["z"].payload, by_path["y"].payload
    return SedicFile(
        frame.width, frame.height, frame.model_id, z, y, words, tuple(objects), frame.seed,
        frame.extensions, frame.version, frame.latent_scale, frame.complete,
    )  # fmt: skip


def changes_of(frame: Frame, file: SedicFile) -> int:
    """How many changes all run-length masks of a file have, which `frame` and `file` are of."""
    masks = [segment for segment in frame.segments if segment.kind == "mask"]
    return sum(mask.changes(s.payload, part.mask) for s, part in zip(masks, file.objects, strict=False))


def _check_mask_cells(frame: Frame) -> None:
    """Before any mask is decoded: all of them together, and all that are coded cell by cell (M-5)."""
    cells = one_by_one = 0
    for segment in frame.segments:
        if segment.kind == "mask":
            declared = mask.declared_cells(segment.payload, frame.width, frame.height)
            cells, one_by_one = cells + declared[0], one_by_one + declared[1]
            if cells > MAX_MASK_CELLS or one_by_one > MAX_CODED_CELLS:
                raise LimitExceeded("the file's masks have too many cells", segment.path, segment.offset)


def _decode(segment: Segment, parse: Callable[[bytes], T]) -> T:
    try:
        return parse(segment.payload)
    except Truncated as error:  # the payload's own end is in the wrong place; the file is whole
        raise Malformed(error.message, offset=error.offset or 0).inside(segment.path, segment.offset) from None
    except SedicError as error:
        error.offset = error.offset or 0
        raise error.inside(segment.path, segment.offset) from None


def write_file(file: SedicFile) -> bytes:
    """The one byte string of a content. Raises EncodeError or LimitExceeded with the path of what does not fit."""
    return build_frame(to_frame(file))


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
