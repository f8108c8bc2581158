"""All bytes beside the latent at the paper's J = 3 with 30 and 50 words: container, four texts, three masks at 1/8.

    python -m sedic_tools.pages.measure_beside_latent DATA --out docs/beside-latent.md

DATA holds `kodak/`, `train/coco/` (photos, instances.json, captions.json), `text/`. Each photo is packed by `sedic-pack` with
an annotation file and read by `sedic-inspect`, another process; bytes are the file's on disk less the latent's two segments.
Texts are people's and LMMs' (ImageInWords and others), lines that no table of the text coders was fitted on: Text_all a long
caption, cut to 50 words, the Text_d object phrases, cut to 30. Once more with COCO's own five captions, one after the other,
as Text_all; the tables have seen most of those. Masks are a photo's three largest annotated objects; on Kodak, which nobody
annotated, what the offline describer finds, filled up to three with COCO objects.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from PIL import Image

from sedic_tools.tables import text_corpus
from sedicfmt.encoders.annotations.describe_annotations import AnnotationsDescriber
from sedicfmt.encoders.interfaces import DescribeRequest
from sedicfmt.encoders.registry import find_describer
from sedicfmt.encoders.words import limit_words
from sedicfmt.errors import BackendFailed, EncodeError
from sedicfmt.harness.measured_process import BESIDE, run_measured
from sedicfmt.picture import Pixels

OBJECTS, WORDS_OBJECT, WORDS_OVERALL = 3, 30, 50  # the paper's J, l_d, l_all at 0.0457 bpp
PAPER_BYTES = 1351  # what its Table 3 implies for texts and masks at 768x512
PARTS = ("container", "Text_all", "Text_d", "masks")


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, help="the page to write (default: standard output)")
    parser.add_argument("--limit", type=int, help="photos of each folder at most, for a quick look")
    options = parser.parse_args(arguments)
    coco = list(islice(coco_photos(options.data / "train/coco"), options.limit))
    spare = cycle([mask for _, masks in coco for mask in masks])
    texts, captions = held_out_texts(options.data / "text"), coco_captions(options.data / "train/coco/captions.json")
    kodak = kodak_photos(options.data / "kodak", spare, options.limit)
    groups = {
        "Kodak": [measure(photo, masks, *next(texts)) for photo, masks in kodak],
        "COCO": [measure(photo, masks, *next(texts)) for photo, masks in coco],
        "COCO, its captions": [measure(photo, masks, captions[photo.name], next(texts)[1]) for photo, masks in coco],
    }
    page = report(groups)
    if options.out:
        options.out.write_text(page, encoding="utf-8", newline="\n")
    else:
        print(page)
    return 0


def coco_photos(folder: Path) -> Iterator[tuple[Path, list[Pixels]]]:
    """Photos with three annotated objects or more, and the masks of the three largest."""
    for photo in sorted(folder.glob("*.jpg")):
        picture = np.asarray(Image.open(photo).convert("RGB"))
        try:
            told = AnnotationsDescriber(folder / "instances.json")
            objects = told.describe(picture, DescribeRequest(OBJECTS, image_name=photo.name)).objects
        except EncodeError:  # not among the annotated ones
            continue
        if len(objects) == OBJECTS:
            yield photo, [part.pixels for part in objects if part.pixels is not None]


def kodak_photos(folder: Path, spare: Iterator[Pixels], limit: int | None) -> Iterator[tuple[Path, list[Pixels]]]:
    """Each photo with three masks: the offline describer's, then `spare` ones in the photo's size."""
    describer = find_describer("offline")
    for photo in sorted(folder.glob("*.png"))[:limit]:
        picture = np.asarray(Image.open(photo).convert("RGB"))
        found = describer.describe(picture, DescribeRequest(OBJECTS)).objects
        masks = [part.pixels for part in found if part.pixels is not None]
        while len(masks) < OBJECTS:
            stretched = Image.fromarray(next(spare)).resize(picture.shape[1::-1], Image.Resampling.NEAREST)
            masks.append(np.asarray(stretched))
        yield photo, masks


def held_out_texts(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """A long caption and three object phrases at a time, in the order of the files, round and round."""
    test = text_corpus.load(folder).test
    overall, phrases = (cycle(test[name]) for name in ("long_captions_trim30_60.txt", "object_phrases.txt"))
    while True:
        yield next(overall), [next(phrases) for _ in range(OBJECTS)]


def coco_captions(file: Path) -> dict[str, str]:
    """All captions of each photo, one after the other, by its file's name."""
    content = json.loads(file.read_bytes())
    names = {image["id"]: image["file_name"] for image in content["images"]}
    found: dict[str, list[str]] = {}
    for annotation in content["annotations"]:
        found.setdefault(names[annotation["image_id"]], []).append(" ".join(annotation["caption"].split()))
    return {name: " ".join(f"{caption.rstrip('.')}." for caption in captions) for name, captions in found.items()}


