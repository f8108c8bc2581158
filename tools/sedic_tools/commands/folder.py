"""What sedic-pack and sedic-unpack do with a folder, or several files: a bar, a line for each failure, and a summary.

The exit code is that of the first file that failed; 0 where none did. With --json each file is one line of JSON on standard
output, {"input", "output", "status", ...}, the status "made", "kept" or "failed"; then {"summary": ...}, and {"error": ...}
where something ended it all: a back end that is missing or refuses, an output that cannot be written. What was done is done.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sedic_tools.commands.command import bar, say, told
from sedic_tools.commands.standard_output import put
from sedicfmt.batch.jobs import is_shard
from sedicfmt.errors import EncodeError

if TYPE_CHECKING:
    from sedicfmt.batch.folders import Batch, Where
    from sedicfmt.batch.run import Outcome

LONGEST = 40  # characters of a file's name in the bar


def are_many(arguments: argparse.Namespace) -> bool:
    """Whether the inputs are a folder, or several. Raises EncodeError where the output then is no folder."""
    inputs, out = arguments.inputs, Path(arguments.output)
    only = inputs[0]
    if len(inputs) == 1 and (only == "-" or not (Path(only).is_dir() or is_shard(only))):
        return False
    if "-" in inputs:
        raise EncodeError("standard input is one file; it cannot be one of several")
    if arguments.output == "-" or (out.exists() and not out.is_dir()):
        told = f"{inputs[0]} is a folder" if len(inputs) == 1 else f"there are {len(inputs)} inputs"
        raise EncodeError(f"{told}, so the output has to be a folder; {arguments.output} is not")
    return True


def add_jobs(p: argparse.ArgumentParser) -> None:
    """--jobs and --ray."""
    told = "files at the same time, each in a process of its own that opens its models once (default 1)"
    p.add_argument("--jobs", type=int, default=1, metavar="N", help=told)
    told = "the processes are actors of the Ray cluster at ADDRESS, or of one started here; for --device cuda with a GPU each"
    p.add_argument("--ray", nargs="?", const="", metavar="ADDRESS", help=told)


def where(arguments: argparse.Namespace) -> Where:
    """In which processes. Raises EncodeError."""
    from sedicfmt.batch.folders import Where

    if arguments.jobs < 1:
        raise EncodeError(f"{arguments.jobs} is no number of processes", "--jobs")
    return Where(arguments.jobs, arguments.ray)


def run_batch(batch: Batch, arguments: argparse.Namespace) -> int:
    """Show the outcomes as they come; returns the exit code. Raises what ends the batch, after the summary."""
    jobs, counts, exit_code = batch.plan.jobs, Counter[str](), 0
    for error in batch.plan.closed:
        failure = told(error)
        say(failure["message"])
        exit_code = exit_code or int(failure["exit_code"])
    try:
        bar(jobs[0].name[-LONGEST:], 0, len(jobs))
        for done, outcome in enumerate(batch.outcomes, 1):
            counts[outcome.status] += 1
            of_file = _show(outcome, arguments.json)
            exit_code = exit_code or of_file
            bar(jobs[min(done, len(jobs) - 1)].name[-LONGEST:], done, len(jobs))
    except BaseException as error:
        _summary(batch, counts, told(error)["exit_code"], arguments.json)
        raise
    _summary(batch, counts, exit_code, arguments.json)
    return exit_code


def _summary(batch: Batch, counts: Counter[str], exit_code: int, as_json: bool) -> None:
    files = len(batch.plan.jobs)
    numbers: dict[str, Any] = {"files": files, **{status: counts[status] for status in ("made", "kept", "failed")}}
    numbers |= {"left": files - counts.total(), "others": sum(batch.plan.others.values())}
    numbers |= {"others_by_suffix": batch.plan.others, "closed_folders": len(batch.plan.closed)}
    say(_in_words(numbers))
    if as_json:
        put(json.dumps({"summary": {**numbers, "exit_code": exit_code}}), flush=True)


def _in_words(numbers: dict[str, Any]) -> str:
    line = "{made} made, {kept} kept, {failed} failed of {files} files".format(**numbers)
    line += f"; {numbers['left']} left to do" if numbers["left"] else ""
    passed = ", ".join(f"{count} {suffix or 'without suffix'}" for suffix, count in numbers["others_by_suffix"].items())
    return line + (f"; passed over: {passed}" if passed else "")


def _show(outcome: Outcome, as_json: bool) -> int:
    """Tell of one file; returns its exit code."""
    shown: dict[str, Any] = {"input": str(outcome.job.source), "output": str(outcome.job.output)}
    shown |= {"status": outcome.status, **outcome.summary}
    warnings = outcome.summary.get("warnings", [])
    for line in warnings if isinstance(warnings, list) else ():
        say(f"warning: {outcome.job.name}: {line}")
    failure = told(outcome.error) if outcome.error else {}
    if failure:
        shown["error"] = failure
        message = failure["message"]
        say(message if outcome.job.name in message else f"{outcome.job.name}: {message}")
    if as_json:
        put(json.dumps(shown, default=str), flush=True)
    return int(failure.get("exit_code", 0))
