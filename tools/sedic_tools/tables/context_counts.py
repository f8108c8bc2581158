"""Fitting a context trie: count sequences, keep those that are worth their bytes, turn counts into frequencies.

1. Count every symbol behind every context of up to `depth` symbols, times the lines' weights.
2. Keep a symbol behind a context where they occur together often enough (KEPT, unweighted); all symbols behind nothing.
3. A shorter context is asked only when the longer ones fail. So what counts there is not how often a symbol follows,
   but behind how many different longer contexts it does (Kneser, Ney 1995).
4. A discount is taken off every count. That, and what was not kept, is the escape's.

Integers throughout, so that every machine builds the same trie.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate

from sedicfmt.bitcoding.context_trie import U16, U32, ContextTrie
from sedicfmt.bitcoding.range_coder import TOTAL

Context = tuple[int, ...]
Follow = dict[Context, Counter[int]]  # context -> how often each symbol follows it

UNIT = 10  # a count of 1, so that a discount is a whole number
DISCOUNT = 7  # of UNITs


def count(sequences: Iterable[tuple[Sequence[int], int]], depth: int) -> tuple[list[Follow], list[Follow]]:
    """Counts for contexts of 0 to `depth` symbols, plain and weighted. A sequence's first symbol only is a context."""
    plain: list[Follow] = [defaultdict(Counter) for _ in range(depth + 1)]
    weighted: list[Follow] = [defaultdict(Counter) for _ in range(depth + 1)]
    for sequence, weight in sequences:
        for i in range(1, len(sequence)):
            for length in range(min(i, depth) + 1):
                context = tuple(sequence[i - length : i])
                plain[length][context][sequence[i]] += 1
                weighted[length][context][sequence[i]] += weight
    return plain, weighted


def continuations(longer: Follow, weighted: Follow) -> Follow:
    """For the contexts one symbol shorter: behind how many of the longer ones each symbol is found.

    What begins a sequence has nothing longer; there the `weighted` counts stay.
    """
    found: Follow = defaultdict(Counter)
    for context, follow in longer.items():
        found[context[1:]].update(dict.fromkeys(follow, 1))
    return weighted | found


def make_trie(plain: list[Follow], weighted: list[Follow], alphabet: int, kept: Sequence[int]) -> ContextTrie:
    """The trie of symbols 0 to alphabet - 1; behind k symbols stays what occurs at least kept[k] times."""
    depth = len(plain) - 1
    levels: list[dict[Context, dict[int, int]]] = []
    for length in range(depth + 1):
        counts = weighted[length]
        if length < depth:
            counts = continuations(plain[length + 1], counts)
        lists = {}
        for context in sorted(plain[length]):
            often = [s for s, n in sorted(plain[length][context].items()) if n >= kept[length]]
            if not context:
                lists[context] = shared(dict.fromkeys(range(alphabet), 1) | _scaled(counts[context], 0), 0)
            elif often and context[-1] in levels[-1].get(context[:-1], ()):  # an entry leads to it
                discounted = _scaled(counts[context], DISCOUNT)
                lists[context] = shared({s: discounted[s] for s in often}, UNIT * counts[context].total())
        levels.append(lists)
    return _pack(levels)


def _scaled(counts: Counter[int], discount: int) -> dict[int, int]:
    return {symbol: max(1, UNIT * n - discount) for symbol, n in counts.items()}


def shared(counts: dict[int, int], total: int) -> dict[int, int]:
    """Frequencies of at least 1 after `counts`, of which 2^16 is the `total`; 0: their own sum, and no escape."""
    whole = total or sum(counts.values())
    frequencies = {symbol: max(1, n * TOTAL // whole) for symbol, n in counts.items()}
    largest = max(frequencies, key=lambda symbol: (frequencies[symbol], -symbol))
    spare = TOTAL - sum(frequencies.values())
    if spare <= 0 or not total:  # one for the escape where there is one
        frequencies[largest] += spare - bool(total)
    return frequencies


def _pack(levels: list[dict[Context, dict[int, int]]]) -> ContextTrie:
    """The trie's arrays: a level's lists in the order of the entries that lead to them."""
    symbols: list[array[int]] = []
    frequencies: list[array[int]] = []
    first: list[array[int]] = []
    contexts: list[Context] = [()]
    for lists in levels:
        follow = [lists.get(context, {}) for context in contexts]
        symbols.append(array(U16, [symbol for entries in follow for symbol in entries]))
        frequencies.append(array(U16, [n for entries in follow for n in entries.values()]))
        first.append(array(U32, accumulate(map(len, follow), initial=0)))
        contexts = [(*context, s) for context, entries in zip(contexts, follow, strict=True) for s in entries]
    return ContextTrie(symbols, frequencies, first[1:])
