"""The check over the whole file: CRC-16 (polynomial x^16 + x^12 + x^5 + 1, start 0xFFFF, inverted), big-endian, last (C-12).

It finds every one and two flipped bits and every burst of sixteen in a file of up to 4,095 bytes; a whole 32-bit check
would cost two bytes of a budget of sixteen. Without the inversion a file with a zero byte appended would pass.
"""

from __future__ import annotations

from binascii import crc_hqx

CHECK_BYTES = 2


def checksum(data: bytes) -> bytes:
    """The two bytes that follow `data`."""
    return (crc_hqx(data, 0xFFFF) ^ 0xFFFF).to_bytes(CHECK_BYTES, "big")
