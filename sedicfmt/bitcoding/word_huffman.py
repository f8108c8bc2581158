"""The first word coder: the items of a text (text_items.py) as Huffman codes of words and phrases, without their context.

Many sequences of items give one text; the encoder (`word_parser`) takes the one with fewest bits.
The codes of the last item are followed by ones up to the byte's end.

Spec: clauses T-3, T-4 and T-9 to T-12.
"""

from __future__ import annotations

from bitarray import bitarray
from bitarray.util import ba2int, int2ba

from sedicfmt.bitcoding.text_items import CODE_POINT_BITS, code_point, read_text
from sedicfmt.bitcoding.text_table import END, UNICODE, TextTable, letter_context
from sedicfmt.bitcoding.word_parser import parse
from sedicfmt.errors import Truncated

TAG_BITS = 2  # before the codes, in the payload's first byte: the coder id, 0


def pack(text: str, table: TextTable) -> bytes:
    """[T-3, T-4] Two zero bits, the codes of `text`, ones up to the byte's end. No lone surrogates (the caller checks)."""
    bits = bitarray("00", endian="big") + encode(text, table)
    bits.extend([1] * (-len(bits) % 8))
    return bits.tobytes()


def unpack(data: bytes, table: TextTable) -> str:
    """The text of what `pack` made; that the bytes are canonical is not checked here.

    Raises Malformed, Truncated or LimitExceeded (over limits.MAX_TEXT_BYTES) with the offset of the byte.
    """
    bits = bitarray(endian="big")
    bits.frombytes(data)
    return read_text(HuffmanReader(bits, TAG_BITS, table))


def encode(text: str, table: TextTable) -> bitarray:
    """The codes of `text`. The text has no lone surrogates (the caller checks)."""
    out = bitarray(endian="big")
    for item in parse(text, table):
        out += table.code.encode(item.symbols)
        if item.symbols[-1] == table.spell:
            _write_letters(out, text[item.start : item.end], table)
    return out


def _write_letters(out: bitarray, letters: str, table: TextTable) -> None:
    """[T-11] Each character under the code that the one before it selects, then `end`."""
    previous = ""
    for letter in letters:
        code = table.letters[letter_context(previous)]
        if ord(letter) < 128:
            out += code.bits(ord(letter))
        else:
            out += code.bits(UNICODE) + int2ba(ord(letter), CODE_POINT_BITS, endian="big")
        previous = letter
    out += table.letters[letter_context(previous)].bits(END)


class HuffmanReader:
    """Entries and letters from bit `position` on, up to the end or to padding."""

    def __init__(self, bits: bitarray, position: int, table: TextTable):
        self.bits, self.position, self.table = bits, position, table

    @property
    def offset(self) -> int:
        """The byte in which the next code begins."""
        return self.position // 8

    def entry(self) -> str | None:
        """[T-3, T-4] The next entry; None where nothing but padding is left: fewer than 8 bits, all ones (T-5)."""
        if len(self.bits) - self.position < 8 and self.bits[self.position :].all():
            return None
        symbol, self.position = self.table.code.decode_one(self.bits, self.position)
        return self.table.entries[symbol]

    def letter(self, previous: str) -> str:
        """[T-11] The next letter of a spelled item."""
        symbol, self.position = self.table.letters[letter_context(previous)].decode_one(self.bits, self.position)
        if symbol == END:
            return ""
        return chr(symbol) if symbol != UNICODE else self._code_point()

    def _code_point(self) -> str:
        field = self.bits[self.position : self.position + CODE_POINT_BITS]
        if len(field) < CODE_POINT_BITS:
            raise Truncated("the bits end inside a code point", offset=len(self.bits) // 8)
        letter = code_point(ba2int(field), self.offset)
        self.position += CODE_POINT_BITS
        return letter
