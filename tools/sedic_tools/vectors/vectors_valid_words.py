"""Vectors of texts that every reader must read: each coder, steering symbol, padding and way of spelling."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sedic_tools.commands.vector_parts import Vector, make
from sedicfmt.segments import text

# name: (coder that T-2 asks for, clauses beside T-1 and T-2, what it shows, text)
TEXTS = {
    "padding-0": ("word-huffman", "T-3 T-4 T-12", "no padding behind the codes", "1234567890"),
    "padding-1": ("word-huffman", "T-3 T-4 T-10", "{case}; 1 bit of padding", "a dog"),
    "padding-2": ("word-huffman", "T-3 T-4 T-10", "{upper}; 2 bits of padding", "DOG"),
    "padding-3": ("word-huffman", "T-3 T-4 T-12", "{case}; 3 bits of padding", "dog"),
    "padding-4": ("word-huffman", "T-4 T-11 T-12", "spelled a-z; 4 bits of padding", "a" * 40),
    "padding-5": ("word-huffman", "T-4 T-7", "no space before a comma; 5 bits of padding", "A, b"),
    "padding-6": ("word-huffman", "T-4 T-10", "{upper} of a phrase; 6 bits of padding", "THE IMAGE"),
    "padding-7": ("word-huffman", "T-4 T-11", "a spelled code point; 7 bits of padding", "é"),
    "two-spaces": ("word-huffman", "T-7 T-9 T-12", "{gap} before a space", "A  dog"),
    "no-space": ("word-huffman", "T-7 T-9 T-12", "{gap} where a space is expected", "red,blue"),
    "capitals": ("word-huffman", "T-8 T-10 T-12", "{case} inside a sentence", "Dog Dog"),
    "digits": ("word-huffman", "T-7 T-12", "a space between digits is not expected", "7 7"),
    "phrases": ("word-huffman", "T-5 T-12", "entries of several words", "in the background, a dog"),
    "sentences": ("word-huffman", "T-8 T-12", "a capital behind a full stop without a space", "A man.A man"),
    "spelled-code-points": ("word-huffman", "T-11 T-12", "spelled items with spaces between", "é é é"),
    "contexts-caption": (
        "word-contexts", "T-14 T-15 T-16 T-17", "the usual caption",
        "A dog is standing in the background of the image.",
    ),
    "contexts-case": ("word-contexts", "T-10 T-15 T-16", "{case} at the text's start", "a"),
    "contexts-upper": ("word-contexts", "T-10 T-15 T-16", "{upper}", "a DOG"),
    "contexts-gap": (
        "word-contexts", "T-7 T-15 T-16", "{gap} with and without a space",
        "A man and a woman ,standing in a field of grass with a dog .",
    ),
    "contexts-spelling": (
        "word-contexts", "T-11 T-15 T-17", "three spelled items, each with a history of its own",
        "A sign of Qwerty, Wobbliness and Brzeg in the background of the image, next to a man.",
    ),
    "contexts-code-points": (
        "word-contexts", "T-11 T-17", "spelled code points of one, two and three bytes' width beyond ASCII",
        "A café with a sign of “東京” and a 🛶 in front of a large building in the background.",
    ),
    "contexts-quotes": (
        "word-contexts", "T-7 T-15 T-16", "spaces around quotes that open and close",
        'A man is holding a sign that says "stop" in front of a building with a "go" sign.',
    ),
    "contexts-sentences": (
        "word-contexts", "T-8 T-15 T-16", "capitals behind . ! ? and a quote",
        "A man is standing in the snow. A brown dog is running in the grass! A boy in a red shirt is playing with a ball? "
        "(A woman is standing in the background.)",
    ),
    "raw-letter": ("raw-utf8", "T-1 T-2", "raw wins by a byte", "x"),
    "raw-space": ("raw-utf8", "T-1 T-2", "a space alone", " "),
    "raw-two-bytes": ("raw-utf8", "T-1 T-2", "UTF-8 of two bytes", "Ωμέγα"),
    "raw-three-bytes": ("raw-utf8", "T-1 T-2", "UTF-8 of three bytes, U+D7FF and U+E000 among them", "\ud7ff\ue000東"),
}  # fmt: skip


def valid() -> Iterator[Vector]:
    """Raises ValueError where another coder than the one written down is the shortest."""
    base = make(32, 32, 0)
    for name, (coder, clauses, shows, words) in TEXTS.items():
        if text.coder_name(text.build(words)) != coder:
            raise ValueError(f"text-{name} is not by {coder}")
        yield Vector(f"text-{name}", f"T-1 T-2 T-13 {clauses}", shows, replace(base, text=words))
