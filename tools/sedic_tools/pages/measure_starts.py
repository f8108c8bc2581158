"""What commands and imports cost, start included: seconds and memory of processes, the least of several runs.

    python -m sedic_tools.pages.measure_starts PHOTO FILE.sedic [--runs 5] [--tree FOLDER ...]

CPU seconds, of all threads, vary less than seconds on the wall where other programs run, but they do vary: compare within one
run. `--tree`: checkouts of other states of this project, measured in turn with this one, row by row. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[3]


def cost(tree: Path, *arguments: str) -> tuple[float, float, float]:
    """(CPU seconds, seconds of the clock, MiB) of one process. Raises RuntimeError for one that fails."""
    paths = os.pathsep.join(str(tree / part) for part in ("", "tools"))
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": ""}
    began = time.perf_counter()
    process = subprocess.Popen(  # in the tree: what Python is told in a line looks in its folder first
        [sys.executable, *arguments], env=environment, cwd=tree, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    if status:
        raise RuntimeError(f"python {' '.join(arguments)} failed")
    return used.ru_utime + used.ru_stime, seconds, used.ru_maxrss / 1024


def rows(photo: str, file: str, out: Path) -> dict[str, list[str]]:
    """What is measured, as arguments of Python."""
    command = {tool: ["-c", START.format(tool), f"sedic-{tool}"] for tool in ("pack", "unpack", "inspect")}
    packed, picture = str(out / "out.sedic"), str(out / "out.png")
    return {
        "python -c pass": ["-c", "pass"],
        "import numpy": ["-c", "import numpy"],
        "import onnxruntime": ["-c", "import onnxruntime"],
        "sedic-inspect": [*command["inspect"], file],
        "sedic-unpack --stage reference": [
            *command["unpack"],
            file,
            "-o",
            picture,
            "--overwrite",
            "--stage",
            "reference",
        ],
        "sedic-unpack": [*command["unpack"], file, "-o", picture, "--overwrite"],
        "sedic-unpack --objects 0": [*command["unpack"], file, "-o", picture, "--overwrite", "--objects", "0"],
        "sedic-pack": [*command["pack"], photo, "-o", packed, "--overwrite"],
        "sedic-pack --max-bytes 1000": [*command["pack"], photo, "-o", packed, "--overwrite", "--max-bytes", "1000"],
    }


def main() -> int:
    """Prints the table."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("photo", type=Path)
    p.add_argument("file", type=Path)
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--tree", type=Path, action="append", default=[])
    p.add_argument("--only", nargs="*", help="rows whose name begins so")
    arguments = p.parse_args()
    trees = [tree.resolve() for tree in arguments.tree] + [ROOT]
    print("| | " + " | ".join(f"{tree.name}: CPU s | s | MiB" for tree in trees) + " |")
    print("|---|" + "---|---|---|" * len(trees))
    with tempfile.TemporaryDirectory() as folder:
        photo, file = (str(given.resolve()) for given in (arguments.photo, arguments.file))
        for name, row in rows(photo, file, Path(folder)).items():
            if arguments.only and not name.startswith(tuple(arguments.only)):
                continue
            seen = [[cost(tree, *row) for tree in trees] for _ in range(arguments.runs)]
            best = [[min(column) for column in zip(*(run[i] for run in seen), strict=True)] for i in range(len(trees))]
            cells = " | ".join(f"{cpu:.2f} | {clock:.2f} | {size:.0f}" for cpu, clock, size in best)
            print(f"| `{name}` | {cells} |", flush=True)
    return 0


START = "import sys; sys.argv[:] = sys.argv[1:]; from sedic_tools.commands import start; sys.exit(start.{}())"

if __name__ == "__main__":
    sys.exit(main())
