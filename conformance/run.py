"""Try a decoder on the conformance vectors: `python conformance/run.py [COMMAND ...]`; standard library only.

COMMAND (default: sedic-inspect --json --check) is given a file's path as its last argument. What it must print and how it
must exit is the contract in conformance/README.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SECONDS = 10
EXIT_CODES = {"malformed": 3, "unsupported": 4, "truncated": 5, "check": 6, "limit": 7}
WRITERS = {"L-5", "T-2", "M-4"}  # that a payload is the one that a writer makes, which a viewer need not find out (P-4)
DERIVED = {"pixels", "overhead_bytes", "name", "cells", "share", "bits", "bpp"}  # follow from the rest; may be left out


def problems(entry: dict, command: list[str], profile: str, viewer: bool) -> list[str]:
    """What is wrong with the answer of a decoder of this profile for one vector; empty if nothing is."""
    path = HERE / entry["file"]
    if hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
        return ["the vector is not the file that the manifest names"]
    try:
        done = subprocess.run([*command, str(path)], capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return [f"no answer within {SECONDS} seconds"]
    except OSError as error:
        return [f"the command cannot be run: {error}"]
    beyond = entry.get("profile") == "full" or entry.get("code") == "limit"
    if profile == "thin" and beyond and done.returncode == EXIT_CODES["limit"]:
        return []  # P-1: what is beyond its profile it may refuse, and another bound may be the first that it meets
    if viewer and "code" in entry and WRITERS & set(entry["clauses"]) and done.returncode == 0:
        return []
    expected_exit = EXIT_CODES[entry["code"]] if "code" in entry else 0
    if done.returncode != expected_exit:
        return [
            f"exit code {done.returncode}, expected {expected_exit}: {done.stderr.decode(errors='replace')[:200]!r}"
        ]
    if "code" in entry and not done.stdout.strip():
        return []
    return wrong_answers(entry, done.stdout)


def wrong_answers(entry: dict, printed: bytes) -> list[str]:
    """What is wrong with what was printed, after the right exit code."""
    try:
        answer = json.loads(printed)
    except (ValueError, RecursionError) as error:
        return [f"what it prints is not JSON: {error}"]
    if "code" not in entry:
        return differences(entry["expected"], answer, "")
    told = answer.get("error", {}) if isinstance(answer, dict) else None
    if not isinstance(told, dict):
        return ["what it prints is no object, or its error is none"]
    return differences({key: entry[key] for key in ("code", "path") if key in told}, told, "error")


def differences(expected: Any, answer: Any, place: str) -> list[str]:
    """Where the answer lacks an expected value or has another (true is not 1); it may have more members than are expected."""
    if isinstance(expected, dict) and isinstance(answer, dict):
        found = []
        for key, value in expected.items():
            if key in answer:
                found += differences(value, answer[key], f"{place}.{key}")
            elif key not in DERIVED:
                found.append(f"{place}.{key} is missing")
        return found
    if isinstance(expected, list) and isinstance(answer, list) and len(expected) == len(answer):
        pairs = enumerate(zip(expected, answer, strict=True))
        return [line for i, (one, other) in pairs for line in differences(one, other, f"{place}[{i}]")]
    return (
        []
        if expected == answer and isinstance(expected, bool) == isinstance(answer, bool)
        else [f"{place} is {answer!r}, expected {expected!r}"]
    )


def main() -> int:
    """Exit code 0 if every vector gives what it must, 1 if not, 2 if none was chosen."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--version", default="", metavar="V", help="leave out vectors of another version than this (1.0)")
    p.add_argument("--only", default="", metavar="TEXT", help="only those vectors whose file has TEXT in its name")
    p.add_argument("--profile", choices=("full", "thin"), default="full", help="what the decoder claims (P-1)")
    p.add_argument(
        "--viewer", action="store_true", help="it is a viewer, which need not refuse what only no writer makes (P-4)"
    )
    p.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND", help="a program and its first arguments")
    options = p.parse_args()
    command = options.command or [str(Path(sys.executable).parent / "sedic-inspect"), "--json", "--check"]
    manifest = json.loads((HERE / "manifest.json").read_text())
    failed = tried = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for kind, entries in manifest.items():
            known = [entry for entry in entries if options.version in ("", entry.get("since", "1.0"))]
            chosen = [entry for entry in known if options.only in entry["file"]]
            answers = pool.map(lambda entry: problems(entry, command, options.profile, options.viewer), chosen)
            for entry, found in zip(chosen, answers, strict=True):
                failed += bool(found)
                for line in found:
                    print(f"{entry['file']}: {line}")
            print(f"{len(chosen)} {kind}")
            tried += len(chosen)
    if not tried:
        print("no vector has such a name")
        return 2
    print("all as they must be" if not failed else f"{failed} FAILED")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
