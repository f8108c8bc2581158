"""The site (mkdocs, mkdocs-material) builds without one dead link, fits a narrow page, and asks nobody for anything."""

import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

pytest.importorskip("mkdocs")
pytest.importorskip("material")

from sedic_tools.site import whole_repository as hook

ROOT = Path(__file__).parents[2]
LOOKED_AT = [
    "index.html",
    "five-minutes.html",
    "format.html",
    "one-file.html",
    "faq.html",
    "commands.html",
    "spec/sedic.html",
]


def build(root, out):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(out)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    done = build(ROOT, folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_pages_of_the_whole_repository_are_in_it(site):
    for page in LOOKED_AT:
        assert (site / page).exists(), page
    assert 'href="spec/sedic.html"' in (site / "index.html").read_text("utf-8")
    assert (site / "sedicfmt/guard.py").read_bytes() == (
        ROOT / "sedicfmt/guard.py"
    ).read_bytes()  # docs/plugins.md links to it


@pytest.mark.slow
def test_a_dead_link_fails_the_build(tmp_path):
    """In a copy of what the site is made of, one page gets a link to nowhere, then one to a heading that is not there."""
    ignored = shutil.ignore_patterns(".git", "node_modules", "runs", "*cache*", "*.safetensors", "*.onnx")
    shutil.copytree(ROOT, tmp_path / "copy", ignore=ignored)
    page = tmp_path / "copy" / "docs" / "faq.md"
    whole = page.read_text("utf-8")
    for link in ("../spec/nowhere.md", "results.md#nowhere"):
        page.write_text(f"{whole}\n[there]({link})\n", "utf-8")
        done = build(tmp_path / "copy", tmp_path / "out")
        assert done.returncode != 0 and "nowhere" in done.stderr


@pytest.mark.parametrize(
    ("source", "link", "written"),
    [
        ("docs/a.md", "../spec/sedic.md", "spec/sedic.md"),
        ("docs/a.md", "b.md", "b.md"),
        ("docs/model-cards/a.md", "../../README.md", "../index.md"),
        ("spec/a.md", "../docs/faq.md", "../faq.md"),
        ("README.md", "docs/faq.md", "faq.md"),
        ("README.md", "spec/sedic.md", "spec/sedic.md"),
        ("docs/a.md", "../spec/nowhere.md", "../spec/nowhere.md"),
    ],
)
def test_links_are_the_sites(source, link, written):
    class File:
        abs_src_path = str(ROOT / source)

    class Page:
        file = File

    if link == "b.md":
        assert hook.resolved(source, link) == "docs/b.md"  # not there, so left as it is
    assert hook.on_page_markdown(f"See [it]({link}#part).", Page) == f"See [it]({written}#part)."


def test_lists_are_evened_and_fences_left_alone():
    text = "So:\n- one:\n  - two\n\n  | a |\n  |---|\n\nAnd\n\n```text\n- x\n  y\n```"
    lines = list(hook.evened(text.splitlines()))
    assert lines[:6] == ["So:", "", "- one:", "    - two", "", "    | a |"] and lines[-3:] == ["- x", "  y", "```"]


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A server that does not tell of every request."""

    def log_message(self, *_):
        """Nothing."""


@pytest.fixture(scope="module")
def address(site):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_pages_fit_and_ask_nobody(address, chromium, scheme, width):
    """SCREENSHOTS=FOLDER keeps pictures of them."""
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for name in LOOKED_AT:
        page.goto(f"{address}/{name}", wait_until="networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        if os.environ.get("SCREENSHOTS"):
            path = Path(os.environ["SCREENSHOTS"]) / f"{Path(name).stem}-{scheme}-{width}.png"
            page.screenshot(path=path)
    assert asked and all(url.startswith((address, "data:", "blob:")) for url in asked)
    page.close()


@pytest.mark.slow
def test_words_are_found(address, chromium):
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{address}/index.html", wait_until="networkidle")
    page.fill("input[name=query]", "annotations")
    page.wait_for_selector(".md-search-result__link[href*='commands.html']")
    page.close()
