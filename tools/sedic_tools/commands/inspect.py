"""sedic-inspect: what a .sedic file is made of, byte by byte; and which back ends there are, and what each lacks."""

from __future__ import annotations

import argparse
import gc
import json
import sys
from typing import Any

from sedic_tools.commands.command import add_model, add_profile, fail, parser, printable, run, told
from sedic_tools.commands.output import read_sedic
from sedicfmt.errors import SedicError


def main() -> int:
    """Entry point; returns the exit code."""
    gc.disable()  # a process this short has nothing to collect, and its imports are most of its time
    p = parser("Show what a .sedic file is made of, or which back ends there are.", least="*")
    p.add_argument("--check", action="store_true", help="decode the latent as well and print its digests")
    p.add_argument("--partial", action="store_true", help="look at an incomplete file, unchecked")
    p.add_argument(
        "--back-ends", action="store_true", help="list all back ends: ready, or what they lack and what installs it"
    )
    add_model(p)
    add_profile(p)
    arguments = p.parse_args()
    if arguments.back_ends == bool(arguments.inputs):
        p.error("--back-ends takes no INPUT" if arguments.inputs else "the following arguments are required: INPUT")
    return run(list_all if arguments.back_ends else command, arguments)


def list_all(arguments: argparse.Namespace) -> int:
    """All back ends, by kind; returns 0, as to lack something is no failure."""
    from sedicfmt.pipeline.list_back_ends import list_back_ends

    found = list_back_ends()
    if arguments.json:
        print(json.dumps({"back_ends": [state.as_json() for state in found]}))
        return 0
    kind = ""
    for state in found:
        if state.kind != kind:
            print("\n" * bool(kind) + f"{state.kind}s")
            kind = state.kind
        told = f"lacks {', '.join(state.lacks)}" if state.lacks else "ready"
        print(printable(f"  {state.usage:<32} {told}" + (f"  (of {state.package})" if state.package else "")))
        for shell in state.commands:
            print(printable(f"      {shell}"))
    return 0


def command(arguments: argparse.Namespace) -> int:
    """Read and print; of several files, each is told in turn, and the exit code is that of the first that failed."""
    if len(arguments.inputs) == 1:
        show(arguments.inputs[0], arguments)
        return 0
    exit_code = 0
    for number, name in enumerate(arguments.inputs):
        if not arguments.json:
            print("\n" * (number > 0) + printable(name))
        try:
            show(name, arguments)
        except (SedicError, OSError) as error:
            exit_code = exit_code or fail({**told(error), "input": name}, arguments)
    return exit_code


def show(name: str, arguments: argparse.Namespace) -> None:
    """One file's report."""
    from sedicfmt.pipeline.report import report_bytes

    data = read_sedic(name)
    report = report_bytes(data, arguments.check, arguments.partial, arguments.profile, arguments.model)
    named = {"input": name, **report} if len(arguments.inputs) > 1 else report
    print(json.dumps(named, ensure_ascii=True) if arguments.json else "\n".join(table(report)))


def table(report: dict[str, Any]) -> list[str]:
    """The report for people."""
    model = report["models"]["latent"]
    lines = [
        f"{report['width']}x{report['height']} pixels, {report['file_bytes']} bytes, {report['bpp']:.4f} bpp, "
        f"version {report['version']}, profile {report['profile']}, seed {report['seed']}, latent model {model['id']} "
        f"({model['name'] or 'unknown'}) at {report['latent_scale']}/16 of the size"
        + ("" if report["complete"] else "; INCOMPLETE and unchecked"),
        *([f"made by {model['architecture']}, checkpoint {model['checkpoint']}"] if "architecture" in model else []),
        "",
        f"{'segment':<20} {'coder':<16} {'offset':>7} {'bytes':>6} {'bits':>7} {'bpp':>8} {'share':>7}",
    ]
    for s in report["segments"]:
        name = s["kind"] + (f" {s['path'][7 : s['path'].index('.')]}" if "[" in s["path"] else "")  # mask [0]
        lines.append(row(name, s["coder"], s["offset"], s["bytes"], s["bpp"], s["share"]))
    overhead = report["overhead_bytes"]
    lines.append(row("overhead", "", "", overhead, overhead * 8 / report["pixels"], overhead / report["file_bytes"]))
    lines += ["", f"overall: {printable(report['texts']['overall'])}"]
    for j, (text, mask) in enumerate(zip(report["texts"]["objects"], report["masks"], strict=True)):
        area = f"{mask['share']:.1%} of the picture, {mask['columns']}x{mask['rows']} cells of {mask['scale']} pixels"
        lines.append(f"object {j}: {printable(text)}\n          mask: {area}")
    lines += [f"extension {e['type']}: {e['bytes']} bytes" for e in report["extensions"]]
    lines += [f"digest of {k}: sha256 {v}" for k, v in report.get("digests", {}).items()]
    return lines


def row(name: str, coder: str, offset: Any, size: int, bpp: float, share: float) -> str:
    """One line of the table."""
    return f"{name:<20} {coder:<16} {offset:>7} {size:>6} {size * 8:>7} {bpp:>8.4f} {share:>6.1%}"


if __name__ == "__main__":
    sys.exit(main())
