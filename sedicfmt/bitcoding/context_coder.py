"""Coding a symbol by what stood before it: the longest context first, then shorter ones (PPM: Cleary, Witten 1984).

The list of the longest context that the trie knows is tried first. Where it has the symbol, that is coded with its
frequency; else the escape is, and the next shorter context is tried, without the symbols that were just refused: both
sides know that it is none of them. The root has all symbols, so the search ends. What is left out makes the total
smaller than 2^16; the range coder takes any.

Nothing adapts: a text of fifty words is over before much could be learnt from it.

Spec: clause T-15.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sedicfmt.bitcoding.context_trie import ContextList, ContextTrie
from sedicfmt.bitcoding.range_coder import RangeDecoder, RangeEncoder


def encode_symbol(symbol: int, history: Sequence[int], trie: ContextTrie, coder: RangeEncoder) -> None:
    """[T-15] Code `symbol`, one of the trie's alphabet, behind the symbols of `history`."""
    for known in _known(history, trie):
        index = known.index(symbol)
        coded = len(known.symbols) if index is None else index
        coder.encode(known.start(coded), known.size(coded), known.total)
        if index is not None:
            return


def decode_symbol(history: Sequence[int], trie: ContextTrie, coder: RangeDecoder) -> int:
    """[T-15] The symbol behind `history`. Raises Malformed where the bytes name none."""
    for known in _known(history, trie):
        index = known.index_of(coder.target(known.total))
        coder.take(known.start(index), known.size(index))
        if index < len(known.symbols):
            return known.symbols[index]
    raise AssertionError("the root's list has all symbols")


def _known(history: Sequence[int], trie: ContextTrie) -> Iterator[ContextList]:
    """The lists to try, the longest context's first, each without what was in the one before."""
    context = tuple(history[max(0, len(history) - trie.depth) :])
    while (known := trie.after(context)) is None:
        context = context[1:]
    yield known
    while context:
        yield trie.rest(context)
        context = context[1:]
