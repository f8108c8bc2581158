"""Files and folders that somebody else laid there: nothing is followed, nothing is lost, one bad entry fails alone."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import draw_photo

BIN = Path(sys.executable).parent
QUICK = ("--objects", "0", "--words-overall", "0", "--describe", "annotations:{words}")


def run(tool, *arguments, **more):
    command = [BIN / f"sedic-{tool}", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, timeout=120, **more)


@pytest.fixture
def place(tmp_path):
    """A folder with two photos, words for them, and a command that packs without a detector."""
    (tmp_path / "in").mkdir()
    for seed, name in enumerate(("a.png", "b.png")):
        draw_photo(64, 48, seed).save(tmp_path / "in" / name)
    (tmp_path / "words.json").write_text('{"overall": "A ball."}')
    return tmp_path


def pack(place, source, output, *more, **settings):
    return run("pack", source, "-o", output, "--describe", f"annotations:{place / 'words.json'}", *more, **settings)


def pack_in_little_memory(place):
    """The folder, in a process that gets 1.2 GB of addresses."""
    limit = ["bash", "-c", 'ulimit -v 1200000; exec "$@"', "-"]
    words = f"annotations:{place / 'words.json'}"
    command = [*limit, BIN / "sedic-pack", place / "in", "-o", place / "out", "--json", "--describe", words]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, capture_output=True, check=False, env=environment)


# -- one file


def test_the_input_is_never_the_output(place):
    photo = place / "in" / "a.png"
    before = photo.read_bytes()
    (place / "link.sedic").symlink_to(photo)
    for output in (photo, place / "link.sedic", place / "in" / ".." / "in" / "a.png"):
        done = pack(place, photo, output)
        assert done.returncode == 2, done.stderr
    assert photo.read_bytes() == before
    packed = place / "a.sedic"
    assert pack(place, photo, packed).returncode == 0
    data = packed.read_bytes()
    os.link(packed, place / "other.png")
    for output in (packed, place / "other.png"):
        assert run("unpack", packed, "-o", output, "--stage", "reference").returncode == 2
    assert packed.read_bytes() == data


@pytest.mark.parametrize("name", ["out.png", "out.JPG", "out.heic", "out.tiff", "o.psd", "o.DNG", "o.nef", "o.svg"])
def test_no_sedic_file_under_a_pictures_name(place, name):
    done = pack(place, place / "in" / "a.png", place / name)
    assert done.returncode == 2 and b"name a .sedic file" in done.stderr
    assert not (place / name).exists()


def test_a_photo_at_the_outputs_name_stays_unless_asked(place):
    packed, photo = place / "a.sedic", place / "photo.png"
    assert pack(place, place / "in" / "a.png", packed).returncode == 0
    draw_photo(20, 20).save(photo)
    before = photo.read_bytes()
    done = run("unpack", packed, "-o", photo, "--stage", "reference")
    assert done.returncode == 2 and b"--overwrite" in done.stderr
    (place / "stages").mkdir()
    (place / "stages" / "reference.png").write_bytes(before)
    done = run("unpack", packed, "-o", place / "new.png", "--stage", "reference", "--save-stages", place / "stages")
    assert done.returncode == 2
    assert photo.read_bytes() == (place / "stages" / "reference.png").read_bytes() == before
    for _ in range(2):  # ours is replaced
        assert run("unpack", packed, "-o", photo, "--stage", "reference", "--overwrite").returncode == 0
    assert run("unpack", packed, "-o", photo, "--stage", "reference").returncode == 0
    note = place / "notes.sedic"
    note.write_text("no .sedic file")
    assert pack(place, place / "in" / "a.png", note).returncode == 2
    assert note.read_text() == "no .sedic file"


def test_a_replaced_file_keeps_its_mode_and_a_new_one_has_the_usual(place):
    output = place / "a.sedic"
    assert pack(place, place / "in" / "a.png", output).returncode == 0
    usual = os.umask(0)
    os.umask(usual)
    assert stat.S_IMODE(output.stat().st_mode) == 0o666 & ~usual
    output.chmod(0o600)
    assert pack(place, place / "in" / "a.png", output, "--seed", 3).returncode == 0
    assert stat.S_IMODE(output.stat().st_mode) == 0o600


def test_streams_by_name(place):
    photo, words = place / "in" / "a.png", f"annotations:{place / 'words.json'}"
    command = f"{BIN / 'sedic-pack'} {photo} --describe {words} -o"
    for target in ("/dev/stdout > x", "/dev/stdout | cat > x", ">(cat > x)", "/dev/fd/3 3> x"):
        (place / "x").unlink(missing_ok=True)
        done = subprocess.run(
            ["bash", "-c", f"{command} {target}; sleep 0.3"], cwd=place, capture_output=True, check=False
        )
        assert (place / "x").read_bytes().startswith(b"\x5e\xd1"), (target, done.stderr)


def test_a_folder_as_the_output_of_a_file_is_told_before_the_work(place):
    done = run(
        "pack", place / "in" / "a.png", "-o", place / "in", "--describe", "openai", env={"PATH": os.environ["PATH"]}
    )
    assert done.returncode == 74 and b"Is a folder" in done.stderr
    done = pack(place, place / "in" / "a.png", f"{place}/new/")
    assert done.returncode == 74 and b"Is a folder" in done.stderr and not (place / "new").exists()


def test_nothing_but_the_file_goes_to_standard_output(place):
    photo, words = place / "in" / "a.png", f"annotations:{place / 'words.json'}"
    for target in ("/dev/stdout", "/dev/fd/1", "-"):
        command = f"{BIN / 'sedic-pack'} {photo} --describe {words} --json -o {target} > x"
        done = subprocess.run(["bash", "-c", command], cwd=place, capture_output=True, check=False)
        assert json.loads(done.stderr.splitlines()[-1])["output"] == target
        assert run("inspect", place / "x").returncode == 0


def test_a_closed_input_that_is_not_needed(place):
    words = f"annotations:{place / 'words.json'}"
    for source, code in ((place / "in" / "a.png", 0), ("-", 74)):
        command = f"{BIN / 'sedic-pack'} {source} -o {place / 'c.sedic'} --describe {words} <&-"
        done = subprocess.run(["bash", "-c", command], capture_output=True, check=False)
        assert done.returncode == code, done.stderr


def test_names_steer_no_terminal_in_a_bar(place):
    pty = pytest.importorskip("pty")
    folder = place / "odd"
    folder.mkdir()
    draw_photo(64, 48).save(folder / "x\x1b[2J\u3164\u2800\ufe0f\u202e.png")
    terminal, stderr = pty.openpty()
    words = f"annotations:{place / 'words.json'}"
    subprocess.run([BIN / "sedic-pack", folder, "-o", place / "out", "--describe", words], stderr=stderr, check=False)
    os.close(stderr)
    shown = os.read(terminal, 10_000).decode()
    assert "\\x1b[2J\\u3164\\u2800\\ufe0f\\u202e" in shown
    assert not {"\u3164", "\u2800", "\ufe0f", "\u202e"} & set(shown) and "\x1b[2J" not in shown


def test_success_is_told_on_a_terminal_alone(place):
    pty = pytest.importorskip("pty")
    assert pack(place, place / "in" / "a.png", place / "quiet.sedic").stderr == b""
    terminal, stderr = pty.openpty()
    words = f"annotations:{place / 'words.json'}"
    command = [BIN / "sedic-pack", place / "in" / "a.png", "-o", place / "told.sedic", "--describe", words]
    subprocess.run(command, stderr=stderr, check=True)
    os.close(stderr)
    shown = os.read(terminal, 10_000).decode()
    assert f"{(place / 'told.sedic').stat().st_size:,} bytes" in shown and '"A ball."' in shown


# -- folders


def told(done):
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {Path(line["input"]).name: line for line in lines if "input" in line}, lines[-1]


def test_no_journal_is_written_through_a_link(place):
    (place / "rc").write_text("mine\n")
    (place / "out").mkdir()
    (place / "out" / ".sedic-pack.jsonl").symlink_to(place / "rc")
    done = pack(place, place / "in", place / "out")
    assert done.returncode == 74
    assert (place / "rc").read_text() == "mine\n"


def test_no_journal_is_written_to_a_file_of_another_name(place):
    (place / "rc").write_text("mine\n")
    (place / "out").mkdir()
    (place / "out" / ".sedic-pack.jsonl").hardlink_to(place / "rc")
    done = pack(place, place / "in", place / "out")
    assert done.returncode == 74 and b"hard links" in done.stderr
    assert (place / "rc").read_text() == "mine\n"


def test_a_journal_of_any_size_costs_no_memory(place):
    (place / "out").mkdir()
    with open(place / "out" / ".sedic-pack.jsonl", "wb") as stream:
        stream.truncate(1 << 31)  # a hole
    done = pack_in_little_memory(place)
    lines, _ = told(done)
    assert {line["status"] for line in lines.values()} == {"made"}, done.stderr


def test_no_output_is_written_through_a_link(place):
    (place / "in" / "deep").mkdir()
    draw_photo(64, 48, 5).save(place / "in" / "deep" / "c.png")
    for folder in ("out", "elsewhere"):
        (place / folder).mkdir()
    (place / "mine").write_text("mine")
    (place / "out" / "deep").symlink_to(place / "elsewhere")
    (place / "out" / "a.sedic").symlink_to(place / "mine")
    (place / "out" / ".sedic-pack.part").symlink_to(place / "mine")
    (place / "out" / "b.sedic").symlink_to(place / "nothing")
    lines, _ = told(pack(place, place / "in", place / "out", "--json"))
    assert {name: line["status"] for name, line in lines.items()} == dict.fromkeys(
        ("a.png", "b.png", "c.png"), "failed"
    )
    assert (place / "mine").read_text() == "mine"
    assert not any((place / "elsewhere").iterdir()) and not (place / "nothing").exists()
    lines, _ = told(pack(place, place / "in", place / "out", "--json", "--overwrite"))
    assert lines["c.png"]["status"] == "failed" and lines["a.png"]["status"] == "made"
    assert (place / "mine").read_text() == "mine"  # the link was replaced, not what it led to


def test_bad_entries_fail_alone(place):
    folder, out = place / "in", place / "out"
    os.mkfifo(folder / "pipe.png")
    (folder / "zero.png").symlink_to("/dev/zero")
    (folder / "gone.png").symlink_to(place / "nowhere")
    draw_photo(64, 48).save(folder / ("n" * 250 + ".png"))
    (folder / "where").mkdir()
    draw_photo(64, 48).save(folder / "where" / "d.png")
    (out / "b.sedic").mkdir(parents=True)
    (out / "where").write_bytes(b"a file")
    lines, last = told(pack(place, folder, out, "--json"))
    assert {name: line["status"] for name, line in lines.items() if line["status"] != "failed"} == {"a.png": "made"}
    assert last["summary"]["failed"] == 6
    assert "regular file" in lines["pipe.png"]["error"]["message"]


def test_too_little_memory_for_one_picture_fails_alone(place):
    Image.new("RGB", (8192, 8192)).save(place / "in" / "huge.png")
    done = pack_in_little_memory(place)
    lines, _ = told(done)
    assert [lines[name]["status"] for name in ("a.png", "b.png")] == ["made", "made"], done.stderr


@pytest.mark.slow
def test_runs_whose_outputs_lie_in_each_other_exchange_nothing(place):
    """Three runs at a time into one tree: each output is its own input's."""
    import sedicfmt

    for part, folder in enumerate(("x", "x/deep", "x/deep/er")):
        (place / folder).mkdir(parents=True)
        (place / f"words{part}.json").write_text(json.dumps({"overall": f"Part {part}."}))
        for number in range(40):
            draw_photo(32, 32, 100 * part + number).save(place / folder / f"{part}-{number}.png")
    runs = [
        subprocess.Popen([BIN / "sedic-pack", place / source, "-o", place / "out" / target, "--describe",
                          f"annotations:{place / f'words{part}.json'}"], stderr=subprocess.DEVNULL)
        for part, (source, target) in enumerate((("x/deep/er", "deep/er"), ("x/deep", "deep"), ("x", ".")))
    ]  # fmt: skip
    assert all(process.wait(timeout=300) in (0, 2, 74) for process in runs)  # 74: another run has made it meanwhile
    made = list((place / "out").rglob("*.sedic"))
    assert len(made) == 120 and not list((place / "out").rglob("*.part"))
    references = {}
    for path in made:
        part, number = map(int, path.stem.split("-"))
        expected = references.setdefault(
            path.stem,
            sedicfmt.pack(
                draw_photo(32, 32, 100 * part + number), objects=0, describe=f"annotations:{place / 'words0.json'}"
            ),
        )
        assert sedicfmt.read(path).y == sedicfmt.read(expected).y
