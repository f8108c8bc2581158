"""Contents of files at random, for `corpus.py`: sizes, latents, texts, masks, seeds and extensions of all kinds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

import numpy as np
from PIL import Image

from sedic_tools.commands.vector_parts import FIRST, with_latent
from sedicfmt.bitcoding import text_table, word_contexts, word_huffman
from sedicfmt.container.schema import RATIOS
from sedicfmt.errors import LimitExceeded, SedicError
from sedicfmt.latents.allocated import id_of
from sedicfmt.latents.av1 import still_picture
from sedicfmt.limits import MAX_SIDE, MAX_TEXT_BYTES, MIN_SIDE
from sedicfmt.model import Extension, Mask, SedicFile, SedicObject, coded_size
from sedicfmt.segments.latent import SymbolReader
from sedicfmt.segments.mask import AUTO, CODER_IDS, build

Random = np.random.Generator
LARGEST_LATENT = 128  # pixels a side, where the size allows it: larger ones cost time and show nothing else
MOST_CELLS = 4000  # of a mask
MOST = 32767  # of a value of y


def content(rng: Random) -> SedicFile:
    """A file's content; every part of the syntax is likely within some hundred of them."""
    width, height = size(rng)
    scale = int(rng.integers(1, 33))
    while scale > 1 and max(coded_size(width, height, scale)) > LARGEST_LATENT:
        scale //= 2
    parts = tuple(
        SedicObject(text(rng), mask(rng, width, height)) for _ in range(pick(rng, range(8), [3, 4, 2, 2, 1, 1, 1, 1]))
    )
    seed = pick(rng, [0, 1, 2**31, 2**32 - 1], [6, 1, 1, 1])
    file = SedicFile(width, height, FIRST, b"", b"", text(rng), parts, seed, extensions(rng), latent_scale=scale)
    return pick(rng, [sampled, extreme, by_av1, without_bytes], [8, 2, 2, 1])(rng, file)


def pick(rng: Random, choices, weights: Iterable[float]):  # type: ignore[no-untyped-def]
    """One of the choices, as it is (numpy's own choice makes arrays of them)."""
    odds = np.array(list(weights), float)
    return list(choices)[int(rng.choice(len(odds), p=odds / odds.sum()))]


