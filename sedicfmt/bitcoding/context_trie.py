"""What usually follows what: a frozen trie of symbol sequences, each with the frequencies of the symbols that come next.

A *list* holds symbols with frequencies. The root's list has every symbol of the alphabet; each entry of a list may lead to
a list of its own, of what follows the symbols on the way there. So the list for the last k symbols is found by walking k
entries down from the root, the oldest symbol first. What is in it is also in the list for one symbol less. Frequencies of
a list add up to at most 2^16; what is missing belongs to the escape: none of these (context_coder.py). In the file, all
numbers little-endian:

    D                          32 bits: how many levels of lists there are
    N[0] ... N[D-1]            32 bits each: entries of all lists of a level, the root being level 0
    for each level             N symbols of 16 bits, ascending within a list; then N frequencies of 16 bits
    for each level but the last   N + 1 numbers of 32 bits, first: entry e leads to the list of the
                               next level's entries first[e] up to first[e + 1] - 1

Spec: clause T-14.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from sedicfmt.bitcoding.range_coder import TOTAL


@dataclass(frozen=True, eq=False)
class ContextList:
    """Symbols in ascending order; the one at index i has the frequencies `cumulative[i]` up to `cumulative[i + 1]`.

    The index behind the last symbol is the escape's; the root's list, which has all symbols, has none. Those at the
    indices `left_out` are known not to come; `taken[n]` is the sum of the first n of their frequencies.
    """

    symbols: Sequence[int]
    cumulative: Sequence[int]
    left_out: Sequence[int] = ()
    taken: Sequence[int] = (0,)

    @property
    def total(self) -> int:
        """Of the frequencies that are left, the escape's among them."""
        return self.cumulative[-1] - self.taken[-1]

    def index(self, symbol: int) -> int | None:
        """Where `symbol` stands in the list, None if it does not."""
        at = bisect_left(self.symbols, symbol)
        return at if at < len(self.symbols) and self.symbols[at] == symbol else None

    def start(self, index: int) -> int:
        """Where the frequencies of `index` begin, counting what is left."""
        return self.cumulative[index] - self.taken[bisect_left(self.left_out, index)]

    def size(self, index: int) -> int:
        """The frequency of the symbol at `index`, or of the escape."""
        return self.cumulative[index + 1] - self.cumulative[index]

    def index_of(self, target: int) -> int:
        """Whose frequencies hold `target`, 0 to total - 1; of several that begin there the last: the others are left out."""
        return bisect_right(range(len(self.cumulative) - 1), target, key=self.start) - 1

    def without(self, symbols: Sequence[int]) -> ContextList:
        """The same list with these of its symbols left out."""
        left_out = [bisect_left(self.symbols, symbol) for symbol in symbols]
        return ContextList(self.symbols, self.cumulative, left_out, (0, *accumulate(map(self.size, left_out))))


class ContextTrie:
    """`symbols[d]`, `frequencies[d]`, `first[d]` are the file's numbers of level d.

    Lists are kept once they were asked for: all together they have as many entries as the file.
    """

    def __init__(self, symbols: list[array[int]], frequencies: list[array[int]], first: list[array[int]]):
        self.symbols, self.frequencies, self.first = symbols, frequencies, first
        self._lists: dict[Context, ContextList | None] = {}
        self._rests: dict[Context, ContextList] = {}

    @property
    def depth(self) -> int:
        """How many symbols back the trie looks."""
        return len(self.symbols) - 1

    def after(self, context: Context) -> ContextList | None:
        """The list of what follows the symbols `context`, None where the trie has none."""
        if context not in self._lists:
            self._lists[context] = self._find(context)
        return self._lists[context]

    def rest(self, context: Context) -> ContextList:
        """The list for `context` without its oldest symbol, less what is in the list for `context`, which must exist."""
        if context not in self._rests:
            longer, shorter = self.after(context), self.after(context[1:])
            assert longer is not None and shorter is not None  # the longer list is part of the shorter (T-14)
            self._rests[context] = shorter.without(longer.symbols)
        return self._rests[context]

    def _find(self, context: Context) -> ContextList | None:
        begin, end = 0, len(self.symbols[0])
        for level, symbol in enumerate(context):
            at = bisect_left(self.symbols[level], symbol, begin, end)
            if at == end or self.symbols[level][at] != symbol:
                return None
            begin, end = self.first[level][at], self.first[level][at + 1]
        symbols, frequencies = (part[len(context)][begin:end] for part in (self.symbols, self.frequencies))
        escape = (TOTAL,) if context else ()
        return ContextList(symbols, (0, *accumulate(frequencies), *escape)) if begin < end else None

    def to_bytes(self) -> bytes:
        """The file."""
        sizes = array(U32, [len(self.symbols), *map(len, self.symbols)])
        pairs = [part for pair in zip(self.symbols, self.frequencies, strict=True) for part in pair]
        return b"".join(_little(part).tobytes() for part in (sizes, *pairs, *self.first))

    @classmethod
    def from_bytes(cls, data: bytes) -> ContextTrie:
        """The trie of a file's bytes. The file is ours and frozen: nothing but its length is checked (ValueError)."""
        levels = int.from_bytes(data[:4], "little")
        sizes = _numbers(U32, data[4 : 4 + 4 * levels])
        place = 4 + 4 * levels
        parts: list[array[int]] = []
        for code, count in [(U16, n) for n in sizes for _ in range(2)] + [(U32, n + 1) for n in sizes[:-1]]:
            width = array(code).itemsize
            parts.append(_numbers(code, data[place : place + count * width]))
            place += count * width
        if place != len(data):
            raise ValueError("not a whole file of a context trie")
        return cls(parts[0 : 2 * levels : 2], parts[1 : 2 * levels : 2], parts[2 * levels :])


def _numbers(code: str, data: bytes) -> array[int]:
    numbers = array(code)
    numbers.frombytes(data)
    return _little(numbers)


def _little(numbers: array[int]) -> array[int]:
    """Between this machine's order of bytes and the file's, either way."""
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers


Context = tuple[int, ...]
U16, U32 = "H", "I"  # array's names of the types
