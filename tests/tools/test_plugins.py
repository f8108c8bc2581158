"""Another package's back ends, installed by pip: the sample of docs/plugins.md works, and who breaks a promise is named."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image

import sedicfmt
from sedicfmt.picture import psnr
from tests.conftest import draw_photo
from tests.tools.plugin_packages import SOURCES, environment, install, run, run_each

LACKING = [name for name in ("pip", "setuptools") if find_spec(name) is None]
pytestmark = pytest.mark.skipif(bool(LACKING), reason=f"builds and installs packages: needs {', '.join(LACKING)}")
PACKAGE = "sedic-misbehaving 0.2"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder that the sample package is installed in."""
    return install(tmp_path_factory.mktemp("sample"), "sample")


@pytest.fixture(scope="module")
def misbehaving(tmp_path_factory):
    """The folder that the package of bad ways is installed in."""
    return install(tmp_path_factory.mktemp("misbehaving"), "misbehaving")


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A folder with a picture, and a file of it that has an object."""
    folder = tmp_path_factory.mktemp("work")
    photo, words = folder / "photo.png", folder / "words.json"
    draw_photo(192, 128).save(photo)
    words.write_text(
        json.dumps({"overall": "A ball.", "objects": [{"name": "ball", "mask": {"box": [30, 20, 90, 90]}}]})
    )
    (folder / "photo.sedic").write_bytes(sedicfmt.pack(photo, describe=f"annotations:{words}"))
    return folder


def test_the_sample_packs_unpacks_and_is_inspected(installed, work, tmp_path):
    packed, restored = tmp_path / "a.sedic", tmp_path / "a.png"
    done = run("pack", work / "photo.png", "-o", packed, "--describe", "colours:8", seeing=installed)
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(run("inspect", packed, "--json", seeing=installed).stdout)
    assert told["texts"]["overall"].startswith("A picture with much ")
    assert [text.partition(",")[0] for text in told["texts"]["objects"]] == ["light"] and told["masks"][0][
        "share"
    ] < 0.5
    done = run("unpack", packed, "-o", restored, "--restorer", "soft", "--strength", "2", "--json", seeing=installed)
    assert json.loads(done.stdout)["restored_by"] == {"restorer": "soft", "radius": "4.0"}
    reference = np.asarray(sedicfmt.unpack(packed, stage="reference"))
    assert not np.array_equal(np.asarray(Image.open(restored)), reference)


def test_the_sample_takes_what_it_declares(installed, work, tmp_path):
    picture, file = str(work / "photo.png"), str(work / "photo.sedic")
    pack, unpack = ["pack", picture, "-o", str(tmp_path / "a.sedic")], ["unpack", file, "-o", str(tmp_path / "a.png")]
    lines = [
        [*pack, "--describe", "colours:3"],
        [*pack, "--describe", "colours", "--base-url", "http://localhost/v1"],
        [*pack, "--describe", "colours", "--llm-retries", "1"],
        [*unpack, "--restorer", "soft", "--dtype", "fp16"],
        [*unpack, "--restorer", "soft", "--steps", "3"],
        [*unpack, "--restorer", "soft", "--objects", "0"],
    ]
    codes = [code for code, _ in run_each(lines, installed)]
    assert codes == [2, 2, 2, 2, 2, 0]


def test_a_folder_opens_a_describer_once(installed, tmp_path):
    for number in range(3):
        draw_photo(64, 48, number).save(tmp_path / f"{number}.png")
    code = f"""
import sedic_sample.describer as sample
made, sample.open_colours = [], lambda argument: made.append(argument) or sample.ColourDescriber(4)
import sys; sys.argv = ["sedic-pack", {str(tmp_path)!r}, "-o", {str(tmp_path / "out")!r}, "--describe", "colours"]
from sedic_tools.commands.pack import main
assert main() == 0 and len(made) == 1, made
"""
    child = [sys.executable, "-c", code]
    done = subprocess.run(child, env=environment(installed), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "out").glob("*.sedic"))) == 3


def test_a_new_version_of_a_package_makes_a_folder_anew(installed, tmp_path):
    seeing, pictures = shutil.copytree(installed, tmp_path / "installed"), tmp_path / "pictures"
    pictures.mkdir()
    draw_photo(64, 48).save(pictures / "a.png")

    def status():
        done = run("pack", pictures, "-o", tmp_path / "out", "--describe", "colours", "--json", seeing=seeing)
        return json.loads(done.stdout.splitlines()[0])["status"]

    assert [status(), status()] == ["made", "kept"]
    (metadata,) = seeing.glob("sedic_sample-*.dist-info/METADATA")
    metadata.write_text(metadata.read_text().replace("Version: 0.1", "Version: 0.2"))
    assert status() == "made"


def ways(table, module="__init__"):
    """The names of a table of the misbehaving package, which is not imported here."""
    tree = ast.parse((SOURCES / f"misbehaving/sedic_misbehaving/{module}.py").read_text("utf-8"))
    tables = {node.targets[0].id: node.value for node in tree.body if isinstance(node, ast.Assign)}
    return [key.value for key in tables[table].keys]


MEMORY, PASSING = {"memory", "memory-error"}, {"fine", "interrupted"}


def test_each_way_to_misbehave_is_told(misbehaving, work, tmp_path):
    """8 and the package's name for all of them, 7 where memory lacks; no traceback, and nothing is written."""
    made = tmp_path / "made"
    made.mkdir()
    pack = ["pack", str(work / "photo.png"), "-o", str(made / "a.sedic")]
    unpack = ["unpack", str(work / "photo.sedic"), "-o", str(made / "a.png"), "--save-stages", str(made / "stages")]
    grounded = [*pack, "--describe", "bad:fine", "--ground"]
    named = [*pack, "--describe", "bad:named", "--ground"]
    lines = [[*pack, "--describe", f"bad:{way}"] for way in ways("DESCRIBERS") if way not in {*PASSING, "named"}]
    lines += [[*pack, "--describe", f"bad-{kind}"] for kind in ("import", "factory", "maker", "wish", "number")]
    lines += [[*named, f"bad:{way}"] for way in ways("GROUNDERS") if way != "fine"] + [[*named, "bad-none"]]
    lines += [[*grounded, "bad:fine", "--segment", f"bad:{way}"] for way in ways("SEGMENTERS")]
    lines += [[*unpack, "--restorer", f"bad:{way}"] for way in ways("RESTORERS")]
    assert len(lines) > 60
    for line, (code, told) in zip(lines, run_each(lines, misbehaving), strict=True):
        lacks_memory = line[-1].partition(":")[2] in MEMORY
        assert code == (7 if lacks_memory else 8), (line, told)
        assert told.count("\n") == 1 and PACKAGE in told and "Traceback" not in told, (line, told)
    assert [path.name for path in made.rglob("*.*")] == ["reference.png"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("pack", "photo.png", "-o", "out.sedic", "--describe", "bad:exits"), 8),
        (("unpack", "photo.sedic", "-o", "out.png", "--restorer", "bad:small"), 8),
        (("unpack", "photo.sedic", "-o", "out.png", "--restorer", "bad:memory"), 7),
        (("pack", "photo.png", "-o", "out.sedic", "--describe", "bad:interrupted"), 130),
    ],
)
def test_as_a_process(misbehaving, work, monkeypatch, arguments, code):
    monkeypatch.chdir(work)
    done = run(*arguments, "--json", seeing=misbehaving)
    assert done.returncode == code and json.loads(done.stdout)["error"]["exit_code"] == code
    assert "Traceback" not in done.stderr and not list(work.glob("out.*"))
    assert code == 130 or PACKAGE in done.stderr


