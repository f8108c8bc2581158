"""The word coder: a text as Huffman codes of words and phrases.

A text is a sequence of items, each `[gap] [case | upper] entry` or `[gap] spell letter... end`:

    entry   a word or phrase of the frozen table, for example `dog` or `in the background`
    gap     the space before the item is not as text_rules expects: present where none was expected, or the reverse
    case    the entry's first letter is not as expected: capital inside a sentence, as written at its start
    upper   the whole entry in capitals (only for an entry without A-Z)
    spell   the item is no entry: its characters follow one by one, exactly as they are, then `end`

Many sequences of items give one text; the encoder (`word_parser`) takes the one with fewest bits.
The bits end with whole items; what pads the last byte is the payload's matter.

Spec: clauses T-9 to T-11.
"""

from __future__ import annotations

from bitarray import bitarray
from bitarray.util import ba2int, int2ba

from sedicfmt import limits
from sedicfmt.bitcoding.text_rules import implies_capital, implies_space, upper, upper_first
from sedicfmt.bitcoding.text_table import CODE_POINT_BITS, END, UNICODE, TextTable, letter_context
from sedicfmt.bitcoding.word_parser import parse
from sedicfmt.errors import LimitExceeded, Malformed, Truncated

TAG_BITS = 2  # before the codes, in the payload's first byte: the coder id, 0


def pack(text: str, table: TextTable) -> bytes:
    """[T-3, T-4] Two zero bits, the codes of `text`, ones up to the byte's end. No lone surrogates (the caller checks)."""
    bits = bitarray("00", endian="big") + encode(text, table)
    bits.extend([1] * (-len(bits) % 8))
    return bits.tobytes()


def unpack(data: bytes, table: TextTable) -> str:
    """The text of what `pack` made. Raises as `decode` does; that the bytes are canonical is not checked here."""
    bits = bitarray(endian="big")
    bits.frombytes(data)
    return decode(bits, TAG_BITS, table)


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


def decode(bits: bitarray, position: int, table: TextTable) -> str:
    """The text whose items begin at bit `position` and end with the bits or with padding.

    Padding is what is left when fewer than 8 bits remain and all are ones; no code consists of so few ones (T-5).
    Raises Malformed, Truncated or LimitExceeded (over limits.MAX_TEXT_BYTES) with the offset of the byte.
    """
    text, size = "", 0
    while not _is_padding(bits, position):
        start = position
        item, position = _read_item(bits, position, text, table)
        text += item
        size += len(item.encode())
        if size > limits.MAX_TEXT_BYTES:
            raise LimitExceeded(f"the text is longer than {limits.MAX_TEXT_BYTES} bytes", offset=start // 8)
    return text


def _is_padding(bits: bitarray, position: int) -> bool:
    """[T-4] Whether nothing but padding is left."""
    return len(bits) - position < 8 and bits[position:].all()


def _read_item(bits: bitarray, position: int, before: str, table: TextTable) -> tuple[str, int]:
    """[T-9] One item as the characters that it adds to the text `before`, and the position after it."""
    start = position
    symbol, position = table.code.decode_one(bits, position)
    flip_gap = symbol == table.gap
    if flip_gap:
        symbol, position = table.code.decode_one(bits, position)
    if symbol == table.spell:
        word, position = _read_letters(bits, position, table)
    else:
        word, position = _read_entry(bits, position, symbol, implies_capital(before), table)
    if not word:
        raise Malformed("a spelled word without letters, or one steering symbol too many", offset=start // 8)
    return " " * (implies_space(before, word[0]) != flip_gap) + word, position


def _read_entry(bits: bitarray, position: int, symbol: int, capital: bool, table: TextTable) -> tuple[str, int]:
    """[T-10] An entry in its letters' case, after `case` or `upper` where `symbol` is one; "" if none follows."""
    steering = symbol if symbol in (table.case, table.upper) else None
    if steering is not None:
        symbol, position = table.code.decode_one(bits, position)
    if symbol in table.steering:
        return "", position
    entry = table.entries[symbol]
    if steering == table.upper:
        return upper(entry), position
    return (upper_first(entry) if capital != (steering == table.case) else entry), position


def _read_letters(bits: bitarray, position: int, table: TextTable) -> tuple[str, int]:
    """[T-11] Characters up to `end`, no more of them than a text may have bytes."""
    letters = ""
    while len(letters) <= limits.MAX_TEXT_BYTES:
        code = table.letters[letter_context(letters[-1:])]
        symbol, after = code.decode_one(bits, position)
        if symbol == END:
            return letters, after
        letter, position = (chr(symbol), after) if symbol != UNICODE else _read_code_point(bits, after)
        letters += letter
    raise LimitExceeded(f"the text is longer than {limits.MAX_TEXT_BYTES} bytes", offset=position // 8)


def _read_code_point(bits: bitarray, position: int) -> tuple[str, int]:
    """[T-11] 21 bits, a Unicode scalar value."""
    field = bits[position : position + CODE_POINT_BITS]
    if len(field) < CODE_POINT_BITS:
        raise Truncated("the bits end inside a code point", offset=len(bits) // 8)
    value = ba2int(field)
    if value > 0x10FFFF or 0xD800 <= value <= 0xDFFF:
        raise Malformed(f"{value:#x} is no Unicode scalar value", offset=position // 8)
    return chr(value), position + CODE_POINT_BITS
