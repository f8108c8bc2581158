"""A report kept as a page: its links lead to what was kept, and the pictures are left out."""

import re

from sedic_tools.pages.keep_report import keep


def test_what_the_page_links_to_is_there_and_pictures_are_not(tmp_path):
    report, kept = tmp_path / "out", tmp_path / "docs"
    report.mkdir()
    kept.mkdir()
    (report / "report.md").write_text(
        "# T\n\n![parts](parts.svg)\n\n## Pictures, pixel for pixel\n\n![crops](crops.png)\n"
    )
    for name in ("parts.svg", "results.csv", "crops.png"):
        (report / name).write_text(name)
    keep(report, kept / "table-3")
    page = (kept / "table-3.md").read_text()
    assert page.startswith("# T\n") and "crops" not in page
    assert {(kept / link).read_text() for link in re.findall(r"\((\S+?)\)", page)} == {"parts.svg", "results.csv"}
