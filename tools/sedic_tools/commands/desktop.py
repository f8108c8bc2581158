"""sedic-desktop: what a desktop and a shell want to know of .sedic files, put in their places.

    sedic-desktop                        for this user
    sedic-desktop --prefix /usr/local    for everybody
    sedic-desktop --prefix build/usr     for who makes a package: nothing outside is touched
    sedic-desktop --remove               away again

The file type (shared-mime-info), a thumbnailer, the rule for file(1), man pages, and completion for bash, zsh and fish.
Places are those of the freedesktop.org specifications and of the programs' own manuals. GNOME runs thumbnailers in a sandbox
that sees /usr alone: there sedicfmt itself has to be installed in /usr or /usr/local for thumbnails.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from sedic_tools.commands.command import add_version, documented, run, say
from sedic_tools.commands.standard_output import put
from sedicfmt.errors import EncodeError
from sedicfmt.files import write_whole


def arguments() -> argparse.ArgumentParser:
    """What the command takes."""
    p = documented(__doc__ or "")
    p.add_argument(
        "--prefix", type=Path, metavar="DIR", help="the files go to DIR/share (default: this user's data folder)"
    )
    p.add_argument("--remove", action="store_true", help="take the files away that were put there")
    p.add_argument("--json", action="store_true", help="print the files' paths as JSON on standard output")
    add_version(p)
    return p


def main() -> int:
    """Entry point; returns the exit code."""
    return run(command, arguments().parse_args())


def command(arguments: argparse.Namespace) -> None:
    """Write or remove all files, then let the desktop know."""
    share = share_of(arguments.prefix)
    places = [(source, share / place) for source, place in list_files()]
    if not places:
        raise EncodeError("this installation lacks the files")
    for source, path in places:
        if arguments.remove:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, source, replace=True)
    tell_desktop(share)
    if arguments.json:
        put(json.dumps({"share": str(share), "files": [str(path) for _, path in places]}))
        return
    put("\n".join(f"{'removed' if arguments.remove else 'wrote'} {path}" for _, path in places))
    if not arguments.remove:
        put(
            f"file(1) does not look there by itself: file -m {share / MAGIC}:/usr/share/misc/magic FILE, or for this user"
        )
        put(f"cat {share / MAGIC} >> ~/.magic, for everybody cat {share / MAGIC} >> /etc/magic")


def share_of(prefix: Path | None) -> Path:
    """The folder below which all lies."""
    if prefix is not None:
        return prefix / "share"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")


def list_files() -> Iterator[tuple[bytes, str]]:
    """(content, path below the share folder) of every file that ships."""
    ours = files("sedic_tools.desktop")
    for name, place in PLACES.items():
        yield ours.joinpath(name).read_bytes(), place
    for page in sorted(ours.joinpath("man").iterdir(), key=lambda one: one.name):
        yield page.read_bytes(), f"man/man1/{page.name}"
    for script in sorted(ours.joinpath("completion").iterdir(), key=lambda one: one.name):
        command, _, shell = script.name.rpartition(".")
        yield script.read_bytes(), COMPLETION[shell].format(command)


def tell_desktop(share: Path) -> None:
    """Let the database of file types be made anew; where the program for it is not there, the desktop does it some day."""
    program = shutil.which("update-mime-database")
    if program and (share / "mime" / "packages").is_dir():
        done = subprocess.run([program, str(share / "mime")], capture_output=True, text=True, check=False)
        if done.returncode:
            say(f"warning: update-mime-database: {done.stderr.strip()}")


MAGIC = "file/magic/sedic"
PLACES = {
    "sedic.xml": "mime/packages/sedic.xml", "sedic.thumbnailer": "thumbnailers/sedic.thumbnailer", "sedic.magic": MAGIC,
}  # fmt: skip
COMPLETION = {
    "bash": "bash-completion/completions/{}", "zsh": "zsh/site-functions/_{}", "fish": "fish/vendor_completions.d/{}.fish",
}  # fmt: skip

if __name__ == "__main__":
    sys.exit(main())
