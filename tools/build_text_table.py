"""Build the frozen table of the text coder from a folder of descriptions, or measure the one that ships.

    python -m sedic_tools.build_text_table FOLDER --out spec/tables     writes text_words.txt and text_words.json
    python -m sedic_tools.build_text_table --check FOLDER               prints bits per character on the held-out lines

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

from sedic_tools import text_corpus, text_vocabulary
from sedicfmt.bitcoding import text_table, word_huffman
from sedicfmt.bitcoding.text_table import TextTable

PHRASES = (14_000, 7_500, 6_300)  # kept after each pass; the last makes a file of some 190 kB
COMMENT = "Table of the .sedic word coder, clause T-5. Frozen: a test holds its SHA-256. Made by build_text_table."
COCO = (
    "person bicycle car motorcycle airplane bus train truck boat traffic light,fire hydrant,stop sign,parking meter,bench "
    "bird cat dog horse sheep cow elephant bear zebra giraffe backpack umbrella handbag tie suitcase frisbee skis "
    "snowboard,sports ball,kite,baseball bat,baseball glove,skateboard surfboard,tennis racket,bottle,wine glass,cup fork "
    "knife spoon bowl banana apple sandwich orange broccoli carrot,hot dog,pizza donut cake chair couch,potted plant,bed,"
    "dining table,toilet tv laptop mouse remote keyboard,cell phone,microwave oven toaster sink refrigerator book clock "
    "vase scissors,teddy bear,hair drier,toothbrush"
)
COLOURS = (
    "red orange yellow green blue purple pink brown black white gray grey beige cyan magenta teal turquoise navy olive "
    "maroon gold silver tan cream violet dark light bright pale vivid dull"
)
POSITIONS = (
    "left right top bottom center centre middle upper lower corner edge foreground background above below behind beside "
    "near far front back side small large medium wide tall narrow round tiny huge half third quarter"
)


def describer_words() -> list[str]:
    """Entries that an offline describer uses, whatever the corpus says of them; single words and COCO's phrases."""
    groups = [group for group in COCO.split(",")]
    phrases = [group for group in groups if len(group.split()) == 2 and group in _COCO_PAIRS]
    return sorted(set(" ".join([COCO.replace(",", " "), COLOURS, POSITIONS]).split()) | set(phrases))
