"""Repair frames: a Reed-Solomon code over the bytes that stand at one place of all frames (spec/frames.md, F-7).

Any `data` of the frames give the file back. The code is the library `reedsolo`'s; it is needed only where there are repair
frames, so frames without them need nothing but the package.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sedicfmt.errors import MissingDependency
from sedicfmt.installing import install_extra


def repair_payloads(blocks: Sequence[bytes], repair: int) -> list[bytes]:
    """The payloads of `repair` frames for data blocks of one length. Raises MissingDependency."""
    if not repair:
        return []
    codec = _codec(repair)
    columns = [bytes(codec.encode(bytes(column)))[len(blocks) :] for column in zip(*blocks, strict=True)]
    return [bytes(row) for row in zip(*columns, strict=True)]


def repaired(found: Mapping[int, bytes], data: int, repair: int) -> list[bytes]:
    """The data blocks, from at least `data` blocks of the set by their index. Raises MissingDependency."""
    lost = [index for index in range(data + repair) if index not in found]
    if not any(index < data for index in lost):
        return [found[index] for index in range(data)]
    codec = _codec(repair)
    size = len(next(iter(found.values())))
    blocks = [found.get(index, bytes(size)) for index in range(data + repair)]
    columns = (bytearray(column) for column in zip(*blocks, strict=True))
    whole = [codec.decode(column, erase_pos=lost, only_erasures=True)[0] for column in columns]
    return [bytes(row) for row in zip(*whole, strict=True)]


def _codec(repair: int) -> Any:
    try:
        from reedsolo import RSCodec
    except ImportError as error:
        raise MissingDependency(f"repair frames need reedsolo: {install_extra('frames')}") from error
    return RSCodec(repair, nsize=255, fcr=0, prim=0x11D, generator=2, c_exp=8)
