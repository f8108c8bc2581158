"""Any bytes, with a right check behind them, are a file that is written back as it was, or one of our refusals.

What is shown of a file holds no character that steers a terminal. Masks are decoded for small pictures only, so that an
execution is quick; `fuzz_mask` has them.
"""

from __future__ import annotations

from collections.abc import Iterator

from sedic_tools.commands.inspect import table
from sedicfmt.container.checksum import CHECK_BYTES, checksum
from sedicfmt.container.content import file_of, write_file
from sedicfmt.container.parser import parse_frame
from sedicfmt.model import SedicFile
from sedicfmt.pipeline.report import report_bytes
from tests.fuzz import FAULTY, REFUSED, VALID

MOST_PIXELS = 1 << 17


def seeds() -> Iterator[bytes]:
    """The vectors without their check."""
    for path in VALID + FAULTY:
        yield path.read_bytes()[:-CHECK_BYTES]


def check(body: bytes) -> bool:
    """The bytes as a prefix, then with a check as a whole file."""
    _read(body, allow_prefix=True)
    data = body + checksum(body)
    file = _read(data)
    if file is None:
        return False
    assert write_file(file) == data
    for line in table(report_bytes(data)):
        assert all(part.isprintable() for part in line.split("\n"))
    return True


def _read(data: bytes, allow_prefix: bool = False) -> SedicFile | None:
    try:
        frame = parse_frame(data, allow_prefix)
        return file_of(frame) if frame.width * frame.height <= MOST_PIXELS else None
    except REFUSED:
        return None
