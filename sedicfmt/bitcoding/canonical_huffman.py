"""Canonical Huffman codes: a list of code lengths is the whole code.

A Huffman code gives each symbol a bit string that is no other's prefix, frequent symbols the short ones. Of all codes
with the same lengths the canonical one is singled out: sort the symbols by (length, index), give the first the code 0,
and each next one the code before it plus 1, with zeros appended where the length grows. So a code is stored as its
lengths alone, the longest code is all ones, and the decoder needs one number a length.

Rules:
- Ties are broken by symbol index. Length 0 means that the symbol does not occur. No code is longer than 24 bits.
- The code is complete (the lengths fill the tree). A one-symbol alphabet is the exception: its code is the bit 0.

Spec: clauses T-3 and T-4. Bits are big-endian: the first bit is the highest of its byte.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Sequence

from bitarray import bitarray
from bitarray.util import canonical_decode, int2ba

from sedicfmt.errors import Malformed, Truncated

MAX_LENGTH = 24  # bits of one code; a corpus must be larger than 46,000 (Fibonacci) symbols to ask for more


def code_lengths(frequencies: Sequence[int], limit: int = MAX_LENGTH) -> list[int]:
    """Code length in bits of each symbol, 0 where the frequency is 0. Integers only, so equal on every machine.

    Lengths over `limit` are avoided by halving the frequencies, which flattens the tree until it fits.
    """
    lengths = _huffman_depths(frequencies)
    while max(lengths, default=0) > limit:
        frequencies = [(f + 1) // 2 for f in frequencies]
        lengths = _huffman_depths(frequencies)
    return lengths


def _huffman_depths(frequencies: Sequence[int]) -> list[int]:
    """Depth of each leaf in Huffman's tree. Nodes of equal weight are joined in the order of their making."""
    heap = [(f, i) for i, f in enumerate(frequencies) if f > 0]
    leaves, parent = [i for _, i in heap], dict[int, int]()
    if len(heap) == 1:
        return [int(f > 0) for f in frequencies]
    heapq.heapify(heap)
    node = len(frequencies)
    while len(heap) > 1:
        (f, a), (g, b) = heapq.heappop(heap), heapq.heappop(heap)
        parent[a] = parent[b] = node
        heapq.heappush(heap, (f + g, node))
        node += 1
    depth = {node - 1: 0}
    for i in sorted(parent, reverse=True):  # a parent is made after its children
        depth[i] = depth[parent[i]] + 1
    lengths = [0] * len(frequencies)
    for i in leaves:
        lengths[i] = depth[i]
    return lengths


class CanonicalCode:
    """The canonical code of `lengths`, one a symbol. ValueError if they are no complete code within 24 bits."""

    def __init__(self, lengths: Sequence[int]):
        self.lengths = lengths
        numbers = Counter(lengths)
        order = sorted(range(len(lengths)), key=lengths.__getitem__)  # stable: ties stay in index order
        self._order = order[numbers[0] :]
        self._longest = lengths[self._order[-1]] if self._order else 0
        if not 0 < self._longest <= MAX_LENGTH:
            raise ValueError(f"the longest code has {self._longest} bits, not 1..{MAX_LENGTH}")
        self._count = [0] + [numbers[n] for n in range(1, self._longest + 1)]
        room = sum(count << (self._longest - n) for n, count in enumerate(self._count))
        if room != 1 << self._longest and len(self._order) != 1:
            raise ValueError("the code lengths do not fill the tree")
        self._rank = dict(zip(self._order, range(len(self._order)), strict=True))
        self._first = self._first_codes()

    def _first_codes(self) -> list[int]:
        """For each length, first code minus first rank: code of a symbol = this number + its rank."""
        code, rank, first = 0, 0, []
        for count in self._count:
            code <<= 1
            first.append(code - rank)
            code, rank = code + count, rank + count
        return first

    def bits(self, symbol: int) -> bitarray:
        """The code of one symbol. KeyError if it has none."""
        length = self.lengths[symbol]
        return int2ba(self._first[length] + self._rank[symbol], length, endian="big")

    def encode(self, symbols: Iterable[int]) -> bitarray:
        """The codes one after another."""
        out = bitarray(endian="big")
        for symbol in symbols:
            out += self.bits(symbol)
        return out

    def decode_one(self, bits: bitarray, position: int) -> tuple[int, int]:
        """The symbol at bit `position` and the position after it. Truncated, or Malformed for an unused code."""
        window = bits[position : position + self._longest]
        try:
            symbol = next(canonical_decode(window, self._count, self._order))
        except (StopIteration, ValueError):
            if len(window) < self._longest:
                raise Truncated("the bits end inside a Huffman code", offset=len(bits) // 8) from None
            raise Malformed("a Huffman code that stands for nothing", offset=position // 8) from None
        return symbol, position + self.lengths[symbol]

    def decode(self, bits: bitarray) -> list[int]:
        """All symbols of `bits`, which must end with a whole code."""
        symbols, position = [], 0
        while position < len(bits):
            symbol, position = self.decode_one(bits, position)
            symbols.append(symbol)
        return symbols
