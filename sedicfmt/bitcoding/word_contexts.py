"""The second word coder: the items of a text (text_items.py), each coded by the words before it.

How a text is cut into items is a rule, not a search: phrases need no entries where every word knows what it follows.

    "A dog, Zyxq." -> a | dog | , | {spell} Z y x q | . | {end}

Entries are symbols of one trie, spelled letters of another; the symbol `end` closes a text, and a spelled item, and is
what its first symbol follows. Both go through one range coder, whose interval begins with the coder id's two bits.

Spec: clauses T-14 to T-17.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from sedicfmt.bitcoding.context_coder import decode_symbol, encode_symbol
from sedicfmt.bitcoding.context_trie import ContextTrie
from sedicfmt.bitcoding.range_coder import RangeDecoder, RangeEncoder
from sedicfmt.bitcoding.spec_tables import read_lines, read_table
from sedicfmt.bitcoding.text_items import CASE, CODE_POINT_BITS, GAP, SPELL, STEERING, UPPER, code_point, read_text
from sedicfmt.bitcoding.text_rules import boundaries, implies_capital, implies_space, lower, lower_first, upper
from sedicfmt.errors import Malformed

HEAD = (1, 2)  # the coder id and its bits
WORDS_FILE, WORD_TRIE, LETTER_TRIE = "context_words.txt", "context_words.trie", "context_letters.trie"
LETTER_END, LETTER_OTHER = 128, 129  # of the letter alphabet, whose first symbols are ASCII
LOW_BITS = 16  # of a code point; its high bits go first


@dataclass(frozen=True, eq=False)
class ContextTables:
    """`entries[symbol]` is what a word symbol stands for; symbol 0 is the end. Spec clause T-14."""

    entries: list[str]
    words: ContextTrie
    letters: ContextTrie
    symbols: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "symbols", dict(zip(self.entries, range(len(self.entries)), strict=True)))


@cache
def load() -> ContextTables:
    """The tables that ship with the package, read on first use. Raises BackendFailed."""
    tries = (ContextTrie.from_bytes(read_table(name)) for name in (WORD_TRIE, LETTER_TRIE))
    return ContextTables(["", *STEERING, *read_lines(WORDS_FILE)], *tries)


def pack(text: str, tables: ContextTables) -> bytes:
    """[T-15 to T-17] The payload of `text`, which has no lone surrogates (the caller checks)."""
    coder, history = RangeEncoder(HEAD), [0]
    for entries, letters in items(text, tables.symbols):
        for entry in entries:
            encode_symbol(tables.symbols[entry], history, tables.words, coder)
            history.append(tables.symbols[entry])
        if letters:
            _write_letters(letters, tables.letters, coder)
    encode_symbol(0, history, tables.words, coder)
    return coder.finish()


def unpack(data: bytes, tables: ContextTables) -> str:
    """The text of what `pack` made; that the bytes are canonical is not checked here. Raises Malformed, LimitExceeded."""
    return read_text(ContextReader(RangeDecoder(data, HEAD), tables))


def items(text: str, vocabulary: dict[str, int]) -> Iterator[tuple[tuple[str, ...], str]]:
    """[T-16] Each item as its entries, steering ones included, and its letters, "" where it is not spelled."""
    places, place = boundaries(text), 0
    while place < len(text):
        start = place + (text[place] == " " and place + 1 < len(text))
        before = text[:place]
        gap = (GAP,) if implies_space(before, text[start]) != (start > place) else ()
        capital, end = implies_capital(before), _next(places, start)
        entry = _entry(text[start:end], capital, vocabulary)
        if entry:
            yield (*gap, *entry), ""
        else:
            end = _end_of_spelling(text, end, places, capital, vocabulary)
            yield (*gap, SPELL), text[start:end]
        place = end


def _next(places: list[int], place: int) -> int:
    """The boundary behind `place`."""
    return places[bisect_right(places, place)]


def _end_of_spelling(text: str, end: int, places: list[int], capital: bool, vocabulary: dict[str, int]) -> int:
    """[T-16] A spelled item goes on up to a space, to what is an entry, or to the text's end."""
    while end < len(text) and text[end] != " ":
        further = _next(places, end)
        if _entry(text[end:further], capital, vocabulary):
            break
        end = further
    return end


def _entry(word: str, capital: bool, vocabulary: dict[str, int]) -> tuple[str, ...]:
    """[T-16] The first of the word's forms that is an entry, behind what steers it; () for a word to be spelled."""
    for steering, form in _forms(word, capital):
        if form in vocabulary:
            return (*steering, form)
    return ()


def _forms(word: str, capital: bool) -> Iterator[tuple[tuple[str, ...], str]]:
    """[T-10] What gives `word` where a capital is expected or not, what needs no steering first."""
    small = lower_first(word)
    if "a" <= word[0] <= "z":
        yield (CASE,) if capital else (), word
        return
    if capital and small != word:
        yield (), small
    yield (), word
    if small != word and not capital:
        yield (CASE,), small
    if upper(word) == word and lower(word) not in (word, small):
        yield (UPPER,), lower(word)


def _write_letters(letters: str, trie: ContextTrie, coder: RangeEncoder) -> None:
    """[T-17] Each character behind those before it, then `end`."""
    history = [LETTER_END]
    for letter in letters:
        symbol = ord(letter) if ord(letter) < LETTER_END else LETTER_OTHER
        encode_symbol(symbol, history, trie, coder)
        if symbol == LETTER_OTHER:
            coder.encode(ord(letter) >> LOW_BITS, 1, 1 << (CODE_POINT_BITS - LOW_BITS))
            coder.encode(ord(letter) & 0xFFFF, 1, 1 << LOW_BITS)
        history.append(symbol)
    encode_symbol(LETTER_END, history, trie, coder)


class ContextReader:
    """Entries and letters out of a range decoder, with what came before them."""

    def __init__(self, coder: RangeDecoder, tables: ContextTables):
        self.coder, self.tables = coder, tables
        self.history, self.letters = [0], [LETTER_END]

    @property
    def offset(self) -> int:
        """The byte behind those that have been looked at."""
        return self.coder.offset

    def entry(self) -> str | None:
        """[T-15] The next entry; None at the end of the text."""
        symbol = decode_symbol(self.history, self.tables.words, self.coder)
        self.history.append(symbol)
        return self.tables.entries[symbol] if symbol else None

    def letter(self, previous: str) -> str:
        """[T-17] The next letter of a spelled item."""
        if not previous:
            self.letters = [LETTER_END]
        symbol = decode_symbol(self.letters, self.tables.letters, self.coder)
        self.letters.append(symbol)
        if symbol == LETTER_END:
            return ""
        return chr(symbol) if symbol != LETTER_OTHER else self._code_point()

    def _code_point(self) -> str:
        high = self._number(CODE_POINT_BITS - LOW_BITS)
        letter = high << LOW_BITS | self._number(LOW_BITS)
        if letter < LETTER_END:
            raise Malformed("an ASCII character as a code point", offset=self.offset)
        return code_point(letter, self.offset)

    def _number(self, bits: int) -> int:
        number = self.coder.target(1 << bits)
        self.coder.take(number, 1)
        return number
