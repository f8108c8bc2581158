"""Build the frozen tables of the second text coder from a folder of descriptions, or measure those that ship.

    python -m sedic_tools.tables.build_context_tables FOLDER --out spec/tables  writes context_words.* and context_letters.trie
    python -m sedic_tools.tables.build_context_tables --check FOLDER   prints bits per character on the held-out lines

The build is deterministic: the same folder gives the same bytes on every machine. It takes about a minute. Tables that
files in the wild were written with must never be replaced; new ones need a new coder id.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter
from pathlib import Path

import sedic_tables
from sedic_tools.tables import context_counts, text_corpus, text_vocabulary
from sedicfmt.bitcoding import word_contexts
from sedicfmt.bitcoding.context_trie import ContextTrie
from sedicfmt.bitcoding.text_items import STEERING
from sedicfmt.bitcoding.text_rules import implies_capital, lower_first
from sedicfmt.bitcoding.word_contexts import LETTER_END, LETTER_OTHER, ContextTables

WEIGHTS = {  # of a line's counts; the cut captions are part of the uncut ones
    "long_captions_trim30_60.txt": 0,
    "object_phrases.txt": 6,
    "long_captions_all.txt": 2,
    "short_captions_all.txt": 1,
}
OFFLINE_FILE, OFFLINE_WEIGHT = "offline_sentences.txt", 1  # what our own describer says, beside the tables
WORD_LINES = 2  # lines that a word must occur in
WORD_KEPT = [1, 1, 2]  # behind k words a list has what follows them at least so many times
LETTER_KEPT = [1, 1, 1, 2]
TABLES = Path(next(iter(sedic_tables.__path__)))
Lines = list[tuple[str, int]]


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="build_context_tables", description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="holds the files that text_corpus.WEIGHTS names")
    parser.add_argument("--out", type=Path, default=Path(), help="folder for the tables and their record")
    parser.add_argument("--check", action="store_true", help="measure the tables that ship instead of building some")
    parser.add_argument("--kept", type=int, nargs="+", default=WORD_KEPT, metavar="N", help="behind 0, 1, 2 ... words, "
                        "what follows them at least N times (default 1 1 2)")  # fmt: skip
    options = parser.parse_args(arguments)
    corpus = text_corpus.load(options.folder, WEIGHTS, {})
    if options.check:
        print(json.dumps(measure(corpus.test, word_contexts.load()), indent=2))
    else:
        own = offline_lines()
        write(options.out, build(corpus.fit + own, options.kept), corpus, len(own))
    return 0


def offline_lines() -> Lines:
    """The texts of tools/sedic_tools/tables/offline_sentences.py, none of them of a photo that files are measured on."""
    text = (TABLES / OFFLINE_FILE).read_text("utf-8")
    return [(line, OFFLINE_WEIGHT) for line in text.split("\n") if line]


def build(lines: Lines, kept: list[int]) -> ContextTables:
    """Vocabulary and both tries."""
    words = vocabulary(lines)
    entries = ["", *STEERING, *words]
    symbols = {entry: symbol for symbol, entry in enumerate(entries)}
    cut = [(list(word_contexts.items(line, symbols)), weight) for line, weight in lines]
    sequences = [([0, *(symbols[e] for item, _ in items for e in item), 0], weight) for items, weight in cut]
    plain, weighted = context_counts.count(sequences, len(kept) - 1)
    trie = context_counts.make_trie(plain, weighted, len(entries), kept)
    spelled = Counter(letters for items, _ in cut for _, letters in items if letters)
    return ContextTables(entries, trie, letter_trie(spelled, words))


def vocabulary(lines: Lines) -> list[str]:
    """The words of enough lines, as they look inside a sentence, the most frequent first."""
    seen = Counter[str]()
    for line, _ in lines:
        seen.update({_inside_a_sentence(line, start, end) for start, end in text_vocabulary.words_of(line)})
    return [word for word, n in sorted(seen.items(), key=lambda item: (-item[1], item[0])) if n >= WORD_LINES]


def _inside_a_sentence(line: str, start: int, end: int) -> str:
    word = line[start:end]
    return lower_first(word) if "A" <= word[0] <= "Z" and implies_capital(line[:start]) else word


def letter_trie(spelled: Counter[str], words: list[str]) -> ContextTrie:
    """From what the fit spells, and from the vocabulary's rarer half, which looks like it."""
    alike = [*spelled, *words[len(words) // 2 :]]
    sequences = [([LETTER_END, *(min(ord(c), LETTER_OTHER) for c in word), LETTER_END], 1) for word in alike]
    plain, weighted = context_counts.count(sequences, len(LETTER_KEPT) - 1)
    return context_counts.make_trie(plain, weighted, LETTER_OTHER + 1, LETTER_KEPT)


def write(out: Path, tables: ContextTables, corpus: text_corpus.Corpus, own: int) -> None:
    """The tables and, beside them, the record of how they were made and what they reach."""
    words = "".join(f"{word}\n" for word in tables.entries[1 + len(STEERING) :])
    files = {
        word_contexts.WORDS_FILE: words.encode(),
        word_contexts.WORD_TRIE: tables.words.to_bytes(),
        word_contexts.LETTER_TRIE: tables.letters.to_bytes(),
    }
    record = {
        "files": {name: {"bytes": len(d), "sha256": sha256(d)} for name, d in files.items()},
        "entries": [len(symbols) for symbols in tables.words.symbols],
        "split": text_corpus.SPLIT_RULE,
        "sources": corpus.records
        | {OFFLINE_FILE: {"sha256": sha256((TABLES / OFFLINE_FILE).read_bytes()), "fit_lines": own}},
        "measured_on_test": measure(corpus.test, tables),
    }
    for name, data in files.items():
        (out / name).write_bytes(data)
    (out / "context_words.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8", newline="\n")


def sha256(data: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def measure(test: dict[str, list[str]], tables: ContextTables) -> dict[str, dict[str, float]]:
    """Bits per character of each file's held-out lines, every one decoded again. AssertionError if one differs."""
    return {name: _measure(lines, tables) for name, lines in test.items()}


def _measure(lines: list[str], tables: ContextTables) -> dict[str, float]:
    bits, characters = 0, sum(map(len, lines))
    for line in lines:
        payload = word_contexts.pack(line, tables)
        assert word_contexts.unpack(payload, tables) == line, line
        bits += 8 * min(len(payload), 1 + len(line.encode()))
    return {"lines": len(lines), "characters": characters, "ours": round(bits / characters, 4)}


if __name__ == "__main__":
    sys.exit(main())
