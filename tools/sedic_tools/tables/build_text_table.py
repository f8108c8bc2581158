"""Build the frozen table of the text coder from a folder of descriptions, or measure the one that ships.

    python -m sedic_tools.tables.build_text_table FOLDER --out spec/tables     writes text_words.txt and text_words.json
    python -m sedic_tools.tables.build_text_table --check FOLDER               prints bits per character on the held-out lines

The build is deterministic: the same folder gives the same bytes on every machine. It takes some minutes. A table that
files in the wild were written with must never be replaced; a new one needs a new coder id.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import sys
import zlib
from collections import Counter
from pathlib import Path

from sedic_tools.tables import text_corpus, text_vocabulary
from sedicfmt.bitcoding import text_table, word_huffman
from sedicfmt.bitcoding.text_table import TextTable

PHRASES = (14_000, 7_500, 6_300)  # kept after each pass; the last makes a file of some 210 kB
COMMENT = "Table of the .sedic word coder, clause T-5. Frozen: a test holds its SHA-256. Made by build_text_table."
COCO = (
    "person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,stop sign,parking meter,bench,"
    "bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,backpack,umbrella,handbag,tie,suitcase,frisbee,skis,"
    "snowboard,sports ball,kite,baseball bat,baseball glove,skateboard,surfboard,tennis racket,bottle,wine glass,cup,fork,"
    "knife,spoon,bowl,banana,apple,sandwich,orange,broccoli,carrot,hot dog,pizza,donut,cake,chair,couch,potted plant,bed,"
    "dining table,toilet,tv,laptop,mouse,remote,keyboard,cell phone,microwave,oven,toaster,sink,refrigerator,book,clock,"
    "vase,scissors,teddy bear,hair drier,toothbrush"
)
COLOURS = (
    "red,orange,yellow,green,blue,purple,pink,brown,black,white,gray,grey,beige,cyan,magenta,teal,turquoise,navy,olive,"
    "maroon,gold,silver,tan,cream,violet,dark,light,bright,pale,vivid,dull"
)
POSITIONS = (
    "left,right,top,bottom,center,centre,middle,upper,lower,corner,edge,foreground,background,above,below,behind,beside,"
    "near,far,front,back,side,small,large,medium,wide,tall,narrow,round,tiny,huge,half,third,quarter"
)


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    options = _options(arguments)
    corpus = text_corpus.load(options.folder)
    if options.check:
        print(json.dumps(measure(corpus.test, text_table.load()), indent=2))
        return 0
    always = sorted({name for group in (COCO, COLOURS, POSITIONS) for name in group.split(",")})
    table = text_vocabulary.choose(corpus.fit, always, PHRASES, options.workers)
    write(options.out, table, corpus)
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="build_text_table", description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="holds the files that text_corpus.WEIGHTS names")
    parser.add_argument("--out", type=Path, default=Path(), help="folder for text_words.txt and text_words.json")
    parser.add_argument("--check", action="store_true", help="measure the table that ships instead of building one")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    return parser.parse_args(arguments)


def write(out: Path, table: TextTable, corpus: text_corpus.Corpus) -> None:
    """The table and, beside it, the record of how it was made and what it reaches."""
    letters = [list(code.lengths) for code in table.letters]
    text = text_table.write(table.entries, list(table.code.lengths), letters, COMMENT)
    record = {
        "table": {"file": text_table.FILE, "sha256": hashlib.sha256(text.encode()).hexdigest(), **_sizes(table)},
        "split": text_corpus.SPLIT_RULE + text_corpus.EVERY_RULE,
        "sources": corpus.records,
        "measured_on_test": measure(corpus.test, text_table.parse(text.split("\n"))),
    }
    (out / text_table.FILE).write_text(text, encoding="utf-8", newline="\n")
    (out / "text_words.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8", newline="\n")


def _sizes(table: TextTable) -> dict[str, int]:
    phrases = sum(len(text_vocabulary.words_of(entry)) > 1 for entry in table.symbols)
    return {"words": len(table.symbols) - phrases, "phrases": phrases, "longest_code_bits": max(table.code.lengths)}


def measure(test: dict[str, list[str]], table: TextTable) -> dict[str, dict[str, float]]:
    """Bits per character of each file's held-out lines, every one decoded again. AssertionError if one differs."""
    return {name: _measure(lines, table) for name, lines in test.items()}


def _measure(lines: list[str], table: TextTable) -> dict[str, float]:
    characters = sum(map(len, lines))
    size = Counter[str]()
    for line in lines:
        payload = word_huffman.pack(line, table)
        assert word_huffman.unpack(payload, table) == line, line
        raw = line.encode()
        size.update(ours=min(len(payload), 1 + len(raw)), raw=1 + len(raw), zlib=len(zlib.compress(raw, 9)))
    rates = {name: round(8 * count / characters, 4) for name, count in size.items()}
    return {"lines": len(lines), "characters": characters, **rates, "order_0_letters": round(_entropy(lines), 4)}


def _entropy(lines: list[str]) -> float:
    """Bits per character of an ideal code for single letters, fitted on these very lines."""
    counts = Counter("".join(lines))
    total = counts.total()
    return -sum(n / total * math.log2(n / total) for n in counts.values())


if __name__ == "__main__":
    sys.exit(main())
