"""spec/sedic.ksy, compiled by Kaitai Struct and run in JavaScript, against the package: the same parts, the same refusals."""

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from sedicfmt.container.builder import build_frame
from sedicfmt.container.checksum import checksum
from sedicfmt.container.frame import Frame, Segment, segment_kinds
from sedicfmt.container.parser import parse_frame
from sedicfmt.errors import ChecksumMismatch, SedicError
from sedicfmt.model import Extension
from sedicfmt.pipeline.report import report_bytes

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[2]
VECTORS = json.loads((ROOT / "conformance/manifest.json").read_text())
INSTALL = "npm install --no-package-lock --prefix tests/differential"

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed"),
    pytest.mark.skipif(not (HERE / "node_modules/kaitai-struct-compiler").is_dir(), reason=f"run {INSTALL} first"),
]


def by_kaitai(files):
    """What the compiled description says of each file: a dict of its parts, or {"refused": reason}."""
    command = ["node", HERE / "read_with_kaitai.js", ROOT / "spec/sedic.ksy"]
    done = subprocess.run(
        command, input=json.dumps([f.hex() for f in files]), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def by_package(frame, data):
    """The same parts, from the package's frame."""
    return {
        "version": frame.version, "width": frame.width, "height": frame.height, "objects": len(frame.segments) // 2 - 1,
        "model": frame.model_id, "latent_scale": frame.latent_scale, "seed": frame.seed,
        "segments": [
            {"kind": s.kind, "object": (i - 3) // 2 if i > 2 else None, "offset": s.offset, "bytes": len(s.payload),
             "payload": s.payload.hex()}
            for i, s in enumerate(frame.segments)
        ],
        "extensions": [{"type": e.type, "critical": e.critical, "bytes": len(e.payload)} for e in frame.extensions],
        "check": int.from_bytes(data[-2:], "big"),
    }  # fmt: skip


def test_valid_vectors_as_sedic_inspect_shows_them():
    files = [(ROOT / "conformance" / entry["file"]).read_bytes() for entry in VECTORS["valid"] + VECTORS["uncommon"]]
    for data, parts in zip(files, by_kaitai(files), strict=True):
        report = report_bytes(data)
        for name in ("version", "width", "height", "seed", "latent_scale", "extensions"):
            assert parts[name] == report[name]
        assert parts["model"] == report["models"]["latent"]["id"]
        assert parts["objects"] == len(report["texts"]["objects"])
        keys = ("kind", "offset", "bytes")
        assert [[s[k] for k in keys] for s in parts["segments"]] == [[s[k] for k in keys] for s in report["segments"]]


def test_faulty_vectors():
    """Refused by the structure, unless the fault lies within a segment or only the check tells of it."""
    files = [(ROOT / "conformance" / entry["file"]).read_bytes() for entry in VECTORS["faulty"]]
    refused = 0
    for entry, parts in zip(VECTORS["faulty"], by_kaitai(files), strict=True):
        clauses = entry["clauses"]
        alone = entry["code"] == "check" and "and-check-wrong" not in entry["file"]  # nothing else is wrong
        structural = not alone and (clauses[0].startswith("C-") or "L-1" in clauses)
        structural |= "trailing-check" in entry["file"]  # behind extensions the structure knows where a file ends
        assert ("refused" in parts) == structural, entry["file"]
        refused += structural
    assert refused > 90


def test_generated_files():
    frames = [generated(random.Random(n)) for n in range(300)]
    files = [build_frame(frame) for frame in frames]
    for data, parts in zip(files, by_kaitai(files), strict=True):
        assert parts == by_package(parse_frame(data), data)


def test_changed_headers_are_refused_by_both_or_by_none():
    """Headers with bits flipped and a right check: the same verdict, and the same parts."""
    files, verdicts = [], []
    for n in range(1500):
        files.append(changed(random.Random(n)))
        try:
            verdicts.append(by_package(parse_frame(files[-1]), files[-1]))
        except ChecksumMismatch:
            raise
        except SedicError:
            verdicts.append(None)
    for data, parts, verdict in zip(files, by_kaitai(files), verdicts, strict=True):
        assert (None if "refused" in parts else parts) == verdict, data.hex()
    assert 150 < sum(v is None for v in verdicts) < 1350


@pytest.mark.slow
def test_corpus_files():
    from tests.differential.cross_check_kaitai import compare

    numbers = compare(300, seed=3)
    assert numbers["disagreement"] == 0 and min(numbers["accepted"], numbers["refused"]) > 50


def test_model_ids_end_at_255():
    def file_of_model(rest):
        size, code, scale, lengths = "011100000111", f"000001{rest:08b}", "01111", "0" + "10000000" + "100000000000"
        bits = f"{0x5ED1:016b}" + "001000" + size + code + scale + lengths
        body = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
        return body + checksum(body)

    allowed, refused = by_kaitai([file_of_model(255 - 248), file_of_model(256 - 248)])
    assert allowed["model"] == parse_frame(file_of_model(255 - 248)).model_id == 255
    assert refused["refused"].startswith("ValidationExprError")


def generated(rng):
    """A frame of any legal shape; payloads are noise, because only the structure is looked at."""
    width, height = some_size(rng)
    objects = rng.randrange(8)
    segments = tuple(Segment(kind, path, rng.randbytes(some_length(rng))) for kind, path in segment_kinds(objects))
    types = sorted(rng.sample(range(1, 128), rng.choice((0, 0, 1, 3))))
    extensions = tuple(Extension(t, False, rng.randbytes(some_length(rng))) for t in types)
    seed = rng.choice((0, 1, rng.getrandbits(32), 2**32 - 1))
    scale = rng.randrange(1, 1 + min(32, 16 * 8192 // max(width, height)))
    return Frame(width, height, rng.choice((2, rng.randrange(256))), scale, seed, segments, extensions)


def some_size(rng):
    """Every ratio, in eighths and not, long and not; and sizes of no ratio."""
    height = rng.choice((rng.randrange(16, 8193), rng.randrange(16, 200), 8 * rng.randrange(2, 1025), 1024, 1032))
    a, b = rng.choice(((1, 1), (3, 2), (2, 3), (4, 3), (3, 4), (16, 9), (9, 16), (0, 1)))
    width = height * a // b or rng.choice((rng.randrange(16, 8193), 8 * rng.randrange(2, 1025)))
    return (width, height) if 16 <= width <= 8192 else (height, height)


def some_length(rng):
    """Around where the codes of C-7 and C-11 grow, and rarely a long one."""
    edge = (1 << rng.choice((5, 6, 7, 11))) * ((1 << rng.randrange(1, 3)) - 1)
    return rng.choice(
        (0, rng.randrange(40), edge - 1, edge, rng.choice((127, 128, 16383, 16384)) if rng.random() < 0.1 else 9)
    )


def changed(rng):
    """A generated file with one to three bits of its first bytes flipped, or a byte behind the segments changed."""
    frame = generated(rng)
    body = bytearray(build_frame(frame)[:-2])
    reach = len(body) if rng.random() < 0.2 else min(len(body), 14)
    for _ in range(rng.randrange(1, 4)):
        body[rng.randrange(3 if rng.random() < 0.9 else 0, reach)] ^= 1 << rng.randrange(8)
    return bytes(body) + checksum(bytes(body))
