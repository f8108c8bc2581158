"""sedic-eval: pictures through codecs, measured: tables, curves and crops in one page; or the figures of two folders."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sedic_tools.commands.command import Parser, add_version, bar, note, run, say
from sedic_tools.commands.standard_output import put
from sedicfmt.errors import EncodeError

if TYPE_CHECKING:
    from sedicfmt.harness.cache import Cache
    from sedicfmt.harness.experiment import Experiment
    from sedicfmt.harness.measure import Measurer
    from sedicfmt.harness.results import Results

SCORE = "score"


def main() -> int:
    """Entry point; returns the exit code."""
    words = sys.argv[1:]
    return (
        run(score, score_parser().parse_args(words[1:]))
        if words[:1] == [SCORE]
        else run(measure, arguments().parse_args(words))
    )


def arguments() -> argparse.ArgumentParser:
    """What the command takes."""
    p = Parser(
        description=f"{(__doc__ or '').strip()} sedic-eval {SCORE} --help: the second.",
        epilog=f"examples:\n{EXAMPLES}", formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    p.add_argument(
        "pictures", nargs="?", type=Path, help="a folder of pictures, or a tar shard; else the configuration's"
    )
    p.add_argument("--config", type=Path, metavar="FILE", help="an experiment as TOML (docs/evaluating.md); options win, "
                   "sources on the command line are added to its own")  # fmt: skip
    p.add_argument(
        "--prepare", metavar="WAY", help="as-is (default), clic768 (shorter side 768, middle 768x768), kodak"
    )
    p.add_argument("--every", type=int, metavar="N", help="every so many pictures")
    p.add_argument("--anchor", metavar="NAME", help="the source that BD-rates are against")
    sources = p.add_argument_group("sources", "of .sedic files any option of sedic-pack and sedic-unpack")
    sources.add_argument(
        "--sedic", action="store_true", help=".sedic files, where no option below asks for them already"
    )
    sources.add_argument("--describe", metavar="NAME", help="of sedic-pack")
    sources.add_argument("--model", metavar="NAME", help="of sedic-pack: the latent codec")
    sources.add_argument("--restorer", metavar="NAME", help="of sedic-unpack; none: the reference picture")
    sources.add_argument("--pack", default="", metavar="OPTIONS", help="more options of sedic-pack, in quotes after =")
    sources.add_argument(
        "--unpack", default="", metavar="OPTIONS", help="more options of sedic-unpack, in quotes after ="
    )
    sources.add_argument(
        "--codec", action="append", default=[], metavar="NAME", help="a built-in codec beside; may be repeated"
    )
    sources.add_argument("--scales", choices=("full", "best"), help="built-in codecs: full size (default), or scaled down "
                         "where that is nearer to the photo")  # fmt: skip
    sources.add_argument(
        "--bytes", type=int, action="append", metavar="N", help="a point: files of at most N bytes; may be repeated"
    )
    sources.add_argument(
        "--bpp", type=float, action="append", metavar="X", help="a point as bits a pixel; may be repeated"
    )
    add_measuring(p)
    p.add_argument("--jobs", type=int, default=1, metavar="N", help="pictures at the same time (default %(default)s)")
    p.add_argument("--ray", nargs="?", const="", metavar="ADDRESS", help=".sedic: by --jobs actors of the Ray cluster at "
                   "ADDRESS, or of one started for each point; other codecs, and measuring, stay here")  # fmt: skip
    return p


def score_parser() -> argparse.ArgumentParser:
    """Of sedic-eval score."""
    p = Parser(
        prog=f"sedic-eval {SCORE}", description="The figures of a folder of pictures beside the folder of their photos.",
        epilog=f"examples:\n{SCORE_EXAMPLES}", formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    p.add_argument("--recon", type=Path, required=True, metavar="DIR", help="the pictures, named as their photos")
    p.add_argument("--gt", type=Path, required=True, metavar="DIR", help="the photos")
    p.add_argument("--bits", type=Path, metavar="DIR", help="the files, for their bytes")
    add_measuring(p)
    return p


def add_measuring(p: argparse.ArgumentParser) -> None:
    """What both have."""
    p.add_argument("-o", "--out", type=Path, metavar="DIR", help="write report.html, report.md, CSV and JSON here")
    p.add_argument(
        "--note", default="", metavar="TEXT", help="stands on the page: what else the machine did, and the like"
    )
    p.add_argument("--metrics", metavar="NAMES", help="with commas between; list: tell all there are")
    p.add_argument("--weights", type=Path, action="append", default=[], metavar="DIR", help="where metrics' weights lie (and "
                   "SEDIC_WEIGHTS)")  # fmt: skip
    p.add_argument("--cache", type=Path, metavar="DIR", help="what was made is kept here (default: OUT/cache)")
    p.add_argument("--json", action="store_true", help="print the summary, or the error, as JSON on standard output")
    add_version(p)


def measure(arguments: argparse.Namespace) -> int:
    """Run an experiment; 0 where every row has its figures, else what went wrong first says it on standard error, and 1."""
    if arguments.metrics == "list":
        return list_metrics(arguments)
    from sedicfmt.harness.progress import Progress
    from sedicfmt.harness.run import Run

    if arguments.jobs < 1:
        raise EncodeError(f"{arguments.jobs} is no number of processes", "--jobs")
    experiment = experiment_of_arguments(arguments)
    if not experiment.sources:
        raise EncodeError("nothing to measure: give --sedic, --codec or a --config with sources")
    cache = cache_of(arguments)
    measurer = measurer_of(arguments, experiment.metrics, cache)
    results = Run(experiment, cache, measurer, Progress(bar), arguments.jobs, say, arguments.ray).all()
    return tell(results, experiment, arguments)


def experiment_of_arguments(arguments: argparse.Namespace) -> Experiment:
    """The configuration, if there is one, with what the command line says."""
    from sedicfmt.harness.experiment import experiment_of, read_toml

    given: dict[str, Any] = read_toml(arguments.config) if arguments.config else {}
    metrics = arguments.metrics.split(",") if arguments.metrics else None
    changes = {"pictures": arguments.pictures and str(arguments.pictures), "metrics": metrics}
    changes |= {name: getattr(arguments, name) for name in ("prepare", "every", "anchor")}
    given |= {name: value for name, value in changes.items() if value is not None}
    given["source"] = [*given.get("source", ()), *sources_of(arguments)]
    return experiment_of(given, arguments.config.parent if arguments.config else Path())


def sources_of(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """The sources that the command line asks for, as a configuration says them."""
    rates = {name: getattr(arguments, name) for name in ("bytes", "bpp") if getattr(arguments, name)}
    pack, unpack = shlex.split(arguments.pack), shlex.split(arguments.unpack)
    pack += [
        part
        for name in ("describe", "model")
        if getattr(arguments, name)
        for part in (f"--{name}", getattr(arguments, name))
    ]
    if arguments.restorer == "none":
        unpack += ["--stage", "reference"]
    elif arguments.restorer:
        unpack += ["--restorer", arguments.restorer]
    if arguments.model and "@" in arguments.model:  # a checkpoint of the user's own, which the decoder must have, too
        unpack += ["--model", arguments.model]
    found: list[dict[str, Any]] = []
    if arguments.sedic or pack or unpack:
        found.append({"codec": "sedic", "pack": pack, "unpack": unpack, **rates})
    scales = {"scales": arguments.scales} if arguments.scales else {}
    return found + [{"codec": name, **scales, **rates} for name in arguments.codec]


def score(arguments: argparse.Namespace) -> int:
    """Measure two folders."""
    if arguments.metrics == "list":
        return list_metrics(arguments)
    from sedicfmt.harness.experiment import Experiment
    from sedicfmt.harness.metrics.metric import metrics_named
    from sedicfmt.harness.metrics.table import METRICS, USUAL
    from sedicfmt.harness.score import Folders, score

    metrics = metrics_named(arguments.metrics.split(",") if arguments.metrics else USUAL, METRICS)
    cache = cache_of(arguments)
    folders = Folders(arguments.recon, arguments.gt, arguments.bits)
    results = score(folders, cache, measurer_of(arguments, metrics, cache), lambda done, of: bar("measure", done, of))
    name = f"{arguments.recon.resolve().name} beside {arguments.gt.resolve().name}"
    return tell(results, Experiment(name, arguments.gt, (), metrics), arguments)


def cache_of(arguments: argparse.Namespace) -> Cache:
    """Where asked for, else below the output, else in a folder of its own that goes with the process."""
    import atexit
    import shutil
    import tempfile

    from sedicfmt.harness.cache import Cache

    if arguments.cache or arguments.out:
        folder = arguments.cache or arguments.out / "cache"
        folder.mkdir(parents=True, exist_ok=True)
        return Cache(folder.resolve())  # programs of others run in folders of their own
    folder = Path(tempfile.mkdtemp(prefix="sedic-eval."))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Cache(folder)


def measurer_of(arguments: argparse.Namespace, metrics: Any, cache: Cache) -> Measurer:
    """What measures."""
    from sedicfmt.harness.measure import Measurer
    from sedicfmt.harness.metrics.metric import Weights

    places = [Path(place) for place in os.environ.get("SEDIC_WEIGHTS", "").split(os.pathsep) if place]
    return Measurer(metrics, Weights([*arguments.weights, *places]), cache, say)


def tell(results: Results, experiment: Experiment, arguments: argparse.Namespace) -> int:
    """Write the report; print a line a point. 1 where something failed."""
    note("")
    if arguments.out:
        from sedicfmt.harness.report.write import write_report

        for page in write_report(results, experiment, arguments.out, command_line(), arguments.note):
            say(f"{page} written")
    for s in results.summaries:
        told: dict[str, Any] = {"source": s.source, "point": s.point, "pictures": s.count, "of": s.wanted}
        told |= {"bytes": s.size, "bpp": s.bpp, **s.values} if s.count else {}
        put(json.dumps(told) if arguments.json else in_words(told))
    if arguments.json:
        put(json.dumps({"gaps": results.gaps, "failures": results.failures}))
    return 1 if results.failures else 0


def in_words(told: dict[str, Any]) -> str:
    """A point in a line."""
    figures = [f"{name} {value:.6g}" for name, value in told.items() if isinstance(value, float)]
    return f"{told['source']}, {told['point']}, {told['pictures']} of {told['of']} pictures: {', '.join(figures)}"


def command_line() -> str:
    """The command to repeat, folders by their names alone: where they lie on one machine is nobody's business."""
    shown = [Path(word).name if Path(word).is_absolute() else word for word in sys.argv[1:]]
    return shlex.join(["sedic-eval", *shown])


def list_metrics(arguments: argparse.Namespace) -> int:
    """What there is to measure by, and whose it is."""
    from sedicfmt.harness.metrics.table import METRICS, USUAL

    for m in METRICS:
        usual = " (usual)" if m.name in USUAL else ""
        told = [m.library, m.backbone, m.protocol, f"needs {m.weights}" if m.weights else ""]
        put(f"{m.name}{usual}: {', '.join(filter(None, told))}")
    return 0


EXAMPLES = """\
  sedic-eval photos --sedic --codec avif --bytes 1000 -o report
  sedic-eval --config experiments/figure-3-rate-curves.toml photos -o report
"""
SCORE_EXAMPLES = """\
  sedic-eval score --recon decoded --gt photos
  sedic-eval score --recon decoded --gt photos --bits files -o report
"""

if __name__ == "__main__":
    sys.exit(main())
