"""Version 1.0 reads what later ones write as far as they allow it (C-2, C-10). Frozen files: conformance/test_vectors.py."""

from dataclasses import replace
from pathlib import Path

import pytest

import sedicfmt
from sedicfmt.container.checksum import checksum
from sedicfmt.errors import Unsupported
from sedicfmt.model import Extension

CONFORMANCE = Path(__file__).parents[2] / "conformance"
LATER = Extension(64, False, b"of version 1.1")


@pytest.fixture()
def file():
    return sedicfmt.read(CONFORMANCE / "valid/no-object.sedic")


def test_an_ignorable_extension_is_ignored_and_kept(file):
    data = sedicfmt.write(replace(file, extensions=(LATER,)))
    again = sedicfmt.read(data)
    assert replace(again, extensions=()) == file
    assert sedicfmt.unpack(data, "reference").tobytes() == sedicfmt.unpack(sedicfmt.write(file), "reference").tobytes()
    assert sedicfmt.write(again) == data


def test_a_critical_extension_is_refused(file):
    data = sedicfmt.write(replace(file, extensions=(LATER, replace(LATER, type=65, critical=True))))
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
