"""How the word coder cuts a text into items: the shortest path through the text, in bits.

What text_rules expects at a place depends on the text before it alone, never on how that was cut. So the cheapest way
from a place to the end of the text is one number, and the places are done from the last to the first: try every item
that may begin there, add the known cost of where it ends. A spelled item is a path of its own, a letter a step.

Costs are whole bits, and of equal costs the first tried wins. The order of trial is part of the format: only so has
each text one encoding, which a decoder can check (T-12).
"""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

from sedicfmt.bitcoding.text_items import CODE_POINT_BITS
from sedicfmt.bitcoding.text_rules import boundaries, implies_capital, implies_space, lower, lower_first, upper
from sedicfmt.bitcoding.text_table import END, UNICODE, TextTable, letter_context


class Item(NamedTuple):
    """One item: `symbols` of the word code; text[start:end] are its characters, without the space before it."""

    cost: int  # bits of this item and of all that follow
    symbols: tuple[int, ...]
    start: int
    end: int


def parse(text: str, table: TextTable) -> list[Item]:
    """[T-12] The items of `text` in the text's order."""
    path = _ShortestPath(text, table)
    items, place = [], 0
    while place < len(text):
        items.append(path.best[place])
        place = items[-1].end
    return items


class _ShortestPath:
    """`best[place]` is the item to take at each boundary of the text."""

    def __init__(self, text: str, table: TextTable):
        self.text, self.table, self.lengths = text, table, table.code.lengths
        self.places = boundaries(text)
        self.best = {len(text): Item(0, (), len(text), len(text))}
        self.spelled = [(0, 0)] * (len(text) + 1)  # once spelling is under way: (bits, end) from each place on
        inner = set(self.places[:-1])
        for place in range(len(text), -1, -1):
            if place in inner:
                self.best[place] = self._cheapest(place)
            if place > 0:
                self.spelled[place] = self._spell_on(place)

    def _spell_on(self, place: int) -> tuple[int, int]:
        """A spelled item that has reached `place` ends here or takes one more letter; ending wins a tie."""
        context = letter_context(self.text[place - 1])
        choices = []
        if place in self.best:
            choices.append((self.table.letters[context].lengths[END] + self.best[place].cost, place))
        if place < len(self.text):
            bits, end = self.spelled[place + 1]
            choices.append((bits + self._letter_cost(context, self.text[place]), end))
        return min(choices, key=lambda choice: choice[0])

    def _letter_cost(self, context: int, letter: str) -> int:
        lengths = self.table.letters[context].lengths
        return lengths[ord(letter)] if ord(letter) < 128 else lengths[UNICODE] + CODE_POINT_BITS

    def _cheapest(self, place: int) -> Item:
        """The best item that may begin at `place`. Order of trial: with the space taken, then without."""
        text = self.text
        before = text[:place]
        capital = implies_capital(before)
        starts = [place + 1, place] if text[place] == " " and place + 1 < len(text) else [place]
        items = []
        for start in starts:
            flip = implies_space(before, text[start]) != (start > place)
            cost, symbols, end = self._cheapest_from(start, capital)
            gap = (self.table.gap,) if flip else ()
            items.append(Item(cost + self.lengths[self.table.gap] * flip, gap + symbols, start, end))
        return min(items, key=lambda item: item.cost)

    def _cheapest_from(self, start: int, capital: bool) -> tuple[int, tuple[int, ...], int]:
        """(bits, symbols, end) of the best item whose characters begin at `start`, `gap` left out.

        Order of trial: entries, the shorter first, for one length in the order of `_forms`; then spelling.
        """
        best_cost, best_end = 1 << 60, start
        best_symbols: tuple[int, ...] = ()
        lengths, symbols = self.lengths, self.table.symbols
        first = bisect_right(self.places, start)
        for end in self.places[first : bisect_right(self.places, start + self.table.longest)]:
            onward = self.best[end].cost
            for steering, entry in _forms(self.text[start:end], capital, self.table):
                if entry in symbols:
                    tried = (*steering, symbols[entry])
                    cost = onward + sum([lengths[symbol] for symbol in tried])
                    if cost < best_cost:
                        best_cost, best_symbols, best_end = cost, tried, end
        bits, end = self.spelled[start + 1]
        bits += lengths[self.table.spell] + self._letter_cost(0, self.text[start])
        return (bits, (self.table.spell,), end) if bits < best_cost else (best_cost, best_symbols, best_end)


def _forms(word: str, capital: bool, table: TextTable) -> list[tuple[tuple[int, ...], str]]:
    """[T-10] Which entries, after which steering symbols, look like `word` where `capital` is expected or not."""
    if "a" <= word[0] <= "z":
        return [((table.case,) if capital else (), word)]
    if not "A" <= word[0] <= "Z":
        return [((), word)]
    small = lower_first(word)
    forms: list[tuple[tuple[int, ...], str]] = [((), word), (() if capital else (table.case,), small)]
    if upper(word) == word and small != lower(word):
        forms.append(((table.upper,), lower(word)))
    return forms
