"""A file -> its frames (spec/frames.md, F-6)."""

from __future__ import annotations

from sedicfmt.container import parser
from sedicfmt.container.checksum import CHECK_BYTES
from sedicfmt.errors import EncodeError
from sedicfmt.frames.frame import MOST_FRAMES, OVERHEAD_BYTES, Frame, build_frame
from sedicfmt.frames.repair import repair_payloads


def split(data: bytes, mtu: int, repair: int = 0) -> list[bytes]:
    """The frames of a .sedic file, each of at most `mtu` bytes: as few data frames as that takes, then `repair` more.

    Raises SedicError for bytes that are no whole .sedic file, EncodeError for what frames cannot carry, MissingDependency.
    """
    parser.parse_frame(data)
    room = mtu - OVERHEAD_BYTES
    if room < 1:
        raise EncodeError(f"frames of {mtu} bytes; a frame takes {OVERHEAD_BYTES} bytes itself", "mtu")
    if repair < 0:
        raise EncodeError(f"{repair} frames for repair", "repair")
    count = -(-len(data) // room)
    if count + repair > MOST_FRAMES:
        raise EncodeError(
            f"{count} frames of {mtu} bytes and {repair} for repair; a file has at most {MOST_FRAMES}", "mtu"
        )
    size = -(-len(data) // count)
    pad = count * size - len(data)
    blocks = [data[at : at + size].ljust(size, b"\0") for at in range(0, count * size, size)]
    payloads = [*blocks[:-1], blocks[-1][: size - pad], *repair_payloads(blocks, repair)]
    tag = data[-CHECK_BYTES:]
    return [build_frame(Frame(tag, count, repair, index, pad, payload)) for index, payload in enumerate(payloads)]
