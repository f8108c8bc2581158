"""Choosing the entries of the text table: words that occur often enough, and the phrases that save most bits.

1. Words (stretches between two boundaries of T-6, without spaces) that occur in enough lines; a word seen in fewer
   stays out, so that the fit spells words as often as unseen text will make it.
2. Candidates: word sequences that occur in enough lines.
3. Repeat: code the corpus with the present entries, count what was used, keep the phrases that saved most, fit again.

Integers throughout, so that every machine builds the same table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import islice, pairwise

from sedicfmt.bitcoding.canonical_huffman import code_lengths
from sedicfmt.bitcoding.text_items import STEERING
from sedicfmt.bitcoding.text_rules import boundaries, implies_capital, lower_first
from sedicfmt.bitcoding.text_table import (
    END,
    LETTER_CONTEXTS,
    LETTER_SYMBOLS,
    UNICODE,
    TextTable,
    letter_context,
)
from sedicfmt.bitcoding.word_parser import parse

Lines = list[tuple[str, int]]  # (line, weight)
WORD_LINES, PHRASE_LINES = 3, 8  # a word or phrase must occur in so many lines
PHRASE_WORDS, PHRASE_CHARACTERS = 8, 40
CANDIDATES = 30_000
ALWAYS_COUNT = 100  # in weighted lines, for entries that are there whatever the corpus says: codes of some 15 bits


@dataclass
class Counts:
    """How often each entry and each letter (by context) was used, times the lines' weights."""

    entries: Counter[str] = field(default_factory=Counter)
    letters: list[Counter[int]] = field(default_factory=lambda: [Counter() for _ in range(LETTER_CONTEXTS)])


def words_of(text: str) -> list[tuple[int, int]]:
    """(start, end) of each word or mark in `text`; spaces are none."""
    places = boundaries(text)
    return [(a, b) for a, b in pairwise(places) if text[a:b] != " "]


def _sequences(line: str, spans: list[tuple[int, int]], count: int) -> Iterator[tuple[str, str]]:
    """Each run of `count` words as (the run without its last word, the run), as it looks inside a sentence."""
    for i in range(len(spans) - count + 1):
        start, end = spans[i][0], spans[i + count - 1][1]
        if end - start <= PHRASE_CHARACTERS:
            form = lower_first if "A" <= line[start] <= "Z" and implies_capital(line[:start]) else str
            yield form(line[start : spans[i + count - 2][1]]) if count > 1 else "", form(line[start:end])


def count_sequences(lines: Lines) -> tuple[Counter[str], Counter[str]]:
    """Weighted counts of the words and of the phrases that occur in enough lines."""
    words, phrases, kept = Counter[str](), Counter[str](), {""}
    spans = [words_of(line) for line, _ in lines]
    for count in range(1, PHRASE_WORDS + 1):
        weights, seen = Counter[str](), Counter[str]()
        for (line, weight), words_there in zip(lines, spans, strict=True):
            found = [run for head, run in _sequences(line, words_there, count) if head in kept]
            seen.update(set(found))
            for run in found:
                weights[run] += weight
        need = WORD_LINES if count == 1 else PHRASE_LINES
        kept = {run for run, number in seen.items() if number >= need}
        (words if count == 1 else phrases).update({run: weights[run] for run in kept})
    return words, phrases


def make_table(counts: Counts, floor: Counter[str], entries: list[str]) -> TextTable:
    """The table whose codes fit `counts`, no entry below its `floor`; all count once more than they were used."""
    lengths = code_lengths([max(counts.entries[entry], floor[entry]) + 1 for entry in entries])
    letters = [code_lengths([8 * row[symbol] + 1 for symbol in range(LETTER_SYMBOLS)]) for row in counts.letters]
    order = sorted(range(len(entries)), key=lambda i: (lengths[i], entries[i]))
    return TextTable([entries[i] for i in order], [lengths[i] for i in order], letters)


def _use(job: tuple[TextTable, Lines]) -> Counts:
    """What coding `lines` with `table` uses."""
    table, lines = job
    counts = Counts()
    for line, weight in lines:
        for item in parse(line, table):
            for symbol in item.symbols:
                counts.entries[table.entries[symbol]] += weight
            if item.symbols[-1] == table.spell:
                _use_letters(line[item.start : item.end], weight, counts)
    return counts


def _use_letters(word: str, weight: int, counts: Counts) -> None:
    previous = ""
    for letter in word:
        counts.letters[letter_context(previous)][ord(letter) if ord(letter) < 128 else UNICODE] += weight
        previous = letter
    counts.letters[letter_context(previous)][END] += weight


def use(table: TextTable, lines: Lines, workers: int) -> Counts:
    """What coding all lines uses, summed over `workers` processes."""
    total, rest = Counts(), iter(lines)
    chunks = iter(lambda: list(islice(rest, 2000)), [])
    with ProcessPoolExecutor(workers) as pool:
        for counts in pool.map(_use, ((table, chunk) for chunk in chunks)):
            total.entries.update(counts.entries)
            for mine, new in zip(total.letters, counts.letters, strict=True):
                mine.update(new)
    return total


def savings(entry: str, table: TextTable, counts: Counts) -> int:
    """Bits that a phrase saves in the fit over its words one by one."""
    lengths = table.code.lengths
    apart = sum(lengths[table.symbols.get(entry[a:b], table.spell)] for a, b in words_of(entry))
    return counts.entries[entry] * (apart - lengths[table.symbols[entry]])


def choose(lines: Lines, always: list[str], sizes: Sequence[int], workers: int) -> TextTable:
    """Fit the table: after the first pass sizes[0] phrases are kept, after the next sizes[1], and so on.

    `always`: entries that stay whatever they save.
    """
    words, phrases = count_sequences(lines)
    likely = sorted(phrases, key=lambda run: (-phrases[run] * (len(words_of(run)) - 1), run))[:CANDIDATES]
    counts = Counts(Counter({**words, **{run: phrases[run] for run in likely}}))
    floor = Counter(dict.fromkeys(always, ALWAYS_COUNT))
    fixed = [*STEERING, *sorted(set(words) | set(always))]
    phrases_now = sorted(set(likely) - set(fixed))
    for size in (*sizes, sizes[-1]):
        table = make_table(counts, floor, fixed + phrases_now)
        counts = use(table, lines, workers)
        phrases_now = sorted(phrases_now, key=lambda run: (-savings(run, table, counts), run))[:size]
    return make_table(counts, floor, fixed + sorted(phrases_now))