def size(rng: Random) -> tuple[int, int]:
    """By a ratio or free, in eighths or not; mostly small, or with one side of any length."""
    height = int(rng.integers(16, 300))
    a, b = pick(rng, [*RATIOS, (0, 0)], [1] * len(RATIOS) + [5])
    width = height * a // b if b else int(rng.integers(16, 300))
    if rng.random() < 0.5:
        width, height = -(-width // 8) * 8, -(-height // 8) * 8
        if b:
            width = height * a // b
    if rng.random() < 0.15:
        longest = pick(
            rng, [1024, 1032, 8192, 8 * int(rng.integers(129, 1024)), int(rng.integers(1000, 8193))], [1, 1, 1, 2, 2]
        )
        width, height = pick(
            rng, [(longest, 16), (17, longest), (24, longest), (longest * 9 // 16, longest)], [2, 1, 2, 1]
        )
    return int(np.clip(width, MIN_SIDE, MAX_SIDE)), int(np.clip(height, MIN_SIDE, MAX_SIDE))


def sampled(rng: Random, file: SedicFile) -> SedicFile:
    """z small, y as its tables expect it: what noise stands for."""
    spread = float(pick(rng, [0, 1, 10], [1, 2, 1]))
    noise = SymbolReader(b"\0" + noise_bytes(rng, int(rng.integers(0, 60))))
    try:
        return with_latent(file, lambda s: np.rint(rng.normal(0, spread, s)), noise.read)
    except SedicError:  # the noise said a value beyond the limit
        return extreme(rng, file)


def extreme(rng: Random, file: SedicFile) -> SedicFile:
    """Values behind escapes, some at the limit; few, since each takes bytes."""
    share = float(pick(rng, [0, 0.002, 0.02], [1, 1, 1]))
    return with_latent(
        file,
        lambda s: rng.integers(-9999, 10000, s) * (rng.random(s) < share),
        lambda i: rng.choice([-MOST, -300, -1, 1, 300, MOST], i.shape) * (rng.random(i.shape) < share),
    )


def without_bytes(_: Random, file: SedicFile) -> SedicFile:
    """z and y are empty: bits that are all zero, which say something too."""
    return file


def by_av1(rng: Random, file: SedicFile) -> SedicFile:
    """A soft or a noisy picture by model av1."""
    small = Image.fromarray(picture(rng, *file.coded_size))
    return replace(file, model_id=id_of("av1"), y=still_picture.encode(small, int(rng.integers(0, 30)), 10))


def picture(rng: Random, columns: int, rows: int) -> np.ndarray:
    """uint8 (rows, columns, 3)."""
    noise = rng.normal(128, float(pick(rng, [1, 30, 200], [2, 1, 1])), (rows, columns, 3))
    y, x = np.mgrid[0:rows, 0:columns][..., None] / 40
    return np.clip(noise + 60 * np.sin(x * rng.normal() + y * rng.normal()), 0, 255).astype(np.uint8)


def noise_bytes(rng: Random, count: int) -> bytes:
    """Random bytes; some are FF or 00, which stand for rare values."""
    data = rng.integers(0, 256, count)
    rare = rng.random(count) < pick(rng, [0, 0.3], [1, 1])
    return bytes(np.where(rare, pick(rng, [0, 255], [1, 1]), data).astype(np.uint8))


def extensions(rng: Random) -> tuple[Extension, ...]:
    """None, one or some, of one, two and three bytes of length."""
    count = pick(rng, [0, 1, 2, 5], [8, 1, 1, 0.3])
    lengths = [pick(rng, [0, 5, 127, 128, 300, 16384], [3, 3, 1, 1, 1, 0.7]) for _ in range(count)]
    types = sorted(rng.choice(range(1, 128), count, replace=False).tolist())
    return tuple(Extension(kind, False, rng.bytes(length)) for kind, length in zip(types, lengths, strict=True))


# -- texts --------------------------------------------------------------------------------------------------------------------


def text(rng: Random) -> str:
    """Words and oddities, or what noise stands for in either word coder."""
    if rng.random() < 0.15:
        return sampled_text(rng)
    words, parts = vocabulary()[int(rng.integers(0, 2))], []
    for _ in range(pick(rng, [0, 1, 3, 10, 30, 300], [1, 2, 4, 3, 1, 0.03])):
        word = str(words[int(rng.integers(0, len(words)))])
        word = pick(rng, [str.lower, str.capitalize, str.upper, str.swapcase], [7, 1, 1, 1])(word)
        odd = pick(rng, ODD, [1] * len(ODD)) + pick(rng, ODD, [1] * len(ODD))
        parts += [word if rng.random() < 0.85 else odd, " " if rng.random() < 0.9 else ""]
    return fitting("".join(parts))


@cache
def vocabulary() -> tuple[list[str], list[str]]:
    """Entries of word contexts, the usual ones, and of word Huffman, steering symbols among them."""
    return word_contexts.load().entries[5:2000], text_table.load().entries


def sampled_text(rng: Random) -> str:
    """What a word coder reads from noise, if that ends well."""
    noise = noise_bytes(rng, int(rng.integers(1, 40)))
    first = bytes([noise[0] & 63])
    try:
        if rng.random() < 0.5:
            return word_contexts.unpack(bytes([first[0] | 64]) + noise[1:], word_contexts.load())
        return word_huffman.unpack(first + noise[1:], text_table.load())
    except SedicError:
        return ""


def fitting(value: str) -> str:
    return value.encode()[:MAX_TEXT_BYTES].decode(errors="ignore")


# -- masks --------------------------------------------------------------------------------------------------------------------


def mask(rng: Random, width: int, height: int) -> Mask:
    """Empty, full, noise, a box, or something round, at any scale that is not too fine, by any coder that can say it."""
    scale = 1 << int(rng.integers(0, 8))
    while width * height // scale**2 > MOST_CELLS and scale < 128:
        scale *= 2
    rows, columns = -(-height // scale), -(-width // scale)
    y, x = np.mgrid[0:rows, 0:columns] / np.array([rows, columns])[:, None, None]
    a, b = rng.random(2)
    shapes = [
        y < 0, y >= 0, rng.random(y.shape) < a, (abs(x - a) < 0.3) & (abs(y - b) < 0.2), np.hypot(x - a, y - b) < rng.random(),
    ]  # fmt: skip
    cells = pick(rng, shapes, [1, 1, 2, 2, 4]) ^ (rng.random(y.shape) < pick(rng, [0, 0.01], [1, 1]))
    drawn = Mask(cells.astype(np.uint8), scale, pick(rng, [AUTO, *CODER_IDS], [1, 1, 1, 1, 1]))
    try:
        build(drawn)
    except LimitExceeded:  # a few bitmaps have no data by one coder (M-17)
        return replace(drawn, coder=AUTO)
    return drawn


ODD = [
    "{gap}", "{end}", "{spell}", '"', '"', "'", "(", ")", "  ", "\n", "\t", ". ", "! ", "-", "/", "$", "%", "#", "0", "7",
    "42", "é", "ß", "東京", "🛶", "\u2019", "\u201c", "\u201d", "\u2014", "\u2026", "\ufeff", "\x00", "\x7f", "\x80",
    "\ud7ff", "\ue000", "\uffff", "\U0010ffff", "\x1b[2J",
]  # fmt: skip
