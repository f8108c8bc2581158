"""The attention maps that guide the loop, taken from a tiny Stable Diffusion's UNet."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from sedicfmt.decoders.diffusers.attention_maps import (  # noqa: E402
    RecordingProcessor,
    cross_attention_maps,
    guided_layers,
    on_grid,
    recorded,
)
from sedicfmt.decoders.diffusers.load import open_model  # noqa: E402
from sedicfmt.errors import BackendFailed, EncodeError  # noqa: E402
from tests.backends.tiny_models import WIDTH, tiny_unet  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")


def test_layers_are_those_of_the_first_up_block_with_cross_attention(model):
    layers = guided_layers(model.denoiser.unet)
    assert layers == [f"up_blocks.1.attentions.{i}.transformer_blocks.0.attn2" for i in range(3)]
    assert guided_layers(model.denoiser.unet, layers[1:2]) == layers[1:2]
    assert len(guided_layers(model.denoiser.unet, ["mid_block", "up_blocks.1"])) == 4
    with pytest.raises(EncodeError, match=r"up_blocks\.0"):
        guided_layers(model.denoiser.unet, ["up_blocks.0"])


def test_unets_without_cross_attention_cannot_be_guided():
    from diffusers import UNet2DConditionModel

    plain = {"down_block_types": ("DownBlock2D",) * 2, "up_block_types": ("UpBlock2D",) * 2, "norm_num_groups": 4}
    unet = UNet2DConditionModel(block_out_channels=(8, 8), attention_head_dim=2, cross_attention_dim=WIDTH, **plain)
    with pytest.raises(BackendFailed, match="no cross-attention in its up branch"):
        guided_layers(unet)
    assert guided_layers(tiny_unet())


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
