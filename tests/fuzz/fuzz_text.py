"""Any bytes are the one payload of a text, or one of our refusals."""

from __future__ import annotations

from collections.abc import Iterator

from sedicfmt.container.parser import parse_frame
from sedicfmt.segments import text
from tests.fuzz import REFUSED, VALID

SAMPLES = (
    "A dog.", "iPhone 12, TVs; McDonald's (zyxq)", "  two  spaces ", "犬 on a 😀", "\x1b[31mred\x00",
    "in the background of the", "NOT A SIGN", "e\u0301\u05d0\ufffd", "A brown horse stands near a fence.",
)  # fmt: skip


def seeds() -> Iterator[bytes]:
    """The texts of the vectors, and some more."""
    for path in VALID:
        yield from (s.payload for s in parse_frame(path.read_bytes()).segments if s.kind.startswith("text"))
    yield from map(text.build, SAMPLES)


def check(payload: bytes) -> bool:
    """Read, and written again."""
    try:
        said = text.parse(payload)
    except REFUSED:
        return False
    assert text.build(said) == payload
    return True
