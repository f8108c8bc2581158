"""A file changed in any way gives a result or our error, from every entry point; what is read is written back as it was."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sedicfmt
from sedicfmt.container.checksum import checksum
from sedicfmt.errors import SedicError
from sedicfmt.latents.painting import decode_latent
from sedicfmt.model import Mask, SedicFile, SedicObject
from sedicfmt.pipeline.report import report_bytes

CHANGES = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=4)
RELAXED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture(scope="module")
def whole(small_file):
    return small_file.read_bytes()


@given(CHANGES)
@RELAXED
def test_changed_bytes_with_a_right_check(whole, changes):
    body = bytearray(whole[:-2])
    for place, value in changes:
        body[int(place * len(body))] = value
    data = bytes(body) + checksum(bytes(body))
    try:
        file = sedicfmt.read(data)
    except SedicError as error:
        assert error.exit_code in (3, 4, 5, 7)
        return
    assert sedicfmt.write(file) == data
    if file.width * file.height > 1 << 20:
        return  # the latent of a large picture is well-defined too, but takes long
    try:
        decode_latent(file)
    except SedicError as error:
        assert error.path in ("z", "y", "header.model_id")


@given(st.integers(0, 10_000), st.binary(max_size=20))
@RELAXED
def test_cut_and_continued(whole, cut, more):
    data = whole[: cut % len(whole)] + more
    for partial in (False, True):
        try:
            report = report_bytes(data, allow_prefix=partial)
        except SedicError:
            continue
        assert report["complete"] is (data == whole)


FILES = st.builds(
    lambda size, text, objects, seed: SedicFile(
        *size,
        1,
        b"z",
        b"y",
        text,
        tuple(SedicObject(t, Mask(cells(size, scale), scale)) for t, scale in objects),
        seed,
    ),
    st.tuples(st.integers(16, 400), st.integers(16, 400)),
    st.text(max_size=80).filter(lambda t: not any("\ud800" <= c <= "\udfff" for c in t)),
    st.lists(st.tuples(st.sampled_from(["", "Cat in red", "犬"]), st.sampled_from([1, 2, 8, 64, 128])), max_size=7),
    st.integers(0, (1 << 32) - 1),
)


def cells(size, scale):
    rows, columns = -(-size[1] // scale), -(-size[0] // scale)
    return (np.add.outer(np.arange(rows), np.arange(columns)) % 7 < 3).astype(np.uint8)


@given(FILES)
@settings(deadline=None, max_examples=40)
def test_what_is_written_is_read(file):
    data = sedicfmt.write(file)
    again = sedicfmt.read(data)
    assert again == file
    assert hash(again) == hash(file)
    assert sedicfmt.write(again) == data
