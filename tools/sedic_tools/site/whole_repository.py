"""A hook of MkDocs: the site has the repository's pages at their places, so that one kind of link works everywhere.

Pages link by the repository's paths (`../spec/sedic.md`), which is what code hosts and editors follow. The site
is made of `docs/`; the pages of PAGES are added to it, README.md as its first page, and any other file of the repository that
a page links to is put beside them as it is. A link that leaves or enters `docs/` is written anew for the site; one that leads
nowhere stays, and `mkdocs build --strict` fails for it.

Hosts ask for two spaces before what is inside a list's item, Python-Markdown for four: that is evened out here too.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[3]
PAGES = (
    "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "examples/README.md", "conformance/README.md", "benchmarks/README.md",
    "spec/sedic.md", "spec/rationale.md", "spec/frames.md", "spec/media-type.md",
)  # fmt: skip
LINK = re.compile(r"(?<=\]\()([^)\s#:]+)(?=[)#])")
ITEM = re.compile(r"(\d+\.|[-*]) ")


def on_files(files: Files, config: Any) -> Files:
    """Adds PAGES, and what they and the pages of `docs/` link to outside."""
    sources = [*(f"docs/{file.src_uri}" for file in files if file.is_documentation_page()), *PAGES]
    linked = {target for source in sources for target in targets(source, (ROOT / source).read_text("utf-8"))}
    for path in sorted({*PAGES, *(path for path in linked if not path.startswith("docs/"))}):
        files.append(File.generated(config, address(path), abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The page's text with links for the site."""
    source = Path(page.file.abs_src_path).relative_to(ROOT).as_posix()

    def rewritten(link: re.Match[str]) -> str:
        target = resolved(source, link[1])
        if not (ROOT / target).is_file():
            return link[1]
        return posixpath.relpath(address(target), posixpath.dirname(address(source)) or ".")

    return "\n".join(evened(LINK.sub(rewritten, markdown).splitlines()))


def address(path: str) -> str:
    """Where the site has a file of the repository."""
    return "index.md" if path == "README.md" else path.removeprefix("docs/")


def targets(source: str, text: str) -> Iterator[str]:
    """The files of the repository that a page links to."""
    for link in LINK.findall(text):
        path = resolved(source, link)
        if (ROOT / path).is_file():
            yield path


def resolved(source: str, link: str) -> str:
    """A link's path in the repository."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), link))


def evened(lines: list[str]) -> Iterator[str]:
    """Lists as Python-Markdown wants them: an empty line before, and four spaces before what is inside an item."""
    fenced, listed, before = False, False, ""
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if line.lstrip().startswith("```"):
            fenced = not fenced
        if not fenced and line.strip() and not indent:
            begins = bool(ITEM.match(line))
            if begins and not listed and before.strip():
                yield ""
            listed = begins
        if listed and line.strip() and indent in (2, 3):
            line = " " * (4 - indent) + line
        yield line
        before = line
