"""The package and `spec/sedic.ksy` on generated files, which come from `sedic-corpus`: the same parts, or both refuse.

    python -m tests.differential.cross_check_kaitai 10000 [--seed 1]

Only the structure is compared, so that every file first gets a right check; what lies within segments is not looked at.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from itertools import islice

from sedic_tools.commands import corpus
from sedicfmt.container.checksum import checksum
from sedicfmt.container.parser import parse_frame
from sedicfmt.errors import SedicError
from tests.differential.test_ksy import by_kaitai, by_package


def said_by_package(data: bytes) -> dict[str, object] | None:
    """The parts of a file; None for one that is refused."""
    try:
        return by_package(parse_frame(data), data)
    except SedicError:
        return None


def compare(count: int, seed: int, show: Callable[[str], object] = print) -> Counter[str]:
    """Compare `count` files; the numbers of accepted and refused ones, and of disagreements, which are shown."""
    numbers: Counter[str] = Counter()
    made = (data[:-2] + checksum(data[:-2]) for _, data in islice(corpus.files(seed), count))
    while some := list(islice(made, 500)):
        for data, parts in zip(some, by_kaitai(some), strict=True):
            package, other = said_by_package(data), None if "refused" in parts else parts
            numbers["refused" if package is None else "accepted"] += 1
            if package != other:
                numbers["disagreement"] += 1
                show(f"{data.hex()}\n  package {str(package)[:1000]}\n  kaitai {str(parts)[:1000]}")
    return numbers


def main() -> int:
    """Exit code 1 for a disagreement."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("count", type=int)
    p.add_argument("--seed", type=int, default=1)
    arguments = p.parse_args()
    numbers = compare(arguments.count, arguments.seed)
    print(f"{arguments.count} files, seed {arguments.seed}: {dict(numbers)}")
    return int(numbers["disagreement"] > 0)


if __name__ == "__main__":
    sys.exit(main())
