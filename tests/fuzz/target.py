"""One harness under atheris: `python -m tests.fuzz.target NAME [libFuzzer's options and folders]`, as `run` calls it."""

from __future__ import annotations

import sys
from importlib import import_module

import atheris

# Their branches say what a text costs and how tables are searched, not what the bytes are; counting them takes half the time.
LEFT_OUT = ["sedicfmt.bitcoding.word_parser", "sedicfmt.bitcoding.context_trie", "sedicfmt.bitcoding.text_rules"]


def main() -> None:
    """Fuzz until libFuzzer ends the process."""
    name = sys.argv.pop(1)
    with atheris.instrument_imports(include=["sedicfmt"], exclude=LEFT_OUT):
        harness = import_module(f"tests.fuzz.fuzz_{name}")
    atheris.Setup(sys.argv, lambda data: harness.check(data) and None)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
