"""Vectors that every reader must read: the usual file, and each branch of header, extensions and latent once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from sedic_tools.commands.vector_parts import FIRST, WORDS, Vector, make, make_av1, picture, with_latent
from sedic_tools.vectors import vectors_valid_masks, vectors_valid_words
from sedicfmt.latents.nano import analyse
from sedicfmt.latents.nano.weights import load_latent_model
from sedicfmt.model import Extension


def valid() -> Iterator[Vector]:
    yield from first()
    yield from sizes()
    yield from headers()
    yield from latents()
    yield from vectors_valid_words.valid()
    yield from vectors_valid_masks.valid()


def first() -> Iterator[Vector]:
    """The vectors of the drafts of version 1."""
    yield Vector(
        "three-objects-768x512", "C-1 C-2 C-3 C-5 C-6 C-7 C-12 M-1 M-2 R-1 R-4", "the usual file", make(768, 512, 3)
    )
    yield Vector("no-object", "C-3 C-7", "J is 0; the overall text's length is left out", make(objects=0))
    yield Vector("nothing-but-latent", "C-9 T-1", "an empty text has an empty payload", make(objects=0, text=""))
    yield Vector("mask-run-length", "M-2 M-6 M-7", "a mask by run-lengths", make(coder="run-length"))
    yield Vector("mask-generic-region", "M-2 M-14 M-16", "a mask as T.88 generic region", make(coder="generic-region"))
    yield Vector("mask-contexts", "M-2 M-19 M-22 M-23", "a mask by frozen contexts", make(coder="contexts"))
    relative = make(768, 512, 3, coder="contexts-relative")
    yield Vector("masks-relative", "M-2 M-24", "each mask relative to those before it", relative)
    yield Vector("mask-of-every-pixel", "M-3", "scale 1", make(64, 48, scale=1))
    yield Vector("mask-of-one-cell", "M-3", "scale 128", make(96, 64, scale=128))
    yield Vector("seven-objects", "C-3 C-6", "J is 7", make(objects=7))
    yield Vector("smallest-size", "C-5 H-9", "16x16: one value of y a channel, none at an odd position", make(16, 16))
    yield Vector("odd-size", "C-5 L-1", "17x33: explicit width, not in eighths; grids rounded up", make(17, 33))
    yield Vector("odd-grids", "H-7 H-10", "y on 6 rows of 3, z on 3 rows of 2", make(77, 181, latent_scale=16))
    yield Vector("ratio-not-in-eighths", "C-5", "a ratio with a height that is no multiple of 8", make(99, 66))
    yield Vector("long-side", "C-5", "1920x1080 by 16:9, height above 1024", make(1920, 1080, 0))
    letters = replace(make(), text=WORDS[4] * 3)
    yield Vector("raw-text", "T-1 T-2", "a text that letters code worse than UTF-8", letters)
    huffman = replace(make(), text=WORDS[5])
    yield Vector("text-word-huffman", "T-1 T-2 T-4", "a text that word Huffman says in fewer bytes", huffman)
    contexts = replace(make(), text=WORDS[3])
    yield Vector("text-word-contexts", "T-1 T-2 T-17", "spelled letters, every steering symbol", contexts)
    yield Vector("seed", "C-3 C-4", "a seed of all ones", make(seed=(1 << 32) - 1))
    yield Vector("latent-at-half-size", "L-1", "the latent shows the picture at 8/16", make(128, 96, latent_scale=8))
    yield Vector("latent-at-twice-the-size", "L-1", "the same at 32/16", make(48, 32, latent_scale=32))
    unknown = (Extension(1, False, b""), Extension(100, False, bytes(200)))
    yield Vector("ignorable-extensions", "C-10 C-11", "two unknown extensions, kept", make(extensions=unknown))
    yield Vector(
        "av1-768x512", "A-1 A-2 A-3 A-5 R-1", "av1, with words and masks", make_av1(768, 512, 3, latent_scale=7)
    )
    yield Vector("av1-odd-size", "A-2 A-3", "sides that are no multiple of anything", make_av1(77, 133, latent_scale=5))
    yield Vector("av1-one-pixel", "A-2 A-3", "the latent shows one pixel", make_av1(16, 16, 0, latent_scale=1))
    flat = analyse.analyse(picture(96, 64), load_latent_model(FIRST, encoder=True)).y_payload(1e9)
    yield Vector("cheapest-latent", "L-5", "y at the highest price: hardly a byte", replace(make(objects=0), y=flat))


def sizes() -> Iterator[Vector]:
    """C-5: each ratio, each width of the fields."""
    for name, width, height in (
        ("1-1", 64, 64), ("2-3", 64, 96), ("4-3", 64, 48), ("3-4", 48, 64), ("16-9", 128, 72), ("9-16", 72, 128),
    ):  # fmt: skip
        yield Vector(f"ratio-{name}", "C-5", f"{width}x{height}, in eighths", make(width, height, 0))
    yield Vector("ratio-rounded-down", "C-5", "30x17: 16:9 of 17 rows is 30.2", make(30, 17, 0))
    yield Vector("ratio-9-16-rounded-down", "C-5", "18x33: 9:16 of 33 rows is 18.6", make(18, 33, 0))
    yield Vector("width-in-eighths", "C-5", "104x64: no ratio, both sides in eighths", make(104, 64, 0))
    yield Vector("height-in-eighths-only", "C-5", "65x64: no ratio, so not in eighths", make(65, 64, 0))
    yield Vector("height-1024", "C-5", "the last that is not long", make(24, 1024, 0, latent_scale=1))
    yield Vector("height-1032-by-width", "C-5", "long, with an explicit width", make(24, 1032, 0, latent_scale=1))
    yield Vector("height-1032-by-ratio", "C-5", "long, by 9:16", make(580, 1032, 0, latent_scale=1))
    yield Vector("height-1031", "C-5", "above 1024, not in eighths", make(20, 1031, 0, latent_scale=1))


def headers() -> Iterator[Vector]:
    """C-3, C-4, C-7, C-10, C-11."""
    for objects in (2, 4, 5, 6):
        yield Vector(f"objects-{objects}", "C-3 C-6", f"J is {objects}", make(32, 32, objects, 16))
    yield Vector("seed-1", "C-4", "the smallest seed that is written", make(32, 32, 0, seed=1))
    yield Vector(
        "header-without-fill", "C-8", "the header's bits end at a whole byte", make(32, 32, 0, text="", latent_scale=4)
    )
    short, long = Extension(5, False, b"five"), Extension(127, False, bytes(range(128)))
    both = make(32, 32, 1, 16, seed=2, extensions=(short,))
    yield Vector("seed-and-extension", "C-3 C-7 C-10", "extended and seeded; every length is stated", both)
    yield Vector("extension-without-object", "C-7 C-10", "the caption's length is stated", replace(both, objects=()))
    last = make(32, 32, 0, extensions=(replace(short, payload=bytes(127)), long))
    yield Vector("extension-lengths", "C-10 C-11", "127 bytes: the longest of one byte; 128: the shortest of two", last)
    newer = make(32, 32, 1, 16, extensions=(Extension(64, False, b"a field of version 1.1"),))
    yield Vector(
        "version-1.1-ignorable-extension", "C-10 C-15", "a later file of version 1 is read without what it adds", newer
    )
    yield Vector("text-lengths", "C-7", "a text of more than 64 bytes of payload", make(32, 32, 0, text=RANDOM_LETTERS))


def latents() -> Iterator[Vector]:
    """L-1 to L-8, H-1 to H-10: values and scales that photos seldom have."""
    for scale in (1, 5, 24, 31):
        yield Vector(f"latent-scale-{scale}", "L-1", f"the latent at {scale}/16", make(40, 32, 0, latent_scale=scale))
    for name, width, height in (("row", 96, 32), ("column", 32, 96), ("square", 96, 96)):
        yield Vector(
            f"latent-{name}", "H-1 H-7 H-9 H-10", "grids at whose border neighbours lack", make(width, height, 0)
        )
    base, rng = make(64, 32, 0), np.random.default_rng(1)
    noise = with_latent(base, lambda s: rng.integers(-3, 4, s), lambda i: rng.integers(-1, 2, i.shape))
    yield Vector("latent-noise", "L-2 L-3 L-5 L-6 H-8", "small values at random", noise)
    base = make(32, 32, 0)
    wide = with_latent(base, lambda s: rng.integers(-90, 91, s), lambda i: rng.integers(-200, 201, i.shape))
    yield Vector("latent-escapes", "L-2 L-3 H-8 H-10", "values behind escapes, both signs", wide)
    nothing = with_latent(base, np.zeros, np.zeros_like)
    yield Vector("latent-zeros", "L-5 L-6", "all values are 0", nothing)
    still = make_av1(48, 48, 1, latent_scale=8, seed=3, extensions=(Extension(9, False, b""),))
    yield Vector("av1-seed-and-extension", "A-1 A-3 C-10", "av1 with a seed and an extension", still)


RANDOM_LETTERS = "Qzxv jkwq Zpfhg xw, 9k7 ZZq! " * 4
