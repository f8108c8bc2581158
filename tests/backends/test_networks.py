"""Hub names, devices and failures of networks: what both the encoders' and the decoders' back ends rely on."""

import json
import sys

import pytest

torch = pytest.importorskip("torch")

from sedicfmt.decoders.diffusers.model_files import BASE_PARTS, CONTROL_PARTS, files_of  # noqa: E402
from sedicfmt.errors import BackendFailed, EncodeError, LimitExceeded, MissingDependency  # noqa: E402
from sedicfmt.guard import Guard, ours  # noqa: E402
from sedicfmt.installing import install_extra  # noqa: E402
from sedicfmt.networks.devices import choose_device  # noqa: E402
from sedicfmt.networks.failures import finite, inference, model_errors  # noqa: E402
from sedicfmt.networks.hub import ModelFiles, fetch_command, find_file, find_folder, is_hub_id  # noqa: E402
from sedicfmt.networks.load_transformers import WANTED, WEIGHTS  # noqa: E402
from sedicfmt.networks.model_folder import check_weights, missing_files, read_config  # noqa: E402
from sedicfmt.networks.packages import package  # noqa: E402

ENCODERS = ModelFiles(WEIGHTS, (WANTED,), WANTED)
SIDES = {"encoders": ENCODERS, "base": files_of(BASE_PARTS), "control": files_of(CONTROL_PARTS)}


@pytest.mark.parametrize(
    "name, found",
    [("cpu", "cpu"), ("cpu:0", "cpu"), ("cuda", "cuda"), ("cuda:1", "cuda:1"), ("auto", "cuda"), ("cuda:2", MissingDependency),
     ("mps", MissingDependency), ("cpu:1", EncodeError), ("mps:1", EncodeError),
     ("tpu", EncodeError), ("", EncodeError), ("cuda:", EncodeError),
     ("cuda:x", EncodeError), ("cuda:-1", EncodeError), ("cuda:01", EncodeError), ("cuda:1:1", EncodeError),
     ("CPU", EncodeError), ("cuda:\u0661", EncodeError), ("xpu", EncodeError), ("meta", EncodeError)],
)  # fmt: skip
def test_devices_of_a_machine_with_two_gpus(monkeypatch, name, found):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    if isinstance(found, str):
        assert choose_device(name) == found
    else:
        with pytest.raises(found, match="device" if found is EncodeError else "--device cpu"):
            choose_device(name)


RAISED = [
    (ValueError("bad"), BackendFailed, "bad"), (KeyError("k"), BackendFailed, "k"), (OSError("disk"), BackendFailed, "disk"),
    (RuntimeError("boom"), BackendFailed, "boom"), (AssertionError(), BackendFailed, "AssertionError"),
    (Exception("a tokenizer's"), BackendFailed, "tokenizer"), (MemoryError(), LimitExceeded, "--device"),
    (RuntimeError("CUDA out of memory"), LimitExceeded, "--device"),
    (torch.OutOfMemoryError("full"), LimitExceeded, "--device"),
    (RuntimeError("DefaultCPUAllocator: can't allocate memory"), LimitExceeded, "--device"),
    (EncodeError("ours"), EncodeError, "^ours$"), (MissingDependency("ours"), MissingDependency, "^ours$"),
]  # fmt: skip


@pytest.mark.parametrize("errors", [model_errors, inference])
@pytest.mark.parametrize("raised, expected, said", RAISED, ids=[type(row[0]).__name__ for row in RAISED])
def test_failures(errors, raised, expected, said):
    with pytest.raises(expected, match=said) as told, errors("the net", "cpu"):
        raise raised
    assert told.value is raised or (told.value.__cause__ is raised and "the net" in told.value.message)


def test_what_is_no_failure_of_a_model_passes():
    def full(_):
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"), model_errors("the net", "cpu"):
        ours(full)(1)
    with pytest.raises(KeyboardInterrupt), model_errors("the net", "cpu"):
        raise KeyboardInterrupt


