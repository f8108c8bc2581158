"""Vectors that every reader must refuse: texts. Items are coded one by one, so that any rule can be broken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bitarray import bitarray

from sedic_tools.commands.vector_parts import Vector, bits, fault, make, with_payload
from sedicfmt.bitcoding import text_table, word_contexts
from sedicfmt.bitcoding.context_coder import encode_symbol
from sedicfmt.bitcoding.range_coder import RangeEncoder
from sedicfmt.segments import text

# entries with their steering symbols; code points, if the last of them is {spell}
Item = tuple[Sequence[str], Sequence[int]]
GAP, CASE, UPPER, SPELL = "{gap}", "{case}", "{upper}", "{spell}"
END, OTHER = 128, 129  # of the letter alphabets


def faulty() -> Iterator[Vector]:
    base = make(32, 32, 1, 16)
    for name, clauses, code, payload in (*raw(), *huffman(), *contexts(), *too_long()):
        yield fault(f"text-{name}", clauses, code, "text", with_payload(base, 2, payload))
    reserved = with_payload(base, 3, b"\x80dog")
    yield fault("object-text-coder-reserved", "T-1", "unsupported", "objects[0].text", reserved)
    longer = with_payload(base, 3, b"\xc0" + base.objects[0].text.encode())
    yield fault("object-text-raw-but-words-are-shorter", "T-2 C-13", "malformed", "objects[0].text", longer)


Case = tuple[str, str, str, bytes]  # name, clauses, error's code, payload


def raw() -> Iterator[Case]:
    """T-1: the six zero bits and UTF-8."""
    yield "raw-reserved-bit", "T-1", "malformed", b"\xc1x"
    yield "raw-reserved-bits", "T-1", "malformed", b"\xffx"
    yield "raw-empty", "T-2 C-13", "malformed", b"\xc0"
    for name, data in (
        ("overlong", b"\xc0\xaf"), ("overlong-in-three", b"\xe0\x80\xaf"), ("surrogate", b"\xed\xa0\x80"),
        ("surrogate-pair", b"\xed\xa0\x80\xed\xb0\x80"), ("above-last-code-point", b"\xf4\x90\x80\x80"),
        ("lone-continuation", b"x\x80"), ("cut-character", "東".encode()[:2]), ("cut-in-two", "ΩΩ".encode()[:3]),
    ):  # fmt: skip
        yield f"raw-{name}", "T-1 T-13", "malformed", b"\xc0" + data


def by_codes(*items: Item, fill: str = "1") -> bytes:
    """A word Huffman payload of these items (T-9, T-11), filled up with ones (T-4)."""
    table, out = text_table.load(), bitarray("00", endian="big")
    for entries, letters in items:
        out += table.code.encode([table.entries.index(entry) for entry in entries])
        before = ""
        for letter in [*letters, END] if SPELL in entries and letters != CUT else []:
            code = table.letters[text_table.letter_context(before)]
            out += code.bits(letter if letter <= END else OTHER)
            value = letter % FORCED
            out += bitarray(bits(value, 21) if letter > END else "")
            before = chr(value) if value < END else ""
    return (out + bitarray(fill * (-len(out) % 8))).tobytes()


FORCED = 1 << 22  # an ASCII character, sent as a code point in spite of T-11
CUT = (-1,)  # in place of letters: nothing follows {spell}


def huffman() -> Iterator[Case]:
    """T-4, T-9 to T-12."""
    dog, letters = text.build("dog"), [ord(c) for c in "Wq"]
    if by_codes(((CASE, "dog"), ())) != dog:
        raise ValueError("items put together here must give the writer's payload")
    for name, clauses, payload in (
        ("two-gaps", "T-9", by_codes(((GAP, GAP, "dog"), ()))),
        ("case-behind-upper", "T-9", by_codes(((UPPER, CASE, "dog"), ()))),
        ("gap-behind-case", "T-9", by_codes(((CASE, GAP, "dog"), ()))),
        ("case-before-spelling", "T-9", by_codes(((CASE, SPELL), letters))),
        ("ends-behind-steering", "T-4 T-9", by_codes((("dog",), ()), ((GAP,), ()))),
        ("spelling-without-letters", "T-11", by_codes(((SPELL,), ()))),
        ("spelling-cut", "T-4 T-13", by_codes(((SPELL,), CUT), fill="")[:1]),
        ("spelled-surrogate", "T-11", by_codes(((SPELL,), [0xD800]))),
        ("spelled-above-last-code-point", "T-11", by_codes(((SPELL,), [0x110000]))),
        ("spelled-ascii-as-code-point", "T-11 T-2", by_codes(((SPELL,), [FORCED + 65]))),
        ("code-point-cut", "T-4 T-13", by_codes(((SPELL,), [0x3A9]))[:3]),
        ("code-cut", "T-4 T-13", text.build("in the background, a dog")[:4]),
        ("padding-mixed", "T-4", dog[:-1] + bytes([dog[-1] & ~1])),
        ("padding-of-a-byte", "T-4 T-2", text.build("DOG") + b"\xff"),
        ("steering-not-needed", "T-12 T-2", by_codes(((UPPER, "a"), ()), (("dog",), ()))),
        ("phrase-in-two", "T-12 T-2", by_codes((("in the",), ()), (("background",), ()))),
        ("spelled-entry", "T-12 T-2", by_codes(((SPELL,), [ord(c) for c in "Dog"]))),
        ("case-twice", "T-9", by_codes(((CASE, CASE, "dog"), ()))),
    ):
        yield f"huffman-{name}", clauses, "malformed", payload


def by_contexts(*items: Item, end: bool = True) -> bytes:
    """A word contexts payload of these items (T-15, T-17)."""
    tables, coder, history = word_contexts.load(), RangeEncoder(word_contexts.HEAD), [0]
    for entries, letters in items:
        for entry in entries:
            encode_symbol(tables.symbols[entry], history, tables.words, coder)
            history.append(tables.symbols[entry])
        known = [END]
        for letter in [*letters, END] if SPELL in entries else []:
            symbol = letter if letter <= END else OTHER
            encode_symbol(symbol, known, tables.letters, coder)
            if symbol == OTHER:
                coder.encode(letter >> 16 & 31, 1, 32)
                coder.encode(letter & 0xFFFF, 1, 1 << 16)
            known.append(symbol)
    if end:
        encode_symbol(0, history, tables.words, coder)
    return coder.finish()


def contexts() -> Iterator[Case]:
    """T-9, T-15 to T-17, L-2, L-5."""
    words = [((word,), ()) for word in ("a", "dog", "is", "standing", "in", "the", "grass", ".")]
    whole = text.build("A dog is standing in the grass.")
    if by_contexts(*words) != whole:
        raise ValueError("items put together here must give the writer's payload")
    for name, clauses, payload in (
        ("no-item", "T-17", by_contexts()),
        ("two-gaps", "T-9", by_contexts(*words, ((GAP, GAP, "a"), ()))),
        ("case-behind-upper", "T-9", by_contexts(((UPPER, CASE, "a"), ()), *words)),
        ("upper-before-spelling", "T-9", by_contexts(*words, ((UPPER, SPELL), [81]))),
        ("ends-behind-steering", "T-9", by_contexts(*words, ((CASE,), ()))),
        ("spelling-without-letters", "T-11", by_contexts(*words, ((SPELL,), ()))),
        ("spelled-surrogate", "T-11", by_contexts(*words, ((SPELL,), [0xDFFF]))),
        ("spelled-above-last-code-point", "T-11", by_contexts(*words, ((SPELL,), [0x1F0000]))),
        ("spelled-ascii-as-code-point", "T-17", by_contexts(*words, ((SPELL,), [FORCED + 65]))),
        ("spelled-entry", "T-16 T-2", by_contexts(*words[:-1], ((SPELL,), [46]))),
        ("steering-not-needed", "T-16 T-2", by_contexts(((UPPER, "a"), ()), *words[1:])),
        ("no-symbol", "L-2", b"\x7f\xff\xff\xff"),
        ("byte-missing", "T-2 L-5", whole[:-1]),
        ("byte-too-many", "T-17 L-5", whole + b"\x01"),
    ):
        yield f"contexts-{name}", clauses, "malformed", payload


def too_long() -> Iterator[Case]:
    """T-1: 4096 bytes of text, 4097 of payload, whichever the coder."""
    yield "raw-too-long", "T-1", "limit", b"\xc0" + "Ω".encode() * 2048 + b"x"
    phrase = (("in the background",), ())
    yield "huffman-too-long", "T-1 T-13", "limit", by_codes(*[phrase] * 240)
    yield "contexts-too-long", "T-1 T-13", "limit", by_contexts(*[(("background",), ())] * 400)
    yield "spelling-too-long", "T-1 T-13", "limit", by_codes(((SPELL,), [ord("e")] * 4097))
