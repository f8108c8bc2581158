"""Files of version 1.0 are read for ever, and version 1.0 reads what later ones write as far as they allow it (C-2, C-10)."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

import sedicfmt
from sedicfmt.container.checksum import checksum
from sedicfmt.errors import Unsupported
from sedicfmt.model import Extension

CONFORMANCE = Path(__file__).parents[2] / "conformance"
FROZEN = [line.split() for line in (Path(__file__).parent / "frozen-1.0.sha256").read_text().splitlines()]
LATER = Extension(100, False, b"of version 1.1")


@pytest.fixture()
def file():
    return sedicfmt.read(CONFORMANCE / "valid/no-object.sedic")


@pytest.mark.parametrize(("digest", "name"), FROZEN, ids=[name for _, name in FROZEN])
def test_a_frozen_file_is_there_as_it_was(digest, name):
    """That it gives what it must is test_vectors.py's matter. New files are added to the list, none changes.

    (cd conformance && sha256sum valid/*.sedic faulty/*.sedic) > tests/unit/frozen-1.0.sha256
    """
    assert hashlib.sha256((CONFORMANCE / name).read_bytes()).hexdigest() == digest


def test_an_ignorable_extension_is_ignored_and_kept(file):
    data = sedicfmt.write(replace(file, extensions=(LATER,)))
    again = sedicfmt.read(data)
    assert replace(again, extensions=()) == file
    assert sedicfmt.unpack(data, "reference").tobytes() == sedicfmt.unpack(sedicfmt.write(file), "reference").tobytes()
    assert sedicfmt.write(again) == data


def test_a_critical_extension_is_refused(file):
    data = sedicfmt.write(replace(file, extensions=(LATER, replace(LATER, type=101, critical=True))))
    with pytest.raises(Unsupported) as told:
        sedicfmt.read(data)
    assert (told.value.path, told.value.exit_code) == ("extensions[1]", 4)


@pytest.mark.parametrize("version", [0, *range(2, 8)])
def test_another_version_is_refused_before_anything_else(file, version):
    body = bytearray(sedicfmt.write(file)[:-2])
    body[2] = body[2] & 0x1F | version << 5
    for data in (bytes(body) + checksum(bytes(body)), bytes(body[:3]) + bytes([255]) * 40):
        with pytest.raises(Unsupported):
            sedicfmt.read(data)
