"""What is released: the version, README.md as an index shows it, what is in wheel and sdist, and equal bytes twice."""

import hashlib
import os
import re
import runpy
import subprocess
import tarfile
import tomllib
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

import sedicfmt
from tests.tools.conftest import build

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
WEIGHTS = (".safetensors", ".onnx", ".npy", ".npz")
page = runpy.run_path(str(ROOT / "setup.py"))["page"]


def test_one_version_everywhere():
    newest = re.search(r"^## (\S+), \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert PROJECT["version"] == sedicfmt.__version__ == newest[1]


LINKED = [
    ("[a](b.md)", "[a](L/b.md)", "a"),
    ("[a](b.md#c) [d](#e)", "[a](L/b.md#c) [d](L/README.md#e)", "a d"),
    ("[a](https://b.c/d.md) <mailto:a@b.c>", "[a](https://b.c/d.md) <mailto:a@b.c>", "[a](https://b.c/d.md) <mailto:a@b.c>"),
    ("![a](b.png)", "![a](P/b.png)", ""),
    ("[![a](b.png)](c.md)", "[![a](P/b.png)](L/c.md)", ""),
    ("[`a.b`](c.py) [a [b]](c)", "[`a.b`](L/c.py) [a [b]](L/c)", "`a.b` a [b]"),
    ("`a[0](b)`", "`a[0](b)`", "`a[0](b)`"),
    ("```python\na[0](b)\n```", "```python\na[0](b)\n```", "```python\na[0](b)\n```"),
    ("    a[0](b)\n", "    a[0](b)\n", "    a[0](b)\n"),
    ('<img src="a.png" alt="b">', '<img src="P/a.png" alt="b">', ""),
    ('<a href="a.md">b</a>', '<a href="L/a.md">b</a>', "<a>b</a>"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "with_a_host", "without"), LINKED)
def test_a_page_elsewhere_links_to_the_host_or_not_at_all(text, with_a_host, without):
    assert page(text, "L/", "P/") == with_a_host
    assert page(text, "", "") == without


@pytest.mark.parametrize("before", ["", "https://host.example/"])
def test_the_readmes_page_has_no_link_that_leads_nowhere(before):
    """By the renderer that the index uses."""
    markdown = pytest.importorskip("readme_renderer.markdown")
    html = markdown.render(page((ROOT / "README.md").read_text("utf-8"), before, before))
    places = re.findall(r'(?:src|href|srcset)="(?!#user-content-)([^"]*)"', html)  # but for the headings' own
    assert "<h1" in html and all(place.startswith("https://") for place in places), places
    assert bool(before) <= bool(places)


@pytest.mark.slow
def test_the_sdist_holds_what_git_tracks(built):
    with tarfile.open(built["sdist"]) as sdist:
        files = {one.name.partition("/")[2] for one in sdist if one.isfile()}
        owners = {(one.uid, one.uname, one.mode & 0o022) for one in sdist}
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    assert {name for name in files if "egg-info" not in name} == {*tracked, "PKG-INFO", "setup.cfg"} - {""}
    assert owners == {(0, "", 0)}


@pytest.mark.slow
def test_the_wheel_holds_the_packages_typed_with_their_weights_and_licences(built):
    with zipfile.ZipFile(built["wheel"]) as wheel:
        sizes = {one.filename: one.file_size for one in wheel.infolist()}
        (info,) = {name.partition("/")[0] for name in sizes} - {"sedicfmt", "sedic_tools", "sedic_tables"}
        told = message_from_bytes(wheel.read(f"{info}/METADATA"))
    assert info == f"sedicfmt-{sedicfmt.__version__}.dist-info"
    assert {"sedicfmt/py.typed", f"{info}/licenses/LICENSE"} <= sizes.keys()
    assert not [name for name in sizes if name.endswith(".pyc") or "/tests/" in name]
    assert 0 < sum(size for name, size in sizes.items() if name.endswith(WEIGHTS)) <= 24_000_000
    assert {f"Programming Language :: Python :: 3.{n}" for n in (11, 12, 13)} <= set(told.get_all("Classifier"))
    assert told["Description-Content-Type"] == "text/markdown" and "# sedicfmt" in told.get_payload()


@pytest.mark.slow
def test_equal_sources_give_equal_bytes(built, tmp_path):
    """Built again, at another time, in another folder, in another time zone, by a user with another umask."""
    kept = os.umask(0o077)
    try:
        again = build(tmp_path / "again", TZ="Asia/Tokyo", SOURCE_DATE_EPOCH="1", TMPDIR=str(tmp_path))
    finally:
        os.umask(kept)
    for kind, file in built.items():
        assert again[kind].name == file.name
        assert hashlib.sha256(again[kind].read_bytes()).digest() == hashlib.sha256(file.read_bytes()).digest()
