"""What `sedic-desktop` puts in place, asked of who reads it: file, xdg-mime, a file manager's command, man, shells."""

from __future__ import annotations

import configparser
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from sedic_tools.commands.start import COMMANDS

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "tools" / "sedic_tools" / "desktop"
VALID = ROOT / "conformance" / "valid"
BIN = Path(sys.executable).parent


def needs(program):
    return pytest.mark.skipif(not shutil.which(program), reason=f"needs {program}")


def run(*command, **environment):
    there = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", **environment}
    done = subprocess.run([*map(str, command)], env=there, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def share(tmp_path_factory):
    """The share folder of a home where it was all put in place."""
    home = tmp_path_factory.mktemp("home")
    run("sedic-desktop", HOME=str(home), XDG_DATA_HOME="")
    return home / ".local" / "share"


@pytest.fixture()
def nameless(small_file, tmp_path):
    shutil.copy(small_file, tmp_path / "photo")
    return tmp_path / "photo"


def test_nothing_outside_the_prefix_and_all_away_again(tmp_path):
    run("sedic-desktop", "--prefix", tmp_path / "usr", HOME=str(tmp_path / "home"))
    names = {path.name for path in (tmp_path / "usr" / "share").rglob("*") if path.is_file()}
    assert {"sedic.xml", "sedic.thumbnailer", "sedic-pack.1", "_sedic", "sedic.fish", "sedic-unpack"} <= names
    assert not (tmp_path / "home").exists()
    run("sedic-desktop", "--prefix", tmp_path / "usr", "--remove")
    left = {path.parts[-2] for path in (tmp_path / "usr" / "share").rglob("*") if path.is_file()}
    assert left <= {"mime"}  # what update-mime-database made anew, without the type
    assert not any(b"sedic" in path.read_bytes() for path in (tmp_path / "usr").rglob("*") if path.is_file())


def test_the_rule_for_file_is_the_specifications():
    assert (SHIPPED / "sedic.magic").read_bytes() == (ROOT / "spec" / "sedic.magic").read_bytes()


@needs("file")
def test_file_knows_the_type_from_the_users_own_rules(share, nameless):
    home = share.parents[1]
    shutil.copy(share / "file" / "magic" / "sedic", home / ".magic")
    assert run("file", "--brief", "--mime-type", nameless, HOME=str(home)) == "image/x-sedic"
    assert run("file", "--brief", nameless, HOME=str(home)) == "SEDIC semantic image, version 1"


@needs("update-mime-database")
@needs("xdg-mime")
def test_xdg_mime_knows_it_by_name_and_by_content(share, nameless, tmp_path):
    (tmp_path / "empty.sedic").write_bytes(b"")
    for path in (nameless, VALID / "objects-2.sedic"):
        assert (
            run("xdg-mime", "query", "filetype", path, HOME=str(share.parents[1]), XDG_DATA_HOME="") == "image/x-sedic"
        )


def test_a_thumbnail_as_a_file_manager_asks_for_it(share, small_file, tmp_path):
    """%i, %o and %s put in, an empty file at the output, as gnome-desktop and tumbler do."""
    entry = configparser.RawConfigParser()
    entry.read(share / "thumbnailers" / "sedic.thumbnailer")
    told = entry["Thumbnailer Entry"]
    assert told["MimeType"].split(";")[0] == "image/x-sedic"
    assert shutil.which(told["TryExec"], path=f"{BIN}")
    shutil.copy(small_file, tmp_path / "a photo.sedic")
    (tmp_path / "out.png").touch()
    places = {"%s": "128", "%i": str(tmp_path / "a photo.sedic"), "%o": str(tmp_path / "out.png")}
    run(*(places.get(word, word) for word in shlex.split(told["Exec"])))
    with Image.open(tmp_path / "out.png") as picture:
        assert (picture.format, picture.size) == ("PNG", (128, 85))


@needs("man")
@pytest.mark.parametrize("command", ["sedic", *(f"sedic-{name}" for name in COMMANDS)])
def test_man_shows_each_page_without_a_complaint(share, command):
    done = subprocess.run(
        ["man", "--warnings", "-l", share / "man" / "man1" / f"{command}.1"],
        capture_output=True, text=True, check=True, env={**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert done.stderr == ""
    assert {"NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "SEE ALSO"} <= set(done.stdout.splitlines())


@needs("bash")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("sedic-unpack --st", {"--stage", "--steps", "--start", "--strength"}),
        ("sedic-unpack --stage re", {"reference"}),
        ("sedic-inspect --pl", {"--plot"}),
        ("sedic gr", {"grep"}),
        ("sedic pack --max", {"--max-bytes"}),
    ],
)
def test_bash_completes(share, line, offered):
    words = line.split()
    script = f"""
source {share}/bash-completion/completions/{words[0]}
function_name=$(complete -p {words[0]} | sed 's/.*-F \\([^ ]*\\).*/\\1/')
COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; COMP_LINE="{line}"; COMP_POINT={len(line)}
$function_name {words[0]} {words[-1]} {words[-2]}
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    found = {word.strip() for word in run("bash", "--norc", "-c", script).splitlines()}
    assert found == offered


@pytest.mark.parametrize(("shell", "check"), [("zsh", "-n"), ("fish", "--no-execute")])
def test_other_shells_read_their_scripts(shell, check):
    if not shutil.which(shell):
        pytest.skip(f"needs {shell}")
    for script in (SHIPPED / "completion").glob(f"*.{shell}"):
        run(shell, check, script)


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="argparse words its help otherwise in other versions")
def test_the_files_are_those_of_the_parsers(tmp_path):
    pytest.importorskip("shtab")
    pytest.importorskip("argparse_manpage")
    subprocess.run([sys.executable, "-m", "sedic_tools.pages.shell_files", tmp_path], check=True)
    for part in ("man", "completion"):
        made = {path.name: path.read_text() for path in (tmp_path / part).iterdir()}
        assert made == {path.name: path.read_text() for path in (SHIPPED / part).iterdir()}