def test_the_samples_latent_codec(installed, work, tmp_path):
    packed, shown = tmp_path / "a.sedic", tmp_path / "a.png"
    line = (
        "pack",
        work / "photo.png",
        "-o",
        packed,
        "--model",
        "thumbnail:9",
        "--max-bytes",
        700,
        "--describe",
        "colours",
    )
    told = json.loads(run(*line, "--json", seeing=installed).stdout)
    assert told["report"]["latent_model"] == "thumbnail" and 500 < packed.stat().st_size <= 700
    told = json.loads(run("inspect", packed, "--json", "--check", seeing=installed).stdout)
    assert told["models"]["latent"] == {"id": 230, "name": None} and set(told["digests"]) == {"z", "y"}
    assert run("unpack", packed, "-o", shown, "--stage", "reference", seeing=installed).returncode == 0
    nearness = psnr(np.asarray(Image.open(shown)), np.asarray(Image.open(work / "photo.png")))
    assert nearness > 18
    without = run("unpack", packed, "-o", shown, "--overwrite", seeing=tmp_path)
    assert without.returncode == 4 and "model 230, an id for private use" in without.stderr
    assert run("inspect", packed, seeing=tmp_path).returncode == 0
    broken = packed.read_bytes()
    (tmp_path / "b.sedic").write_bytes(sedicfmt.write(replace(sedicfmt.read(broken), y=b"no zlib")))
    assert run("unpack", tmp_path / "b.sedic", "-o", tmp_path / "b.png", seeing=installed).returncode == 3


def test_each_way_of_a_latent_codec_is_told(misbehaving, work, tmp_path):
    """While packing, and by files that were packed well and are decoded badly."""
    pack = ["pack", str(work / "photo.png"), "--objects", "0", "--words-overall", "0", "--model"]
    ours = [*ways("ENCODING", "latents"), "allocated"]
    lines = [[*pack, f"bad-latent:{way}", "-o", str(tmp_path / "a.sedic")] for way in ours]
    budgets = ["over-budget", *ways("ASKING", "latents")]
    lines += [[*pack, f"bad-latent:{way}", "-o", str(tmp_path / "a.sedic"), "--max-bytes", "900"] for way in budgets]
    for line, (code, told) in zip(lines, run_each(lines, misbehaving), strict=True):
        assert code == (7 if line[7].endswith(":memory") else 8), (line, told)
        assert told.count("\n") == 1 and PACKAGE in told, (line, told)
    assert list(tmp_path.iterdir()) == []
    files = {way: str(tmp_path / f"{way}.sedic") for way in ways("DECODING", "latents")}
    lines = [[*pack, f"bad-latent:{way}", "-o", file] for way, file in files.items()]
    assert {code for code, _ in run_each(lines, misbehaving)} == {0}
    lines = [["unpack", file, "-o", str(tmp_path / "x.png"), "--stage", "reference"] for file in files.values()]
    lines += [["inspect", files["small"], "--check"]]
    for line, (code, told) in zip(lines, run_each(lines, misbehaving), strict=True):
        assert code == 8 and told.count("\n") == 1 and PACKAGE in told, (line, told)
    assert not (tmp_path / "x.png").exists()


def test_what_behaves_passes_the_guard(misbehaving, work, tmp_path):
    line = ["pack", str(work / "photo.png"), "-o", str(tmp_path / "a.sedic"), "--ground", "bad:fine", "--describe"]
    assert run_each([[*line, "bad:fine"], [*line, "bad:named"]], misbehaving) == [(0, ""), (0, "")]
    assert sedicfmt.read(tmp_path / "a.sedic").objects[0].text == "cat"
