"""Profiles: the bounds are the specification's; what is beyond thin is refused before it is decoded, and nothing else is."""

import re
from pathlib import Path

import numpy as np
import pytest

import sedicfmt
from sedicfmt import limits
from sedicfmt.bitcoding import run_length
from sedicfmt.container import content, profile
from sedicfmt.container.frame import Frame, Segment, segment_kinds
from sedicfmt.errors import EncodeError, LimitExceeded
from sedicfmt.model import Extension, Mask, SedicFile, SedicObject
from sedicfmt.pipeline.report import report_bytes
from sedicfmt.segments import mask

SPEC = (Path(__file__).parents[2] / "spec/sedic.md").read_text()
ROWS = re.findall(r"^\| (.+?) \| ([\d,]+)(?: \(at least 16\))? \| ([\d,]+) \| [A-Z]-\d", SPEC, re.MULTILINE)
BOUNDS = {row: (int(full.replace(",", "")), int(thin.replace(",", ""))) for row, full, thin in ROWS}
FULL = {
    "bytes of a file": limits.MAX_FILE_BYTES,
    "bytes of a segment, of an extension": limits.MAX_SEGMENT_BYTES,
    "objects": limits.MAX_OBJECTS,
    "sides of the picture, pixels": limits.MAX_SIDE,
    "pixels of the picture": limits.MAX_SIDE**2,
    "sides of the latent, pixels": limits.MAX_SIDE,
    "pixels of the latent": limits.MAX_SIDE**2,
    "bytes of a text": limits.MAX_TEXT_BYTES,
    "changes of a run-length mask": run_length.MAX_CHANGES,
    "changes of all run-length masks": limits.MAX_OBJECTS * run_length.MAX_CHANGES,
    "cells of all masks": limits.MAX_MASK_CELLS,
    "cells of all masks of the coders 1 to 3": limits.MAX_CODED_CELLS,
}


def test_the_bounds_are_the_specifications():
    assert {row: full for row, (full, _) in BOUNDS.items()} == FULL
    alike = {"bytes of a text", "changes of a run-length mask"}
    assert {row: thin for row, (_, thin) in BOUNDS.items() if row not in alike} == limits.THIN
    assert all(full == thin for row, (full, thin) in BOUNDS.items() if row in alike)


def test_the_bounds_of_restoring_are_the_specifications():
    rows = re.findall(r"^\| \*\*(\w+)\*\* \| ([\d,]+) \|", SPEC, re.MULTILINE)
    assert {name: int(most.replace(",", "")) for name, most in rows} == limits.MOST_RESTORED


def frame(objects=3, width=768, height=512, scale=16, payloads=None, extensions=()):
    payloads = payloads or {}
    segments = tuple(Segment(kind, path, payloads.get(path, b"")) for kind, path in segment_kinds(objects))
    return Frame(width, height, 2, scale, 0, segments, extensions)


def tags(coder, log_scale, objects):
    return {f"objects[{j}].mask": bytes([coder << 5 | log_scale << 2]) for j in range(objects)}


WITHIN_AND_BEYOND = {  # the most of each bound, one more, and the path of that
    "objects": (frame(3), frame(4), "objects"),
    "width": (frame(width=4096, height=16, scale=8), frame(width=4097, height=16, scale=7), "header.size.width"),
    "height": (frame(width=16, height=4096, scale=8), frame(width=16, height=4097, scale=7), "header.size.height"),
    "pixels": (frame(width=4096, height=1024, scale=8), frame(width=4096, height=1025, scale=1), "header.size"),
    "latent side": (frame(width=2048, height=16), frame(width=2049, height=16), "header.latent_scale"),
    "latent pixels": (frame(width=1024, height=1024), frame(width=1024, height=1025), "header.latent_scale"),
    "segment": (frame(payloads={"y": bytes(65536)}), frame(payloads={"y": bytes(65537)}), "y"),
    "extension": (
        frame(extensions=(Extension(3, False, bytes(65536)),)),
        frame(extensions=(Extension(2, False, b""), Extension(3, False, bytes(65537)))),
        "extensions[1]",
    ),
    "cells": (
        frame(2, 2048, 1024, 8, tags(0, 1, 2)),
        frame(1, 2048, 1024, 8, tags(0, 0, 1)),
        "objects",
    ),
    "coded cells": (frame(1, 512, 512, payloads=tags(2, 0, 1)), frame(2, 512, 512, payloads=tags(1, 0, 2)), "objects"),
    "file": (frame(), frame(), ""),
}


@pytest.mark.parametrize("bound", WITHIN_AND_BEYOND)
def test_each_bound_is_kept_exactly(bound):
    within, beyond, path = WITHIN_AND_BEYOND[bound]
    size = 65537 if bound == "file" else 65536
    profile.check_profile(within, 65536, "thin")
    assert profile.kept_profile(within, 65536) == "thin"
    profile.check_profile(beyond, size, "full")
    assert profile.kept_profile(beyond, size) == "full"
    with pytest.raises(LimitExceeded, match="the profile thin has at most") as caught:
        profile.check_profile(beyond, size, "thin")
    assert caught.value.path == path


def test_nothing_is_decoded_of_a_file_beyond_the_profile(monkeypatch):
    part = SedicObject("a", Mask(np.ones((2, 2), np.uint8), 8))
    data = sedicfmt.write(SedicFile(16, 16, 2, b"", b"", "text", (part,) * 4))
    assert len(sedicfmt.read(data).objects) == 4
    monkeypatch.setattr(content.text, "parse", lambda *_: pytest.fail("a text was decoded"))
    monkeypatch.setattr(mask, "parse", lambda *_: pytest.fail("a mask was decoded"))
    for read in (sedicfmt.read, sedicfmt.unpack):
        with pytest.raises(LimitExceeded, match="objects: 4; the profile thin has at most 3"):
            read(data, profile="thin")
    with pytest.raises(EncodeError, match="no profile is called fat"):
        sedicfmt.read(data, profile="fat")


def chequered(rows):
    """A mask of 512x512 cells that has some 512 changes in each of so many rows, whichever way runs go."""
    cells = np.indices((512, 512)).sum(0) % 2
    return SedicObject("a", Mask(np.where(np.arange(512)[:, None] < rows, cells, 0).astype(np.uint8), 1, "run-length"))


@pytest.mark.parametrize(("numbers", "kept"), [((60, 60), True), ((60, 60, 20), False), ((120, 20), False)])
def test_changes_count_for_all_masks_of_a_file(numbers, kept):
    profile.check_changes(65536, segment := Segment("mask", "objects[0].mask", b""), "thin")
    profile.check_changes(65537, segment, "full")
    with pytest.raises(LimitExceeded):
        profile.check_changes(65537, segment, "thin")
    objects = tuple(chequered(number) for number in numbers)
    data = sedicfmt.write(SedicFile(512, 512, 2, b"", b"", "", objects))
    assert len(data) <= 65536
    assert len(sedicfmt.read(data).objects) == len(numbers)  # full reads it as before
    assert report_bytes(data)["profile"] == ("thin" if kept else "full")
    for read in (sedicfmt.read, report_bytes):
        if kept:
            read(data, profile="thin")
        else:
            with pytest.raises(LimitExceeded, match="the most of the profile thin") as caught:
                read(data, profile="thin")
            assert caught.value.path == f"objects[{len(numbers) - 1}].mask"


def test_a_file_within_thin_is_read_alike():
    data = (Path(__file__).parents[2] / "conformance/valid/three-objects-768x512.sedic").read_bytes()
    assert sedicfmt.read(data, profile="thin") == sedicfmt.read(data)
