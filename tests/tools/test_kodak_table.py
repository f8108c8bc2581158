"""kodak_table with three fake tools: it works on their printed JSON and their files alone."""

import importlib.util
import stat
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

if any(importlib.util.find_spec(name) is None for name in ("torch", "pytorch_msssim")):
    pytest.skip("the tables hold MS-SSIM, which needs torch and pytorch-msssim", allow_module_level=True)

from sedic_tools.pages import kodak_table

# A "file" of these is the photo's own PNG, darkened by unpack: PSNR is known. Its 30 MB of ballast show in its peak.
FAKES = {
    "pack": """
        if photo.stem == "broken": sys.exit("cannot read it")
        out.write_bytes(photo.read_bytes())
        print(json.dumps({"seconds": {"latent": 0.25, "describe": 1.5}}))""",
    "unpack": """
        assert sys.argv[sys.argv.index("--stage") + 1] == "reference"
        from PIL import Image
        ballast = b"x" * 30_000_000
        Image.open(photo).point(lambda v: max(0, v - 5)).save(out, "PNG")
        print(json.dumps({"seconds": {"entropy": 0.01, "picture": 0.125}}))""",
    "inspect": """
        segments = [("latent.z", 20), ("latent.y", 700), ("text.overall", 40), ("text.object", 30), ("mask", 15),
                    ("text.object", 31), ("mask", 16)]
        size = photo.stat().st_size + (photo.stem == "liar")
        print(json.dumps({"file_bytes": size, "pixels": 192 * 176, "overhead_bytes": 14,
            "segments": [{"kind": k, "bytes": b} for k, b in segments]}))""",
}


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, body in FAKES.items():
        head = f"#!{sys.executable}\nimport json, sys\nfrom pathlib import Path\nassert '--json' in sys.argv\n"
        head += "photo, out = Path(sys.argv[1]), Path(sys.argv[min(3, len(sys.argv) - 1)])\n"
        path = folder / f"sedic-{name}"
        path.write_text(head + "\n".join(line[8:] for line in body.splitlines()) + "\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return folder


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in (1, 2):
        y, x = np.mgrid[:176, :192]
        Image.fromarray(np.stack([x + 10 * i, y + 20, (x + y) // 2 + 5], axis=-1).astype(np.uint8)).save(
            folder / f"photo{i}.png"
        )
    return folder


def run(photos: Path, tools: Path, *more: str) -> int:
    out = photos.parent / "table.md"
    return kodak_table.main([str(photos), "--out", str(out), "--tools", str(tools), *more])


def test_the_page_holds_what_the_tools_printed(photos, tools, tmp_path):
    sheet, work = tmp_path / "sheet.jpg", tmp_path / "work"
    assert run(photos, tools, "--sheet", str(sheet), "--work", str(work)) == 0
    page = (tmp_path / "table.md").read_text()
    size = (work / "photo1.sedic").stat().st_size
    row = next(line for line in page.splitlines() if line.startswith("| photo1 |")).split(" | ")
    assert row[1:10] == [f"{size:,}", f"{size * 8 / (192 * 176):.4f}", "14", "20", "700", "40", "61", "31", "734"]
    assert row[10] == "34.15"  # every value 5 darker
    assert "| pack | describe | 1.500 | 1.500 |" in page
    assert "| unpack | picture | 0.125 | 0.125 |" in page
    assert "![contact sheet](sheet.jpg)" in page
    assert "python -m sedic_tools.pages.kodak_table photos --out table.md --sheet sheet.jpg" in page
    assert str(tmp_path) not in page
    assert Image.open(sheet).width == 8 + 2 * 368


def test_peak_memory_is_the_tools_own(photos, tools, tmp_path):
    ballast_here = bytearray(200_000_000)
    ballast_here[::4096] = b"x" * len(ballast_here[::4096])
    measured = kodak_table.measure(photos / "photo1.png", tmp_path, tools)
    light, heavy = measured.runs["inspect"].peak, measured.runs["unpack"].peak
    assert 4e6 < light < 60e6
    assert light + 25e6 < heavy < 150e6
    assert all(ran.seconds > 0 for ran in measured.runs.values())


@pytest.mark.parametrize(("stem", "says"), [("broken", "cannot read it"), ("liar", "bytes on disk")])
def test_a_failing_or_lying_tool_stops_the_table(photos, tools, capsys, stem, says):
    (photos / "photo2.png").rename(photos / f"{stem}.png")
    assert run(photos, tools) == 8
    assert says in capsys.readouterr().err
    assert not (photos.parent / "table.md").exists()


def test_absent_tools_are_named(photos, tmp_path, capsys):
    assert run(photos, tmp_path / "nowhere") == 8
    assert "sedic-pack" in capsys.readouterr().err
