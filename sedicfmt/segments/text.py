"""The text segment: Text_all or Text_d <-> payload. One text has one payload.

The first two bits of a payload are the coder's id:

    0  word Huffman: the codes follow at once, then ones up to the byte's end
    1  word contexts: the range coder's bytes begin with the id
    2  reserved
    3  raw: six zero bits, then the text in UTF-8

The empty text is the empty payload. The builder takes the coder that gives fewest bytes, the lowest id of equals; the
parser builds the text again and refuses other bytes, so no second payload can stand for the same text.

Spec: clauses T-1 and T-2.
"""

from __future__ import annotations

from functools import lru_cache

from sedicfmt import limits
from sedicfmt.bitcoding import text_table, word_contexts, word_huffman
from sedicfmt.errors import EncodeError, LimitExceeded, Malformed, Truncated, Unsupported

WORD_HUFFMAN, WORD_CONTEXTS, RAW_UTF8 = 0, 1, 3
CODERS = {WORD_HUFFMAN: "word-huffman", WORD_CONTEXTS: "word-contexts", RAW_UTF8: "raw-utf8"}
RAW_HEAD = bytes([RAW_UTF8 << 6])


@lru_cache(maxsize=256)  # rate control writes the same texts again and again
def build(text: str) -> bytes:
    """[T-1, T-2] The payload of `text`. EncodeError for lone surrogates and over limits.MAX_TEXT_BYTES bytes of UTF-8."""
    try:
        utf8 = text.encode()
    except UnicodeEncodeError as error:
        raise EncodeError(f"character {error.start} of the text is a lone surrogate") from None
    if len(utf8) > limits.MAX_TEXT_BYTES:
        raise EncodeError(f"the text has {len(utf8)} bytes, the limit is {limits.MAX_TEXT_BYTES}")
    if not text:
        return b""
    words = word_huffman.pack(text, text_table.load()), word_contexts.pack(text, word_contexts.load())
    return min(*words, RAW_HEAD + utf8, key=len)


def parse(payload: bytes) -> str:
    """[T-1, T-2] The text of `payload`. Raises Malformed, Truncated, Unsupported or LimitExceeded, nothing else."""
    if not payload:
        return ""
    if len(payload) > 1 + limits.MAX_TEXT_BYTES:  # raw would have been smaller
        raise LimitExceeded(f"a text payload of {len(payload)} bytes", offset=0)
    text = _READERS[coder_name(payload)](payload)
    if build(text) != payload:
        raise Malformed("not the one encoding of its text", offset=0)
    return text


def coder_name(payload: bytes) -> str:
    """Which coder wrote `payload`: as in CODERS, or "empty". Unsupported for an id that is reserved."""
    if not payload:
        return "empty"
    coder = payload[0] >> 6
    if coder not in CODERS:
        raise Unsupported(f"text coder {coder} is not known", offset=0)
    return CODERS[coder]


def _parse_raw(payload: bytes) -> str:
    if payload[:1] != RAW_HEAD:
        raise Malformed("reserved bits are set", offset=0)
    try:
        return payload[1:].decode()
    except UnicodeDecodeError as error:
        kind = Truncated if error.reason == "unexpected end of data" else Malformed
        raise kind(f"no UTF-8: {error.reason}", offset=1 + error.start) from None


_READERS = {
    "word-huffman": lambda payload: word_huffman.unpack(payload, text_table.load()),
    "word-contexts": lambda payload: word_contexts.unpack(payload, word_contexts.load()),
    "raw-utf8": _parse_raw,
}
