"""The page docs/latent-repro.md: which ways of decoding were compared by latent_repro.py, and what came out."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
from pathlib import Path

Digests = list[tuple[str, str]]  # of z and y, a file each


def page(command: str, files: list[str], rows: list[list[str]], first: Digests) -> str:
    """The page docs/latent-repro.md."""
    titles = ["way", "threads", "float type", "files with other symbols", "samples apart, at most"]
    lines = [
        PAGE.format(command=command, files=len(files), ways=len(rows), versions=versions()),
        *_table(titles, rows),
        "",
    ]
    lines += [
        "## One digest a file",
        "",
        "The first 16 digits of each SHA-256; all are in `conformance/manifest.json`.",
        "",
    ]
    digests = [[Path(f).name, f"`{z[:16]}`", f"`{y[:16]}`"] for f, (z, y) in zip(files, first, strict=True)]
    return "\n".join([*lines, *_table(["file", "z", "y"], digests)]) + "\n"


def versions() -> str:
    """Of what decoded here."""
    names = ["numpy", *(["torch"] if importlib.util.find_spec("torch") else [])]
    python = ".".join(map(str, sys.version_info[:3]))
    return ", ".join([f"Python {python}", *(f"{name} {importlib.metadata.version(name)}" for name in names)])


def _table(titles: list[str], rows: list[list[str]]) -> list[str]:
    return ["| " + " | ".join(row) + " |" for row in [titles, ["---"] * len(titles), *rows]]


PAGE = """# The same symbols in every way

    {command}

decodes the {files} different latents of these golden files in {ways} ways, each in a process of its own ({versions}),
and compares the digests of z and y (L-8). What steers the entropy decoder is integer arithmetic that float64 holds exactly
(section 3 of the specification), and the package does it in numpy, without torch. So some of these ways cannot make a
difference, and they are here to show that they make none:

- *float type* is that of the synthesis g_s, which runs behind the entropy decoder and paints the reference picture. Only the
  picture may differ by it.
- *threads* are those of the library that multiplies matrices (BLAS, or torch's own); the rest runs in one.
- *torch* and *torch-no-mkldnn* (oneDNN off) let torch's float64 convolutions take every sum that steers the decoder. No
  user's program does so: it is a second implementation of H-2, H-5, H-7 and H-10, for this comparison. *torch-cuda* is the
  same on a GPU, where there is one.
- A line that is a command is another decoder, on another Python where it names one.

A model whose weights differ in a byte is refused before anything is decoded with it (R-1;
`tests/unit/test_models_registry.py`).
"""
