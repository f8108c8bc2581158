"""Vectors that every reader must refuse: header, sizes, cuts, the check, extensions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import sedicfmt
from sedic_tools.commands.vector_parts import Draft, Vector, bits, fault, make, with_extra
from sedicfmt.bitcoding.bit_io import exp_golomb
from sedicfmt.container.checksum import checksum
from sedicfmt.model import Extension, SedicFile


def faulty() -> Iterator[Vector]:
    base = make(32, 32, 1, 16)
    yield from starts(base)
    yield from heights_and_widths()
    yield from lengths(base)
    yield from cuts(base)
    yield from checks(base)
    yield from extensions(base)


def starts(file: SedicFile) -> Iterator[Vector]:
    """C-2 to C-4, C-8."""
    whole, build = sedicfmt.write(file), Draft(file).build
    yield fault("one-byte", "C-2", "truncated", "header", whole[:1])
    yield fault("magic-swapped", "C-2", "malformed", "header.magic", b"\xd1\x5e" + whole[2:])
    yield fault("picture-of-another-format", "C-2", "malformed", "header.magic", b"\x89PNG\r\n\x1a\n" + bytes(8))
    for version in (3, 4, 5, 6, 7):
        yield fault(f"version-{version}", "C-2", "unsupported", "header", build(version=bits(version, 3)))
    yield fault("version-2-and-nothing-else", "C-2", "unsupported", "header", b"\x5e\xd1\x40")
    yield fault("optional-without-reason", "C-3 C-13", "malformed", "header", build(optional="100"))
    draft = Draft(file)
    draft.extra = b"\x05\x00"
    both = draft.build(optional="111" + bits(0, 32))
    yield fault("seed-of-zero-and-extension", "C-4 C-13", "malformed", "header", both)
    yield fault("model-256", "C-3", "limit", "header", build(model=exp_golomb(256, 3)))
    yield fault("model-of-endless-zeros", "C-3", "limit", "header", build(model="0" * 21 + "1" + "0" * 24))
    one = Draft(make(16, 40, 0))
    one.fill = "10000000"
    yield fault("header-fill-of-a-single-bit", "C-8 C-13", "malformed", "header", one.build())


def heights_and_widths() -> Iterator[Vector]:
    """C-5, L-1."""
    for ratio, (name, width, height) in enumerate(RATIOS, 1):
        build, free = Draft(make(width, height, 0)).build, bits(height // 8 - 1, 7) + bits(width // 8 - 1, 10)
        if ratio != 2:
            yield fault(f"ratio-{name}-not-used", "C-5 C-13", "malformed", "header", build(size="00010" + free))
        loose = bits(ratio, 3) + "0" + bits(height - 1, 13)
        yield fault(f"ratio-{name}-eighths-not-used", "C-5 C-13", "malformed", "header", build(size=loose))
    build = Draft(make(104, 64, 0)).build
    loose = "0000" + bits(63, 13) + bits(103, 13)
    yield fault("width-eighths-not-used", "C-5 C-13", "malformed", "header", build(size=loose))
    long = "00011" + bits(7, 10) + bits(12, 10)
    yield fault("width-long-not-needed", "C-5 C-13", "malformed", "header", build(size=long))
    build = Draft(make(32, 1024, 0, latent_scale=1)).build
    long = "00011" + bits(127, 10) + bits(3, 10)
    yield fault("height-1024-long-not-needed", "C-5 C-13", "malformed", "header", build(size=long))
    build = Draft(make(32, 32, 0)).build
    for name, side, size in (
        ("both-sides-1", "width", "0010" + bits(0, 13)),
        ("height-15", "height", "0000" + bits(14, 13) + bits(31, 13)),
        ("width-1", "width", "0000" + bits(31, 13) + bits(0, 13)),
        ("width-8-in-eighths", "width", "00010" + bits(3, 7) + bits(0, 10)),
        ("width-by-9-16-too-small", "width", "11110" + bits(2, 7)),
        ("width-by-2-3-too-small", "width", "0110" + bits(19, 13)),
        ("width-by-3-2-too-large", "width", "01011" + bits(1022, 10)),
        ("width-by-4-3-too-large", "width", "1000" + bits(6144, 13)),
    ):
        yield fault(name, "C-5", "limit", f"header.size.{side}", build(size=size, scale=bits(0, 5)))
    wide, tall = "0001" + "0" + bits(1, 7) + bits(1023, 10), "0001" + "1" + bits(1023, 10) + bits(1, 10)
    for name, size in (("wide", wide), ("tall", tall)):
        yield fault(f"latent-too-{name}", "L-1", "limit", "header.latent_scale", build(size=size, scale=bits(16, 5)))


RATIOS = (
    ("1-1", 64, 64), ("3-2", 96, 64), ("2-3", 64, 96), ("4-3", 64, 48), ("3-4", 48, 64), ("16-9", 128, 72), ("9-16", 72, 128),
)  # fmt: skip


def lengths(file: SedicFile) -> Iterator[Vector]:
    """C-1, C-7: a length over the limit, or beyond the file, of each kind of segment."""
    for at, name in enumerate(("z", "y", "text", "object-text")):
        draft = Draft(file)
        draft.lengths = [len(p) for p in draft.payloads]
        draft.lengths[at] += 1 << 15
        yield fault(f"length-of-{name}-beyond-the-file", "C-1", "truncated", "", draft.build())
        draft.lengths[at] = (1 << 20) + 1
        if name != "z":
            yield fault(f"length-of-{name}-over-limit", "C-1 C-7", "limit", "header", draft.build())
    draft = Draft(file)
    draft.extra, draft.lengths = b"\x05\x00", [*(len(p) for p in draft.payloads[:-1]), (1 << 20) + 1]
    yield fault("length-of-mask-over-limit", "C-1 C-7", "limit", "header", draft.build(optional="110"))
    draft.lengths[-1] = len(draft.payloads[-1]) + 99
    yield fault("length-of-mask-beyond-the-file", "C-1", "truncated", "", draft.build(optional="110"))
    head = "".join(Draft(file).fields.values()) + "0" * 200
    body = int(head[:200], 2).to_bytes(25, "big")
    yield fault("length-of-endless-zeros", "C-7", "limit", "header", body + checksum(body))


def cuts(file: SedicFile) -> Iterator[Vector]:
    """C-14: a declared prefix is no whole file."""
    whole, draft = sedicfmt.write(file), Draft(file)
    place = len(whole) - 2 - sum(map(len, draft.payloads))
    yield fault("header-only", "C-1 C-14", "truncated", "", whole[:place])
    for name, payload in zip(("z", "y", "text"), draft.payloads, strict=False):
        place += len(payload)
        yield fault(f"cut-behind-{name}", "C-1 C-14", "truncated", "", whole[:place])
    several = sedicfmt.write(make(32, 32, 3, 16))
    parts = Draft(make(32, 32, 3, 16)).payloads
    end = len(several) - 2 - len(parts[-1]) - len(parts[-2])
    yield fault("cut-behind-the-second-object", "C-1 C-14", "truncated", "", several[:end])
    yield fault("header-cut-in-the-seed", "C-3", "truncated", "header", sedicfmt.write(replace(file, seed=77))[:8])
    yield fault("header-cut-in-the-lengths", "C-3 C-7", "truncated", "header", whole[:9])
    yield fault("cut-and-checked-again", "C-1 C-14", "truncated", "", whole[:20] + checksum(whole[:20]))


def checks(file: SedicFile) -> Iterator[Vector]:
    """C-12: other checks, and a bit flipped in each part."""
    body = sedicfmt.write(replace(file, extensions=(Extension(5, False, b"five"),)))[:-2]
    check = checksum(body)
    for name, other in (
        ("bytes-swapped", check[::-1]),
        ("not-inverted", bytes(b ^ 0xFF for b in check)),
        ("from-zero", crc(body, 0)),
        ("of-zeros", b"\0\0"),
        ("reflected", reflected(body)),
    ):
        yield fault(f"check-{name}", "C-12", "check", "", body + other)
    draft = Draft(file)
    places = {"extension": len(body) - 1}
    place = len(body) - 6 - sum(map(len, draft.payloads))
    for name, payload in zip(("z", "y", "text", "object-text", "mask"), draft.payloads, strict=True):
        places[name] = place
        place += len(payload)
    for name, at in places.items():
        changed = body[:at] + bytes([body[at] ^ 4]) + body[at + 1 :]
        yield fault(f"bit-2-flipped-in-{name}", "C-12", "check", "", changed + check)
    swapped = body[: places["text"]] + body[places["text"] : places["text"] + 2][::-1] + body[places["text"] + 2 :]
    yield fault("bytes-swapped-in-text", "C-12", "check", "", swapped + check)
    yield fault("trailing-check", "C-1 C-12", "check", "", body + check + check)


def crc(data: bytes, value: int) -> bytes:
    """CRC-16 of C-12 from another initial value, inverted."""
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ (0x1021 if value & 0x8000 else 0)) & 0xFFFF
    return (value ^ 0xFFFF).to_bytes(2, "big")


def reflected(data: bytes) -> bytes:
    """CRC-16 of C-12 with reflection, which C-12 is without."""
    value = int.from_bytes(crc(bytes(int(f"{b:08b}"[::-1], 2) for b in data), 0xFFFF), "big")
    return int(f"{value:016b}"[::-1], 2).to_bytes(2, "big")


def extensions(file: SedicFile) -> Iterator[Vector]:
    """C-10, C-11."""
    for name, clauses, code, path, extra in (
        ("extension-types-falling", "C-10", "malformed", "extensions[1]", b"\x09\x00\x05\x00"),
        ("extension-type-0-behind-another", "C-10", "malformed", "extensions[1]", b"\x05\x00\x00\x00"),
        ("extension-critical-behind-another", "C-10", "unsupported", "extensions[1]", b"\x05\x01x\x86\x00"),
        ("extension-critical-of-type-0", "C-10", "malformed", "extensions[0]", b"\x80\x00"),
        ("extension-critical-of-type-127", "C-10", "unsupported", "extensions[0]", b"\xff\x00"),
        (
            "version-1.1-critical-extension",
            "C-10 C-15",
            "unsupported",
            "extensions[0]",
            b"\xc0\x16a field of version 1.1",
        ),
        ("extension-without-length", "C-10 C-11", "malformed", "extensions[0]", b"\x05"),
        ("extension-length-cut", "C-11", "malformed", "extensions[0]", b"\x05\x85"),
        ("extension-length-overlong-in-three", "C-11 C-13", "malformed", "extensions[0]", b"\x05\x81\x80\x00x"),
        ("extension-length-of-four-bytes", "C-11", "limit", "extensions[0]", b"\x05\x81\x80\x80\x01x"),
        ("extension-length-over-limit", "C-11 C-1", "limit", "extensions[0]", b"\x05\x81\x80\x40x"),
        ("extension-longer-than-the-file", "C-10", "malformed", "extensions[0]", b"\x05\xff\x7fx"),
        ("extension-and-a-zero-byte", "C-1 C-10", "malformed", "extensions[1]", b"\x05\x01x\x00"),
    ):
        yield fault(name, clauses, code, path, with_extra(file, extra))
