"""Bits as text: a payload is written and read as a string of "0" and "1", most significant bit of each byte first.

Python's own searching and converting of such strings runs in C, which no bit reader written in Python can match. One
convention: behind the end of the data all bits are zero, and a byte string that ends in a zero byte is never written.
So padding costs nothing, needs no length, and one bit string has one byte string.
"""

from __future__ import annotations


def bytes_of(bits: str) -> bytes:
    """The bytes that hold `bits`, zero bits appended to fill the last one, zero bytes at the end left out."""
    bits = bits.rstrip("0")
    size = -(-len(bits) // 8)
    return int(bits.ljust(8 * size, "0"), 2).to_bytes(size, "big") if size else b""


def bits_of(data: bytes) -> str:
    """The 8 * len(data) bits of `data`."""
    return f"{int.from_bytes(data, 'big'):0{8 * len(data)}b}" if data else ""


def exp_golomb(value: int, order: int) -> str:
    """The Exp-Golomb code of `value` >= 0: v = value + 2^order in binary behind floor(log2 v) - order zeros."""
    binary = f"{value + (1 << order):b}"
    return "0" * (len(binary) - order - 1) + binary
