"""Files of all kinds, whole and made wrong, for the package and `spec/decoder.py` to agree on.

    python -m tests.differential.generated_files 10000 [--seed 1]

prints how many were accepted and refused, and every disagreement: another content, one that accepts alone, or another class of
error at the same place. (A file with faults in two places may be refused for either; so much is only counted.)
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "spec"))

import decoder

import sedicfmt
from sedicfmt.container.checksum import checksum
from sedicfmt.encoders import latent_nano
from sedicfmt.errors import SedicError
from sedicfmt.model import Extension, Mask, SedicFile, SedicObject, coded_size
from sedicfmt.models.registry import DEFAULT_MODEL, REGISTRY, load_latent_model
from sedicfmt.pipeline.report import report_bytes

Random = np.random.Generator
SCALES = [1, 2, 4, 8, 16, 32, 64, 128]
LARGEST_LATENT = 160  # pixels a side, where the size allows it: larger ones cost time and show nothing else
CODERS = ["auto", *decoder.MASK_CODERS]
ODD = [
    "{gap}", "{end}", "{spell}", '"', '"', "'", "(", ")", "  ", "\n", "\t", ". ", "! ", "-", "/", "$", "%", "#", "0", "7",
    "42", "é", "ß", "東京", "🛶", "\u2019", "\u201c", "\u201d", "\u2014", "\u2026", "\ufeff", "\x00", "\x7f", "\x80",
    "\uffff", "\U0010ffff",
]  # fmt: skip


def verdicts(data: bytes) -> tuple[Any, Any]:
    """What the package and the second decoder say of `data`: a report, or (class, path) of the error."""
    try:
        first: Any = report_bytes(data, check=True)
    except SedicError as error:
        first = (error.code, error.path)
    try:
        second: Any = decoder.decode(data)
    except decoder.Refused as error:
        second = (error.code, error.path)
    return first, second


def files(rng: Random) -> Iterator[bytes]:
    """A whole file, then some that were made of it by changing bytes; without end.

    Changed ones whose header now tells of a huge latent are left out: each would take a minute to refuse.
    """
    while True:
        data = sedicfmt.write(content(rng))
        yield data
        yield from (other for other in (changed(rng, data) for _ in range(4)) if not has_huge_latent(other))


def has_huge_latent(data: bytes) -> bool:
    try:
        return max(decoder.read_header(data)[0].latent_size) > 1024
    except decoder.Refused:
        return False


def content(rng: Random) -> SedicFile:
    """A file's content of any size, text, masks, seed, latent and extensions."""
    width, height = size(rng)
    scale = int(rng.integers(1, 33))
    while scale > 1 and max(coded_size(width, height, scale)) > LARGEST_LATENT:
        scale //= 2
    z, y = rng.choice([sampled_latent, pictured_latent])(rng, width, height, scale)
    parts = tuple(
        SedicObject(text(rng), mask(rng, width, height)) for _ in range(rng.choice(8, p=[0.2, 0.3] + 6 * [1 / 12]))
    )
    extensions = [
        Extension(int(t), False, rng.bytes(int(rng.integers(0, 300))))
        for t in sorted(rng.choice(range(1, 128), 2, False))
    ]
    return SedicFile(
        width, height, DEFAULT_MODEL, z, y, text(rng), parts, latent_scale=scale,
        seed=int(rng.choice([0, 1, 2**32 - 1])), extensions=tuple(extensions[: int(rng.choice(3, p=[0.8, 0.1, 0.1]))]),
    )  # fmt: skip


