"""The text segment: Text_all or Text_d <-> payload. One text has one payload.

The first two bits of a payload are the coder's id:

    0  word Huffman: the codes follow at once, then ones up to the byte's end
    1  reserved for a coder with the words' context
    2  reserved
    3  raw: six zero bits, then the text in UTF-8

The empty text is the empty payload. The builder takes the smaller of the two coders, word Huffman where they are equal;
the parser builds the text again and refuses other bytes, so no second payload can stand for the same text.

Spec: clauses T-1 to T-4.
"""

from __future__ import annotations

from sedicfmt import limits
from sedicfmt.bitcoding import text_table, word_huffman
from sedicfmt.errors import EncodeError, LimitExceeded, Malformed, Truncated, Unsupported

WORD_HUFFMAN, RAW_UTF8 = 0, 3
CODERS = {WORD_HUFFMAN: "word-huffman", RAW_UTF8: "raw-utf8"}
RAW_HEAD = bytes([RAW_UTF8 << 6])


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
    return min(word_huffman.pack(text, text_table.load()), RAW_HEAD + utf8, key=len)


def parse(payload: bytes) -> str:
    """[T-1, T-2] The text of `payload`. Raises Malformed, Truncated, Unsupported or LimitExceeded, nothing else."""
    if not payload:
        return ""
    if len(payload) > 1 + limits.MAX_TEXT_BYTES:  # raw would have been smaller
        raise LimitExceeded(f"a text payload of {len(payload)} bytes", offset=0)
    coder = coder_name(payload)
    text = word_huffman.unpack(payload, text_table.load()) if coder == "word-huffman" else _parse_raw(payload)
    if build(text) != payload:
        raise Malformed("not the one encoding of its text", offset=0)
    return text


def coder_name(payload: bytes) -> str:
    """Which coder wrote `payload`: "word-huffman", "raw-utf8", or "empty". Unsupported for an id that is reserved."""
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
