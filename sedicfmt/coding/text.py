"""Text, losslessly: `encode` and `decode` are the text segment's coder on its own, outside any file.

>>> decode(encode("A dog in the grass."))
'A dog in the grass.'
"""

from __future__ import annotations

from sedicfmt.segments import text as segment


def encode(text: str) -> bytes:
    """The one encoding of `text`; b"" for "". EncodeError for lone surrogates and texts over limits.MAX_TEXT_BYTES."""
    return segment.build(text)


def decode(data: bytes) -> str:
    """The text of `data`, exact. Raises Malformed, Truncated, Unsupported or LimitExceeded for any other bytes."""
    return segment.parse(data)