def measure(photo: Path, masks: list[Pixels], overall: str, phrases: list[str]) -> dict[str, int]:
    """Bytes of each of PARTS in the packed file, and `words` of all texts."""
    with tempfile.TemporaryDirectory() as name:
        folder, packed = Path(name), Path(name, "packed.sedic")
        for j, mask in enumerate(masks):
            Image.fromarray(mask * np.uint8(255)).save(folder / f"{j}.png")
        objects = [{"name": text, "text": text, "mask": f"{j}.png"} for j, text in enumerate(phrases)]
        told = folder / "told.json"
        told.write_text(json.dumps({"overall": overall, "objects": objects}))
        limits = ["--objects", OBJECTS, "--words-object", WORDS_OBJECT, "--words-overall", WORDS_OVERALL]
        pack = [BESIDE / "sedic-pack", photo, "-o", packed, "--json", "--describe", f"annotations:{told}", *limits]
        run_measured([str(part) for part in pack])
        inspected = run_measured([str(BESIDE / "sedic-inspect"), str(packed), "--json"]).printed
        size = packed.stat().st_size
    return _parts(
        inspected, size, [limit_words(overall, WORDS_OVERALL), *(limit_words(p, WORDS_OBJECT) for p in phrases)]
    )


def _parts(inspected: dict[str, Any], size: int, texts: list[str]) -> dict[str, int]:
    """Raises BackendFailed where the file does not say what it was given, or its parts are not all of it."""
    kinds = {kind: sum(s["bytes"] for s in inspected["segments"] if s["kind"] == kind) for kind in KINDS}
    read = [inspected["texts"]["overall"], *inspected["texts"]["objects"]]
    if sum(kinds.values()) + inspected["overhead_bytes"] != size or read != texts or len(inspected["masks"]) != OBJECTS:
        raise BackendFailed(f"the file does not hold what it was given: {read}")
    bytes_of = {name: kinds[kind] for kind, name in KINDS.items() if name}
    return {"container": inspected["overhead_bytes"], **bytes_of, "words": sum(len(t.split()) for t in texts)}


def report(groups: dict[str, list[dict[str, int]]]) -> str:
    """The page: means over each folder's photos, and over all."""
    rows = [*groups.items(), ("all", [photo for photos in groups.values() for photo in photos])]
    lines = [
        HEAD,
        f"| photos | number | words | {' | '.join(PARTS)} | all beside the latent | largest |",
        "|---" * 9 + "|",
    ]
    for name, photos in rows:
        totals = [sum(photo[part] for part in PARTS) for photo in photos]
        means = " | ".join(f"{fmean(photo[part] for photo in photos):.1f}" for part in ("words", *PARTS))
        lines.append(f"| {name} | {len(photos)} | {means} | **{fmean(totals):.1f}** | {max(totals)} |")
    return "\n".join(lines) + TAIL


KINDS = {"latent.z": "", "latent.y": "", "text.overall": "Text_all", "text.object": "Text_d", "mask": "masks"}
HEAD = f"""# What a file needs beside its latent

At the paper's J = 3 with up to 30 words an object and 50 for the whole, masks at 1/8: mean bytes of the container, the
four texts and the three masks. The paper's Table 3 implies {PAPER_BYTES:,} bytes for them at 768x512. Reproduce with

    python -m sedic_tools.pages.measure_beside_latent DATA --out docs/beside-latent.md

The program's head says where texts and masks come from. Each file was written by `sedic-pack` and read by `sedic-inspect`.
"""
TAIL = """

"words" are those of all four texts; "largest" is the file with most bytes beside the latent.
"""

if __name__ == "__main__":
    sys.exit(main())
