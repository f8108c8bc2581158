"""The word contexts coder: its trie, one symbol at a time, how texts are cut, and a decoder written from the clauses alone."""

import contextlib
import struct
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sedic_tables
from sedic_tools.tables import context_counts
from sedicfmt.bitcoding import word_contexts
from sedicfmt.bitcoding.context_coder import decode_symbol, encode_symbol
from sedicfmt.bitcoding.context_trie import ContextTrie
from sedicfmt.bitcoding.range_coder import RangeDecoder, RangeEncoder
from sedicfmt.errors import LimitExceeded, Malformed, SedicError

TABLES = Path(next(iter(sedic_tables.__path__)))


def small_trie():
    """What follows what in "abababac", with symbols 0 to 3."""
    plain, weighted = context_counts.count([([0, 1, 2, 1, 2, 1, 2, 1, 3, 0], 1)], 2)
    return context_counts.make_trie(plain, weighted, 4, (1, 1, 2))


def test_a_trie_comes_back_from_its_file():
    trie = small_trie()
    again = ContextTrie.from_bytes(trie.to_bytes())
    assert again.to_bytes() == trie.to_bytes()
    assert (again.depth, list(again.after(()).symbols)) == (2, [0, 1, 2, 3])
    assert again.after(()).cumulative[-1] == 1 << 16
    assert list(again.after((1,)).symbols) == [2, 3] and list(again.after((1, 2)).symbols) == [1]
    assert again.after((3, 3)) is None and again.after((0, 1)) is None  # never seen; seen once only


@pytest.mark.parametrize("wrong", [b"", b"\0\0", small_trie().to_bytes()[:-1], small_trie().to_bytes() + b"\0"])
def test_a_file_of_another_length_is_no_trie(wrong):
    with pytest.raises(ValueError):
        ContextTrie.from_bytes(wrong)


@given(st.lists(st.integers(0, 3), max_size=60))
def test_any_symbols_round_trip(symbols):
    trie, coder, history = small_trie(), RangeEncoder(), [0]
    for symbol in symbols:
        encode_symbol(symbol, history, trie, coder)
        history.append(symbol)
    reader, again = RangeDecoder(coder.finish()), [0]
    for _ in symbols:
        again.append(decode_symbol(again, trie, reader))
    assert again == history


def test_what_the_context_expects_costs_little():
    def size(symbols):
        trie, coder, history = small_trie(), RangeEncoder(), [0]
        for symbol in symbols:
            encode_symbol(symbol, history, trie, coder)
            history.append(symbol)
        return len(coder.finish())

    assert 2 * size([1, 2] * 100) < size([3, 2] * 100)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a dog.", [("{case}", "a"), ("dog",), (".",)]),
        ("A dog", [("a",), ("dog",)]),
        ("the Dog", [("{case}", "the"), ("{case}", "dog")]),
        ("A DOG", [("a",), ("{upper}", "dog")]),
        ("A  dog", [("a",), ("{gap}", "{spell}", " "), ("dog",)]),
        ("A dog ", [("a",), ("dog",), ("{spell}", " ")]),
        ("A Zyxqz1é, dog", [("a",), ("{spell}", "Zyxqz1é"), (",",), ("dog",)]),
        ("A red-blue", [("a",), ("red",), ("-",), ("blue",)]),
    ],
)
def test_how_texts_are_cut(text, expected):
    symbols = dict.fromkeys(["a", "the", "dog", ".", ",", "red", "blue", "-"], 0)
    found = [(*entries, letters) if letters else entries for entries, letters in word_contexts.items(text, symbols)]
    assert found == expected


@given(st.binary(max_size=40))
def test_any_bytes_are_a_text_or_our_error(data):
    payload = bytes([0x40 | data[0] & 0x3F]) + data[1:] if data else b"\x40"
    with contextlib.suppress(SedicError):
        assert isinstance(word_contexts.unpack(payload, word_contexts.load()), str)


def test_an_endless_text_is_stopped():
    tables, coder, history = word_contexts.load(), RangeEncoder(word_contexts.HEAD), [0]
    for _ in range(1500):
        encode_symbol(tables.symbols["and"], history, tables.words, coder)
        history.append(tables.symbols["and"])
    with pytest.raises(LimitExceeded):
        word_contexts.unpack(coder.finish(), tables)


def test_steering_symbols_need_an_entry():
    tables = word_contexts.load()
    for entries in (["{gap}", "{gap}"], ["{case}", "{upper}"], ["{gap}", ""], ["{case}", "{spell}"]):
        coder, history = RangeEncoder(word_contexts.HEAD), [0]
        for entry in entries:
            encode_symbol(tables.symbols[entry], history, tables.words, coder)
            history.append(tables.symbols[entry])
        with pytest.raises(Malformed):
            word_contexts.unpack(coder.finish(), tables)


