"""What a server may send us: so many bytes, counted as they come and again after each unpacking, for so many seconds.

The client reads the body of an error by itself, whatever its size, and its network library unpacks whatever the headers
name: a gzip within a gzip of 986 bytes takes 1.6 GB. So each reply's stream is replaced before anybody reads it: it is
unpacked here, piece by piece, ends at the limit, and is UTF-8 whatever its header says (a "charset" of bz2 would unpack once
more).
"""

from __future__ import annotations

import sys
import time
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

MOST_BYTES = 2 << 20  # of an answer; ours have some hundred, those with a model's thoughts or in events many times more
MOST_ERROR = 1 << 16  # of what is said with any other status
MOST_LAYERS = 2  # of packing
PIECE = 1 << 16


def bound(response: Any, seconds: float) -> None:
    """A hook of the network library: let nobody read more of `response` than is allowed, nor later than in `seconds`."""
    most = MOST_BYTES + 1 if 200 <= response.status_code < 300 else MOST_ERROR  # one more: whoever reads it can tell
    packed, inner, end = _packing(response.headers), response.stream, time.monotonic() + seconds

    class Bounded(sys.modules[type(response).__module__.partition(".")[0]].SyncByteStream):  # type: ignore[misc]
        def __iter__(self) -> Iterator[bytes]:
            return unpacked(_until(inner, end), packed, most)

        def close(self) -> None:
            inner.close()

    for name in ("content-encoding", "content-length"):
        response.headers.pop(name, None)
    response.encoding = "utf-8"
    response.stream = Bounded()


def unpacked(chunks: Iterable[bytes], packed: list[str], most: int) -> Iterator[bytes]:
    """The first `most` bytes of what was packed by `packed`, the last of them first to be undone.

    Nothing of a packing that is unknown; of one that breaks off or is damaged, what comes before.
    """
    if len(packed) > MOST_LAYERS or not set(packed) <= KNOWN:
        return iter(())
    left = _first(chunks, most)
    for _ in packed:
        left = _first(_inflated(left), most)
    return left


def _packing(headers: Any) -> list[str]:
    named = (name.strip().lower() for name in headers.get("content-encoding", "").split(","))
    return [name for name in named if name not in ("", "identity")]


def _inflated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    work = zlib.decompressobj(zlib.MAX_WBITS | 32)  # gzip or zlib
    for chunk in chunks:
        while chunk:
            try:
                piece = work.decompress(chunk, PIECE)
            except zlib.error:
                return
            chunk = work.unconsumed_tail
            yield piece


def _first(chunks: Iterable[bytes], most: int) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk[:most]
        most -= len(chunk)
        if most <= 0:
            return


def _until(chunks: Iterable[bytes], end: float) -> Iterator[bytes]:
    for chunk in chunks:
        if time.monotonic() > end:  # whoever waited has given up
            raise TimeoutError
        yield chunk


KNOWN = {"gzip", "x-gzip", "deflate"}
