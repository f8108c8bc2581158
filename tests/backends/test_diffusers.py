"""The diffusers back end on a tiny Stable Diffusion with random weights, saved to disk and opened by the real code."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from sedicfmt.decoders.diffusers.latent_space import VaeSpace, vae_dtype  # noqa: E402
from sedicfmt.decoders.diffusers.load import open_model  # noqa: E402
from sedicfmt.decoders.interfaces import ObjectToRestore, RestoreRequest  # noqa: E402
from sedicfmt.decoders.orag.one_step import OneStepRestorer  # noqa: E402
from sedicfmt.decoders.orag.restorer import OragRestorer  # noqa: E402
from sedicfmt.decoders.orag.settings import OragSettings  # noqa: E402
from tests.backends.tiny_models import TEXTS, WIDTH, tiny_vae  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")


# -- latents -----------------------------------------------------------------------------------------------------------


def test_vae_space_scales_the_mode(model):
    picture = torch.rand(1, 3, 64, 128) * 2 - 1
    space = model.space
    with torch.no_grad():
        mode = space.vae.encode(picture).latent_dist.mode()
        latent = space.encode(picture)
        assert torch.allclose(latent, mode * 0.18215) and latent.shape == (1, 4, 8, 16)
        assert torch.allclose(space.decode(latent), space.vae.decode(mode).sample, atol=1e-5)
    assert space.multiple == 64


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
    assert (done.record["restorer"], done.record["steps"]) == ("tiny-sd", "1, from step 499")
    assert json.loads(done.record["settings"]) == {"strength": 0.5, "colour": "wavelet", "use_text": True}
    assert np.array_equal(done.picture, restorer.restore(request()).picture)
    assert OneStepRestorer(model).step == 999


def test_one_step_has_no_object_stages(folder):
    asked = request(stop_after_objects=True)
    done = OneStepRestorer(open_model(str(folder), device="cpu")).restore(asked)
    assert np.array_equal(done.picture, asked.reference) and len(done.warnings) == 1
