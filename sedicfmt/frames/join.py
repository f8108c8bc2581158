"""Frames -> the file, or the beginning of it that has arrived (spec/frames.md, F-8 to F-10)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sedicfmt.container.checksum import CHECK_BYTES, checksum
from sedicfmt.errors import ChecksumMismatch, EncodeError, Malformed, SedicError
from sedicfmt.frames.frame import Frame, parse_frame
from sedicfmt.frames.repair import repaired


@dataclass(frozen=True)
class Joined:
    """What was put together. `data`: the file, or, where `complete` is False, its first bytes up to the first gap.

    `missing`: the data frames that did not arrive (whether or not they were repaired); `refused`: what was no good frame, by
    its place among what was given, with the reason; `needed`: how many frames of the set give the file.
    """

    data: bytes
    complete: bool
    missing: tuple[int, ...]
    received: int
    needed: int
    refused: tuple[tuple[int, SedicError], ...] = ()


def join(given: Iterable[bytes], chosen: str = "") -> Joined:
    """Put frames together, in any order, some twice, some lost or damaged.

    `chosen`: of frames of several sets, the beginning of the name of the one that is meant. Raises EncodeError where
    there is none or they are of several files, the first one's error where none is good, Malformed where two of one index
    differ, ChecksumMismatch where the result is not the file that was split, MissingDependency.
    """
    good, refused = _good(given)
    if not good:
        raise refused[0][1] if refused else EncodeError("no frame was given")
    frames = _of_one_set(good, chosen)
    first = frames[0]
    found: dict[int, bytes] = {}
    for frame in frames:
        block = frame.payload.ljust(first.size, b"\0")
        if found.setdefault(frame.index, block) != block:
            raise Malformed(f"two frames of the number {frame.index} differ")
    missing = tuple(index for index in range(first.data) if index not in found)
    complete = len(found) >= first.data
    data = _file(first, found) if complete else b"".join(found[index] for index in range(missing[0]))
    return Joined(data, complete, missing, len(found), first.data, tuple(refused))


def _good(given: Iterable[bytes]) -> tuple[list[Frame], list[tuple[int, SedicError]]]:
    frames, refused = [], []
    for place, data in enumerate(given):
        try:
            frames.append(parse_frame(data))
        except SedicError as error:
            refused.append((place, error))
    return frames, refused


def _of_one_set(good: list[Frame], chosen: str) -> list[Frame]:
    """F-5. Raises EncodeError."""
    frames = [frame for frame in good if frame.set_name.startswith(chosen)]
    names = ", ".join(sorted({frame.set_name for frame in frames or good}))
    if not frames:
        raise EncodeError(f"no frame is of the set {chosen}; there are {names}", "set")
    if len({frame.set for frame in frames}) > 1:
        raise EncodeError(f"frames of several files, or of one that was split twice; choose one: {names}", "set")
    return frames


def _file(first: Frame, found: dict[int, bytes]) -> bytes:
    whole = b"".join(repaired(found, first.data, first.repair))
    data = whole[: len(whole) - first.pad]
    if data[-CHECK_BYTES:] != first.tag or checksum(data[:-CHECK_BYTES]) != first.tag:
        raise ChecksumMismatch("what the frames give is not the file that was split: its check does not hold")
    return data
