"""The decoder of `web/` in Node: every vector, in one process and by the runner for any decoder; AVIF as the package's."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import sedicfmt
from conformance.run import differences
from sedicfmt.latents.av1.avif_file import wrap
from sedicfmt.pipeline.report import report_bytes

ROOT = Path(__file__).parents[2]
CONFORMANCE = ROOT / "conformance"
ENTRIES = [entry for entries in json.loads((CONFORMANCE / "manifest.json").read_text()).values() for entry in entries]

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


def node(script: str, given: str = "") -> str:
    """What a module of `web/` prints."""
    done = subprocess.run(
        ["node", "--input-type=module", "-e", script], input=given, capture_output=True, text=True, cwd=ROOT / "web",
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_all_vectors_in_one_process():
    paths = "\n".join(str(CONFORMANCE / entry["file"]) for entry in ENTRIES)
    done = subprocess.run(
        ["node", str(ROOT / "web/decode_files.js")], input=paths, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for entry, line in zip(ENTRIES, done.stdout.splitlines(), strict=True):
        expected = entry.get("expected") or {"error": {key: entry[key] for key in ("code", "path")}}
        assert differences(expected, json.loads(line), "") == [], entry["file"]


@pytest.mark.parametrize("only", ["seed", pytest.param("", marks=pytest.mark.slow)])
def test_runner_for_any_decoder(only):
    command = [sys.executable, CONFORMANCE / "run.py", "--only", only, "node", ROOT / "web/decode_file.js"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]


def test_avif_is_that_of_the_package():
    script = """import { wrapAvif } from "./decoder/avif.js"; import { readFileSync } from "node:fs";
        const cases = JSON.parse(readFileSync(0, "utf8"));
        const made = cases.map(([hex, w, h]) => wrapAvif(Uint8Array.from(Buffer.from(hex, "hex")), w, h));
        console.log(JSON.stringify(made.map((m) => Buffer.from(m).toString("hex"))));"""
    cases = [
        (b"\x1d\x80\x10\x41", 288, 192),
        (bytes(range(1, 200)), 1, 1),
        (b"\x01", 8192, 8191),
        (b"x" * 20000, 2, 17),
    ]
    made = json.loads(node(script, json.dumps([(data.hex(), w, h) for data, w, h in cases])))
    assert made == [wrap(*case).hex() for case in cases]


def test_prefixes_are_shown_only_when_asked_for():
    """Cut behind every byte: what the package shows of a declared prefix, or its error."""
    from sedicfmt.errors import SedicError
    from sedicfmt.pipeline.report import report_bytes

    data = (CONFORMANCE / "valid/seed-and-extension.sedic").read_bytes()
    script = """import { openFile, readWords } from "./decoder/decode.js";
        import { giveProjectTables } from "./project_tables.js";
        import { readFileSync } from "node:fs"; giveProjectTables("..");
        const file = Uint8Array.from(Buffer.from(readFileSync(0, "utf8"), "hex"));
        const shown = (count) => { try { const opened = openFile(file.slice(0, count), true);
          return [opened.complete, opened.segments.length, readWords(opened)]; } catch (error) { return error.code; } };
        console.log(JSON.stringify(Array.from(file, (_, count) => shown(count))));"""
    for count, said in enumerate(json.loads(node(script, data.hex()))):
        try:
            report = report_bytes(data[:count], allow_prefix=True)
            expected = [report["complete"], len(report["segments"]), report["texts"]]
        except SedicError as error:
            expected = error.code
        assert said == expected, count


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(path.stem for path in (CONFORMANCE / "reference").glob("*.png")))
def test_painter_comes_within_one_of_each_sample(name):
    (vector,) = (path for kind in ("valid", "uncommon") for path in (CONFORMANCE / kind).glob(f"{name}.sedic"))
    script = f"""import {{ openFile, readLatent }} from "./decoder/decode.js";
        import {{ paint }} from "./decoder/painter.js";
        import {{ giveProjectTables }} from "./project_tables.js"; import {{ readFileSync }} from "node:fs";
        giveProjectTables("..");
        const opened = openFile(new Uint8Array(readFileSync({json.dumps(str(vector))})));
        const {{ latentWidth, latentHeight }} = opened.header;
        console.log(Buffer.from(paint(readLatent(opened), latentWidth, latentHeight)).toString("hex"));"""
    reference = np.asarray(Image.open(CONFORMANCE / f"reference/{name}.png").convert("RGB")).astype(int)
    samples = np.frombuffer(bytes.fromhex(node(script).strip()), np.uint8).reshape(*reference.shape[:2], 4)
    assert np.abs(samples[..., :3] - reference).max() <= 1


@pytest.mark.parametrize("size", [((60, 40), (96, 64)), ((96, 64), (60, 40)), ((31, 17), (31, 50)), ((1, 1), (16, 16))])
def test_resampling_is_pillows_bicubic(size):
    (width, height), (to_width, to_height) = size
    samples = np.random.default_rng(1).integers(0, 256, (height, width, 4), np.uint8)
    script = f"""import {{ resample }} from "./viewer/resample.js"; import {{ readFileSync }} from "node:fs";
        const samples = Uint8ClampedArray.from(Buffer.from(readFileSync(0, "utf8"), "hex"));
        console.log(Buffer.from(resample(samples, {width}, {height}, {to_width}, {to_height})).toString("hex"));"""
    made = np.frombuffer(bytes.fromhex(node(script, samples.tobytes().hex()).strip()), np.uint8)
    rgb = Image.fromarray(samples[..., :3]).resize((to_width, to_height), Image.Resampling.BICUBIC)
    difference = made.reshape(to_height, to_width, 4)[..., :3].astype(int) - np.asarray(rgb).astype(int)
    assert np.abs(difference).max() <= 1


@pytest.mark.parametrize(
    "changed, refused",
    [({}, None), ({"z": b"a"}, "z"), ({"y": b"a"}, "y"), ({"latent_scale": 15}, "header.latent_scale")],
)
def test_a_file_without_a_latent(tmp_path, changed, refused):
    """N-1, of version 1.1: no vector is there for it yet."""
    file = sedicfmt.read((CONFORMANCE / "valid/three-objects-768x512.sedic").read_bytes())
    empty = replace(file, model_id=4, **{"z": b"", "y": b"", "latent_scale": 16} | changed)
    (tmp_path / "none.sedic").write_bytes(sedicfmt.write(empty))
    command = ["node", str(ROOT / "web/decode_file.js"), str(tmp_path / "none.sedic")]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
    if refused:
        assert told == {"error": {"code": "malformed", "path": refused}}
    else:
        expected = report_bytes((tmp_path / "none.sedic").read_bytes(), check=True)
        assert differences({key: expected[key] for key in ("texts", "digests", "seed")}, told, "") == []
        assert told["models"]["latent"] == {"id": 4, "name": "none"}


def test_wrong_tables_are_not_used():
    script = """import { giveTable, table } from "./decoder/tables.js";
        giveTable("mask_contexts.txt", Uint8Array.of(112, 32, 49));
        try { table("mask_contexts.txt"); } catch (error) { console.log(error.message); }"""
    assert "SHA-256 differs" in node(script)


def test_noise_is_that_of_the_package():
    """R-2, for a seed of 32 bits and a later stage."""
    from sedicfmt.decoders.orag.noise import normal_numbers

    script = """import { noise } from "./restoring/noise.js"; const [s, n] = [4294967295, 3];
        console.log(JSON.stringify([Array.from(noise(1, 0, 5)), Array.from(noise(s, n, 1000))]));"""
    short, long = json.loads(node(script))
    assert np.allclose(short, normal_numbers(1, 0, 5), atol=1e-6)
    assert np.allclose(long, normal_numbers(4294967295, 3, 1000), atol=1e-6)


def test_words_have_the_numbers_of_the_package():
    from sedicfmt.decoders.nano.words import encode

    texts = ["A red boat, lying on 2 lakes; l'été _naïve_ x-ray", "", "dog " * 70, "Straße ΣΊΣΥΦΟΣ 東京 ½"]
    script = """import { numbersOfWords } from "./restoring/vocabulary.js";
        import { giveProjectTables } from "./project_tables.js";
        import { readFileSync } from "node:fs"; giveProjectTables("..");
        const texts = JSON.parse(readFileSync(0, "utf8"));
        console.log(JSON.stringify(texts.map((text) => Array.from(numbersOfWords(text), Number))));"""
    assert json.loads(node(script, json.dumps(texts))) == [encode(text)[0].tolist() for text in texts]
