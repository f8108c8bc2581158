"""Coding a symbol by what stood before it: the longest context first, then shorter ones (PPM: Cleary, Witten 1984).

The list of the longest context that the trie knows is tried first. Where it has the symbol, that is coded with its
frequency; else the escape is, and the next shorter context is tried, without the symbols that were just refused: both
sides know that it is none of them. The root has all symbols, so the search ends. What is left out makes the total
smaller than 2^16; the range coder takes any.

Nothing adapts: a text of fifty words is over before much could be learnt from it.

Spec: clause T-15.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from sedicfmt.bitcoding.context_trie import ContextList, ContextTrie
from sedicfmt.bitcoding.range_coder import RangeDecoder, RangeEncoder


def encode_symbol(symbol: int, history: Sequence[int], trie: ContextTrie, coder: RangeEncoder) -> None:
    """[T-15] Code `symbol`, one of the trie's alphabet, behind the symbols of `history`."""
    for known in _known(history, trie):
        index = known.index(symbol)
        if index is not None:
            coder.encode(*known.span(index), known.total)
            return
        coder.encode(*known.span(len(known.symbols)), known.total)


def decode_symbol(history: Sequence[int], trie: ContextTrie, coder: RangeDecoder) -> int:
    """[T-15] The symbol behind `history`. Raises Malformed where the bytes name none."""
    for known in _known(history, trie):
        index = known.index_of(coder.target(known.total))
        coder.take(*known.span(index))
        if index < len(known.symbols):
            return known.symbols[index]
    raise AssertionError("the root's list has all symbols")


class _Reduced:
    """A list without the symbols that longer contexts have refused."""

    def __init__(self, known: ContextList, refused: set[int]):
        found = (known.index(symbol) for symbol in refused)
        self.known, self.symbols, self.index = known, known.symbols, known.index
        self.left_out = sorted(index for index in found if index is not None)
        self.total = known.cumulative[-1] - sum(map(known.size, self.left_out))

    def span(self, index: int) -> tuple[int, int]:
        """Where the frequencies of `index` begin, and how large they are."""
        before = sum(self.known.size(i) for i in self.left_out if i < index)
        return self.known.cumulative[index] - before, self.known.size(index)

    def index_of(self, target: int) -> int:
        """Whose frequencies hold `target`, 0 to total - 1."""
        for i in self.left_out:
            if self.known.cumulative[i] > target:
                break
            target += self.known.size(i)
        return bisect_right(self.known.cumulative, target) - 1


def _known(history: Sequence[int], trie: ContextTrie) -> Iterator[_Reduced]:
    """The lists to try, the longest context's first."""
    refused = set[int]()
    for length in range(min(trie.depth, len(history)), -1, -1):
        known = trie.after(history[len(history) - length :])
        if known is not None:
            yield _Reduced(known, refused)
            refused.update(known.symbols)
