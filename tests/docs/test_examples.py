"""The example is what examples/README.md says: words by hand, at most 1,000 bytes, its restored picture marked as such."""

import json
from pathlib import Path

from PIL import Image

import sedicfmt

ROOT = Path(__file__).parents[2]
EXAMPLES, PICTURES = ROOT / "examples", ROOT / "docs" / "pictures"


def test_the_file_says_what_was_written_by_hand():
    data = (EXAMPLES / "coffee.sedic").read_bytes()
    file, words = sedicfmt.read(data), json.loads((EXAMPLES / "coffee.json").read_text())
    assert len(data) == 998  # README, docs/format.md
    assert file.text == words["overall"] and [o.text for o in file.objects] == [o["text"] for o in words["objects"]]
    with Image.open(EXAMPLES / "coffee.jpg") as photo:
        assert photo.size == (file.width, file.height)


def test_the_restored_picture_says_that_its_detail_was_generated():
    with Image.open(EXAMPLES / "coffee-restored.jpg") as picture:
        assert picture.size == (600, 400) and b"compositeWithTrainedAlgorithmicMedia" in picture.info["xmp"]


def test_the_numbers_of_the_format_page():
    """932 bytes of latent, 34 of words, 20 of a mask, 12 of all else; the sentence of the whole."""
    from sedicfmt.pipeline.report import report_bytes

    page = (ROOT / "docs" / "format.md").read_text()
    report = report_bytes((EXAMPLES / "coffee.sedic").read_bytes())
    sizes = dict.fromkeys(("latent", "text", "mask"), 0)
    for segment in report["segments"]:
        sizes[segment["kind"].split(".")[0]] += segment["bytes"]
    assert f"{sizes['latent']} of them the latent, {sizes['text']} words, {sizes['mask']} a mask, 12 all else" in page
    assert report["overhead_bytes"] == 12
    letters, cost = len(report["texts"]["overall"]), report["segments"][2]["bytes"]
    assert f"A sentence of {letters} letters takes {cost} bytes" in page


def test_pictures_of_the_pages_are_small():
    assert all(path.stat().st_size < 200_000 for path in [*PICTURES.iterdir(), *EXAMPLES.iterdir()])
