"""The package and `spec/decoder.py` on generated files, which come from `sedic-corpus`.

    python -m tests.differential.cross_check 10000 [--seed 1]

prints how many were accepted and refused, and every disagreement: another content, one that accepts alone, or another class or
place of an error. Both look in the file's order, masks and texts before the latent.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

from sedic_tools.commands import corpus

sys.path.insert(0, str(Path(__file__).parents[2] / "spec"))

import decoder


def said_by_decoder(data: bytes) -> dict[str, Any]:
    """As `corpus.verdict`."""
    try:
        return {"report": decoder.decode(data)}
    except decoder.Refused as error:
        return {"error": {"code": error.code, "path": error.path}}


def compare(count: int, seed: int, show: Callable[[str], object] = print) -> Counter[str]:
    """Compare `count` files; the numbers of accepted and refused ones and of disagreements, which are shown."""
    numbers: Counter[str] = Counter()
    for made, data in islice(corpus.files(seed), count):
        package, other = corpus.verdict(data), said_by_decoder(data)
        package.get("report", {}).pop("profile", None)  # the second decoder says nothing of profiles
        numbers["accepted" if "report" in package else "refused"] += 1
        if package != other:
            numbers["disagreement"] += 1
            show(f"{made}: {data.hex()}\n  package {str(package)[:2000]}\n  decoder {str(other)[:2000]}")
    return numbers


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    numbers = compare(options.count, options.seed)
    print(f"{options.count} files, seed {options.seed}:", dict(numbers))
    return int(numbers["disagreement"] > 0)


if __name__ == "__main__":
    sys.exit(main())