@pytest.mark.parametrize("error, kind", [(ValueError("bad"), BackendFailed), (MemoryError(), LimitExceeded)])
def test_the_door_lets_pass_what_a_network_said(error, kind):
    with pytest.raises(kind, match="the net") as told, Guard("restorer", "r").at_work(), model_errors("the net", "cpu"):
        raise error
    assert "restorer" not in told.value.message and told.value.__cause__ is error


def test_numbers_and_what_to_try():
    values = torch.ones(2)
    assert finite(values, "here") is values
    for bad in (float("nan"), float("inf")):
        with (
            pytest.raises(BackendFailed, match=r"no numbers; try fp32 \(step 3\)"),
            model_errors("m", "cpu", "", "fp32"),
        ):
            finite(values * bad, "step 3")
    with pytest.raises(LimitExceeded, match="try --stage reference"), model_errors("m", "cpu", "--stage reference"):
        raise MemoryError
    with inference("m", "cpu"):
        assert not torch.is_grad_enabled()


@pytest.mark.parametrize(
    "name, extra", [("diffusers", "diffusion"), ("segment_anything", "sam"), ("onnxruntime", "nano")]
)
def test_a_package_that_is_not_there_is_told_with_its_command(monkeypatch, name, extra):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingDependency, match=name) as told:
        package(name)
    assert install_extra(extra) in told.value.message


def test_names_on_the_hub():
    assert all(map(is_hub_id, ("a/b", "stabilityai/sd-turbo", "A1/b_c.d")))
    assert not any(map(is_hub_id, ("a", "a/b/c", "/a/b", "./a", "~/a", "a/", "", "a b/c")))


@pytest.mark.parametrize("side", SIDES)
def test_a_folder_that_is_not_there(side, tmp_path):
    gone = tmp_path / "gone"
    with pytest.raises(MissingDependency, match=r"hf download some/one .*--local-dir") as told:
        find_folder(str(gone), SIDES[side], "some/one")
    assert fetch_command("some/one", SIDES[side], folder=gone) in told.value.message


@pytest.mark.parametrize("side", SIDES)
def test_an_id_that_cannot_be_fetched(side, monkeypatch):
    hub = pytest.importorskip("huggingface_hub")

    def unreachable(*_, **__):
        raise OSError("no network\nat all")

    monkeypatch.setattr(hub, "snapshot_download", unreachable)
    with pytest.raises(
        MissingDependency, match=r"\(OSError: no network\); try: hf download my/model .*--revision v1"
    ) as told:
        find_folder("my/model", SIDES[side], "some/one", "v1")
    assert "meant as a folder: hf download some/one" in told.value.message
    with pytest.raises(MissingDependency) as own:
        find_folder("some/one", SIDES[side], "some/one")
    assert "meant as a folder" not in own.value.message
    monkeypatch.setattr(hub, "hf_hub_download", unreachable)
    with pytest.raises(MissingDependency, match=r"hf download my/model a\.pth"):
        find_file("my/model:a.pth")


@pytest.mark.parametrize("side", SIDES)
def test_each_file_that_a_folder_lacks(side, tmp_path):
    files = SIDES[side]
    for choice in files.needed:
        path = tmp_path / choice[0].replace("*", "")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    assert find_folder(str(tmp_path), files) == tmp_path and missing_files(tmp_path, files.needed) == []
    config = next(tmp_path.rglob("*config.json"))
    config.unlink()
    with pytest.raises(MissingDependency, match=f"lacks {config.relative_to(tmp_path)}"):
        find_folder(str(tmp_path), files)


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[" * 100_000])
def test_a_config_that_cannot_be_read(tmp_path, content):
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(BackendFailed, match=r"config\.json cannot be read"):
        read_config(tmp_path)


def test_configs_and_weights(tmp_path):
    pytest.importorskip("safetensors")
    for value, read in (({"a": 1}, {"a": 1}), ([], {})):
        (tmp_path / "config.json").write_text(json.dumps(value))
        assert read_config(tmp_path) == read
    (tmp_path / "vae").mkdir()
    (tmp_path / "vae" / "x.safetensors").write_bytes(b"cut")
    check_weights(tmp_path, ("*.safetensors",))
    with pytest.raises(BackendFailed, match=r"vae/x\.safetensors in .* is broken"):
        check_weights(tmp_path, ("vae/*.safetensors",))
