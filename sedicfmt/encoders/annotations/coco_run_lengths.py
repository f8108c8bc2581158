"""COCO's run lengths: how many zeros, ones, zeros ... a mask has, column after column; as numbers, or as a string of them.

The string (Lin et al., "compressed RLE") holds each number in groups of five bits, the lowest first, a character a group:
its code less 48 is the group, plus 32 where another follows; the last group's fifth bit is the sign. From the fourth number
on it is the difference to the one two places before: widths of an object change little from column to column.

pycocotools reads it as well, but its decoder gives back memory that nobody wrote where the numbers add up to less than the
picture, and what is read here may come from a stranger. The tests compare both.
"""

from __future__ import annotations

import re
from typing import Any

from sedicfmt.errors import EncodeError

STRING = re.compile("(?:[P-o]{0,6}[0-O])*")  # numbers of at most seven groups: any of a picture's has 27 bits


def run_lengths(counts: Any, total: int, path: str) -> list[int]:
    """The numbers, which add up to `total`. Raises EncodeError with `path`."""
    numbers = unpacked(counts, path) if isinstance(counts, str) else counts
    if isinstance(numbers, list):
        numbers = [int(n) if isinstance(n, float) and n.is_integer() else n for n in numbers]
    if not isinstance(numbers, list) or any(type(n) is not int or not 0 <= n <= total for n in numbers):
        raise EncodeError("counts is a list of whole numbers, none below 0 or above the picture", path)
    if sum(numbers) != total:
        raise EncodeError(f"counts add up to {sum(numbers)}, the picture has {total} pixels", path)
    return numbers


def unpacked(counts: str, path: str) -> list[int]:
    """The numbers in a string. Raises EncodeError for one that holds none."""
    if STRING.fullmatch(counts) is None:
        raise EncodeError("counts is no string of COCO's run lengths", path)
    numbers: list[int] = []
    for number in re.findall("[P-o]*[0-O]", counts):
        groups = [ord(character) - 48 & 31 for character in number]
        value = sum(group << 5 * place for place, group in enumerate(groups))
        value -= (groups[-1] >> 4) << 5 * len(groups)  # the sign
        numbers.append(value + (numbers[-2] if len(numbers) > 2 else 0))
    return numbers
