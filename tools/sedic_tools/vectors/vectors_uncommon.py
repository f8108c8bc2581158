"""Vectors that are legal but rare: no usual writer makes them, every reader must read them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from sedic_tools.commands.vector_parts import FIRST, WORDS, Vector, flat_av1, make, with_latent
from sedic_tools.vectors.vectors_valid_masks import drawn, with_masks
from sedicfmt.latents.nano.context import prior_of_z
from sedicfmt.latents.nano.weights import load_latent_model
from sedicfmt.limits import MAX_TEXT_BYTES
from sedicfmt.model import Extension, Mask, SedicObject
from sedicfmt.segments.latent import SymbolReader

MOST = (1 << 15) - 1  # of a value (L-3, H-8)


def uncommon() -> Iterator[Vector]:
    yield from sizes()
    yield from counts()
    yield from latents()
    yield from words()
    yield from masks()


def sizes() -> Iterator[Vector]:
    """C-5, L-1 at their ends. The large ones are of one grey by model av1, to be quick."""
    yield Vector("largest-size", "C-5 L-1 A-2 P-1 P-3", "8192x8192 by 1:1", flat_av1(8192, 8192))
    yield Vector("largest-size-not-in-eighths", "C-5", "8191x8192: an explicit width", flat_av1(8191, 8192))
    yield Vector("widest", "C-5", "8192x16, a ratio of 512", make(8192, 16, 0, latent_scale=1))
    yield Vector("highest", "C-5", "16x8192", make(16, 8192, 0, latent_scale=1))
    yield Vector("largest-latent", "L-1 A-2 P-1 P-2", "the latent is 8192 pixels wide", flat_av1(4096, 16, 32))
    yield Vector("odd-and-wide", "C-5 L-1", "8191x17 by neither ratio nor eighths", make(8191, 17, 0, latent_scale=1))


def counts() -> Iterator[Vector]:
    """C-3, C-4, C-9, C-10, C-11: the most and the least."""
    bare = SedicObject("", Mask(np.zeros((1, 1), np.uint8), 128, "run-length"))
    empty = replace(make(32, 32, 0, text=""), objects=(bare,) * 7)
    yield Vector("seven-empty-objects", "C-3 C-9 M-1 M-7", "seven objects of no words and no cells", empty)
    base = make(32, 32, 0)
    every = tuple(Extension(kind, False, b"") for kind in range(1, 128))
    yield Vector("every-extension", "C-10", "all 127 types, all empty", replace(base, extensions=every))
    long = Extension(127, False, bytes(16384))
    yield Vector("extension-of-three-length-bytes", "C-11", "16384 bytes", replace(base, extensions=(long,)))
    top = make(32, 32, 0, seed=1 << 31)
    yield Vector("seed-with-its-top-bit", "C-4", "a seed is unsigned", top)


def latents() -> Iterator[Vector]:
    """L-2, L-3, L-5, H-8 at their ends."""
    base = make(32, 32, 0)
    yield Vector(
        "latent-of-no-bytes", "C-9 L-2 L-5", "z and y are empty: every bit of them is 0", replace(base, z=b"", y=b"")
    )
    for name, sign in (("largest", 1), ("least", -1)):
        file = with_latent(base, lambda s: end_of_z(s, sign), lambda i: np.full(i.shape, sign * MOST))
        yield Vector(f"{name}-values", "L-3 H-8 H-10", f"values of {sign * MOST}, or as near as H-8 can say", file)
    rng = np.random.default_rng(3)
    wild = with_latent(
        make(64, 64, 0),
        lambda s: rng.integers(-999, 999, s) * (rng.random(s) < 0.1),
        lambda i: rng.integers(-MOST, MOST, i.shape),
    )
    yield Vector("wild-values", "L-2 L-3 H-3 H-5", "sums that the clamps cut", wild)
    high = SymbolReader(b"\xff\xfe")
    yield Vector("y-of-high-bytes", "L-2 L-5", "y begins with bytes FF", with_latent(base, np.zeros, high.read))


def end_of_z(shape: tuple[int, ...], sign: int) -> np.ndarray:
    """z of one position, each value as far as H-8 reaches, (channels, 1, 1)."""
    mean, _ = prior_of_z(np.zeros(4 * shape[0], np.int64), load_latent_model(FIRST).weights)
    base = (mean + 32) >> 6
    return np.clip(sign * MOST, base - MOST, base + MOST)[:, None, None]


def words() -> Iterator[Vector]:
    """T-1, T-11, T-13: texts that try programs more than coders. They are data (S-2)."""
    base = make(32, 32, 1, 16)
    for name, shows, value in (
        ("longest-text", "4096 bytes of words", ("a man in a field of grass, " * 160)[:MAX_TEXT_BYTES]),
        ("longest-raw-text", "4096 bytes that raw says best", "Ω" * 2048),
        ("text-of-control-characters", "NUL, bell, backspace, delete, C1", "\x00\x07\x08\x7f\x80\x9b"),
        ("text-that-steers-a-terminal", "escape sequences stay text", "\x1b[2J\x1b]0;title\x07\x1b[31mred"),
        ("text-with-byte-order-mark", "U+FEFF is a character like others", "\ufeffA dog"),
        ("text-of-last-code-points", "U+10FFFF, U+FFFF, U+E000", "\U0010ffff\uffff\ue000"),
        ("text-of-lines", "line feeds, tabs, carriage returns", "A dog\n\tin the grass\r\n\n"),
        ("text-like-steering-symbols", "braces are no steering symbols", "{gap}{case} {upper}{spell}"),
        ("text-right-to-left", "Hebrew and an override", "\u202eשלום dog\u202c"),
        ("text-like-a-path-and-a-link", "names are not opened (S-2)", "/etc/passwd https://example.org/a.sedic"),
        ("text-not-normalised", "a letter with a combining accent stays two characters", "cafe\u0301 café"),
    ):
        yield Vector(name, "T-1 T-2 T-13 S-2 S-3", shows, replace(base, text=value))
    value = "a dog, " * 40
    file = replace(base, text="", objects=(replace(base.objects[0], text=value),))
    yield Vector("words-of-an-object-only", "T-1 C-9", "an empty caption before an object's long text", file)


def masks() -> Iterator[Vector]:
    """M-4, M-5: coders that are not the shortest, and limits."""
    for coder in ("generic-region", "contexts", "contexts-relative"):
        one = with_masks(*(drawn("slope", 4, coder) for _ in range(7)))
        yield Vector(f"seven-masks-by-{coder}", "M-4 M-24", "seven times one mask by one coder", one)
    mixed = (
        "contexts-relative",
        "run-length",
        "generic-region",
        "contexts",
        "contexts-relative",
        "run-length",
        "contexts",
    )
    one = with_masks(*(drawn(shape, 2, coder) for shape, coder in zip(MIXED, mixed, strict=True)))
    yield Vector("masks-of-every-coder", "M-2 M-4 M-24", "the first mask relative to none", one)
    y, x = np.mgrid[0:256, 0:512]
    checks = Mask(((x + y) % 2 * (y < 128)).astype(np.uint8), 1, "run-length")
    yield Vector(
        "most-changes", "M-5 M-12 P-1 P-3", "65,536 changes and no more", with_masks(checks, width=512, height=256)
    )
    zeros = Mask(np.zeros((1024, 1024), np.uint8), 8, "generic-region")
    huge = replace(flat_av1(8192, 8192), objects=(SedicObject(WORDS[5], zeros),))
    yield Vector("most-coded-cells", "M-5 M-14 P-1 P-2 P-3 S-1", "1,048,576 cells by coder 1", huge)


MIXED = ("ring", "slope", "disc", "noise", "diagonal", "first-cell", "stripes")