def test_the_tables_keep_their_rules():
    tables = word_contexts.load()
    assert len(set(tables.entries)) == len(tables.entries) == len(tables.words.symbols[0])
    for trie in (tables.words, tables.letters):
        assert list(trie.symbols[0]) == list(range(len(trie.symbols[0])))
        assert sum(trie.frequencies[0]) == 1 << 16
        for level, first in enumerate(trie.first, 1):
            for begin, end in pairwise(first):
                symbols = list(trie.symbols[level][begin:end])
                assert symbols == sorted(set(symbols)) and len(symbols) < len(trie.symbols[0])
                assert sum(trie.frequencies[level][begin:end]) < 1 << 16
    assert all(min(f) >= 1 for trie in (tables.words, tables.letters) for f in trie.frequencies)


def test_what_is_in_a_list_is_in_the_list_for_one_symbol_less():
    for trie in (word_contexts.load().words, word_contexts.load().letters):
        contexts = [()]
        for first, symbols in zip(trie.first, trie.symbols, strict=False):
            entries = [(*context, s) for context in contexts for s in trie.after(context).symbols]
            assert len(entries) == len(symbols)
            contexts = [c for c, begin, end in zip(entries, first, first[1:], strict=False) if begin < end]
            for context in contexts:
                shorter = trie._find(context[1:])
                assert shorter is not None and set(trie._find(context).symbols) <= set(shorter.symbols)


def test_hostile_texts_take_no_longer_than_others():
    """Long lists in all contexts: each list's work is done once, so that a long text asks for few."""
    tables = word_contexts.ContextTables(*(getattr(word_contexts.load(), f) for f in ("entries", "words", "letters")))
    found = []
    tables.words._find = lambda context: found.append(context) or ContextTrie._find(tables.words, context)
    tables.words._lists.clear()
    assert word_contexts.unpack(word_contexts.pack("the." * 1024, tables), tables) == "the." * 1024
    assert len(found) < 40
    del tables.words._find


class DecoderOfTheClauses:
    """L-2, T-14, T-15 and T-17 as they stand, in plain Python, with nothing of the package."""

    def __init__(self, payload):
        self.payload, self.place = payload, 4
        self.code, self.range = int.from_bytes(payload[:4].ljust(4, b"\0"), "big") - 2**30, 2**30

    def symbol(self, cumulative):
        r = self.range // cumulative[-1]
        t = self.code // r
        s = next(s for s in range(len(cumulative) - 1) if t < cumulative[s + 1])
        self.code -= r * cumulative[s]
        self.range = r * (cumulative[s + 1] - cumulative[s])
        while self.range < 2**24:
            byte = self.payload[self.place] if self.place < len(self.payload) else 0
            self.code, self.range, self.place = 256 * self.code + byte, 256 * self.range, self.place + 1
        return s

    def by_context(self, history, levels, first):
        refused = set()
        for k in range(min(len(levels) - 1, len(history)), -1, -1):
            entries = walk(history[len(history) - k :], levels, first)
            if entries is None:
                continue
            left = [(s, f) for s, f in entries if s not in refused]
            cumulative = [sum(f for _, f in left[:i]) for i in range(len(left) + 1)]
            escape = 2**16 - sum(f for _, f in entries)
            at = self.symbol(cumulative + [cumulative[-1] + escape] * (k > 0))
            if at < len(left):
                return left[at][0]
            refused |= {s for s, _ in entries}
        raise AssertionError


def walk(context, levels, first):
    entries = (0, len(levels[0][0]))
    for d, wanted in enumerate(context):
        found = [e for e in range(*entries) if levels[d][0][e] == wanted]
        if not found:
            return None
        entries = (first[d][found[0]], first[d][found[0] + 1])
    symbols, frequencies = levels[len(context)]
    return [(symbols[e], frequencies[e]) for e in range(*entries)] or None


def read_trie(name):
    data = (TABLES / name).read_bytes()
    (depth,) = struct.unpack_from("<I", data)
    sizes, place = struct.unpack_from(f"<{depth}I", data, 4), 4 + 4 * depth
    levels, first = [], []
    for n in sizes:
        levels.append((struct.unpack_from(f"<{n}H", data, place), struct.unpack_from(f"<{n}H", data, place + 2 * n)))
        place += 4 * n
    for n in sizes[:-1]:
        first.append(struct.unpack_from(f"<{n + 1}I", data, place))
        place += 4 * n + 4
    return levels, first


def test_a_decoder_of_the_clauses_alone_reads_the_same_symbols():
    text = "A brown dog named Zyxq😀 runs along the beach."
    tables = word_contexts.load()
    symbols = [tables.symbols[e] for entries, _ in word_contexts.items(text, tables.symbols) for e in entries]
    words, letters = read_trie("context_words.trie"), read_trie("context_letters.trie")
    coder, history, spelled = DecoderOfTheClauses(word_contexts.pack(text, tables)), [0], ""
    while len(history) == 1 or history[-1]:
        history.append(coder.by_context(history, *words))
        if history[-1] == 4:
            before = [128]
            while len(before) == 1 or before[-1] != 128:
                before.append(coder.by_context(before, *letters))
                if before[-1] == 129:
                    high = coder.symbol(list(range(33)))
                    spelled += chr(high << 16 | coder.symbol(list(range(65537))))
                elif before[-1] != 128:
                    spelled += chr(before[-1])
    assert (history[1:-1], spelled) == (symbols, "Zyxq😀")
