"""What sedic-inspect prints for people: a whole report, or a line of it where there are many files."""

from __future__ import annotations

from typing import Any

from sedic_tools.commands.command import printable


def table(report: dict[str, Any]) -> list[str]:
    """The report of one file."""
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


HEAD = f"{'bytes':>7} {'bpp':>7} {'pixels':>9} {'model':<14} {'objects':>7}  file: words"


def line(name: str, report: dict[str, Any]) -> str:
    """One file of many."""
    model = report["models"]["latent"]
    size, kind = f"{report['width']}x{report['height']}", model["name"] or f"model {model['id']}"
    told = f"{report['file_bytes']:>7} {report['bpp']:>7.4f} {size:>9} {kind:<14} {len(report['masks']):>7}  "
    return told + printable(f"{name}: {report['texts']['overall']}")
