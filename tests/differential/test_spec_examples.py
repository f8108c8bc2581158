"""Every example in `spec/sedic.md` is what `spec/decoder.py` makes of it: those in blocks of code that have a name."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import sedicfmt
from sedicfmt.bitcoding import bit_io
from sedicfmt.latents.av1 import avif_file
from sedicfmt.latents.painting import decode_latent
from tests.differential.cross_check import decoder

import paint  # isort: skip  (beside the decoder, whose folder is on the path by now)

ROOT = Path(__file__).parents[2]
SPEC = (ROOT / "spec/sedic.md").read_text()
BLOCKS = dict(re.findall(r"^```([\w-]+)\n(.*?)^```", SPEC, re.M | re.S))
FILE = (ROOT / "conformance/valid/seed-and-extension.sedic").read_bytes()
WEIGHTS = decoder.WEIGHTS / "sedic-nano-2.safetensors"
PICTURES = sorted((ROOT / "conformance/reference").glob("*.png"))


def table(name):
    """The lines of a block behind its heading, as columns."""
    return [re.split(r" {2,}", line.strip()) for line in BLOCKS[name].splitlines()[1:]]


def hexadecimal(text):
    return b"" if text == "(none)" else bytes.fromhex(text)


def test_there_are_no_blocks_but_those_that_are_checked():
    checked = {name for name, code in globals().items() if name.startswith("test_") for name in code.__code__.co_consts}
    assert set(BLOCKS) <= checked
    assert len(BLOCKS) == len(re.findall(r"^```\w", SPEC, re.M)) >= 10


def test_exp_golomb():
    for order, value, code in table("exp-golomb"):
        assert bit_io.exp_golomb(int(value), int(order)) == code
        bits = decoder.Bits(decoder.packed(code, "0"))
        assert (decoder.exp_golomb(bits, int(order), 20), bits.at) == (int(value), len(code))


def test_crc():
    for data, check in table("crc"):
        assert decoder.crc_hqx(hexadecimal(data), 0xFFFF) ^ 0xFFFF == int(check, 16)


def test_range_decoder():
    coder = decoder.RangeDecoder(b"\xd0")
    for code, size, symbol in table("range"):
        assert (coder.code, coder.range) == (int(code, 16), int(size, 16))
        if symbol != "end":
            assert coder.symbol([0, 32768, 49152, 65536]) == int(symbol)
    assert coder.is_shortest()
    assert coder.read == 4
    assert (0x100 - 0xD0) * 256**3 + coder.code >= coder.range


def test_whole_file():
    parts = re.findall(r"^ *(\d+)  ((?:[0-9A-F]{2} )*[0-9A-F]{2})  +(.*)$", BLOCKS["hex"], re.M)
    assert b"".join(bytes.fromhex(data) for _, data, _ in parts) == FILE
    container = decoder.read_container(FILE)
    places = [0, *(segment.offset for segment in container.segments), len(FILE) - 8, len(FILE) - 2]
    assert [int(at) for at, _, _ in parts] == places
    report = decoder.decode(FILE)
    said = " ".join(BLOCKS["hex"].split())
    assert all(text in said for text in (report["texts"]["overall"], *report["texts"]["objects"]))


def test_header():
    bits = "".join(line.split()[0] for line in BLOCKS["bits"].splitlines())
    start = decoder.read_container(FILE).segments[0].offset
    assert bits == f"{int.from_bytes(FILE[:start]):0{8 * start}b}"
    assert len(BLOCKS["bits"].splitlines()) == 19


def test_avif():
    written = bytes.fromhex(" ".join(line[:47] for line in BLOCKS["avif"].splitlines()))
    assert written == avif_file.wrap(bytes.fromhex("1D801041"), 288, 192)


def test_prior_of_z():
    """H-7, H-8 at a first position; the last column is what the file of the whole dump holds there."""
    model, container = decoder.NanoLatent(192, 24, WEIGHTS.read_bytes()), decoder.read_container(FILE)
    v = model.layer[4](model.layer[3]([0] * 96, 0), -32767)
    z, _, _ = model.values(*(segment.payload for segment in container.segments[:2]), 32, 32)
    for row in table("prior"):
        k, mean, scale, index, base, f, line, value = map(int, row)
        assert (mean, scale, index) == (v[k], v[24 + k], min(max(v[24 + k], 1), 31))
        assert (base, f) == ((mean + 32) >> 6, (mean - 64 * base + 32) >> 3)
        assert (line, value) == (4 * (index - 1) + min(f, 7 - f), z[0][0][k])


def test_word_huffman():
    for text, payload, said in table("word-huffman"):
        assert decoder.huffman_payload(text) == bytes.fromhex(payload)
        assert decoder.decode_huffman(bytes.fromhex(payload)) == text
        (words, _), code, symbols = decoder.huffman_table()[0], "00", said.split(" | ")
        for at, symbol in enumerate(symbols):
            spelled = at and symbols[at - 1] == decoder.SPELL
            code += decoder.letter_bits("", symbol) + decoder.letter_bits(symbol, "") if spelled else words[symbol]
        assert decoder.packed(code, "1") == bytes.fromhex(payload)


def test_word_contexts():
    payload = bytes.fromhex(re.search(r"The text `A dog\.` is the payload `([0-9A-F ]+)`", SPEC)[1])
    assert decoder.contexts_payload("A dog.") == payload
    alphabet, _, words, _ = decoder.context_tables()
    coder, history = decoder.RangeDecoder(payload, 1 << 30, 1 << 30), [0]
    for symbol, name, low, high, total in table("word-contexts"):
        symbols, c = next(words.tables(history))
        place = list(symbols).index(int(symbol))
        assert (c[place], c[place + 1], c[-1], alphabet[int(symbol)]) == (int(low), int(high), int(total), name)
        assert words.code(coder, history) == int(symbol)


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_pictures_are_painted_by_the_text_and_by_the_package(path):
    """G-6: each within one of the picture that is kept; the painter of `spec/` knows nothing but the clauses."""
    data, kept = (ROOT / f"conformance/valid/{path.stem}.sedic").read_bytes(), np.asarray(Image.open(path), int)
    width, height, samples = paint.paint(data)
    by_text = np.frombuffer(samples, np.uint8).reshape(height, width, 3)
    for picture in (by_text, decode_latent(sedicfmt.read(data)).paint()):
        assert np.abs(kept - picture).max() <= 1
    (row,) = [row for row in table("samples") if row[0] == path.stem]
    printed = [[int(v) for v in place.split()] for place in row[1:]]
    assert printed == [*kept[0, :3].tolist(), kept[-1, -1].tolist()]


def test_another_synthesis_is_found(monkeypatch):
    """Other readings of G-1 and G-4 are further off than one."""
    kept = np.asarray(Image.open(ROOT / "conformance/reference/smallest-size.png"), int)
    data = (ROOT / "conformance/valid/smallest-size.sedic").read_bytes()
    for wrong in (turned_shuffle, lambda x, r: right_shuffle(x, r)[::-1]):
        monkeypatch.setattr(paint, "shuffle", wrong)
        _, _, samples = paint.paint(data, WEIGHTS)
        assert np.abs(np.frombuffer(samples, np.uint8).reshape(16, 16, 3) - kept).max() > 1


right_shuffle = paint.shuffle


def turned_shuffle(x, r):
    size = r * r
    return [[place[(j) * r + i % r :: size] for place in x[i // r] for j in range(r)] for i in range(r * len(x))]


def test_every_sample_of_the_specification_has_its_picture():
    assert {row[0] for row in table("samples")} == {path.stem for path in PICTURES}
    assert len(PICTURES) >= 5
