"""What conformance vectors are made of: a drawn scene, latents of given values, and files put together bit by bit.

`Draft` follows the specification, not the package's writer, so that any field can be made wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from sedicfmt.bitcoding.bit_io import exp_golomb
from sedicfmt.container.checksum import checksum
from sedicfmt.container.frame import segment_kinds
from sedicfmt.container.schema import LENGTH_ORDER
from sedicfmt.container.size import size_fields
from sedicfmt.latents.allocated import id_of
from sedicfmt.latents.av1 import still_picture
from sedicfmt.latents.nano import analyse
from sedicfmt.latents.nano.context import walk
from sedicfmt.latents.nano.weights import load_latent_model
from sedicfmt.model import Mask, SedicFile, SedicObject, coded_size
from sedicfmt.segments import mask, text
from sedicfmt.segments.latent import SymbolWriter

FIRST = 2  # sedic-nano-2, the learned model of 1.0
WORDS = (
    "A red boat lies on a calm lake in front of dark green trees under a pale sky.",
    "boat, red, small, in the centre",
    "trees, dark green, wide, along the top",
    "a brown dog stands on a sandy beach next to a WOODEN sign and a zyxq🛶 , in the background.",
    "東京 🛶 ",
    "A",
)


@dataclass(frozen=True)
class Vector:
    """One vector: its file's name, the clauses it shows (or breaks), why it is there, its bytes; a faulty one's error; the
    version of the specification that it is of, where that is later than 1.0."""

    name: str
    clauses: str
    shows: str
    content: SedicFile | bytes
    code: str = ""
    path: str = ""
    since: str = ""


def fault(name: str, clauses: str, code: str, path: str, data: bytes) -> Vector:
    """A faulty vector, whose name tells its one defect."""
    return Vector(name, clauses, "", data, code, path)


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
    width: int = 96,
    height: int = 64,
    objects: int = 1,
    scale: int = 8,
    coder: str = "auto",
    model_id: int = FIRST,
    **more: Any,
) -> SedicFile:
    """A whole file of the drawn scene, by a learned model."""
    coded = picture(*coded_size(width, height, more.get("latent_scale", 16)))
    latent = analyse.analyse(coded, load_latent_model(model_id, encoder=True))
    rows, columns = -(-height // scale), -(-width // scale)
    parts = tuple(SedicObject(WORDS[1 + j % 2], Mask(disc(rows, columns, j), scale, coder)) for j in range(objects))
    values = {"text": WORDS[0], "objects": parts, **more}
    return SedicFile(width, height, model_id, latent.z_payload, latent.y_payload(), **values)


def make_av1(width: int = 96, height: int = 64, objects: int = 1, **more: Any) -> SedicFile:
    """The same by model av1. Another libaom makes other bytes of it; those that are kept stay valid."""
    learned = make(width, height, objects, **more)
    small = Image.fromarray(picture(*learned.coded_size))
    return replace(learned, model_id=id_of("av1"), z=b"", y=still_picture.encode(small, 9, 4))


def flat_av1(width: int, height: int, latent_scale: int = 1, **more: Any) -> SedicFile:
    """A picture of one grey by model av1, which large sizes take few bytes and little time with."""
    small = Image.new("RGB", coded_size(width, height, latent_scale), (128, 128, 128))
    values = {"text": WORDS[5], "latent_scale": latent_scale, **more}
    return SedicFile(width, height, id_of("av1"), b"", still_picture.encode(small, 0, 4), **values)


def with_latent(
    file: SedicFile, z_values: Callable[[tuple[int, ...]], np.ndarray], y_values: Callable[[np.ndarray], np.ndarray]
) -> SedicFile:
    """`file` with z and y of any values, by its own learned model.

    `z_values` is given z's shape, `y_values` the scale indices of each of y's two passes (both (channels, rows, columns)), and
    gives integers of that shape; those of y do not count where the index is 0 (L-6).
    """
    model = load_latent_model(file.model_id)
    shape_y, shape_z = model.grids(*file.coded_size)
    z, writer = z_values(shape_z).astype(np.int32), SymbolWriter()

    def choose(_: np.ndarray, index: np.ndarray) -> np.ndarray:
        values = np.where(index > 0, y_values(index), 0).astype(np.int32)
        writer.write(values, index)
        return values

    walk(model.scan(z, *shape_y[1:]), choose)
    return replace(file, z=model.encode_z(z), y=writer.finish())


def bits(value: int, count: int) -> str:
    """`value` in `count` binary digits."""
    return format(value, f"0{count}b") if count else ""


def size_bits(width: int, height: int) -> str:
    """C-5, as a writer must."""
    f = size_fields(width, height)
    shape = "1" + str(int(f["long"])) if f["eighths"] else "0"
    rows = bits(f["rows"], 13 if not f["eighths"] else 10 if f["long"] else 7)
    return bits(f["ratio"], 3) + shape + rows + ("" if f["ratio"] else bits(f["columns"], 10 if f["eighths"] else 13))


class Draft:
    """A file as bit strings."""

    def __init__(self, file: SedicFile):
        self.fields = {
            "magic": bits(0x5ED1, 16), "version": "001", "objects": bits(len(file.objects), 3),
            "size": size_bits(file.width, file.height), "model": exp_golomb(file.model_id, 3),
            "scale": bits(file.latent_scale - 1, 5), "optional": "101" + bits(file.seed, 32) if file.seed else "0",
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
        body = self.body(**fields)
        return body + checksum(body)

    def body(self, **fields: str) -> bytes:
        """The file without its check."""
        values = self.fields | fields
        lengths = self.lengths or [len(p) for p in self.payloads]
        stated = list(zip(self.kinds, lengths, strict=True))[: None if values["optional"].startswith("11") else -1]
        head = "".join(values.values()) + "".join(exp_golomb(v, LENGTH_ORDER[k]) for k, v in stated)
        head += (self.fill * 8)[: -len(head) % 8]
        return int(head, 2).to_bytes(len(head) // 8, "big") + b"".join(self.payloads) + self.extra


def with_payload(file: SedicFile, at: int, payload: bytes) -> bytes:
    """`file` with another payload of segment `at`."""
    draft = Draft(file)
    draft.payloads[at] = payload
    return draft.build()


def with_extra(file: SedicFile, extra: bytes) -> bytes:
    """`file` with these bytes as its extensions."""
    draft = Draft(file)
    draft.extra = extra
    return draft.build(optional="110")
