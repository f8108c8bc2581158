"""Make the conformance vectors: `python -m sedic_tools.make_vectors conformance` (the files it made are frozen; see there).

Valid files come from the package's writer. Faulty ones are put together bit by bit from the specification, each with one
defect that its name tells, and a right check unless the check is the defect.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import sedicfmt
from sedicfmt.bitcoding import text_table, word_huffman
from sedicfmt.container.checksum import checksum
from sedicfmt.container.frame import segment_kinds
from sedicfmt.container.schema import LENGTH_ORDER
from sedicfmt.encoders import latent_nano
from sedicfmt.model import Extension, Mask, SedicFile, SedicObject, coded_size
from sedicfmt.models import av1
from sedicfmt.models.registry import DEFAULT_MODEL, load_latent_model, named_model
from sedicfmt.pipeline.report import report_bytes
from sedicfmt.segments import mask, text

WORDS = (
    "A red boat lies on a calm lake in front of dark green trees under a pale sky.",
    "boat, red, small, in the centre",
    "trees, dark green, wide, along the top",
    "a brown dog stands on a sandy beach next to a WOODEN sign and a zyxq🛶 , in the background.",
    "東京 🛶 ",
    "A",
)


def picture(width: int, height: int) -> np.ndarray:
    """A drawn scene without randomness, uint8 (height, width, 3)."""
    y, x = np.mgrid[0:height, 0:width] / np.array([height, width])[:, None, None]
    red = 200 * np.exp(-((x - 0.5) ** 2 * 30 + (y - 0.6) ** 2 * 90))
    green, blue = 90 + 60 * np.sin(7 * x) * (y < 0.4), 200 - 120 * y
    return np.clip(np.stack([60 + red, green, blue], axis=2), 0, 255).astype(np.uint8)


def disc(rows: int, columns: int, j: int = 0) -> np.ndarray:
    """An ellipse's cells, uint8 (rows, columns), another one for each j; at least one cell is set."""
    y, x = (np.mgrid[0:rows, 0:columns] + 0.5) / np.array([rows, columns])[:, None, None]
    cells = ((x - 0.2 - 0.1 * j) ** 2 * 20 + (y - 0.5) ** 2 * 9 < 1).astype(np.uint8)
    cells[rows // 2, columns // 2] = 1
    return cells


def make(
    width: int = 96, height: int = 64, objects: int = 1, scale: int = 8, coder: str = "auto", **more: Any
) -> SedicFile:
    """A whole file of the drawn scene."""
    coded = picture(*coded_size(width, height, more.get("latent_scale", 16)))
    latent = latent_nano.analyse(coded, load_latent_model(DEFAULT_MODEL))
    rows, columns = -(-height // scale), -(-width // scale)
    parts = tuple(SedicObject(WORDS[1 + j % 2], Mask(disc(rows, columns, j), scale, coder)) for j in range(objects))
    values = {"text": WORDS[0], "objects": parts, **more}
    return SedicFile(width, height, DEFAULT_MODEL, latent.z_payload, latent.y_payload(), **values)


def make_av1(width: int = 96, height: int = 64, objects: int = 1, **more: Any) -> SedicFile:
    """The same by model av1. Another libaom makes other bytes of it; those that are kept stay valid."""
    learned = make(width, height, objects, **more)
    small = Image.fromarray(picture(*learned.coded_size))
    return replace(learned, model_id=named_model("av1").id, z=b"", y=av1.encode(small, 9, 4))


def valid() -> Iterator[tuple[str, str, SedicFile]]:
    """(name, what it shows, content)."""
    yield "three-objects-768x512", "the usual file: C-1 to C-7", make(768, 512, 3)
    yield "no-object", "J is 0; the overall text's length is left out (C-7)", make(objects=0)
    yield "nothing-but-latent", "an empty text has an empty payload", make(objects=0, text="")
    yield "mask-run-length", "a mask by run-lengths", make(coder="run-length")
    yield "mask-generic-region", "a mask as T.88 generic region", make(coder="generic-region")
    yield "mask-contexts", "a mask by frozen contexts", make(coder="contexts")
    yield "masks-relative", "each mask relative to those before it (M-24)", make(768, 512, 3, coder="contexts-relative")
    yield "mask-of-every-pixel", "scale 1", make(64, 48, scale=1)
    yield "mask-of-one-cell", "scale 128", make(96, 64, scale=128)
    yield "seven-objects", "J is 7", make(objects=7)
    yield "smallest-size", "16x16: one value of y a channel, none at an odd position (H-9)", make(16, 16)
    yield "odd-size", "17x33: explicit width, not in eighths; grids rounded up (C-5, L-1)", make(17, 33)
    yield "odd-grids", "y on 6 rows of 3, z on 3 rows of 2 (H-7, H-10)", make(77, 181, latent_scale=16)
    yield "ratio-not-in-eighths", "a ratio with a height that is no multiple of 8", make(99, 66)
    yield "long-side", "1920x1080 by 16:9, height above 1024", make(1920, 1080, 0)
    yield "raw-text", "a text that letters code worse than UTF-8", replace(make(), text=WORDS[4] * 3)
    yield "text-word-huffman", "a text that word Huffman says in fewer bytes (T-2)", replace(make(), text=WORDS[5])
    yield (
        "text-word-contexts",
        "spelled letters, one beyond ASCII, every steering symbol",
        replace(make(), text=WORDS[3]),
    )
    yield "seed", "a seed of all ones", make(seed=(1 << 32) - 1)
    yield "latent-at-half-size", "the latent shows the picture at 8/16 (L-1)", make(128, 96, latent_scale=8)
    yield "latent-at-twice-the-size", "the latent shows the picture at 32/16", make(48, 32, latent_scale=32)
    yield (
        "ignorable-extensions",
        "two unknown extensions, kept (C-10)",
        make(extensions=(Extension(1, False, b""), Extension(100, False, bytes(200)))),
    )
    yield "av1-768x512", "model av1, with words and masks (A-1 to A-5)", make_av1(768, 512, 3, latent_scale=7)
    yield "av1-odd-size", "the same; sides that are no multiple of anything", make_av1(77, 133, latent_scale=5)
    yield "av1-one-pixel", "the same; the latent shows one pixel", make_av1(16, 16, 0, latent_scale=1)
    base = make(objects=0)
    flat = latent_nano.analyse(picture(96, 64), load_latent_model(DEFAULT_MODEL)).y_payload(1e9)
    yield "cheapest-latent", "y at the highest price: hardly a byte (L-5)", replace(base, y=flat)


def bits(value: int, count: int) -> str:
    return format(value, f"0{count}b") if count else ""


def exp_golomb(value: int, order: int) -> str:
    """C-7."""
    group = (value // (1 << order) + 1).bit_length() - 1
    return "0" * group + "1" + bits(value - (1 << order) * ((1 << group) - 1), group + order)


class Draft:
    """A file as bit strings, so that any field can be made wrong."""

    def __init__(self, file: SedicFile):
        self.fields = {
            "magic": bits(0x5ED1, 16), "version": "001", "objects": bits(len(file.objects), 3),
            "size": "010" + "1" + "0" + bits(file.height // 8 - 1, 7), "model": "1" + bits(file.model_id, 3),
            "scale": bits(15, 5), "optional": "0",
        }  # fmt: skip
        self.kinds = [kind for kind, _ in segment_kinds(len(file.objects))]
        self.payloads = [file.z, file.y, text.build(file.text)]
        for j, part in enumerate(file.objects):
            earlier = [before.mask for before in file.objects[:j]]
            self.payloads += [text.build(part.text), mask.build(part.mask, earlier)]
        self.lengths: list[int] | None = None
        self.fill, self.extra = "0", b""

    def build(self, **fields: str) -> bytes:
        """The file, its check right. Every segment's length is stated if extensions follow, else all but the last's."""
        values = self.fields | fields
        lengths = self.lengths or [len(p) for p in self.payloads]
        stated = list(zip(self.kinds, lengths, strict=True))[: None if values["optional"].startswith("11") else -1]
        head = "".join(values.values()) + "".join(exp_golomb(v, LENGTH_ORDER[k]) for k, v in stated)
        head += self.fill * (-len(head) % 8)
        body = int(head, 2).to_bytes(len(head) // 8, "big") + b"".join(self.payloads) + self.extra
        return body + checksum(body)


def with_payload(file: SedicFile, at: int, payload: bytes) -> bytes:
    draft = Draft(file)
    draft.payloads[at] = payload
    return draft.build()


def with_extra(file: SedicFile, extra: bytes) -> bytes:
    draft = Draft(file)
    draft.extra = extra
    return draft.build(optional="110")


def faulty_frames(file: SedicFile) -> Iterator[tuple[str, str, str, str, bytes]]:
    """(name, clause, error code, path, bytes) for the container's rules."""
    whole, draft = sedicfmt.write(file), Draft(file)
    if draft.build() != whole:
        raise AssertionError("a draft without a defect must be the writer's file")
    y_at = len(whole) - 2 - sum(map(len, draft.payloads[1:]))
    text_at = y_at + len(file.y)
    yield "empty", "C-2", "truncated", "header", b""
    yield "magic-only", "C-2", "truncated", "header", whole[:2]
    yield "wrong-magic", "C-2", "malformed", "header.magic", b"\x5e\xd0" + whole[2:]
    yield "version-0", "C-2", "unsupported", "header", draft.build(version="000")
    yield "version-2", "C-2", "unsupported", "header", draft.build(version="010")
    yield "header-cut", "C-3", "truncated", "header", whole[:7]
    yield "cut-in-z", "C-1", "truncated", "", whole[:15]
    yield "cut-in-text", "C-1", "truncated", "", whole[: text_at + 1]
    yield "cut-before-the-check", "C-12", "check", "", whole[:-2]
    yield "last-byte-missing", "C-12", "check", "", whole[:-1]
    yield "trailing-byte", "C-1", "check", "", whole + b"\0"
    yield "check-wrong", "C-12", "check", "", whole[:-1] + bytes([whole[-1] ^ 1])
    yield "bit-flipped-in-y", "C-12", "check", "", whole[:y_at] + bytes([whole[y_at] ^ 16]) + whole[y_at + 1 :]
    yield "seed-of-zero", "C-4", "malformed", "header", draft.build(optional="101" + bits(0, 32))
    yield (
        "ratio-not-used",
        "C-5",
        "malformed",
        "header",
        draft.build(size="000" + "1" + "0" + bits(7, 7) + bits(11, 10)),
    )
    yield "eighths-not-used", "C-5", "malformed", "header", draft.build(size="010" + "0" + bits(63, 13))
    yield "long-not-needed", "C-5", "malformed", "header", draft.build(size="010" + "1" + "1" + bits(7, 10))
    yield (
        "width-too-small",
        "C-5",
        "limit",
        "header.size.width",
        draft.build(size="000" + "0" + bits(63, 13) + bits(14, 13)),
    )
    yield (
        "height-too-small",
        "C-5",
        "limit",
        "header.size.height",
        draft.build(size="0001" + "0" + bits(0, 7) + bits(11, 10)),
    )
    yield "width-too-large", "C-5", "limit", "header.size.width", draft.build(size="110" + "1" + "1" + bits(1023, 10))
    large = "001" + "1" + "1" + bits(1023, 10)
    yield "latent-scale-too-large", "L-1", "limit", "header.latent_scale", draft.build(size=large, scale=bits(16, 5))
    draft.fill = "1"
    yield "header-fill-not-zero", "C-8", "malformed", "header", draft.build()
    draft.fill, draft.lengths = "0", [1 << 21] + [len(p) for p in draft.payloads[1:]]
    yield "length-over-limit", "C-1", "limit", "header", draft.build()
    draft.lengths = [len(draft.payloads[0]), 1 << 19] + [len(p) for p in draft.payloads[2:]]
    yield "length-beyond-the-file", "C-1", "truncated", "", draft.build()


def faulty_extensions(file: SedicFile) -> Iterator[tuple[str, str, str, str, bytes]]:
    yield "extension-announced-and-missing", "C-10", "malformed", "extensions[0]", with_extra(file, b"")
    yield "extension-critical", "C-10", "unsupported", "extensions[0]", with_extra(file, b"\x85\x01x")
    yield "extension-type-0", "C-10", "malformed", "extensions[0]", with_extra(file, b"\x00\x01x")
    yield "extension-types-not-rising", "C-10", "malformed", "extensions[1]", with_extra(file, b"\x05\x00\x05\x00")
    yield "extension-length-overlong", "C-11", "malformed", "", with_extra(file, b"\x05\x81\x00x")
    yield "extension-cut", "C-10", "malformed", "extensions[0]", with_extra(file, b"\x05\x09x")


def faulty_payloads(file: SedicFile) -> Iterator[tuple[str, str, str, str, bytes]]:
    """The coders' rules; the latent's need the model, so `sedic-inspect --check` or `sedic-unpack` finds them."""
    cells = file.objects[0].mask
    short = text.build(WORDS[5])
    t, h, r = text.build(file.text), word_huffman.pack(file.text, text_table.load()), b"\xc0" + file.text.encode()
    m, c = (mask.build(replace(cells, coder=name)) for name in ("run-length", "contexts"))
    yield "text-coder-reserved", "T-1", "unsupported", "text", with_payload(file, 2, bytes([0x80 | t[0] & 63]) + t[1:])
    yield "text-byte-too-many", "T-2", "malformed", "text", with_payload(file, 2, short + b"\xff")
    yield "text-contexts-zero-at-the-end", "T-17", "malformed", "text", with_payload(file, 2, t + b"\0")
    yield "text-huffman-but-contexts-are-shorter", "T-2", "malformed", "text", with_payload(file, 2, h)
    yield "text-huffman-padding-of-zeros", "T-4", "malformed", "text", with_payload(file, 2, h[:-1] + b"\0")
    yield "text-raw-not-utf8", "T-1", "malformed", "text", with_payload(file, 2, b"\xc0\xff\xfe")
    yield "text-raw-but-words-are-shorter", "T-2", "malformed", "text", with_payload(file, 2, r)
    path = "objects[0].mask"
    yield "mask-empty", "M", "malformed", path, with_payload(file, 4, b"")
    yield "mask-coder-reserved", "M", "unsupported", path, with_payload(file, 4, bytes([0xE0 | m[0] & 31]) + m[1:])
    yield "mask-reserved-bits", "M", "malformed", path, with_payload(file, 4, bytes([m[0] | 1]) + m[1:])
    yield "mask-zero-at-the-end", "M", "malformed", path, with_payload(file, 4, m + b"\0")
    yield "mask-cut", "M", "malformed", path, with_payload(file, 4, m[:2])
    yield "mask-contexts-zero-at-the-end", "M-23", "malformed", path, with_payload(file, 4, c + b"\0")
    yield "mask-contexts-byte-too-many", "M-23", "malformed", path, with_payload(file, 4, c + b"\x77")
    yield "mask-contexts-of-other-coder", "M-4", "malformed", path, with_payload(file, 4, c[:1] + m[1:])
    pair = make(objects=2, coder="contexts-relative")
    alone = mask.build(replace(pair.objects[1].mask, coder="contexts"))
    relative = bytes([alone[0] | 0x20]) + alone[1:]
    yield "mask-relative-but-coded-alone", "M-24", "malformed", "objects[1].mask", with_payload(pair, 6, relative)
    yield "z-zero-at-the-end", "L-5", "malformed", "z", with_payload(file, 0, file.z + b"\0")
    yield "z-byte-too-many", "L-5", "malformed", "z", with_payload(file, 0, file.z + b"\x77")
    yield "y-zero-at-the-end", "L-5", "malformed", "y", with_payload(file, 1, file.y + b"\0")
    yield "y-byte-too-many", "L-5", "malformed", "y", with_payload(file, 1, file.y + b"\x77")
    for name, number in (("model-unknown", 99), ("model-withdrawn", 1)):
        yield name, "R-1", "unsupported", "header.model_id", Draft(file).build(model=exp_golomb(number, 3))


def faulty_av1(file: SedicFile) -> Iterator[tuple[str, str, str, str, bytes]]:
    """Model av1's rules; `file` is not used. What no decoder of AV1 takes for a frame was tried with three."""
    still = make_av1()
    yield "av1-z-not-empty", "A-1", "malformed", "z", with_payload(still, 0, b"\x01")
    yield "av1-y-empty", "A-1", "malformed", "y", with_payload(still, 1, b"")
    yield "av1-zero-at-the-end", "A-1", "malformed", "y", with_payload(still, 1, still.y + b"\0")
    yield "av1-header-cut", "A-3", "malformed", "y", with_payload(still, 1, still.y[:2])
    yield "av1-words", "A-3", "malformed", "y", with_payload(still, 1, b"no frame, but words")
    yield "av1-ones", "A-3", "malformed", "y", with_payload(still, 1, b"\xff" * 64)


EXPECTED = (
    "version",
    "width",
    "height",
    "pixels",
    "overhead_bytes",
    "seed",
    "latent_scale",
    "models",
    "texts",
    "masks",
    "segments",
    "digests",
)


def write_all(folder: Path) -> None:
    """All vectors and manifest.json."""
    manifest: dict[str, list[dict[str, Any]]] = {"valid": [], "faulty": []}
    for name, shows, file in valid():
        data = sedicfmt.write(file)
        report = report_bytes(data, check=True)
        expected = {key: report[key] for key in EXPECTED}
        entry = {"file": f"valid/{name}.sedic", "shows": shows, "sha256": hashlib.sha256(data).hexdigest()}
        _keep(folder, manifest["valid"], {**entry, "expected": expected}, data)
    base = make()
    for source in (faulty_frames, faulty_extensions, faulty_payloads, faulty_av1):
        for name, clause, code, path, data in source(base):
            entry = {"file": f"faulty/{name}.sedic", "clause": clause, "sha256": hashlib.sha256(data).hexdigest()}
            _keep(folder, manifest["faulty"], {**entry, "code": code, "path": path}, data)
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=True) + "\n")


def _keep(folder: Path, entries: list[dict[str, Any]], entry: dict[str, Any], data: bytes) -> None:
    path = folder / str(entry["file"])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    entries.append(entry)


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folder", type=Path)
    write_all(p.parse_args().folder)