def size(rng: Random) -> tuple[int, int]:
    """By a ratio or free, in eighths or not, rarely large."""
    height = int(rng.integers(16, 300) if rng.random() < 0.9 else rng.integers(300, 2000))
    a, b = rng.choice([*decoder.RATIOS.values(), (0, 0), (0, 0)])
    width = height * a // b if b else int(rng.integers(16, 300))
    if rng.random() < 0.5:
        width, height = -(-width // 8) * 8, -(-height // 8) * 8
    return int(np.clip(width, 16, 8192)), int(np.clip(height, 16, 8192))


def pictured_latent(rng: Random, width: int, height: int, scale: int) -> tuple[bytes, bytes]:
    """The latent of a soft or a noisy picture, at a random price."""
    columns, rows = coded_size(width, height, scale)
    noise = rng.normal(128, rng.choice([1, 30, 200]), (rows, columns, 3))
    y, x = np.mgrid[0:rows, 0:columns][..., None] / 40
    picture = np.clip(noise + 60 * np.sin(x * rng.normal() + y * rng.normal()), 0, 255).astype(np.uint8)
    analysed = latent_nano.analyse(picture, load_latent_model(DEFAULT_MODEL))
    return analysed.z_payload, analysed.y_payload(float(rng.choice([0, 0.1, 1e9])))


class Sampler(decoder.RangeDecoder):
    """Decodes any bytes at all; `payload()` is then that of the values that came out."""

    def finish(self) -> None:
        pass


def noise_bytes(rng: Random, count: int) -> bytes:
    """Random bytes; some are FF or 00, which stand for rare values."""
    data = rng.integers(0, 256, count)
    return bytes(np.where(rng.random(count) < rng.choice([0, 0.3]), rng.choice([0, 255], count), data).astype(np.uint8))


@cache
def nano_latent() -> decoder.NanoLatent:
    return decoder.NanoLatent(192, 24, (decoder.WEIGHTS / REGISTRY[DEFAULT_MODEL].file).read_bytes())


def sampled_latent(rng: Random, width: int, height: int, scale: int) -> tuple[bytes, bytes]:
    """What noise stands for: values as the model expects them, and wild ones."""
    columns, rows = (-(-side // 32) for side in coded_size(width, height, scale))
    model = nano_latent()
    for _ in range(3):
        z, y = (Sampler(noise_bytes(rng, int(rng.integers(0, 400)))) for _ in range(2))
        try:
            values = model.decode_z(z, -(-rows // 2), -(-columns // 2))
            model.decode_y(y, values, rows, columns)
            return z.payload(), y.payload()
        except decoder.Refused:
            continue
    return pictured_latent(rng, width, height, scale)


def text(rng: Random) -> str:
    """Words, oddities, and what noise stands for in either word coder."""
    kind = rng.integers(0, 8)
    if kind == 0:
        return sampled_text(rng)
    words = decoder.context_tables()[0][5:2000] if kind < 5 else list(decoder.huffman_table()[0])
    parts = []
    for _ in range(int(rng.choice([0, 1, 3, 10, 30, 200], p=[0.1, 0.1, 0.4, 0.3, 0.09, 0.01]))):
        word = str(rng.choice(words))
        word = rng.choice([str.lower, str.capitalize, str.upper, str.swapcase], p=[0.7, 0.1, 0.1, 0.1])(word)
        parts += [word if rng.random() < 0.85 else "".join(rng.choice(ODD, 2)), " " if rng.random() < 0.9 else ""]
    return fitting("".join(parts))


def sampled_text(rng: Random) -> str:
    """What a source reads from noise, up to where that ends badly."""
    coder, read = ((0, decoder.decode_huffman), (1, decoder.decode_contexts))[int(rng.integers(0, 2))]
    noise = noise_bytes(rng, int(rng.integers(1, 100)))
    try:
        return fitting(read(bytes([coder << 6 | noise[0] & 63]) + noise[1:]))
    except decoder.Refused:
        return ""


def fitting(value: str) -> str:
    return value.encode()[: decoder.MAX_TEXT].decode(errors="ignore")


def mask(rng: Random, width: int, height: int) -> Mask:
    """Empty, full, noise, a box, or something round, at any scale that is not too fine, by any coder."""
    scale = int(rng.choice(SCALES))
    while width * height // scale**2 > 6000 and scale < 128:
        scale *= 2
    rows, columns = -(-height // scale), -(-width // scale)
    y, x = np.mgrid[0:rows, 0:columns] / np.array([rows, columns])[:, None, None]
    a, b = rng.random(2)
    shapes = [
        y < 0,
        y >= 0,
        rng.random(y.shape) < a,
        (abs(x - a) < 0.3) & (abs(y - b) < 0.2),
        np.hypot(x - a, y - b) < rng.random(),
    ]
    cells = shapes[rng.choice(5, p=[0.1, 0.1, 0.2, 0.2, 0.4])] ^ (rng.random(y.shape) < rng.choice([0, 0.01]))
    return Mask(cells.astype(np.uint8), scale, str(rng.choice(CODERS)))


def changed(rng: Random, data: bytes) -> bytes:
    """Bytes flipped, lost, added or cut off, mostly with a right check."""
    body = bytearray(data[:-2])
    for _ in range(int(rng.choice([1, 1, 2, 4]))):
        at = int(rng.integers(0, min(len(body), rng.choice([16, len(body)])) or 1)) % max(len(body), 1)
        how = rng.choice(["flip", "set", "lose", "add", "cut", "more"], p=[0.4, 0.2, 0.15, 0.15, 0.05, 0.05])
        if not body:
            break
        if how == "flip":
            body[at] ^= 1 << int(rng.integers(0, 8))
        elif how == "set":
            body[at] = int(rng.choice([0, 255, rng.integers(0, 256)]))
        elif how == "lose":
            del body[at]
        elif how == "add":
            body.insert(at, int(rng.choice([0, 255, rng.integers(0, 256)])))
        else:
            body[at if how == "cut" else len(body) :] = b"" if how == "cut" else rng.bytes(int(rng.integers(0, 5)))
    return bytes(body) + (checksum(bytes(body)) if rng.random() < 0.9 else data[-2:])


def compare(count: int, seed: int, show: Any = print) -> Counter[str]:
    """Compare `count` files; the numbers of accepted and refused ones, and of disagreements, which are shown."""
    numbers: Counter[str] = Counter()
    for data, _ in zip(files(np.random.default_rng(seed)), range(count), strict=False):
        first, second = verdicts(data)
        numbers["refused" if isinstance(first, tuple) else "accepted"] += 1
        if first == second:
            continue
        if isinstance(first, tuple) and isinstance(second, tuple) and first[1] != second[1]:
            numbers["refused for another place"] += 1
            continue
        numbers["disagreements"] += 1
        if isinstance(first, dict) and isinstance(second, dict):
            keys = [key for key in first if first[key] != second.get(key)]
            first, second = ({key: report.get(key) for key in keys} for report in (first, second))
        show(f"{data.hex()}\n  package {str(first)[:500]}\n  decoder {str(second)[:500]}")
    return numbers


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    numbers = compare(options.count, options.seed)
    print(f"{options.count} files, seed {options.seed}:", dict(numbers))
    return int(numbers["disagreements"] > 0)


if __name__ == "__main__":
    sys.exit(main())
