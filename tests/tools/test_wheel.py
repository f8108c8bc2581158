"""What the wheel ships works where no checkout is: the commands, from a folder that only the wheel was put into."""

import os
import subprocess
import sys

import pytest

from sedic_tools.commands.start import COMMANDS


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """The folder with the packages of the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    offline = ("--disable-pip-version-check", "--no-deps", "--no-index")
    command = [sys.executable, "-m", "pip", "install", *offline, "--target", folder / "site", built["wheel"]]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "site"


def run(installed, command, *arguments):
    """The command as its script calls it. The wheel comes first, and nothing of it is taken from the checkout."""
    code = f"""
import sys
sys.path.insert(0, {str(installed)!r})
sys.argv = [{command!r}, *{[str(a) for a in arguments]!r}]
from sedic_tools.commands import start
status = 1
try:
    status = start.{command.removeprefix("sedic-")}()
except SystemExit as ended:
    status = ended.code
ours = [m.__file__ for n, m in sys.modules.items() if n.split(".")[0] in ("sedicfmt", "sedic_tools", "sedic_tables")]
strange = [path for path in ours if path and not path.startswith({str(installed)!r})]
assert ours and not strange, strange
sys.exit(status)"""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return subprocess.run([sys.executable, "-c", code], cwd=installed.parent, env=environment, capture_output=True)


@pytest.mark.slow
@pytest.mark.parametrize("command", ["sedic", *(f"sedic-{name}" for name in COMMANDS)])
def test_every_command_shows_its_help(installed, command):
    done = run(installed, command, "--help")
    assert done.returncode == 0 and f"usage: {command}".encode() in done.stdout, done.stderr


@pytest.mark.slow
def test_a_page_and_the_files_for_desktops(installed, small_file, tmp_path):
    done = run(installed, "sedic-inspect", small_file, "--html", tmp_path / "a.html", "--stage", "reference")
    assert done.returncode == 0, done.stderr
    assert "<script>" in (tmp_path / "a.html").read_text()
    done = run(installed, "sedic-desktop", "--prefix", tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 2 + 3 + 4 * (1 + len(COMMANDS))


@pytest.mark.slow
def test_inspecting_and_making_files(installed, small_file, tmp_path):
    done = run(installed, "sedic-inspect", small_file, "--json")
    assert done.returncode == 0 and b'"complete": true' in done.stdout, done.stderr
    done = run(installed, "sedic-corpus", "-o", tmp_path / "corpus", "-n", "3")
    assert done.returncode == 0 and len(list((tmp_path / "corpus").rglob("*.sedic"))) >= 1, done.stderr


@pytest.mark.slow
def test_rooms_that_need_the_checkout_are_not_shipped(installed):
    rooms = {path.name for path in (installed / "sedic_tools").iterdir() if path.is_dir()} - {"__pycache__"}
    assert rooms == {"commands", "desktop"}
