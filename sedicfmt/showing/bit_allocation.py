"""Where a file's bytes go: its parts in the file's order, and a bar of them as SVG or as a picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from PIL import Image, ImageDraw, ImageFont

from sedicfmt.showing.elements import tag

WIDE, BAR, LINE, EDGE = 720, 44, 20, 10  # pixels: of the bar, of a line of the legend, around all


@dataclass(frozen=True)
class Part:
    """One part of a file: `name` for people, what it is (`kind` of the segment), how it is coded, its place and size in bytes.

    `object`: the object it belongs to, None for the rest.
    """

    name: str
    kind: str
    coder: str
    offset: int
    bytes: int
    object: int | None = None

    @property
    def colour(self) -> str:
        """Of its kind, as CSS writes it."""
        return COLOURS[self.kind]


def parts_of(report: dict[str, Any]) -> list[Part]:
    """All bytes of a file, by the report of `pipeline.report.report_bytes`: header, segments, extensions, check.

    Of an incomplete file its header and the segments it holds whole; what is behind them has no name.
    """
    segments = report["segments"]
    parts = [Part("header", "header", "", 0, segments[0]["offset"])]
    parts += [_of_segment(segment) for segment in segments]
    parts += list(_behind(report, parts[-1].offset + parts[-1].bytes))
    return parts


def _of_segment(segment: dict[str, Any]) -> Part:
    path, kind = segment["path"], segment["kind"]
    number = int(path[8 : path.index("]")]) if path.startswith("objects[") else None
    name = NAMES[kind] if number is None else f"{NAMES[kind]} {number + 1}"
    return Part(name, kind, segment["coder"], segment["offset"], segment["bytes"], number)


def _behind(report: dict[str, Any], at: int) -> Iterator[Part]:
    """Extensions together, then the check; of an incomplete file the bytes that are left."""
    left = report["file_bytes"] - at
    if not report["complete"]:
        if left:
            yield Part("cut or unchecked", "rest", "", at, left)
        return
    if left > CHECK_BYTES:
        yield Part("extensions", "extensions", "", at, left - CHECK_BYTES)
    yield Part("check", "check", "", report["file_bytes"] - CHECK_BYTES, CHECK_BYTES)


def spans(parts: list[Part], wide: float) -> list[tuple[Part, float, float]]:
    """(part, left, width) along a bar `wide` units long; every part as wide as its share."""
    whole = sum(part.bytes for part in parts)
    return [(part, wide * part.offset / whole, wide * part.bytes / whole) for part in parts]


def heading(report: dict[str, Any]) -> str:
    """The line above a bar."""
    size = f"{report['width']}x{report['height']} pixels"
    return f"{report['file_bytes']:,} bytes, {size}, {report['bpp']:.4f} bits a pixel"


def legend(part: Part, whole: int) -> str:
    """A part in words."""
    coder = f", {part.coder}" if part.coder else ""
    return f"{part.name}: {part.bytes:,} bytes, {part.bytes / whole:.1%}{coder}"


def draw_svg(report: dict[str, Any]) -> Element:
    """The bar with its legend, black on white, as an SVG of its own."""
    parts, whole = parts_of(report), report["file_bytes"]
    high = 2 * EDGE + LINE + BAR + LINE * len(parts) + EDGE
    root = tag("svg", xmlns="http://www.w3.org/2000/svg", width=WIDE + 2 * EDGE, height=high, font_family="sans-serif",
               font_size=14, role="img", aria_label=heading(report), data_made_by="sedicfmt")  # fmt: skip
    root.append(tag("rect", width=WIDE + 2 * EDGE, height=high, fill="#fff"))
    root.append(tag("text", heading(report), x=EDGE, y=EDGE + 14, fill="#111"))
    for part, left, wide in spans(parts, WIDE):
        box = tag("rect", x=f"{EDGE + left:.2f}", y=EDGE + LINE, width=f"{wide:.2f}", height=BAR, fill=part.colour)
        box.append(tag("title", legend(part, whole)))
        root.append(box)
    for row, part in enumerate(parts):
        y = 2 * EDGE + LINE + BAR + LINE * row
        root.append(tag("rect", x=EDGE, y=y + 3, width=12, height=12, fill=part.colour))
        root.append(tag("text", legend(part, whole), x=EDGE + 20, y=y + 14, fill="#111"))
    return root


def draw_picture(report: dict[str, Any], scale: int = 2) -> Image.Image:
    """The same as a picture, `scale` pixels for one of the SVG's."""
    parts, whole = parts_of(report), report["file_bytes"]
    high = 2 * EDGE + LINE + BAR + LINE * len(parts) + EDGE
    image = Image.new("RGB", ((WIDE + 2 * EDGE) * scale, high * scale), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(14 * scale)
    pen.text((EDGE * scale, EDGE * scale), heading(report), fill="#111", font=font)
    for part, left, wide in spans(parts, WIDE * scale):
        top = (EDGE + LINE) * scale
        pen.rectangle((EDGE * scale + left, top, EDGE * scale + left + wide, top + BAR * scale), fill=part.colour)
    for row, part in enumerate(parts):
        y = (2 * EDGE + LINE + BAR + LINE * row) * scale
        pen.rectangle((EDGE * scale, y + 3 * scale, (EDGE + 12) * scale, y + 15 * scale), fill=part.colour)
        pen.text(((EDGE + 20) * scale, y), legend(part, whole), fill="#111", font=font)
    return image


CHECK_BYTES = 2
NAMES = {
    "latent.z": "latent z", "latent.y": "latent y", "text.overall": "words of the whole", "text.object": "words of object",
    "mask": "mask of object",
}  # fmt: skip
# Okabe and Ito's colours, which people who see fewer colours tell apart as well
COLOURS = {
    "header": "#767676", "latent.z": "#0072b2", "latent.y": "#56b4e9", "text.overall": "#009e73", "text.object": "#e69f00",
    "mask": "#cc79a7", "extensions": "#d55e00", "check": "#f0e442", "rest": "#b0b0b0",
}  # fmt: skip
