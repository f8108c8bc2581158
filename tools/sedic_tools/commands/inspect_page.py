"""sedic-inspect's --html and --plot: a page about one file, and where its bytes go as a drawing."""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import Any

from sedic_tools.commands.command import bar, done, note, warn
from sedic_tools.commands.output import check_place, is_our_page, is_our_png, is_our_svg, write_output
from sedicfmt.errors import EncodeError


def add_page(group: argparse._ArgumentGroup) -> None:
    """The switches."""
    add = group.add_argument
    add("--html", metavar="FILE", help="write a page: the stages with a slider, masks and words, bytes")
    add("--plot", metavar="FILE", help="write where the bytes go as a drawing, .svg or .png")
    add("--stage", choices=("reference", "objects", "final"), default="final", help="how far the page's pictures go "
        "(final); reference is only painted")  # fmt: skip
    add("--restorer", default="nano", metavar="NAME[:MODEL]", help="of the page's pictures (nano)")
    add("--overwrite", action="store_true", help="replace what is there already, whoever made it")


def check_page(arguments: argparse.Namespace) -> None:
    """All that can be wrong with both, before the work. Raises EncodeError, OSError."""
    source = arguments.inputs[0]
    if len(arguments.inputs) > 1 or (source != "-" and Path(source).is_dir()):
        raise EncodeError("--html and --plot are about one file; name one")
    if arguments.html:
        check_place(arguments.html, source, arguments.overwrite, is_our_page, "page that sedicfmt wrote")
    if arguments.plot:
        kind = Path(arguments.plot).suffix.lower()
        if kind not in (".svg", ".png"):
            raise EncodeError(f"{arguments.plot}: a drawing is written as .svg or .png")
        ours = is_our_svg if kind == ".svg" else is_our_png
        check_place(arguments.plot, source, arguments.overwrite, ours, f"{kind[1:].upper()} that sedicfmt wrote")


def write_page(data: bytes, report: dict[str, Any], arguments: argparse.Namespace) -> None:
    """--html. Raises SedicError, OSError."""
    from sedicfmt.pipeline.unpack import UnpackOptions, Watcher
    from sedicfmt.showing.page import page
    from sedicfmt.showing.stages import pictures_of

    options = UnpackOptions(arguments.stage, arguments.partial, arguments.profile, arguments.restorer)
    result, pictures = pictures_of(data, options, Watcher(note, bar))
    warn(result.warnings)
    name = "standard input" if arguments.inputs[0] == "-" else Path(arguments.inputs[0]).name
    html = page(name, data, result.file, report, pictures, result.record, result.warnings)
    write_output(arguments.html, html.encode())
    done(f"{arguments.html}: {len(pictures)} stage{'s' * (len(pictures) != 1)}, {len(html):,} bytes")


def write_plot(report: dict[str, Any], arguments: argparse.Namespace) -> None:
    """--plot. Raises OSError."""
    from sedicfmt.pipeline.png_text import signed
    from sedicfmt.showing.bit_allocation import draw_picture, draw_svg
    from sedicfmt.showing.elements import as_svg

    if arguments.plot.lower().endswith(".svg"):
        write_output(arguments.plot, as_svg(draw_svg(report)).encode())
        return
    out = io.BytesIO()
    draw_picture(report).save(out, "PNG", pnginfo=signed())
    write_output(arguments.plot, out.getvalue())
