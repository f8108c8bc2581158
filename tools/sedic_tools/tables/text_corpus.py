"""The folder of descriptions that the text table is fitted on and measured on: files, weights, split.

Split by line: a line's group is its first eight words, so a description and its cut version fall on the same side; the
group's SHA-256 decides, one group in ten is for the test. A line of the fit that shares a run of twelve words with any
line of the test is dropped from the fit, so that duplicates and rewritten copies do not leak either.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path

SPLIT_RULE = (
    "test: the first byte of SHA-256 of the line's first eight words (runs of a-z 0-9 in lower case, one space between) "
    "is below 26; fit: the other lines, less those that share twelve words in a row with a test line of any file, and "
    "less those about a camera's motion or a video"
)
EVERY_RULE = "; of short captions each fourth of these"
WEIGHTS = {  # how often a line counts in the fit: what .sedic sends is like the first two
    "long_captions_trim30_60.txt": 3,
    "object_phrases.txt": 12,
    "long_captions_all.txt": 1,
    "short_captions_all.txt": 1,
}
EVERY = {"short_captions_all.txt": 4}  # only each fourth line of the fit: they are many, alike and unlike our texts
TEST_BYTE, RUN = 26, 12
_MOTION = (
    "zoom|pans?\\b|panning|tilt|orbit|doll(?:y|ies)|track|shift|mov(?:es|ing|ement)|glid|circl|sweep|rotat|follows|pulls"
    "|fl(?:y|ies)"
)
_VIDEO = re.compile(
    rf"\bcamera\b[^.]*\b(?:{_MOTION})|\b(?:{_MOTION})[^.]*\bcamera\b|\bcamera (?:begins|starts|then)\b"
    r"|\b(?:video|footage|time-?lapse|zoom(?:s|ing)? (?:in|out))\b",
    re.IGNORECASE,
)
_SPACED_MARK = re.compile(r" +([.,;:!?)]|'s\b|n't\b)")


@dataclass
class Corpus:
    """`fit` is lines with weights; `test` is lines by file; `records` is what the table's record says of each file."""

    fit: list[tuple[str, int]] = field(default_factory=list)
    test: dict[str, list[str]] = field(default_factory=dict)
    records: dict[str, dict[str, object]] = field(default_factory=dict)


def load(folder: Path, weights: dict[str, int] = WEIGHTS, every: dict[str, int] = EVERY) -> Corpus:
    """Read and split every file of `weights` that lies in `folder`. FileNotFoundError if one is missing."""
    corpus, lines = Corpus(), {name: _read(folder / name) for name in weights}
    corpus.test = {name: [line for line in lines[name] if is_test(line)] for name in weights}
    held_out = {run for part in corpus.test.values() for line in part for run in _runs(line)}
    for name, weight in weights.items():
        fit = [line for line in lines[name] if not is_test(line) and held_out.isdisjoint(_runs(line))]
        still = [line for line in fit if not _VIDEO.search(line)][:: every.get(name, 1)] if weight else []
        corpus.fit += [(line, weight) for line in still]
        corpus.records[name] = {
            "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest(),
            "lines": len(lines[name]),
            "test_lines": len(corpus.test[name]),
            "fit_lines": len(still),
            "weight": weight,
        }
    return corpus


def is_test(line: str) -> bool:
    """Whether the line is held out of the fit."""
    return hashlib.sha256(" ".join(_words(line)[:8]).encode()).digest()[0] < TEST_BYTE


def _read(path: Path) -> list[str]:
    """The distinct lines of a file, with the spaces before punctuation that tokenised captions have taken out."""
    text = path.read_text(encoding="utf-8")
    return list(dict.fromkeys(_SPACED_MARK.sub(r"\1", line).strip() for line in text.split("\n") if line.strip()))


def _words(line: str) -> list[str]:
    return re.findall("[a-z0-9]+", line.lower())


def _runs(line: str) -> set[tuple[str, ...]]:
    """Every twelve words in a row; the whole of a shorter line."""
    words = _words(line)
    return {tuple(words[i : i + RUN]) for i in range(max(1, len(words) - RUN + 1))}
