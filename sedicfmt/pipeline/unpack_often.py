"""Picture after picture, in a program that is not ours and has threads: one restorer, opened once, for one at a time."""

from __future__ import annotations

from threading import Lock

from sedicfmt.decoders.interfaces import Restorer
from sedicfmt.pipeline.unpack import UnpackOptions, UnpackResult, open_restorer, unpack_bytes

_restoring = Lock()
_kept: dict[str, Restorer] = {}  # the last one that was asked for: a second one would hold its weights as well


def unpack_often(data: bytes, options: UnpackOptions) -> UnpackResult:
    """As `unpack_bytes`. Reference pictures are decoded in as many threads as call; restored ones wait for each other."""
    if options.stage == "reference":
        return unpack_bytes(data, options)
    with _restoring:
        return unpack_bytes(data, options, restorer=_restorer(options))


def _restorer(options: UnpackOptions) -> Restorer | None:
    """The kept one, if it is of the same name and settings; else a new one in its place. Raises SedicError."""
    key = repr((options.stage == "reference", options.restorer, options.restoring))
    if key not in _kept:
        _kept.clear()
        made = open_restorer(options)
        if made is not None:
            _kept[key] = made
    return _kept.get(key)
