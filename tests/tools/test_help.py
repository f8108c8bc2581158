"""Every command's help, its examples, and the one command that has them all."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import sedicfmt
from sedic_tools.commands.every import of
from sedic_tools.commands.start import COMMANDS

BIN = Path(sys.executable).parent


def run(*command):
    done = subprocess.run([BIN / command[0], *map(str, command[1:])], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def examples(name: str) -> list[str]:
    """The command lines below a help's word "examples", without what is said behind them."""
    lines = (of(name).epilog or "").splitlines()
    assert lines[0] == "examples:"
    return [re.split(r"\s{2,}| \| ", line.strip())[0] for line in lines[1:] if line.strip()]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_is_a_command_that_is_understood(name):
    assert examples(name)
    for line in examples(name):
        command, *words = shlex.split(line)
        assert command == f"sedic-{name}"
        of(name).parse_args(words)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_script_and_a_function(name):
    assert callable(getattr(import_module("sedic_tools.commands.start"), name))
    assert (BIN / f"sedic-{name}").exists()


def test_sedic_is_all_of_them(small_file):
    assert run("sedic", "inspect", small_file) == run("sedic-inspect", small_file)
    code, out, _ = run("sedic", "grep", "--help")
    assert (code, out.splitlines()[0].startswith("usage: sedic grep ")) == (0, True)
    code, _, err = run("sedic", "grep", "(", "--expression", small_file)
    assert (code, err.startswith("sedic grep: ")) == (2, True)


def test_sedic_alone_tells_what_there_is():
    code, out, err = run("sedic")
    assert (code, out) == (2, "")
    assert all(f"    {name} " in err and told in err for name, told in COMMANDS.items())
    assert run("sedic", "--help")[:2] == (0, err)
    assert run("sedic", "--version") == (0, f"sedicfmt {sedicfmt.__version__}\n", "")


def test_a_command_that_there_is_not():
    code, _, err = run("sedic", "pakc")
    assert (code, "invalid choice: 'pakc'" in err) == (2, True)
