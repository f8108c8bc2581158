"""Wheel and sdist, built once from what git tracks, for the tests of what ships."""

import os
import subprocess
import sys
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IDENTITY = ("-c", "user.name=test", "-c", "user.email=test@localhost")


@cache
def commit() -> str:
    """The last commit, with what was changed since in tracked files; the same one for all that is built."""
    command = ["git", *IDENTITY, "stash", "create"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip() or "HEAD"


def build(folder: Path, **environment: str) -> dict[str, Path]:
    """The two files by their kind, made by `.ci/build`."""
    if not (ROOT / ".git").exists():
        pytest.skip("what ships is built from git's files")
    setuptools = [int(one.version.split(".")[0]) for one in metadata.distributions(name="setuptools")]
    if max(setuptools, default=0) < 77 or not all(map(find_spec, ("build", "twine"))):
        pytest.skip("building needs the extra `release`")
    command = [ROOT / ".ci/build", folder, commit()]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(command, env=os.environ | environment | {"PATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return {"wheel": wheel, "sdist": sdist}


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return build(tmp_path_factory.mktemp("built"))
