"""Vectors of the words of the context tables, so that a restorer has an idea of a word that its training never met.

    python -m sedic_tools.tables.build_word_vectors TEXTS --out sedicfmt/decoders/nano/word_vectors.npy

Words that stand in the same company mean like things (Levy and Goldberg, 2014): for each pair of words that stand at most
five apart in a description, the positive pointwise mutual information, with the company's counts to the power of 3/4; the
first 48 singular vectors of that matrix, each times the root of its singular value; a row a word, scaled to length one, in
int8. TEXTS is the folder that the text tables were fitted on, by the same weights; lines of the test are left out.
"""

from __future__ import annotations

import argparse
import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sedicfmt.decoders.nano.word_vectors import DIMENSIONS, UNIT
from sedicfmt.decoders.nano.words import WORD, vocabulary

from . import text_corpus

APART, POWER = 5, 0.75


def count_pairs(corpus: text_corpus.Corpus, number: dict[str, int]) -> Counter[tuple[int, int]]:
    """How often two known words stand at most `APART` words from each other, by the lines' weights; one order of two."""
    pairs = Counter[tuple[int, int]]()
    for line, weight in corpus.fit:
        known = [number.get(match.group().lower(), -1) for match in WORD.finditer(line)]
        for place, a in enumerate(known):
            for b in known[place + 1 : place + 1 + APART]:
                if min(a, b) >= 0:
                    pairs[min(a, b), max(a, b)] += weight
    return pairs


def information(pairs: Counter[tuple[int, int]], words: int) -> Any:
    """The positive pointwise mutual information, a sparse matrix (words, words)."""
    from scipy import sparse

    rows, columns = np.array(list(pairs)).T
    counts = np.fromiter(pairs.values(), float)
    both = sparse.coo_matrix((counts, (rows, columns)), (words, words)).tocsr()
    both = (both + both.T).tocoo()
    alone = np.asarray(both.sum(1)).ravel()
    company = alone**POWER / (alone**POWER).sum()
    value = np.log(both.data / alone[both.row] / company[both.col])
    return sparse.coo_matrix((np.maximum(value, 0), (both.row, both.col)), both.shape).tocsr()


def vectors_of(matrix: Any) -> NDArray[np.int8]:
    """int8 (words, DIMENSIONS), in units of 1 / UNIT; a word without company has zeros."""
    from scipy.sparse.linalg import svds

    start = np.ones(matrix.shape[0]) / matrix.shape[0] ** 0.5
    left, size, _ = svds(matrix, k=DIMENSIONS, v0=start)
    left = left[:, ::-1] * np.sqrt(size[::-1])
    left *= np.sign(left[np.abs(left).argmax(0), range(DIMENSIONS)])  # a vector's sign is nobody's choice
    length = np.linalg.norm(left, axis=1, keepdims=True)
    return np.rint(left / np.maximum(length, 1e-6) * (length > 1e-6) * UNIT).clip(-127, 127).astype(np.int8)


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    words = vocabulary()
    pairs = count_pairs(text_corpus.load(options.texts), {word: i for i, word in enumerate(words)})
    vectors = vectors_of(information(pairs, len(words)))
    np.save(options.out, vectors, allow_pickle=False)
    known = int((vectors != 0).any(1).sum())
    print(f"{known} of {len(words)} words, SHA-256 {hashlib.sha256(options.out.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
