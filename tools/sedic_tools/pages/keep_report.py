"""Keeps a report of sedic-eval as a page: its Markdown, drawings and rows, without the pictures, which are large.

    python -m sedic_tools.pages.keep_report OUT docs/results/NAME

writes NAME.md, NAME.csv, and NAME-curves.svg and NAME-parts.svg where there are any.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

CROPS = "## Pictures, pixel for pixel"


def keep(report: Path, page: Path) -> None:
    """`page`: the path without its suffix. Raises OSError."""
    text = (report / "report.md").read_text().partition(CROPS)[0].rstrip() + "\n"
    for drawing in sorted(report.glob("*.svg")):
        kept = page.with_name(f"{page.name}-{drawing.name}")
        shutil.copyfile(drawing, kept)
        text = text.replace(f"({drawing.name})", f"({kept.name})")
    page.with_name(f"{page.name}.md").write_text(f"{text}\nA row a picture: [{page.name}.csv]({page.name}.csv).\n")
    shutil.copyfile(report / "results.csv", page.with_name(f"{page.name}.csv"))


if __name__ == "__main__":
    keep(Path(sys.argv[1]), Path(sys.argv[2]))
