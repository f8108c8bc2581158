"""What the offline describer says of photos, a text a line: a narrow language, which the text tables should know.

    python -m sedic_tools.tables.offline_sentences FOLDER [FOLDER ...] --out spec/tables/offline_sentences.txt [--every N]
    python -m sedic_tools.tables.offline_sentences KODAK --measure      bits a character of these texts by each word coder

FOLDERs hold photos, in any depth; of the files in order of their names every N-th is described. Never use Kodak's or CLIC's:
they are what files are measured on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sedicfmt.bitcoding import text_table, word_contexts, word_huffman
from sedicfmt.encoders.interfaces import DescribeRequest
from sedicfmt.encoders.registry import find_describer
from sedicfmt.pipeline.picture import open_picture, to_rgb

SUFFIXES = (".jpg", ".png", ".webp")


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--out", type=Path)
    what.add_argument("--measure", action="store_true")
    parser.add_argument("--every", type=int, default=1, metavar="N")
    options = parser.parse_args(arguments)
    files = sorted(file for folder in options.folders for file in folder.rglob("*") if file.suffix in SUFFIXES)
    lines = said(files[:: options.every])
    if options.measure:
        print(measure(list(lines)))
    else:
        options.out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
    return 0


def measure(lines: list[str]) -> str:
    """Whole payloads in bits a character, by word Huffman and by word contexts."""
    huffman = sum(len(word_huffman.pack(line, text_table.load())) for line in lines)
    contexts = sum(len(word_contexts.pack(line, word_contexts.load())) for line in lines)
    characters = sum(map(len, lines))
    rates = (
        f"word Huffman {8 * huffman / characters:.2f}, word contexts {8 * contexts / characters:.2f} bits a character"
    )
    return f"{len(lines)} texts, {characters} characters: {rates}"


def said(files: list[Path]) -> Iterator[str]:
    """Text_all and every Text_d of each photo."""
    describer = find_describer("offline")
    for file in files:
        picture = np.asarray(to_rgb(open_picture(file.read_bytes(), file.name), lambda warning: None))
        told = describer.describe(picture, DescribeRequest())
        yield from (told.overall, *(part.text for part in told.objects))


if __name__ == "__main__":
    sys.exit(main())
