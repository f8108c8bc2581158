"""How many pixels of a GIF's first picture are there: its LZW codes are read for how many each stands for (GIF89a)."""

from __future__ import annotations

from collections.abc import Iterator

EXTENSION, PICTURE = 0x21, 0x2C


def gif_share(data: bytes) -> float:
    """Of the pixels of the first picture, 0 to 1."""
    at = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    while data[at : at + 1] == bytes([EXTENSION]):
        at = behind_blocks(data, at + 2)
    if data[at : at + 1] != bytes([PICTURE]) or at + 11 > len(data):
        return 0.0
    width, height = int.from_bytes(data[at + 5 : at + 7], "little"), int.from_bytes(data[at + 7 : at + 9], "little")
    at += 10 + (3 << (data[at + 9] & 7) + 1 if data[at + 9] & 0x80 else 0)
    bits = data[at] if at < len(data) else 0
    if not 1 <= bits <= 11:
        return 0.0
    return min(1.0, pixels(b"".join(blocks(data, at + 1)), bits) / max(width * height, 1))


def behind_blocks(data: bytes, at: int) -> int:
    """Where sub-blocks end."""
    while at < len(data) and data[at]:
        at += 1 + data[at]
    return at + 1


def blocks(data: bytes, at: int) -> Iterator[bytes]:
    """Contents of sub-blocks, as far as they are there."""
    while at < len(data) and data[at]:
        yield data[at + 1 : at + 1 + data[at]]
        at += 1 + data[at]


def pixels(codes: bytes, bits: int) -> int:
    """That the codes stand for, up to their end or one that stands for nothing."""
    clear, buffer, held, at, count = 1 << bits, 0, 0, 0, 0
    size, lengths, last = bits + 1, [1] * (clear + 2), 0
    while True:
        while held < size:
            if at == len(codes):
                return count
            buffer, held, at = buffer | codes[at] << held, held + 8, at + 1
        code, buffer, held = buffer & ((1 << size) - 1), buffer >> size, held - size
        if code == clear:
            size, lengths, last = bits + 1, [1] * (clear + 2), 0
            continue
        if code == clear + 1 or code > len(lengths) or (code == len(lengths) and not last):
            return count
        if last and len(lengths) < 4096:
            lengths.append(last + 1)
            if len(lengths) == 1 << size and size < 12:
                size += 1
        last = lengths[code] if code < len(lengths) else last
        count += last
