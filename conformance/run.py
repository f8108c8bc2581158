"""Try a decoder on the conformance vectors: `python conformance/run.py [COMMAND ...]`; standard library only.

COMMAND (default: sedic-inspect --json --check) is given a file's path as its last argument. For a valid file it must exit
with 0 and print a JSON object that has the manifest's `expected` values (it may have more). For a faulty file it must
exit with the code of its error (3 malformed, 4 unsupported, 5 truncated, 6 check, 7 limit) and may print
{"error": {"code": ..., "path": ...}}, which is then compared as well. It must never take longer than ten seconds.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
EXIT_CODES = {"malformed": 3, "unsupported": 4, "truncated": 5, "check": 6, "limit": 7}


def problems(entry: dict, command: list[str]) -> list[str]:
    """What is wrong with the decoder's answer for one vector; empty if nothing is."""
    path = HERE / entry["file"]
    if hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
        return ["the vector is not the file that the manifest names"]
    try:
        done = subprocess.run([*command, str(path)], capture_output=True, timeout=10, check=False)
    except subprocess.TimeoutExpired:
        return ["no answer within ten seconds"]
    expected_exit = EXIT_CODES[entry["code"]] if "code" in entry else 0
    if done.returncode != expected_exit:
        return [f"exit code {done.returncode}, expected {expected_exit}: {done.stderr.decode(errors='replace')[:200]}"]
    answer = json.loads(done.stdout or b"{}")
    if "code" in entry:
        error = answer.get("error", entry)
        return [
            f"{key} {error[key]!r}, expected {entry[key]!r}" for key in ("code", "path") if error[key] != entry[key]
        ]
    return [f"{k}: {answer.get(k)!r}, expected {v!r}" for k, v in entry["expected"].items() if answer.get(k) != v]


def main() -> int:
    """Exit code 0 if every vector gives what it must."""
    command = sys.argv[1:] or [str(Path(sys.executable).parent / "sedic-inspect"), "--json", "--check"]
    manifest = json.loads((HERE / "manifest.json").read_text())
    failed = 0
    for kind in ("valid", "faulty"):
        for entry in manifest[kind]:
            found = problems(entry, command)
            failed += bool(found)
            for line in found:
                print(f"{entry['file']}: {line}")
        print(f"{len(manifest[kind])} {kind}")
    print("all as they must be" if not failed else f"{failed} FAILED")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
